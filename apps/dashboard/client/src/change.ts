import { percent } from "./format.ts";

/** How a number moved against the time before. */
export interface Change {
  readonly direction: "up" | "down" | "same";
  /** By how much, such as 12.3% or 0.4 points. */
  readonly text: string;
}

/** The relative change of an amount; null if there is nothing to compare with. */
export function relativeChange(now: number, before: number): Change | null {
  if (before === 0) return null;
  const ratio = (now - before) / before;
  return { direction: directionOf(ratio, 0.0005), text: percent(Math.abs(ratio)) };
}

/** The change of a share, in percentage points. */
export function pointChange(now: number, before: number): Change {
  const points = (now - before) * 100;
  return {
    direction: directionOf(points, 0.005),
    text: `${Math.abs(points).toFixed(2)} points`,
  };
}

/** What would be shown as zero is no change. */
function directionOf(value: number, least: number): Change["direction"] {
  if (Math.abs(value) < least) return "same";
  return value > 0 ? "up" : "down";
}
