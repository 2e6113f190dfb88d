/** How far a running count had come at a time. */
export interface Count {
  /** ms since 1970. */
  readonly time: number;
  /** Events so far. */
  readonly total: number;
}

/** How long events took from being sent to being visible to SQL, in ms. */
export interface Freshness {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** Most events that were sent but not yet visible at a time. */
  readonly largestBacklog: number;
}

/**
 * Freshness of every event from two running counts, taking events to become visible in the order in
 * which they were sent. An event counts as visible when a query that sees it has been answered, so
 * the figures are upper bounds by the time between two queries.
 *
 * @param sent what had been sent, in order of time; the last total is that of all events.
 * @param visible what queries saw, in order of time; must reach the last total of `sent`.
 */
export function freshness(sent: readonly Count[], visible: readonly Count[]): Freshness {
  const waits: { readonly wait: number; readonly events: number }[] = [];
  let batch = 0;
  let seen = 0;
  let largestBacklog = 0;
  for (const { time, total } of visible) {
    const sentByNow = sent.findLast((count) => count.time <= time)?.total ?? 0;
    largestBacklog = Math.max(largestBacklog, sentByNow - seen);
    while (seen < total) {
      const current = sent[batch];
      if (current === undefined) throw new Error(`${total} events are visible, fewer were sent`);
      const events = Math.min(total, current.total) - seen;
      if (events > 0) waits.push({ wait: time - current.time, events });
      seen += events;
      if (seen >= current.total) batch += 1;
    }
  }
  waits.sort((one, other) => one.wait - other.wait);
  const percentile = (share: number): number => {
    let rest = Math.ceil(seen * share);
    return waits.find(({ events }) => (rest -= events) <= 0)?.wait ?? 0;
  };
  return { p50: percentile(0.5), p95: percentile(0.95), max: percentile(1), largestBacklog };
}
