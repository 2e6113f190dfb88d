import { describe, expect, it } from "vitest";

import { atRate, dailyRhythm } from "../../../../apps/producer/pace.ts";

const hour = 3_600_000;

describe("dailyRhythm", () => {
  it("averages one over a day", () => {
    const minutes = Array.from({ length: 24 * 60 }, (_, minute) => dailyRhythm(minute * 60_000));
    expect(minutes.reduce((sum, factor) => sum + factor, 0) / minutes.length).toBeCloseTo(1, 9);
  });

  it("is quiet at 03:00 and busy at 20:00 UTC, with no jump at midnight", () => {
    expect(dailyRhythm(3 * hour)).toBeLessThan(0.3);
    expect(dailyRhythm(20 * hour)).toBeGreaterThan(1.7);
    expect(dailyRhythm(24 * hour - 1)).toBeCloseTo(dailyRhythm(24 * hour), 5);
  });
});

describe("atRate", () => {
  it("emits what the rate asks for, evenly, and stops at the signal", async () => {
    const stop = new AbortController();
    const emitted: { count: number; time: number }[] = [];
    const startedAt = Date.now();
    setTimeout(() => {
      stop.abort();
    }, 400);
    await atRate(
      () => 500,
      (count, time) => {
        emitted.push({ count, time });
        return Promise.resolve();
      },
      stop.signal,
    );
    const total = emitted.reduce((sum, { count }) => sum + count, 0);
    const elapsed = (emitted.at(-1)?.time ?? 0) - startedAt;
    expect(Math.abs(total - elapsed / 2)).toBeLessThanOrEqual(1);
    expect(emitted.length).toBeGreaterThan(4);
  });
});
