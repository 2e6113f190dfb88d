import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { Board } from "../../../../apps/dashboard/server/board.ts";
import { FakeTables, kpiRow } from "./fake-tables.ts";

function minuteAgo(minutes: number): string {
  return new Date(Math.floor(Date.now() / 60_000 - minutes) * 60_000).toISOString();
}

describe("Board", () => {
  it("reads for whoever asks, once for all who ask at the same time", async () => {
    const tables = new FakeTables();
    tables.tables["kpis_per_minute"] = [kpiRow(minuteAgo(0))];
    const board = new Board(tables.query);
    const [first, second] = await Promise.all([board.current(), board.current()]);
    expect(first).toBe(second);
    expect(first.status).toMatchObject({ state: "live", problem: null, isHistoric: false });
    await board.current();
    expect(tables.rounds).toBe(1);
  });

  it("asks only for the times at which the newest rows lie", async () => {
    const tables = new FakeTables();
    tables.tables["kpis_per_minute"] = [
      kpiRow("2019-10-01T02:51:00.000Z", { orders: 19 }),
      kpiRow("2019-10-01T02:50:00.000Z", { orders: 1 }),
      kpiRow("2019-10-01T02:49:00.000Z"),
    ];
    const board = new Board(tables.query);
    await board.current();
    const orders = tables.asked.find((sql) => sql.includes("order_id"));
    expect(orders).toContain("event_time >= TIMESTAMP '2019-10-01 02:50:00.000'");
  });

  it("gives what the tables hold", async () => {
    const tables = new FakeTables();
    const at = minuteAgo(0);
    tables.tables["kpis_per_minute"] = [kpiRow(at)];
    tables.tables["orders"] = [
      {
        order_id: "o1",
        event_time: at,
        ingest_time: new Date(Date.parse(at) + 1_500).toISOString(),
        user_id: "u",
        product_id: "p",
        category: null,
        brand: "sony",
        price: "35.79",
        quantity: 2,
        amount: "71.58",
      },
    ];
    tables.tables["dead_letters"] = [{ letters: 3, latest: at }];
    const { orders, pipeline } = await new Board(tables.query).current();
    expect(orders).toEqual([
      {
        orderId: "o1",
        time: at,
        userId: "u",
        productId: "p",
        category: null,
        brand: "sony",
        price: "35.79",
        quantity: 2,
        amount: "71.58",
      },
    ]);
    expect(pipeline).toMatchObject({ deadLetters: 3, latestDeadLetter: at });
    expect(pipeline?.topics[0]).toMatchObject({
      topic: "orders",
      latestEvent: at,
      delaySeconds: 1.5,
    });
    expect(pipeline?.topics[1]).toMatchObject({
      topic: "clicks",
      latestEvent: null,
      delaySeconds: null,
    });
  });

  it("says when the newest data are not of now", async () => {
    const tables = new FakeTables();
    tables.tables["kpis_per_minute"] = [kpiRow("2019-10-01T02:50:00.000Z")];
    const { status } = await new Board(tables.query).current();
    expect(status).toMatchObject({ dataTime: "2019-10-01T02:51:00.000Z", isHistoric: true });
  });

  it("reads while somebody watches, and not otherwise", async () => {
    const tables = new FakeTables();
    tables.tables["kpis_per_minute"] = [kpiRow(minuteAgo(0))];
    const board = new Board(tables.query);
    await sleep(50);
    expect(tables.asked).toEqual([]);
    const stops = [board.watch(() => undefined), board.watch(() => undefined)];
    await sleep(1_500);
    for (const stop of stops) stop();
    const rounds = tables.rounds;
    expect(rounds).toBe(2);
    await sleep(1_200);
    expect(tables.rounds).toBe(rounds);
  });

  it("tells watchers which sections have changed", async () => {
    const tables = new FakeTables();
    const board = new Board(tables.query);
    const changed: string[] = [];
    const stop = board.watch((name) => changed.push(name));
    await board.current();
    expect(changed).toEqual(["status", "pipeline"]);
    stop();
  });

  it("goes on showing the last data when they cannot be read any more, and says why", async () => {
    const tables = new FakeTables();
    tables.tables["kpis_per_minute"] = [kpiRow(minuteAgo(0))];
    const board = new Board(tables.query);
    const { kpis, status } = await board.current();
    tables.failure = new Error("nobody listens");
    await sleep(1_050);
    const stale = await board.current();
    expect(stale.status).toEqual({ ...status, state: "stale", problem: "nobody listens" });
    expect(stale.kpis).toEqual(kpis);
    tables.failure = undefined;
    await sleep(1_050);
    expect((await board.current()).status).toMatchObject({ state: "live", problem: null });
  });

  it("is still loading when nothing could be read yet", async () => {
    const tables = new FakeTables();
    tables.failure = new Error("nobody listens");
    const { status } = await new Board(tables.query).current();
    expect(status).toMatchObject({ state: "loading", readAt: null, problem: "nobody listens" });
  });
});
