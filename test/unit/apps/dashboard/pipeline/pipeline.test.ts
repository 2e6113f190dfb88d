import { describe, expect, it } from "vitest";

import type { KafkaSource } from "../../../../../apps/dashboard/server/pipeline/kafka.ts";
import { newestFirst } from "../../../../../apps/dashboard/server/pipeline/messages.ts";
import {
  lastMessages,
  pipelineFeed,
} from "../../../../../apps/dashboard/server/pipeline/pipeline.ts";
import { FakeTables } from "../fake-tables.ts";

const message = (offset: number, timestamp: number, value: string | null) => ({
  partition: 0,
  offset: String(offset),
  timestamp,
  key: null,
  value: value === null ? null : Buffer.from(value),
});

const kafka: KafkaSource = {
  topics: () =>
    Promise.resolve([
      { name: "orders", partitions: [{ partition: 0, low: 2, high: 12 }] },
      { name: "orders.dlq", partitions: [{ partition: 0, low: 0, high: 1 }] },
    ]),
  lastMessages: () =>
    Promise.resolve([
      message(1, 0, '{"a":1}'),
      message(0, 0, "not {JSON"),
      message(0, 0, null),
      message(0, 0, "x".repeat(5_000)),
    ]),
};

describe("pipelineFeed", () => {
  it("puts together what Kafka and the tables tell", async () => {
    const tables = new FakeTables();
    tables.tables["orders"] = [{ partition: 0, newest: 8 }];
    tables.tables["dead_letters"] = [{ topic: "orders", partition: 0, newest: 3, letter_count: 1 }];
    const { pipeline } = await pipelineFeed({ query: tables.query, kafka }).current();
    expect(pipeline?.topics).toEqual([
      {
        ...{ name: "orders", partitions: 1, messages: 10, endOffset: 12 },
        ...{ lag: { messages: 3, partitions: [3] }, deadLetters: 1 },
      },
      {
        ...{ name: "orders.dlq", partitions: 1, messages: 1, endOffset: 1 },
        ...{ lag: null, deadLetters: null },
      },
    ]);
    expect(pipeline?.health.map(({ name, state }) => [name, state])).toEqual([
      ["Kafka", "up"],
      ["Spark", "unknown"],
      ["Nessie", "unknown"],
      ["Query engine", "up"],
    ]);
  });

  it("shows the rest when a part does not answer, and says why", async () => {
    const tables = new FakeTables();
    tables.failure = new Error("no memory");
    const { pipeline } = await pipelineFeed({
      query: tables.query,
      kafka,
      nessieUri: "http://127.0.0.1:2",
    }).current();
    expect(pipeline?.tables).toBeNull();
    expect(pipeline?.topics?.[0]).toMatchObject({ messages: 10, lag: null, deadLetters: null });
    const down = pipeline?.health.filter(({ state }) => state === "down");
    expect(down?.map(({ name, detail }) => [name, detail])).toEqual([
      ["Nessie", "127.0.0.1:2 does not answer: connect ECONNREFUSED 127.0.0.1:2"],
      ["Query engine", "no memory"],
    ]);
  });
});

describe("lastMessages", () => {
  it("are shown as a person reads them, whatever they are", async () => {
    const shown = await lastMessages(kafka, "orders");
    const values = shown?.messages.map(({ value }) => value);
    expect(values?.slice(0, 3)).toEqual(['{\n  "a": 1\n}', "not {JSON", "(no value)"]);
    expect(values?.[3]).toHaveLength(4_001);
  });

  it("are not there for a topic that does not exist", async () => {
    expect(await lastMessages(kafka, "nothing")).toBeUndefined();
  });

  it("are sorted by time, then by offset", () => {
    const sorted = newestFirst([message(9, 1, null), message(10, 1, null), message(2, 5, null)]);
    expect(sorted.map(({ offset }) => offset)).toEqual(["2", "10", "9"]);
  });
});
