import { setTimeout as sleep } from "node:timers/promises";

import type { FlightClient } from "../../apps/query/client/flight-client.ts";
import { UserError } from "../../cli/errors.ts";
import type { Progress } from "../../cli/progress.ts";
import { type Count, type Freshness, freshness } from "./freshness.ts";
import type { Load, LoadOrder } from "./load.ts";

/** How often SQL is asked how many events it sees, in ms. */
const pollInterval = 250;
/** How long the last events may take to become visible after the load has ended, in ms. */
const drainPatience = 180_000;

const countRows = `
  SELECT (SELECT count(*) FROM ecommerce_db.orders)
       + (SELECT count(*) FROM ecommerce_db.clicks)
       + (SELECT count(*) FROM ecommerce_db.errors) AS total`;

/** What a steady load came to. */
export interface SteadyLoad extends Freshness {
  readonly events: number;
  /** Events per second that were really sent. */
  readonly rate: number;
  /** From the last event sent until all were visible, in ms. */
  readonly drain: number;
}

/**
 * Sends a shop's events at a steady rate and watches through SQL how they become visible. Nothing
 * else may write to the tables meanwhile.
 *
 * @throws UserError if not every event is sent and becomes visible.
 */
export async function steadyLoad(
  order: LoadOrder,
  load: Load,
  flight: FlightClient,
  progress: Progress,
): Promise<SteadyLoad> {
  const total = async (): Promise<number> => Number((await flight.query(countRows))[0]?.["total"]);
  const before = await total();
  const sent: Count[] = [];
  const visible: Count[] = [];
  const watch = new AbortController();
  const watching = (async () => {
    while (!watch.signal.aborted) {
      const seen = (await total()) - before;
      visible.push({ time: Date.now(), total: seen });
      progress(`${sent.at(-1)?.total ?? 0} sent, ${seen} visible`);
      await sleep(pollInterval);
    }
  })();

  let events = 0;
  let endedAt = 0;
  try {
    await load.send(order, (count) => sent.push(count));
    endedAt = Date.now();
    events = sent.at(-1)?.total ?? 0;
    while ((visible.at(-1)?.total ?? 0) < events && Date.now() < endedAt + drainPatience) {
      await sleep(pollInterval);
    }
  } finally {
    watch.abort();
    await watching;
  }
  const startedAt = sent[0]?.time ?? endedAt;
  const seen = visible.at(-1)?.total ?? 0;
  if (seen !== events) {
    throw new UserError(`${events} events were sent, ${seen} are visible`, {
      cure: "`npm run logs streaming` tells what the streaming job does; stop other producers.",
    });
  }
  return {
    events,
    rate: Math.round((events * 1000) / (endedAt - startedAt)),
    ...freshness(sent, visible),
    drain: Math.max(0, (visible.find((count) => count.total >= events)?.time ?? endedAt) - endedAt),
  };
}
