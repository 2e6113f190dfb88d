import Table from "cli-table3";

import type { FlightClient } from "../apps/query/client/flight-client.ts";
import { connection } from "./connection.ts";
import { UserError } from "./errors.ts";
import { waitFor } from "./host/wait.ts";
import type { Progress } from "./progress.ts";

/** The latest minutes, as `npm run up` prints them. */
const latestKpis = `
  SELECT window_start, orders, revenue, active_users, clicks, carts, errors, error_rate
  FROM nessie_minio_catalog.ecommerce_db.kpis_per_minute
  ORDER BY window_start DESC LIMIT 5`;

/** How long the first events may take from the producer to a KPI row, in ms. */
const patience = 180_000;

export type KpiRow = Readonly<Record<string, unknown>>;

/**
 * Waits until SQL shows a KPI row of a stack that is being deployed, and returns the latest.
 * @param deployed - resolves when all parts are ready; from then on patience is limited
 * @throws UserError when none shows in time.
 */
export async function firstKpis(
  stack: string,
  deployed: Promise<unknown>,
  progress: Progress,
): Promise<KpiRow[]> {
  let flight: FlightClient | undefined;
  let last: unknown;
  let isDeployed = false;
  void deployed.then(() => (isDeployed = true));
  const look = async (): Promise<KpiRow[] | undefined> => {
    try {
      flight ??= (await connection(stack)).flight;
      const found = await flight.query(latestKpis);
      progress("the tables are there, waiting for the first minute");
      return found.length > 0 ? found : undefined;
    } catch (error) {
      // Until the streaming job has made the tables, and while the query engine starts.
      last = error;
      return undefined;
    }
  };
  try {
    const early = await waitFor(async () => isDeployed || (await look()), Infinity);
    const rows = Array.isArray(early) ? early : await waitFor(look, patience);
    if (rows !== undefined) return rows;
  } finally {
    flight?.close();
  }
  throw new UserError(`No KPI row within ${patience / 1000} s`, {
    cure: "`npm run status` tells what is not ready, `npm run logs streaming` what the streaming job does.",
    cause: last,
  });
}

/** The rows as a table for a person. */
export function kpiTable(rows: readonly KpiRow[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const table = new Table({
    head: columns,
    style: { head: [], border: [] },
    colAligns: columns.map((column) => (column === "window_start" ? "left" : "right")),
  });
  table.push(...rows.map((row) => columns.map((column) => cell(row[column]))));
  return table.toString();
}

function cell(value: unknown): string {
  return typeof value === "number" && !Number.isInteger(value) ? value.toFixed(4) : String(value);
}
