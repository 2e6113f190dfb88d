import { join } from "node:path";

import { expect } from "vitest";

import { behaviourTruth, type BehaviourTruth, decimal, madeBehaviourFile } from "./behaviour.ts";
import { kill, type Victim } from "./faults.ts";
import { eventually, lakehouse, sql, sqlRow } from "./lakehouse.ts";

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

/** The KPIs of the minutes that the condition chooses, in their order. */
export const kpis = (where: string): Promise<KpiRow[]> =>
  sql<KpiRow>(
    `SELECT window_start, orders, revenue, active_users, clicks, carts, errors, error_rate
     FROM ecommerce_db.kpis_per_minute WHERE ${where} ORDER BY window_start`,
  );

/** The KPI rows that a file's truth asks for. */
export const expectedKpis = (truth: BehaviourTruth): KpiRow[] =>
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

/** Replays a file at full speed. @returns what the command says of it. */
export async function replay(file: string): Promise<Record<string, unknown>> {
  const { exitCode, stdout, stderr } = await lakehouse("replay", file, "--speed", "max", "--json");
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Compares the tables, as far as the condition goes, with a file's truth. */
export async function expectTables(truth: BehaviourTruth, where: string): Promise<void> {
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

/**
 * Kills a pod in the middle of a replay, and compares the tables and every minute's KPIs with the
 * replayed file.
 * @param year - of the replayed events, for nothing else to have happened in
 */
export async function expectSurvival(victim: Victim, year: number, folder: string): Promise<void> {
  const made = join(folder, `${year}.csv`);
  const file = await madeBehaviourFile(made, 60_000, `${year}-03-01T00:00:00Z`);
  const truth = await behaviourTruth(file);
  const span = `BETWEEN TIMESTAMP '${year}-01-01' AND TIMESTAMP '${year}-12-31'`;
  const replaying = replay(file);
  await eventually(
    "the first rows of the replay",
    () => sqlRow(`SELECT count(*) AS n FROM ecommerce_db.clicks WHERE event_time ${span}`),
    (row) => Number(row["n"]) > 0,
  );
  await kill(victim);
  await replaying;
  await expectTables(truth, `event_time ${span}`);
  expect(await kpis(`window_start ${span}`)).toEqual(expectedKpis(truth));
}
