import { setTimeout as sleep } from "node:timers/promises";

import type { DashboardConnection } from "../../cli/connection.ts";
import { UserError } from "../../cli/errors.ts";
import { latency, type Latency } from "./latency.ts";

/** What a page reads; the viewers ask for one after the other. */
const paths = ["/api/kpis", "/api/series", "/api/alerts", "/api/orders/latest", "/api/top"];
/** The time ranges to choose from on the page; each viewer looks at another. */
const ranges = ["15m", "1h", "24h", "all"];
/** How often each viewer asks, in ms. */
const interval = 1_000;

/**
 * Watches the dashboard as `count` people do: each has the stream of events open, and asks the API
 * besides. Ends when the signal is aborted.
 *
 * @returns how long the API took to answer.
 * @throws UserError if an answer is an error.
 */
export async function watchDashboard(
  { url, headers }: DashboardConnection,
  count: number,
  signal: AbortSignal,
): Promise<Latency> {
  const durations: number[] = [];
  const get = async (path: string): Promise<Response> => {
    const response = await fetch(`${url}${path}`, { headers, signal });
    if (response.ok) return response;
    throw new UserError(`The dashboard answered ${path} with ${response.status}`, {
      cure: "`npm run logs dashboard` tells why.",
    });
  };
  const stream = async (range: string): Promise<void> => {
    const response = await get(`/api/stream?range=${range}`);
    await response.body?.pipeTo(new WritableStream());
  };
  const ask = async (range: string, viewer: number): Promise<void> => {
    for (let turn = viewer; !signal.aborted; turn++) {
      const startedAt = performance.now();
      const response = await get(`${paths[turn % paths.length] ?? ""}?range=${range}`);
      await response.arrayBuffer();
      durations.push(performance.now() - startedAt);
      await sleep(interval, undefined, { signal });
    }
  };
  const viewers = Array.from({ length: count }, (_, viewer) => {
    const range = ranges[viewer % ranges.length] ?? "";
    return [stream(range), ask(range, viewer)];
  });
  try {
    await Promise.all(viewers.flat());
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return latency(durations);
}
