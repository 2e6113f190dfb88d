import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Boards } from "../../../../apps/dashboard/server/boards.ts";
import { FakeTables, kpiRow } from "./fake-tables.ts";

const now = Date.parse("2026-01-01T12:00:30.000Z");
const at = "2026-01-01T12:00:00.000Z";

let tables: FakeTables;
let boards: Boards;

beforeEach(() => {
  vi.useFakeTimers({ now });
  tables = new FakeTables();
  tables.tables["kpis_per_minute"] = [kpiRow(at)];
  boards = new Boards(tables.query);
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the board of a range", () => {
  it("is shared by all who look at the same range", () => {
    expect(boards.of("1h")).toBe(boards.of("1h"));
    expect(boards.of({ from: 0, to: 60_000 })).toBe(boards.of({ from: 0, to: 60_000 }));
    expect(boards.of("1h")).not.toBe(boards.of("24h"));
  });

  it("is forgotten for others when nobody watches it", () => {
    const watched = boards.of("1h");
    const stop = watched.board.watch(() => undefined);
    const unwatched = boards.of("24h");
    for (let minute = 1; minute <= 40; minute++) boards.of({ from: 0, to: minute * 60_000 });
    expect(boards.of("1h")).toBe(watched);
    expect(boards.of("24h")).not.toBe(unwatched);
    stop();
  });

  it("gives what the tables hold", async () => {
    tables.tables["orders"] = [
      {
        ...{ order_id: "o1", event_time: at, user_id: "u", product_id: "p" },
        ...{ category: null, brand: "sony", price: "35.79", quantity: 2, amount: "71.58" },
      },
    ];
    tables.tables["errors"] = [
      {
        ...{ event_id: "e1", event_time: at, service: "payment", level: "FATAL" },
        ...{ code: "P1", message: "down", user_id: null },
      },
    ];
    const { status, orders, errors } = await boards.of("1h").board.current();
    expect(status).toEqual({
      state: "live",
      readAt: new Date(now).toISOString(),
      problem: null,
      dataTime: "2026-01-01T12:01:00.000Z",
      isHistoric: false,
    });
    expect(orders).toEqual([
      {
        ...{ orderId: "o1", time: at, userId: "u", productId: "p" },
        ...{ category: null, brand: "sony", price: "35.79", quantity: 2, amount: "71.58" },
      },
    ]);
    expect(errors).toEqual([
      {
        ...{ eventId: "e1", time: at, service: "payment", level: "FATAL" },
        ...{ code: "P1", message: "down", userId: null },
      },
    ]);
  });

  it("asks only for the times at which the newest rows lie", async () => {
    tables.tables["kpis_per_minute"] = [
      kpiRow("2019-10-01T02:51:00.000Z", { orders: 19 }),
      kpiRow("2019-10-01T02:50:00.000Z", { orders: 1 }),
      kpiRow("2019-10-01T02:49:00.000Z"),
    ];
    await boards.of("1h").board.current();
    expect(tables.askedFor("order_id")[0]).toContain(
      "event_time >= TIMESTAMP '2019-10-01 02:50:00.000' AND " +
        "event_time < TIMESTAMP '2019-10-01 02:52:00.000'",
    );
  });

  it("shows when alerts recovered, also while the table has no such column", async () => {
    const alert = {
      ...{ alert_time: at, kind: "anomaly", metric: "error_rate", message: "high" },
      ...{ value: 0.2, expected: 0.1, deviation: 4 },
    };
    tables.tables["alerts"] = [
      { ...alert, alert_id: "old" },
      { ...alert, alert_id: "open", recovered_at: null },
      { ...alert, alert_id: "over", recovered_at: at },
    ];
    const { alerts } = await boards.of("1h").board.current();
    expect(alerts.map(({ alertId, recoveredAt }) => [alertId, recoveredAt])).toEqual([
      ["old", null],
      ["open", null],
      ["over", at],
    ]);
  });

  it("says when the newest data are not of now", async () => {
    tables.tables["kpis_per_minute"] = [kpiRow("2019-10-01T02:50:00.000Z")];
    const { status, kpis } = await boards.of("15m").board.current();
    expect(status).toMatchObject({ dataTime: "2019-10-01T02:51:00.000Z", isHistoric: true });
    expect(kpis).toMatchObject({ from: "2019-10-01T02:36:00.000Z", orders: 2 });
  });

  it("is empty, not broken, while there are no data", async () => {
    tables.tables["kpis_per_minute"] = [];
    const { board, details } = boards.of("all");
    expect(await board.current()).toMatchObject({
      status: { state: "live", dataTime: null },
      kpis: null,
      series: { points: [] },
    });
    expect(await details.current()).toMatchObject({ users: null, detailStatus: { problem: null } });
  });

  it("goes on showing the last data when they cannot be read any more, and says why", async () => {
    const { board } = boards.of("1h");
    const { kpis, status } = await board.current();
    tables.failure = new Error("nobody listens");
    vi.setSystemTime(now + 1_000);
    const stale = await board.current();
    expect(stale.status).toEqual({ ...status, state: "stale", problem: "nobody listens" });
    expect(stale.kpis).toEqual(kpis);
    tables.failure = undefined;
    vi.setSystemTime(now + 2_000);
    expect((await board.current()).status).toMatchObject({ state: "live", problem: null });
  });

  it("is still loading when nothing could be read yet", async () => {
    tables.failure = new Error("nobody listens");
    const { status } = await boards.of("1h").board.current();
    expect(status).toMatchObject({ state: "loading", readAt: null, problem: "nobody listens" });
  });
});

