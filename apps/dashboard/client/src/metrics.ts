import type { Buyers, Point, Series } from "../../api.ts";
import { compact, count, money, percent } from "./format.ts";

/** A point of the trend with what is counted in the tables of events. */
export interface TrendPoint extends Point {
  /** Buyers / active users, the mean over the step's minutes; null while it is not known. */
  readonly conversion: number | null;
}

/** One chart of the page. */
export interface Metric {
  readonly name: string;
  /** The variable of the style sheet that has its colour. */
  readonly colour: string;
  readonly kind: "line" | "bar";
  /** Where it is drawn. Here alone money becomes a float: a pixel's position needs no cents. */
  readonly value: (point: TrendPoint) => number | null;
  /** What it is, to the last digit. */
  readonly text: (point: TrendPoint) => string;
  /** Numbers on the axis. */
  readonly axis: (value: number) => string;
}

export const metrics = [
  {
    name: "Revenue",
    colour: "--revenue",
    kind: "line",
    value: ({ revenue }) => Number(revenue),
    text: ({ revenue }) => money(revenue),
    axis: compact,
  },
  {
    name: "Orders",
    colour: "--orders",
    kind: "bar",
    value: ({ orders }) => orders,
    text: ({ orders }) => count(orders),
    axis: compact,
  },
  {
    name: "Active users",
    colour: "--users",
    kind: "line",
    value: ({ activeUsers }) => activeUsers,
    text: ({ activeUsers }) => count(activeUsers),
    axis: compact,
  },
  {
    name: "Conversion",
    colour: "--conversion",
    kind: "line",
    value: ({ conversion }) => conversion,
    text: ({ conversion }) => (conversion === null ? "–" : percent(conversion)),
    axis: percent,
  },
  {
    name: "Error rate",
    colour: "--errors",
    kind: "line",
    value: ({ errorRate }) => errorRate,
    text: ({ errorRate }) => percent(errorRate),
    axis: percent,
  },
] as const satisfies readonly Metric[];

/** Puts the two readings of the trend together. */
export function trendPoints(
  { points }: Series,
  buyers: readonly Buyers[] | undefined,
): TrendPoint[] {
  const byStart = new Map(buyers?.map(({ start, buyerMinutes }) => [start, buyerMinutes]));
  return points.map((point) => ({
    ...point,
    conversion:
      buyers === undefined || point.userMinutes === 0
        ? null
        : (byStart.get(point.start) ?? 0) / point.userMinutes,
  }));
}

/** What a step of the trend is called: a minute, 5 minutes, an hour, 6 hours, a day, 7 days. */
export function stepName(minutes: number): string {
  const [length, unit] =
    minutes % 1440 === 0
      ? [minutes / 1440, "day"]
      : minutes % 60 === 0
        ? [minutes / 60, "hour"]
        : [minutes, "minute"];
  return length === 1 ? unit : `${length} ${unit}s`;
}
