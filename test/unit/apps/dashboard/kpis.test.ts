import { describe, expect, it } from "vitest";

import { readSeries, startOfNewest, totals } from "../../../../apps/dashboard/server/kpis.ts";
import { FakeTables, kpiRow } from "./fake-tables.ts";

async function seriesOf(...rows: ReturnType<typeof kpiRow>[]) {
  const tables = new FakeTables();
  tables.tables["kpis_per_minute"] = rows;
  return readSeries(tables.query);
}

describe("readSeries", () => {
  it("is empty while there are no data", async () => {
    expect(await seriesOf()).toEqual([]);
  });

  it("goes from old to new and fills the minutes without an event", async () => {
    const series = await seriesOf(
      kpiRow("2019-10-01T02:03:00.000Z", { revenue: "59442.63" }),
      kpiRow("2019-10-01T02:00:00.000Z"),
    );
    expect(series.map(({ start, orders, revenue }) => [start, orders, revenue])).toEqual([
      ["2019-10-01T02:00:00.000Z", 2, "20.10"],
      ["2019-10-01T02:01:00.000Z", 0, "0.00"],
      ["2019-10-01T02:02:00.000Z", 0, "0.00"],
      ["2019-10-01T02:03:00.000Z", 2, "59442.63"],
    ]);
  });

  it("leaves out what is more than an hour before the newest minute", async () => {
    const series = await seriesOf(
      kpiRow("2026-01-01T12:00:00.000Z"),
      kpiRow("2026-01-01T11:01:00.000Z"),
      kpiRow("2026-01-01T11:00:00.000Z"),
      kpiRow("2019-10-01T02:03:00.000Z"),
    );
    expect(series).toHaveLength(60);
    expect(series[0]?.start).toBe("2026-01-01T11:01:00.000Z");
  });
});

describe("totals", () => {
  it("adds up money to the cent and divides sums, not rates", async () => {
    const series = await seriesOf(
      kpiRow("2026-01-01T12:01:00.000Z", { revenue: "0.20", errors: 9, active_users: 3 }),
      kpiRow("2026-01-01T12:00:00.000Z", { revenue: "9007199254740993.10", active_users: 8 }),
    );
    expect(totals(series, Date.parse("2026-01-01T12:01:30Z"))).toEqual({
      from: "2026-01-01T12:00:00.000Z",
      to: "2026-01-01T12:02:00.000Z",
      orders: 4,
      revenue: "9007199254740993.30",
      clicks: 14,
      carts: 2,
      errors: 10,
      errorRate: 10 / 28,
      // The newest minute is not over yet.
      activeUsers: 8,
    });
    expect(totals(series, Date.parse("2026-01-01T12:02:00Z"))?.activeUsers).toBe(3);
  });

  it("is nothing without data", () => {
    expect(totals([], Date.now())).toBeNull();
  });
});

describe("startOfNewest", () => {
  it("goes back as far as the rows that are wanted", async () => {
    const series = await seriesOf(
      kpiRow("2026-01-01T12:02:00.000Z", { orders: 3 }),
      kpiRow("2026-01-01T12:01:00.000Z", { orders: 4 }),
      kpiRow("2026-01-01T12:00:00.000Z", { orders: 5 }),
    );
    expect(startOfNewest(series, "orders", 3)).toBe("2026-01-01T12:02:00.000Z");
    expect(startOfNewest(series, "orders", 4)).toBe("2026-01-01T12:01:00.000Z");
    expect(startOfNewest(series, "orders", 100)).toBe("2026-01-01T12:00:00.000Z");
    expect(startOfNewest([], "orders", 1)).toBeNull();
  });
});
