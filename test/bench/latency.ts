/** How long something took, over many times, in ms. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** The figures of some durations, in ms; percentiles are of the nearest rank. */
export function latency(durations: readonly number[]): Latency {
  const sorted = durations.toSorted((one, other) => one - other);
  const percentile = (share: number): number =>
    Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
  return {
    count: sorted.length,
    p50: percentile(0.5),
    p95: percentile(0.95),
    max: percentile(1),
  };
}
