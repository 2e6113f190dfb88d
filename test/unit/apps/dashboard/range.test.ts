import { describe, expect, it } from "vitest";

import {
  BadRangeError,
  parseRange,
  type Range,
  rangeParameters,
} from "../../../../apps/dashboard/range.ts";

const period = {
  from: Date.parse("2019-10-01T02:00:00Z"),
  to: Date.parse("2019-10-01T02:30:00Z"),
};

describe("parseRange", () => {
  it.each<[string, Range]>([
    ["", "1h"],
    ["range=15m", "15m"],
    ["range=all", "all"],
    ["from=2019-10-01T02:00Z&to=2019-10-01T02:30Z", period],
    ["from=2019-10-01T02:00&to=2019-10-01T02:30", period],
    ["from=2019-10-01T02:00:59.9Z&to=2019-10-01T02:29:01Z", period],
    ["from=2019-10-01T04:00%2B02:00&to=2019-10-01T02:30Z", period],
  ])("reads %j", (text, range) => {
    expect(parseRange(new URLSearchParams(text))).toEqual(range);
  });

  it.each([
    "range=2h",
    "range=toString",
    "from=2019-10-01T02:00Z",
    "to=2019-10-01T02:00Z",
    "from=today&to=2019-10-01T02:00Z",
    "from=2019-10-01T02:00Z&to=2019-10-01T02:00Z",
    "from=2019-10-02T02:00Z&to=2019-10-01T02:00Z",
    "from=0001-10-02T02:00Z&to=2019-10-01T02:00Z",
    "from=2019-10-01T02:00Z&to=%2B012019-10-01T02:00:00Z",
    "from=2019-10-01T02:00Z';--&to=2019-10-01T02:30Z",
  ])("refuses %j", (text) => {
    expect(() => parseRange(new URLSearchParams(text))).toThrow(BadRangeError);
  });

  it.each<[Range, string]>([
    ["1h", ""],
    ["24h", "range=24h"],
    [period, "from=2019-10-01T02%3A00Z&to=2019-10-01T02%3A30Z"],
  ])("reads back what rangeParameters writes: %j", (range, text) => {
    const parameters = rangeParameters(range);
    expect(String(parameters)).toBe(text);
    expect(parseRange(parameters)).toEqual(range);
  });
});
