import { describe, expect, it } from "vitest";

import type { Range } from "../../../../apps/dashboard/range.ts";
import {
  kpisOf,
  readSlices,
  seriesOf,
  startOfNewest,
} from "../../../../apps/dashboard/server/kpis.ts";
import { minute, windowOf } from "../../../../apps/dashboard/server/period.ts";
import { FakeTables, kpiRow, startOf } from "./fake-tables.ts";

async function read(range: Range, ...rows: ReturnType<typeof kpiRow>[]) {
  const tables = new FakeTables();
  tables.tables["kpis_per_minute"] = rows;
  const starts = rows.map((row) => Date.parse(startOf(row)));
  const window = windowOf(range, {
    start: Math.min(...starts),
    end: Math.max(...starts) + minute,
  });
  const slices = await readSlices(tables.query, window);
  return { kpis: kpisOf(slices, window), series: seriesOf(slices, window), asked: tables.asked };
}

describe("readSlices", () => {
  it("reads the range and the time before at once, within literal bounds", async () => {
    const { asked } = await read("15m", kpiRow("2019-10-01T02:29:00.000Z"));
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain(
      "window_start >= TIMESTAMP '2019-10-01 02:00:00.000' AND " +
        "window_start < TIMESTAMP '2019-10-01 02:30:00.000'",
    );
  });
});

describe("kpisOf", () => {
  it("adds up money to the cent and divides sums, not rates", async () => {
    const { kpis } = await read(
      "15m",
      kpiRow("2026-01-01T12:01:00.000Z", { revenue: "0.20", errors: 9 }),
      kpiRow("2026-01-01T12:00:00.000Z", { revenue: "9007199254740993.10" }),
    );
    expect(kpis).toEqual({
      from: "2026-01-01T11:47:00.000Z",
      to: "2026-01-01T12:02:00.000Z",
      orders: 4,
      revenue: "9007199254740993.30",
      averageOrderValue: "2251799813685248.33",
      clicks: 14,
      carts: 2,
      errors: 10,
      errorRate: 10 / 28,
      before: null,
    });
  });

  it("keeps the time before apart", async () => {
    const { kpis } = await read(
      "15m",
      kpiRow("2026-01-01T12:15:00.000Z", { orders: 3 }),
      kpiRow("2026-01-01T12:01:00.000Z", { orders: 5 }),
      kpiRow("2026-01-01T12:00:00.000Z", { orders: 7 }),
      kpiRow("2026-01-01T11:45:00.000Z", { orders: 11 }),
    );
    expect(kpis.orders).toBe(8);
    expect(kpis.before).toMatchObject({ orders: 7, revenue: "20.10", averageOrderValue: "2.87" });
  });

  it("has no average without an order", async () => {
    const { kpis } = await read(
      "15m",
      kpiRow("2026-01-01T12:00:00.000Z", { orders: 0, revenue: "0.00" }),
    );
    expect(kpis.averageOrderValue).toBeNull();
  });
});

describe("seriesOf", () => {
  it("goes from old to new and fills the minutes without an event", async () => {
    const { series } = await read(
      "1h",
      kpiRow("2019-10-01T02:03:00.000Z", { revenue: "59442.63" }),
      kpiRow("2019-10-01T02:00:00.000Z"),
    );
    expect(series.stepMinutes).toBe(1);
    expect(
      series.points.map(({ start, orders, revenue, activeUsers }) => {
        return [start.slice(11, 16), orders, revenue, activeUsers];
      }),
    ).toEqual([
      ["02:00", 2, "20.10", 5],
      ["02:01", 0, "0.00", 0],
      ["02:02", 0, "0.00", 0],
      ["02:03", 2, "59442.63", 5],
    ]);
  });

  it("adds up steps, with the users of a minute as a mean", async () => {
    const { series } = await read(
      "24h",
      kpiRow("2019-10-02T02:06:00.000Z"),
      kpiRow("2019-10-02T02:04:00.000Z", { active_users: 8 }),
      kpiRow("2019-10-02T02:00:00.000Z"),
    );
    expect(series.stepMinutes).toBe(5);
    expect(series.points).toMatchObject([
      { start: "2019-10-02T02:00:00.000Z", orders: 4, userMinutes: 13, activeUsers: 6.5 },
      { start: "2019-10-02T02:05:00.000Z", orders: 2, userMinutes: 5, activeUsers: 5 },
    ]);
  });

  it("leaves out a first step that the range cuts off, unless everything is shown", async () => {
    const rows = [kpiRow("2019-10-02T02:06:00.000Z"), kpiRow("2019-10-01T02:08:00.000Z")];
    const cut = await read("24h", ...rows);
    expect(cut.series.points[0]?.start).toBe("2019-10-01T02:10:00.000Z");
    expect(cut.kpis.orders).toBe(4);
    const all = await read("all", ...rows);
    expect(all.series.points[0]?.start).toBe("2019-10-01T02:05:00.000Z");
  });
});

describe("startOfNewest", () => {
  it("goes back as far as the rows that are wanted", async () => {
    const { series } = await read(
      "1h",
      kpiRow("2026-01-01T12:02:00.000Z", { orders: 3 }),
      kpiRow("2026-01-01T12:01:00.000Z", { orders: 4 }),
      kpiRow("2026-01-01T11:59:00.000Z", { orders: 5 }),
    );
    const start = (count: number): string =>
      new Date(startOfNewest(series, "orders", count) ?? NaN).toISOString().slice(11, 16);
    expect([3, 4, 7, 100].map(start)).toEqual(["12:02", "12:01", "12:01", "11:59"]);
  });

  it("finds nothing where there is nothing", async () => {
    expect(startOfNewest({ stepMinutes: 1, points: [] }, "orders", 1)).toBeNull();
    const { series } = await read("1h", kpiRow("2026-01-01T12:02:00.000Z", { errors: 0 }));
    expect(startOfNewest(series, "errors", 1)).toBeNull();
  });
});
