import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeAll, describe, expect, it } from "vitest";

import {
  behaviourFile,
  behaviourTruth,
  type BehaviourTruth,
  decimal,
  madeBehaviourFile,
} from "../support/behaviour.ts";
import { kill } from "../support/faults.ts";
import { eventually, lakehouse, sql, sqlRow } from "../support/lakehouse.ts";

// The producer's live events flow beside all of this; the replayed days lie years before them.
const replayed = "event_time < TIMESTAMP '2020-01-01'";
const tables = ["orders", "clicks", "errors"] as const;

interface KpiRow {
  window_start: string;
  orders: number;
  revenue: string;
  active_users: number;
  clicks: number;
  carts: number;
  errors: number;
  error_rate: number;
}

const kpis = (where: string): Promise<KpiRow[]> =>
  sql<KpiRow>(
    `SELECT window_start, orders, revenue, active_users, clicks, carts, errors, error_rate
     FROM ecommerce_db.kpis_per_minute WHERE ${where} ORDER BY window_start`,
  );

/** The KPI rows that a file's truth asks for. */
const expectedKpis = (truth: BehaviourTruth): KpiRow[] =>
  [...truth.minutes.entries()]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([minute, values]) => ({
      window_start: minute,
      orders: values.orders,
      revenue: decimal(values.revenueCents),
      active_users: values.activeUsers,
      clicks: values.clicks,
      carts: values.carts,
      errors: 0,
      error_rate: 0,
    }));

async function replay(file: string): Promise<Record<string, unknown>> {
  const { exitCode, stdout, stderr } = await lakehouse("replay", file, "--speed", "max", "--json");
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function expectTables(truth: BehaviourTruth, where: string): Promise<void> {
  const orders = await sqlRow(
    `SELECT count(*) AS n, count(DISTINCT event_id) AS ids, sum(amount) AS revenue
     FROM nessie_minio_catalog.ecommerce_db.orders WHERE ${where}`,
  );
  expect(orders).toEqual({
    n: truth.orders,
    ids: truth.orders,
    revenue: decimal(truth.revenueCents),
  });
  const clicks = await sqlRow(
    `SELECT count(*) AS n, count(DISTINCT event_id) AS ids,
       count(*) FILTER (WHERE action = 'cart') AS carts FROM ecommerce_db.clicks WHERE ${where}`,
  );
  expect(clicks).toEqual({ n: truth.clicks, ids: truth.clicks, carts: truth.carts });
}

const brokenRows = "reason LIKE '%session_id is missing%' AND raw LIKE '2019-%'";

describe("events become exact tables and KPIs", () => {
  let folder: string;
  let file: string;
  let truth: BehaviourTruth;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lakehouse-"));
    file = await behaviourFile(folder);
    truth = await behaviourTruth(file);
  });

  it("turns live events into KPI rows of the current minutes", async () => {
    await eventually(
      "a KPI row of the last two minutes",
      () => kpis("window_start > now() - INTERVAL 2 MINUTE"),
      (rows) => rows.some((row) => row.clicks > 0),
    );
  });

  it("replays a day of real behaviour into exactly its orders, clicks and dead letters", async () => {
    const summary = await replay(file);
    expect(summary).toMatchObject({
      rows: truth.rows,
      orders: truth.orders,
      clicks: truth.clicks,
      deadLetters: truth.deadLetters,
    });
    await expectTables(truth, replayed);
    const letters = await sql(
      `SELECT topic, reason, raw FROM ecommerce_db.dead_letters WHERE ${brokenRows}`,
    );
    expect(letters).toHaveLength(truth.deadLetters);
  });

  it("shows for every minute the KPIs that the file's own rows give", async () => {
    expect(await kpis("window_start < TIMESTAMP '2020-01-01'")).toEqual(expectedKpis(truth));
  });

  it("adds nothing when the same file is replayed again", async () => {
    await replay(file);
    await expectTables(truth, replayed);
    expect(await kpis("window_start < TIMESTAMP '2020-01-01'")).toEqual(expectedKpis(truth));
    const letters = await sqlRow(
      `SELECT count(*) AS n FROM ecommerce_db.dead_letters WHERE ${brokenRows}`,
    );
    expect(letters["n"]).toBe(truth.deadLetters);
  });

  it.each([
    ["Spark driver", 2021],
    ["Spark executor", 2022],
    ["Kafka broker", 2023],
    ["catalog", 2024],
  ] as const)(
    "loses and doubles nothing when the %s is killed in the middle of a replay",
    async (victim, year) => {
      const made = join(folder, `${year}.csv`);
      const other = await madeBehaviourFile(made, 60_000, `${year}-03-01T00:00:00Z`);
      const otherTruth = await behaviourTruth(other);
      const span = `BETWEEN TIMESTAMP '${year}-01-01' AND TIMESTAMP '${year}-12-31'`;
      const replaying = replay(other);
      await eventually(
        "the first rows of the replay",
        () => sqlRow(`SELECT count(*) AS n FROM ecommerce_db.clicks WHERE event_time ${span}`),
        (row) => Number(row["n"]) > 0,
      );
      await kill(victim);
      await replaying;
      await expectTables(otherTruth, `event_time ${span}`);
      expect(await kpis(`window_start ${span}`)).toEqual(expectedKpis(otherTruth));
    },
  );

  it("holds every event once, whatever was sent", async () => {
    for (const table of tables) {
      const row = await sqlRow(
        `SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM ecommerce_db.${table}`,
      );
      expect(row["n"], table).toBe(row["ids"]);
    }
  });
});
