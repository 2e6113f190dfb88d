import { describe, expect, it } from "vitest";

import {
  lagOf,
  TableOffsets,
} from "../../../../../apps/dashboard/server/pipeline/table-offsets.ts";
import { FakeTables } from "../fake-tables.ts";

describe("TableOffsets", () => {
  it("takes the later of table and dead letters in each partition", async () => {
    const tables = new FakeTables();
    tables.tables["orders"] = [
      { partition: 0, newest: 9 },
      { partition: 1, newest: 4 },
    ];
    tables.tables["dead_letters"] = [
      { topic: "orders", partition: 1, newest: 6, letter_count: 2 },
      { topic: "orders", partition: 2, newest: 0, letter_count: 1 },
    ];
    const { next, deadLetters } = await new TableOffsets(tables.query).read();
    expect([...(next.get("orders") ?? [])]).toEqual([
      [0, 10],
      [1, 7],
      [2, 1],
    ]);
    expect(deadLetters.get("orders")).toBe(3);
  });

  it("reads only newer rows once it knows the newest, and keeps those of idle partitions", async () => {
    const tables = new FakeTables();
    tables.tables["clicks"] = [
      { partition: 0, newest: 9 },
      { partition: 1, newest: 4 },
    ];
    tables.tables["dead_letters"] = [];
    const offsets = new TableOffsets(tables.query);
    await offsets.read();
    tables.tables["clicks"] = [{ partition: 0, newest: 20 }];
    const { next } = await offsets.read();
    expect(tables.askedFor("ecommerce_db.clicks").map((sql) => /WHERE.*\d/.exec(sql)?.[0])).toEqual(
      [undefined, 'WHERE "offset" >= 4'],
    );
    expect([...(next.get("clicks") ?? [])]).toEqual([
      [0, 21],
      [1, 5],
    ]);
  });
});

describe("lagOf", () => {
  const progress = { next: new Map([["orders", new Map([[0, 10]])]]), deadLetters: new Map() };

  it("is what Kafka has and the tables have not, by partition", () => {
    const partitions = [
      { partition: 0, low: 0, high: 15 },
      { partition: 1, low: 3, high: 7 },
    ];
    expect(lagOf({ name: "orders", partitions }, progress)).toEqual({
      messages: 9,
      partitions: [5, 4],
    });
  });

  it("is never negative, since tables are asked a moment later", () => {
    const partitions = [{ partition: 0, low: 0, high: 8 }];
    expect(lagOf({ name: "orders", partitions }, progress)).toEqual({
      messages: 0,
      partitions: [0],
    });
  });

  it("is not known of topics that have no table", () => {
    expect(lagOf({ name: "orders.dlq", partitions: [] }, progress)).toBeNull();
  });
});
