import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Range } from "../../../../apps/dashboard/range.ts";
import { intervalOf, minute, windowOf } from "../../../../apps/dashboard/server/period.ts";

const at = (time: string): number => Date.parse(time);
const data = { start: at("2019-10-01T00:00:00Z"), end: at("2019-10-31T12:34:00Z") };
const days = (count: number): Range => ({
  from: at("2019-01-01T00:00:00Z"),
  to: at("2019-01-01T00:00:00Z") + count * 86_400_000,
});

describe("windowOf", () => {
  it("ends relative ranges with the newest data and compares them with the time before", () => {
    expect(windowOf("1h", data)).toEqual({
      from: at("2019-10-31T11:34:00Z"),
      to: data.end,
      before: { from: at("2019-10-31T10:34:00Z"), to: at("2019-10-31T11:34:00Z") },
      grain: "MINUTE",
      step: minute,
    });
  });

  it("compares all data with nothing, and widens long ranges to whole hours", () => {
    expect(windowOf("all", data)).toEqual({
      from: data.start,
      to: at("2019-10-31T13:00:00Z"),
      before: null,
      grain: "HOUR",
      step: 180 * minute,
    });
  });

  it.each<[Range, string, number]>([
    ["15m", "MINUTE", 1],
    ["24h", "MINUTE", 5],
    [days(2), "MINUTE", 15],
    [days(3), "HOUR", 60],
    [days(120), "HOUR", 360],
    [days(365), "DAY", 1440],
    [days(3650), "DAY", 8 * 1440],
  ])("adds up %j by %s and shows steps of %d minutes", (range, grain, minutes) => {
    expect(windowOf(range, data)).toMatchObject({ grain, step: minutes * minute });
  });

  it("never has more than some 500 steps", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50_000_000 }),
        fc.integer({ min: 1, max: 50_000_000 }),
        (start, length) => {
          const range = { from: start * minute, to: (start + length) * minute };
          const { from, to, step, before } = windowOf(range, data);
          expect((to - from) / step).toBeLessThanOrEqual(500);
          expect(from).toBeLessThanOrEqual(range.from);
          expect(to).toBeGreaterThanOrEqual(range.to);
          expect(before && before.to - before.from).toBe(to - from);
        },
      ),
    );
  });
});

describe("intervalOf", () => {
  it.each<[Range, number]>([
    ["15m", 1_000],
    ["1h", 1_000],
    ["24h", 5_000],
    ["all", 15_000],
    [days(2), 15_000],
  ])("reads %j every %d ms", (range, interval) => {
    expect(intervalOf(range)).toBe(interval);
  });
});