describe("the details of a range", () => {
  it("count users of the range and of the time before, each within literal bounds", async () => {
    const { users } = await boards.of("1h").details.current();
    const counts = { activeUsers: 40, buyers: 10, conversion: 0.25 };
    expect(users).toEqual({ ...counts, before: counts });
    const asked = tables.askedFor("COUNT(DISTINCT CASE");
    expect(asked).toHaveLength(2);
    expect(asked[0]?.match(/event_time >= TIMESTAMP '2026-01-01 11:01:00.000'/g)).toHaveLength(2);
    expect(asked[1]?.match(/event_time < TIMESTAMP '2026-01-01 11:01:00.000'/g)).toHaveLength(2);
  });

  it("add the buyers of minutes up to steps of the trend", async () => {
    tables.tables["buyers"] = [
      { bucket_start: "2026-01-01T11:59:00.000Z", buyer_minutes: 3 },
      { bucket_start: at, buyer_minutes: 2 },
      { bucket_start: "2026-01-01T11:55:00.000Z", buyer_minutes: 1 },
    ];
    const { buyers } = await boards.of("24h").details.current();
    expect(buyers).toEqual([
      { start: "2026-01-01T11:55:00.000Z", buyerMinutes: 4 },
      { start: at, buyerMinutes: 2 },
    ]);
  });

  it("name what sells best", async () => {
    tables.tables["products"] = [
      { product_id: "p1", brand: "sony", category: "a.b", order_count: 3, revenue: "30.00" },
      { product_id: "p2", brand: null, category: null, order_count: 1, revenue: "9.99" },
    ];
    tables.tables["categories"] = [{ category: null, order_count: 4, revenue: "39.99" }];
    const { top } = await boards.of("1h").details.current();
    expect(top).toEqual({
      products: [
        { name: "p1", detail: "sony · a.b", orders: 3, revenue: "30.00" },
        { name: "p2", detail: "", orders: 1, revenue: "9.99" },
      ],
      categories: [{ name: null, detail: null, orders: 4, revenue: "39.99" }],
    });
  });

  it("say why they cannot be read", async () => {
    tables.failure = new Error("too slow");
    const { detailStatus } = await boards.of("all").details.current();
    expect(detailStatus).toEqual({ readAt: null, problem: "too slow" });
  });
});
