import { lengths, type Period, type Range } from "../range.ts";

export const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A chart has at most this many points. */
const mostPoints = 500;
/** The steps that people think in. Beyond them it is whole days. */
const steps = [1, 5, 15, 30, 60, 180, 360, 720, 1440].map((minutes) => minutes * minute);

/** What SQL adds up: the units that every engine can truncate a time to. */
export type Grain = "MINUTE" | "HOUR" | "DAY";
const grains: Readonly<Record<Grain, number>> = { MINUTE: minute, HOUR: hour, DAY: day };

/** What is read of a range. */
export interface Window extends Period {
  /** The time of equal length before; null if everything is shown. */
  readonly before: Period | null;
  readonly grain: Grain;
  /** Length of a point of the chart in ms, a multiple of the grain's. */
  readonly step: number;
}

/** Times of the newest and the oldest data, in ms. */
export interface DataTimes {
  /** End of the newest minute with an event. */
  readonly end: number;
  /** Start of the oldest minute with an event. Known only if it was asked for. */
  readonly start: number;
}

/** The window of a range: relative ranges end with the newest data. Long ones are widened to whole hours or days. */
export function windowOf(range: Range, data: DataTimes): Window {
  const { from, to } = periodOf(range, data);
  const grain = grainOf(to - from);
  const unit = grains[grain];
  const [start, end] = [Math.floor(from / unit) * unit, Math.ceil(to / unit) * unit];
  return {
    from: start,
    to: end,
    before: range === "all" ? null : { from: 2 * start - end, to: start },
    grain,
    step: stepOf(end - start, unit),
  };
}

function periodOf(range: Range, { start, end }: DataTimes): Period {
  if (typeof range !== "string") return range;
  const length = lengths[range];
  return { from: length === null ? start : end - length, to: end };
}

function grainOf(length: number): Grain {
  if (length <= 2 * day) return "MINUTE";
  return length <= 120 * day ? "HOUR" : "DAY";
}

function stepOf(length: number, unit: number): number {
  const least = Math.max(length / mostPoints, unit);
  return steps.find((step) => step >= least) ?? Math.ceil(least / day) * day;
}

/** Time from one reading of a range to the next, in ms: the longer it is, the less a second changes it. */
export function intervalOf(range: Range): number {
  const length = typeof range === "string" ? lengths[range] : range.to - range.from;
  if (length !== null && length <= 3 * hour) return 1_000;
  return length !== null && length <= day ? 5_000 : 15_000;
}
