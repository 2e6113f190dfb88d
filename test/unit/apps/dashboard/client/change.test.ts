import { describe, expect, it } from "vitest";

import {
  type Change,
  pointChange,
  relativeChange,
} from "../../../../../apps/dashboard/client/src/change.ts";

describe("relativeChange", () => {
  it.each<[number, number, Change | null]>([
    [150, 100, { direction: "up", text: "50.0%" }],
    [75, 100, { direction: "down", text: "25.0%" }],
    [0, 8, { direction: "down", text: "100.0%" }],
    [100_049, 100_000, { direction: "same", text: "0.0%" }],
    [5, 0, null],
    [0, 0, null],
  ])("from %d after %d is %j", (now, before, change) => {
    expect(relativeChange(now, before)).toEqual(change);
  });
});

describe("pointChange", () => {
  it.each<[number, number, Change]>([
    [0.021, 0.013, { direction: "up", text: "0.80 points" }],
    [0.01, 0.02, { direction: "down", text: "1.00 points" }],
    [0.02, 0.02004, { direction: "same", text: "0.00 points" }],
    [0.02, 0, { direction: "up", text: "2.00 points" }],
  ])("from %d after %d is %j", (now, before, change) => {
    expect(pointChange(now, before)).toEqual(change);
  });
});
