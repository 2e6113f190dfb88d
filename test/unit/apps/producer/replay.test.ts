import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { inspectBehaviourCsv } from "../../../../apps/producer/behaviour-csv.ts";
import type { Message } from "../../../../apps/producer/events.ts";
import { parseSpeed, replayFile } from "../../../../apps/producer/replay.ts";
import { Sender } from "../../../../apps/producer/sender.ts";

describe("parseSpeed", () => {
  it.each([
    ["max", "max"],
    ["1", 1],
    ["60", 60],
    ["0.5", 0.5],
  ])("takes %s", (text, speed) => {
    expect(parseSpeed(text)).toBe(speed);
  });

  it.each(["", "0", "-1", "1x", "fast", "Infinity", "1e3", "NaN", "9".repeat(400)])(
    "refuses %j",
    (text) => {
      expect(() => parseSpeed(text)).toThrow(/neither a number above 0 nor "max"/);
    },
  );
});

describe("replayFile", () => {
  let folder: string;
  let path: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "replay-"));
    path = join(folder, "day.csv");
    const rows = [0, 0, 1, 2, 4].map(
      (second) => `2019-10-01 00:00:0${second} UTC,view,1,2,,,1.00,u,s-${second}`,
    );
    const header =
      "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";
    await writeFile(path, [header, ...rows].join("\n"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  async function run(
    speed: number | "max",
    signal?: AbortSignal,
  ): Promise<{ at: number; count: number }[]> {
    const arrivals: { at: number; count: number }[] = [];
    const startedAt = Date.now();
    const sender = await Sender.create(
      {
        partitions: () => Promise.resolve(1),
        append: (_topic, _partition, messages: readonly Message[]) => {
          arrivals.push({ at: Date.now() - startedAt, count: messages.length });
          return Promise.resolve();
        },
        disconnect: () => Promise.resolve(),
      },
      { linger: 0 },
    );
    await replayFile(await inspectBehaviourCsv(path), sender, speed, signal && { signal });
    return arrivals;
  }

  it("sends everything at once at full speed", async () => {
    expect((await run("max")).map(({ count }) => count)).toEqual([5]);
  });

  it("keeps the rhythm of the file at N times its speed", async () => {
    const arrivals = await run(20);
    expect(arrivals.map(({ count }) => count)).toEqual([2, 1, 1, 1]);
    [0, 50, 100, 200].forEach((due, index) => {
      expect(arrivals[index]?.at).toBeGreaterThanOrEqual(due);
    });
  });

  it("stops when told to, with what was sent acknowledged", async () => {
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 100);
    expect((await run(0.01, stop.signal)).map(({ count }) => count)).toEqual([2]);
  });
});
