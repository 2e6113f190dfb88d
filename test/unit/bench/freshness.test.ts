import { describe, expect, it } from "vitest";

import { freshness } from "../../bench/freshness.ts";

describe("freshness", () => {
  it("weighs every event by how long it waited for a query that saw it", () => {
    const sent = [
      { time: 0, total: 50 },
      { time: 1000, total: 100 },
    ];
    const visible = [
      { time: 500, total: 40 },
      { time: 2000, total: 100 },
    ];
    // 40 events waited 500 ms, 50 waited 1,000 ms, 10 waited 2,000 ms.
    expect(freshness(sent, visible)).toEqual({
      p50: 1000,
      p95: 2000,
      max: 2000,
      largestBacklog: 60,
    });
  });

  it("refuses more visible events than were sent", () => {
    expect(() => freshness([{ time: 0, total: 1 }], [{ time: 1, total: 2 }])).toThrow(
      "2 events are visible, fewer were sent",
    );
  });
});
