import { beforeEach, describe, expect, it } from "vitest";

import type { Alert } from "../../../../apps/dashboard/api.ts";
import { RedisLedger } from "../../../../apps/notifier/ledger.ts";
import { idOf, type Notice } from "../../../../apps/notifier/notice.ts";
import { dueNotices, Notifier, type NotifierParts } from "../../../../apps/notifier/notifier.ts";
import { WebhookError } from "../../../../apps/notifier/webhook.ts";
import { Redis } from "../../../../apps/redis/redis.ts";
import { FakeRedis } from "../../../support/fake-redis.ts";
import { alert, anomaly } from "./alerts.ts";

/** What the table of alerts holds. */
let table: Alert[];
let told: string[];
let buried: string[];
let store: FakeRedis;
let redis: Redis;

beforeEach(async () => {
  [table, told, buried] = [[], [], []];
  store = new FakeRedis();
  await store.start();
  redis = new Redis({ address: store.address, username: "notifier", password: store.password });
  await expect
    .poll(() => redis.ask((client) => client.mGet(["any"])).then(() => true, String))
    .toBe(true);
  return async () => {
    redis.close();
    await store.stop();
  };
});

const notifier = (parts: Partial<NotifierParts> = {}): Notifier =>
  new Notifier({
    query: () => Promise.resolve(table.map(rowOf)),
    ledger: new RedisLedger(redis),
    deliver: (notice) => {
      told.push(idOf(notice));
      return Promise.resolve();
    },
    bury: (notice, reason) => {
      buried.push(`${idOf(notice)}: ${reason}`);
      return Promise.resolve();
    },
    ...parts,
  });

function rowOf({ alertId, time, recoveredAt, ...same }: Alert) {
  return { alert_id: alertId, alert_time: time, recovered_at: recoveredAt, ...same };
}

const begun = async (parts?: Partial<NotifierParts>): Promise<Notifier> => {
  const made = notifier(parts);
  await made.poll();
  return made;
};

describe("a notifier", () => {
  it("tells at its first start of nothing that is there already", async () => {
    table = [alert(), anomaly()];
    const made = await begun();
    await made.poll();
    table = [alert(), anomaly({ recoveredAt: "2026-11-21T12:10:00.000Z" })];
    await made.poll();
    expect(told).toEqual([]);
  });

  it("tells of each alert once, and once of its recovery", async () => {
    const made = await begun();
    table = [alert(), anomaly()];
    await made.poll();
    await made.poll();
    expect(told).toEqual(["a1-raised", "a2-raised"]);
    table = [alert(), anomaly({ recoveredAt: "2026-11-21T12:10:00.000Z" })];
    await made.poll();
    await made.poll();
    expect(told).toEqual(["a1-raised", "a2-raised", "a2-recovered"]);
  });

  it("remembers after a restart what it has told, for a week", async () => {
    const made = await begun();
    table = [alert()];
    await made.poll();
    table = [alert(), anomaly({ recoveredAt: "2026-11-21T12:10:00.000Z" })];
    await notifier().poll();
    expect(told).toEqual(["a1-raised", "a2-raised", "a2-recovered"]);
    expect([...store.lifetimes.values()]).toEqual([604_800, 604_800]);
    expect([...store.texts.keys()]).toEqual([
      "notifier:opened",
      "notifier:alert:a1",
      "notifier:alert:a2",
    ]);
  });

  it("keeps what cannot be delivered, and goes on with the next", async () => {
    const made = await begun({
      deliver: (notice: Notice) => {
        if (notice.alert.alertId === "a1") return Promise.reject(new WebhookError("gone"));
        told.push(idOf(notice));
        return Promise.resolve();
      },
    });
    table = [alert(), anomaly()];
    await made.poll();
    await made.poll();
    expect(buried).toEqual(["a1-raised: gone"]);
    expect(told).toEqual(["a2-raised"]);
  });

  it("waits for Kafka and Redis rather than tell twice", async () => {
    let failures = 2;
    const fail = (): Promise<void> =>
      failures-- > 0 ? Promise.reject(new Error("away")) : Promise.resolve();
    const made = await begun({
      deliver: () => Promise.reject(new WebhookError("gone")),
      bury: (notice, reason) => fail().then(() => void buried.push(`${idOf(notice)}: ${reason}`)),
    });
    table = [alert()];
    await made.poll();
    expect(buried).toEqual(["a1-raised: gone"]);
  });

  it("tells nothing while it cannot know what it has told", async () => {
    const made = await begun();
    table = [alert()];
    await store.stop();
    await expect(made.poll()).rejects.toThrow();
    expect(told).toEqual([]);
    await store.start();
    await expect
      .poll(() => made.poll().then(() => told, String), { timeout: 5_000 })
      .toEqual(["a1-raised"]);
  });

  it("does not let one that waits hold up the others, and never tells a recovery first", async () => {
    const slow = Promise.withResolvers<undefined>();
    const made = await begun({
      deliver: async (notice) => {
        if (notice.alert.alertId === "a1") await slow.promise;
        told.push(idOf(notice));
      },
    });
    table = [alert({ recoveredAt: "2026-11-21T12:10:00.000Z" }), anomaly()];
    const polled = made.poll();
    await expect.poll(() => told).toEqual(["a2-raised"]);
    slow.resolve(undefined);
    await polled;
    expect(told).toEqual(["a2-raised", "a1-raised", "a1-recovered"]);
  });

  it("remembers what was delivered while it was told to end, and begins nothing more", async () => {
    const stop = new AbortController();
    const parts: Partial<NotifierParts> = {
      signal: stop.signal,
      deliver: (notice) => {
        stop.abort();
        told.push(idOf(notice));
        return Promise.resolve();
      },
    };
    const made = await begun(parts);
    table = Array.from({ length: 6 }, (_, index) => alert({ alertId: `a${index}` }));
    await expect(made.poll()).rejects.toThrow("aborted");
    expect(told).toEqual(["a0-raised"]);
    expect(store.texts.get("notifier:alert:a0")).toBe("raised");
  });

  it("asks for the alerts of a day, and for those that are over since", async () => {
    const asked: string[] = [];
    await begun({
      query: (sql) => {
        asked.push(sql);
        return Promise.resolve([]);
      },
    });
    const [, from = ""] = /alert_time >= TIMESTAMP '(.*?)' OR/.exec(asked[0] ?? "") ?? [];
    expect(asked[0]).toContain(`recovered_at >= TIMESTAMP '${from}'`);
    expect((Date.now() - Date.parse(`${from}Z`)) / 3_600_000).toBeCloseTo(24, 1);
  });
});

it.each([
  [null, null, ["raised"]],
  [null, "raised", []],
  ["2026-11-21T12:10:00.000Z", null, ["raised", "recovered"]],
  ["2026-11-21T12:10:00.000Z", "raised", ["recovered"]],
  ["2026-11-21T12:10:00.000Z", "recovered", []],
  [null, "recovered", []],
] as const)("of an alert over at %s, of which %s was told, %j is due", (over, last, due) => {
  expect(dueNotices(alert({ recoveredAt: over }), last)).toEqual(due);
});
