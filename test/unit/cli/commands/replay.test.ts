import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Query } from "../../../../apps/producer/arrivals.ts";
import { inspectBehaviourCsv } from "../../../../apps/producer/behaviour-csv.ts";
import type { Message, Topic } from "../../../../apps/producer/events.ts";
import { Sender, type Transport } from "../../../../apps/producer/sender.ts";
import { replay, replayInto, type ReplaySummary } from "../../../../cli/commands/replay.ts";
import { UserError } from "../../../../cli/errors.ts";

const header =
  "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";
const lines = [
  "2019-10-01 00:00:00 UTC,view,1,2,a.b,sony,35.79,u1,s1",
  "2019-10-01 00:00:00 UTC,view,1,2,a.b,sony,35.79,u1,s1",
  "2019-10-01 00:00:09 UTC,cart,1,2,a.b,sony,35.79,u1,s1",
  "2019-10-01 00:01:00 UTC,purchase,1,2,a.b,sony,35.79,u1,s1",
  "2019-10-01 00:00:30 UTC,purchase,3,2,,,0.10,u2,s2",
  "2019-10-01 00:01:00 UTC,view,1,2,a.b,sony,35.79,u1",
];

interface SentEvent {
  readonly event_id: string;
  readonly amount?: string;
  readonly raw?: string;
}

/** Kafka, the streaming job and the tables in one, with the time they take. */
class FakePlatform implements Transport {
  readonly #rows: { topic: Topic; event: SentEvent; visibleAt: number }[] = [];
  sent = 0;

  partitions(): Promise<number> {
    return Promise.resolve(2);
  }

  append(topic: Topic, _partition: number, messages: readonly Message[]): Promise<void> {
    for (const { value } of messages) {
      const event = JSON.parse(value) as SentEvent;
      this.#rows.push({ topic, event, visibleAt: Date.now() + 300 * (this.sent++ % 3) });
    }
    return Promise.resolve();
  }

  disconnect(): Promise<void> {
    return Promise.resolve();
  }

  readonly query: Query = (sql) => {
    const visible = this.#rows.filter(({ visibleAt }) => visibleAt <= Date.now());
    if (sql.includes("dead_letters")) {
      const dead = visible.flatMap(({ event }) => (event.raw === undefined ? [] : [event.raw]));
      return Promise.resolve(
        [...new Set(dead)].map((raw) => ({
          raw,
          copies: dead.filter((each) => each === raw).length,
        })),
      );
    }
    const topic = sql.includes("ecommerce_db.orders") ? "orders" : "clicks";
    return Promise.resolve(
      visible
        .filter((row) => row.topic === topic && row.event.raw === undefined)
        .map(({ event: { event_id, amount } }) => ({ event_id, amount })),
    );
  };
}

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "replay-"));
  path = join(folder, "day.csv");
  await writeFile(path, [header, ...lines].join("\n"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function run(platform: FakePlatform): Promise<ReplaySummary> {
  const file = await inspectBehaviourCsv(path);
  return replayInto(file, "max", await Sender.create(platform), platform.query);
}

describe("replayInto", () => {
  it("ends when every row is in its table, and tells what came of them", async () => {
    const platform = new FakePlatform();
    expect(await run(platform)).toEqual({
      file: path,
      rows: 6,
      orders: 2,
      clicks: 3,
      deadLetters: 1,
      revenue: "35.89",
      added: 6,
      alreadyThere: 0,
      seconds: expect.any(Number) as number,
    });
    expect(platform.sent).toBe(6);
  });

  it("sends only what the tables lack", async () => {
    const platform = new FakePlatform();
    await run(platform);
    expect(await run(platform)).toMatchObject({ rows: 6, added: 0, alreadyThere: 6 });
    expect(platform.sent).toBe(6);

    await writeFile(path, [header, ...lines, lines[0]].join("\n"));
    expect(await run(platform)).toMatchObject({ rows: 7, clicks: 4, added: 1, alreadyThere: 6 });
    expect(platform.sent).toBe(7);
  });

  it("takes a file without rows", async () => {
    await writeFile(path, header);
    expect(await run(new FakePlatform())).toMatchObject({ rows: 0, added: 0, revenue: "0.00" });
  });
});

describe("replay", () => {
  it("refuses a file before it looks for a platform", async () => {
    await expect(replay(join(folder, "none.csv"), "max", "no-such-stack")).rejects.toThrow(
      /There is no file/,
    );
    await writeFile(path, "a,b,c\n");
    await expect(replay(path, "max", "no-such-stack")).rejects.toThrow(/lacks event_time/);
  });

  it("says that the stack is not up", async () => {
    await expect(replay(path, "max", "no-such-stack")).rejects.toBeInstanceOf(UserError);
  });
});
