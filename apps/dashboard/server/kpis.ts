import { formatCents, parseCents } from "../../producer/money.ts";
import type { Kpis, Point, Series, Totals } from "../api.ts";
import type { Period } from "../range.ts";
import { minute, type Window } from "./period.ts";
import { number, type Query, text } from "./rows.ts";
import { within } from "./sql.ts";

/** Sums over some minutes. */
interface Sums {
  readonly minutes: number;
  readonly orders: number;
  readonly cents: bigint;
  readonly userMinutes: number;
  readonly clicks: number;
  readonly carts: number;
  readonly errors: number;
}

/** Sums of one minute, hour or day that has events. */
export interface Slice extends Sums {
  /** ms since 1970. */
  readonly start: number;
}

const nothing: Sums = {
  minutes: 0,
  orders: 0,
  cents: 0n,
  userMinutes: 0,
  clicks: 0,
  carts: 0,
  errors: 0,
};

/** The slices of a window and of the time before, which both totals and the trend are made of. */
export async function readSlices(query: Query, window: Window): Promise<Slice[]> {
  const bucket = `DATE_TRUNC('${window.grain}', window_start)`;
  const rows = await query(
    `SELECT ${bucket} AS bucket_start, COUNT(*) AS minute_count, SUM(orders) AS orders,
       SUM(revenue) AS revenue, SUM(active_users) AS user_minutes, SUM(clicks) AS clicks,
       SUM(carts) AS carts, SUM(errors) AS errors
     FROM ecommerce_db.kpis_per_minute
     WHERE ${within("window_start", { from: window.before?.from ?? window.from, to: window.to })}
     GROUP BY ${bucket}`,
  );
  return rows.map((row) => ({
    start: Date.parse(text(row, "bucket_start")),
    minutes: number(row, "minute_count"),
    orders: number(row, "orders"),
    cents: parseCents(text(row, "revenue")) ?? 0n,
    userMinutes: number(row, "user_minutes"),
    clicks: number(row, "clicks"),
    carts: number(row, "carts"),
    errors: number(row, "errors"),
  }));
}

/** Totals of the window, and of the time before. */
export function kpisOf(slices: readonly Slice[], window: Window): Kpis {
  const before = window.before === null ? [] : slicesOf(slices, window.before);
  return {
    from: new Date(window.from).toISOString(),
    to: new Date(window.to).toISOString(),
    ...totals(sum(slicesOf(slices, window))),
    before: before.length === 0 ? null : totals(sum(before)),
  };
}

/** The trend of the window. A step without an event is there too, so that a pause looks like a pause. */
export function seriesOf(slices: readonly Slice[], window: Window): Series {
  const { step, to } = window;
  const byStep = Map.groupBy(slicesOf(slices, window), ({ start }) => stepStart(start, step));
  const points: Point[] = [];
  // Before the first data there is nothing to show a pause of, and a step that the window cuts off
  // would look like a fall. Where everything is shown, nothing is cut off.
  const firstWhole = window.before === null ? 0 : stepStart(window.from + step - 1, step);
  const first = Math.max(Math.min(...byStep.keys()), firstWhole);
  for (let start = first; start < to; start += step) {
    const sums = sum(byStep.get(start) ?? []);
    const { orders, revenue, clicks, carts, errors, errorRate } = totals(sums);
    points.push({
      start: new Date(start).toISOString(),
      ...{ orders, revenue, clicks, carts, errors, errorRate },
      userMinutes: sums.userMinutes,
      activeUsers: sums.minutes === 0 ? 0 : sums.userMinutes / sums.minutes,
    });
  }
  return { stepMinutes: step / minute, points };
}

/** Steps begin at multiples of their length since 1970, so that they stay where they are as time goes on. */
export function stepStart(time: number, step: number): number {
  return Math.floor(time / step) * step;
}

/**
 * From when on a table has to be read to find its newest `count` rows, in ms: the KPIs know how many
 * rows each step has, so that no query has to sort a whole table. Null if it has no rows.
 */
export function startOfNewest(
  { points }: Series,
  column: "orders" | "errors",
  count: number,
): number | null {
  let rows = 0;
  let since: string | null = null;
  for (const point of points.toReversed()) {
    if (rows >= count) break;
    if (point[column] > 0) since = point.start;
    rows += point[column];
  }
  return since === null ? null : Date.parse(since);
}

function slicesOf(slices: readonly Slice[], { from, to }: Period): Slice[] {
  return slices.filter(({ start }) => start >= from && start < to);
}

function sum(slices: readonly Sums[]): Sums {
  return slices.reduce(
    (total, each) => ({
      minutes: total.minutes + each.minutes,
      orders: total.orders + each.orders,
      cents: total.cents + each.cents,
      userMinutes: total.userMinutes + each.userMinutes,
      clicks: total.clicks + each.clicks,
      carts: total.carts + each.carts,
      errors: total.errors + each.errors,
    }),
    nothing,
  );
}

function totals({ orders, cents, clicks, carts, errors }: Sums): Totals {
  const events = orders + clicks + errors;
  return {
    orders,
    revenue: formatCents(cents),
    averageOrderValue: orders === 0 ? null : formatCents(rounded(cents, BigInt(orders))),
    clicks,
    carts,
    errors,
    errorRate: events === 0 ? 0 : errors / events,
  };
}

/** The quotient, half a cent rounded up. */
function rounded(cents: bigint, count: bigint): bigint {
  return (2n * cents + count) / (2n * count);
}
