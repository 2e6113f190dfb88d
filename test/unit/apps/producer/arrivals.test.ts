import { describe, expect, it } from "vitest";

import { findRows, type Query, TallyKeeper } from "../../../../apps/producer/arrivals.ts";
import type { BehaviourRow } from "../../../../apps/producer/behaviour-csv.ts";
import type { Topic } from "../../../../apps/producer/events.ts";

const noon = Date.UTC(2019, 9, 1, 12);

function row(topic: Topic, eventId: string, changes: Partial<BehaviourRow> = {}): BehaviourRow {
  const message = { topic, key: "k", value: "{}" };
  return { message, eventId, occurrence: 0, time: noon, broken: undefined, ...changes };
}

const broken = (line: string, occurrence = 0): BehaviourRow =>
  row("clicks", `id of ${line} ${occurrence}`, { broken: line, occurrence });

/** Answers from lists, and remembers what it was asked. */
class FakeTables {
  orders: { event_id: string; amount: string }[] = [];
  clicks: { event_id: string }[] = [];
  deadLetters: string[] = [];
  readonly asked: string[] = [];

  readonly query: Query = (sql) => {
    this.asked.push(sql);
    if (sql.includes("ecommerce_db.orders")) return Promise.resolve(this.orders);
    if (sql.includes("ecommerce_db.clicks")) return Promise.resolve(this.clicks);
    const wanted = [...sql.matchAll(/'((?:[^']|'')*)'/g)].map(([, text = ""]) =>
      text.replaceAll("''", "'"),
    );
    return Promise.resolve(
      wanted.flatMap((raw) => {
        const copies = this.deadLetters.filter((letter) => letter === raw).length;
        return copies === 0 ? [] : [{ raw, copies: BigInt(copies) }];
      }),
    );
  };
}

describe("findRows", () => {
  it("tells for each row the table that holds it", async () => {
    const tables = new FakeTables();
    tables.orders = [
      { event_id: "o1", amount: "10.10" },
      { event_id: "other", amount: "99.00" },
    ];
    tables.clicks = [{ event_id: "c1" }];
    tables.deadLetters = ["it's broken"];
    const order = row("orders", "o1");
    const click = row("clicks", "c1");
    const dead = broken("it's broken");
    const { rows, revenue } = await findRows(tables.query, [
      order,
      row("orders", "o2"),
      click,
      row("clicks", "c2"),
      dead,
      broken("also broken"),
    ]);
    expect([...rows]).toEqual([
      [order, "orders"],
      [click, "clicks"],
      [dead, "dead_letters"],
    ]);
    expect(revenue).toBe(1010n);
  });

  it("wants as many dead letters as there are equal broken rows", async () => {
    const tables = new FakeTables();
    tables.deadLetters = ["x", "x"];
    const equal = [broken("x", 0), broken("x", 1), broken("x", 2)];
    const { rows } = await findRows(tables.query, equal);
    expect([...rows.keys()]).toEqual(equal.slice(0, 2));
  });

  it("finds a broken row among the clicks if the streaming job took it after all", async () => {
    const tables = new FakeTables();
    const odd = broken("odd");
    tables.clicks = [{ event_id: odd.eventId }];
    expect((await findRows(tables.query, [odd])).rows.get(odd)).toBe("clicks");
  });

  it("asks for the times of the rows alone", async () => {
    const tables = new FakeTables();
    await findRows(tables.query, [
      row("orders", "a", { time: noon + 5_000 }),
      row("orders", "b", { time: noon }),
      row("orders", "c", { time: undefined }),
      row("orders", "d", { time: noon + 1_500 }),
    ]);
    expect(tables.asked).toEqual([
      "SELECT event_id, amount FROM ecommerce_db.orders WHERE event_time " +
        "BETWEEN TIMESTAMP '2019-10-01 12:00:00.000' AND TIMESTAMP '2019-10-01 12:00:05.000' " +
        "AND length(event_id) = 64",
    ]);
  });

  it("asks nothing about no rows", async () => {
    const tables = new FakeTables();
    expect((await findRows(tables.query, [])).rows.size).toBe(0);
    expect(tables.asked).toEqual([]);
  });

  it("keeps its statements short however many broken rows there are", async () => {
    const tables = new FakeTables();
    const rows = Array.from({ length: 300 }, (_, index) => broken(`${index} ${"'".repeat(1_000)}`));
    tables.deadLetters = rows.map(({ broken: line }) => line ?? "");
    expect((await findRows(tables.query, rows)).rows.size).toBe(300);
    const statements = tables.asked.filter((sql) => sql.includes("dead_letters"));
    expect(statements.length).toBeGreaterThan(1);
    for (const sql of statements) expect(sql.length).toBeLessThan(140 * 1024);
  });
});

describe("TallyKeeper", () => {
  it("adds up where rows were found", () => {
    const keeper = new TallyKeeper();
    keeper.add({ rows: new Map([[row("orders", "o"), "orders"]]), revenue: 1010n });
    keeper.add({
      rows: new Map([
        [row("orders", "p"), "orders"],
        [row("clicks", "c"), "clicks"],
        [broken("x"), "dead_letters"],
      ]),
      revenue: 5n,
    });
    expect(keeper.tally).toEqual({
      rows: 4,
      orders: 2,
      clicks: 1,
      deadLetters: 1,
      revenue: "10.15",
    });
  });
});
