import { describe, expect, it } from "vitest";

import type { Point } from "../../../../../apps/dashboard/api.ts";
import {
  metrics,
  stepName,
  trendPoints,
} from "../../../../../apps/dashboard/client/src/metrics.ts";

const point: Point = {
  start: "2019-10-01T02:00:00.000Z",
  orders: 3,
  revenue: "1234.50",
  clicks: 7,
  carts: 1,
  errors: 2,
  errorRate: 0.1667,
  userMinutes: 40,
  activeUsers: 20,
};

describe("trendPoints", () => {
  const series = { stepMinutes: 5, points: [point] };

  it("divides the buyers by the users of a step", () => {
    const [first] = trendPoints(series, [{ start: point.start, buyerMinutes: 10 }]);
    expect(first?.conversion).toBe(0.25);
  });

  it("takes a step without buyers for one in which nobody bought", () => {
    expect(trendPoints(series, [])[0]?.conversion).toBe(0);
  });

  it("does not know the conversion before buyers were read, or without users", () => {
    expect(trendPoints(series, undefined)[0]?.conversion).toBeNull();
    const empty = { ...series, points: [{ ...point, userMinutes: 0 }] };
    expect(trendPoints(empty, [])[0]?.conversion).toBeNull();
  });
});

describe("metrics", () => {
  it("tell a point to the last digit", () => {
    const texts = metrics.map(({ name, text }) => [name, text({ ...point, conversion: null })]);
    expect(texts).toEqual([
      ["Revenue", "1,234.50"],
      ["Orders", "3"],
      ["Active users", "20"],
      ["Conversion", "–"],
      ["Error rate", "16.7%"],
    ]);
  });
});

describe("stepName", () => {
  it.each([
    [1, "minute"],
    [5, "5 minutes"],
    [60, "hour"],
    [360, "6 hours"],
    [1440, "day"],
    [8 * 1440, "8 days"],
  ])("calls %d minutes %s", (minutes, name) => {
    expect(stepName(minutes)).toBe(name);
  });
});
