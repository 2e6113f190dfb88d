import { setTimeout as sleep } from "node:timers/promises";

/** How busy each hour of the day (UTC) is, relative to the others: quiet nights, busy evenings. */
const hours = [
  45, 32, 25, 22, 25, 35, 50, 70, 90, 105, 115, 120, 125, 120, 115, 115, 120, 135, 155, 170, 175,
  155, 110, 70,
];
const average = hours.reduce((sum, hour) => sum + hour, 0) / hours.length;
const hour = 3_600_000;

/** By what factor the shop is busier at a time (ms since 1970) than on average over a day. */
export function dailyRhythm(time: number): number {
  const position = (time / hour) % 24;
  const index = Math.floor(position);
  const here = hours[index] ?? average;
  const next = hours[(index + 1) % 24] ?? average;
  return (here + (next - here) * (position - index)) / average;
}

/** How often events are made, in ms. */
const tick = 20;
/** Time that was lost to a slow Kafka is caught up to this many ms; older events never happened. */
const mostCatchUp = 1_000;

/**
 * Calls `emit` about fifty times a second with as many events as the rate asks for, until the
 * signal is aborted. Waits for each call, so a slow receiver slows it down.
 *
 * @param rate events per second at a time.
 */
export async function atRate(
  rate: (time: number) => number,
  emit: (count: number, time: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let last = Date.now();
  let due = 0;
  for (;;) {
    await sleep(tick, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const now = Date.now();
    due += (rate(now) * Math.min(now - last, mostCatchUp)) / 1000;
    last = now;
    const count = Math.floor(due);
    due -= count;
    if (count > 0) await emit(count, now);
  }
}
