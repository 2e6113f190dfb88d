import { setTimeout as sleep } from "node:timers/promises";

import type { FlightClient } from "../../apps/query/client/flight-client.ts";
import { latency, type Latency } from "./latency.ts";

/** How often SQL is asked for new alerts, in ms; the figures are upper bounds by this much. */
const interval = 250;

/**
 * Watches how soon fatal errors are alerts that SQL shows: from the time of the error, which is
 * when it was sent, until a query that shows its alert has been answered. Ends when the signal is
 * aborted.
 */
export async function alertLatency(flight: FlightClient, signal: AbortSignal): Promise<Latency> {
  const startedAt = new Date().toISOString();
  const latencies = new Map<string, number>();
  while (!signal.aborted) {
    const rows = await flight.query(
      `SELECT alert_id, epoch_ms(alert_time) AS time FROM ecommerce_db.alerts
       WHERE kind = 'fatal_error' AND alert_time >= TIMESTAMPTZ '${startedAt}'`,
    );
    const now = Date.now();
    for (const { alert_id: id, time } of rows as { alert_id: string; time: unknown }[]) {
      if (!latencies.has(id)) latencies.set(id, now - Number(time));
    }
    await sleep(interval);
  }
  return latency([...latencies.values()]);
}
