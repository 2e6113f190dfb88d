import { describe, expect, it } from "vitest";

import {
  categoryPath,
  clock,
  clockWithSeconds,
  count,
  day,
  money,
  moment,
  percent,
  size,
  span,
} from "../../../../../apps/dashboard/client/src/format.ts";

describe("format", () => {
  it.each([
    ["0.00", "0.00"],
    ["999.99", "999.99"],
    ["59442.63", "59,442.63"],
    ["1234567.80", "1,234,567.80"],
    ["9007199254740993.10", "9,007,199,254,740,993.10"],
    ["-1234.50", "-1,234.50"],
  ])("writes the money %s as %s", (amount, text) => {
    expect(money(amount)).toBe(text);
  });

  it("writes counts and shares", () => {
    expect(count(17_220)).toBe("17,220");
    expect(percent(0.0196)).toBe("2.0%");
    expect(percent(0.0123)).toBe("1.2%");
  });

  it("writes times in UTC whatever the browser's zone", () => {
    const time = "2019-10-01T02:50:07.000Z";
    expect(clock(time)).toBe("02:50");
    expect(clockWithSeconds(time)).toBe("02:50:07");
    expect(day(time)).toBe("1 October 2019");
  });

  it("leaves out of a span of time what goes without saying", () => {
    expect(span("2019-10-01T02:00:00.000Z", "2019-10-01T03:00:00.000Z")).toBe("02:00 to 03:00");
    expect(span("2019-10-01T02:00:00.000Z", "2019-10-02T02:00:00.000Z")).toBe(
      "1 Oct 2019 02:00 to 2 Oct 2019 02:00",
    );
    const thisYear = new Date().getUTCFullYear();
    expect(moment(`${thisYear}-10-01T02:00:00.000Z`)).toBe("1 Oct 02:00");
  });

  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.0 kB"],
    [8_123_456, "8.1 MB"],
    [5e18, "5000.0 PB"],
  ])("writes %d bytes as %s", (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });

  it("writes categories as a path", () => {
    expect(categoryPath("electronics.audio.headphone")).toBe("electronics › audio › headphone");
  });
});
