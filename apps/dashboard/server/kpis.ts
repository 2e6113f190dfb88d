import { formatCents, parseCents } from "../../producer/money.ts";
import type { Kpis, Minute } from "../api.ts";
import { number, type Query, text } from "./rows.ts";

const minute = 60_000;
/** How much of the newest data the page shows, in minutes. */
const span = 60;

/**
 * The minutes of the newest hour of data, oldest first. The table has no row for a minute without
 * an event; here it has one, so that a pause looks like a pause.
 */
export async function readSeries(query: Query): Promise<Minute[]> {
  const rows = await query(
    `SELECT window_start, orders, revenue, active_users, clicks, carts, errors, error_rate
     FROM ecommerce_db.kpis_per_minute ORDER BY window_start DESC LIMIT ${span}`,
  );
  const minutes = rows.map((row): Minute => ({
    start: text(row, "window_start"),
    orders: number(row, "orders"),
    revenue: text(row, "revenue"),
    activeUsers: number(row, "active_users"),
    clicks: number(row, "clicks"),
    carts: number(row, "carts"),
    errors: number(row, "errors"),
    errorRate: number(row, "error_rate"),
  }));
  return withoutGaps(minutes);
}

function withoutGaps(newestFirst: readonly Minute[]): Minute[] {
  const [newest] = newestFirst;
  if (newest === undefined) return [];
  const end = Date.parse(newest.start);
  const byStart = new Map(newestFirst.map((each) => [Date.parse(each.start), each]));
  const known = [...byStart.keys()].filter((start) => start > end - span * minute);
  const series: Minute[] = [];
  for (let start = Math.min(...known); start <= end; start += minute) {
    series.push(byStart.get(start) ?? emptyMinute(start));
  }
  return series;
}

function emptyMinute(start: number): Minute {
  return {
    start: new Date(start).toISOString(),
    orders: 0,
    revenue: "0.00",
    activeUsers: 0,
    clicks: 0,
    carts: 0,
    errors: 0,
    errorRate: 0,
  };
}

/** When a minute of the series ends. */
export function endOf({ start }: Minute): string {
  return new Date(Date.parse(start) + minute).toISOString();
}

/**
 * Totals of a series.
 * @param now ms since 1970: the newest minute is not over yet if it ends later.
 */
export function totals(series: readonly Minute[], now: number): Kpis | null {
  const first = series[0];
  const last = series.at(-1);
  if (first === undefined || last === undefined) return null;
  const sum = (value: (each: Minute) => number): number =>
    series.reduce((total, each) => total + value(each), 0);
  const orders = sum((each) => each.orders);
  const clicks = sum((each) => each.clicks);
  const errors = sum((each) => each.errors);
  const events = orders + clicks + errors;
  const cents = series.reduce((total, each) => total + (parseCents(each.revenue) ?? 0n), 0n);
  const complete = series.findLast((each) => Date.parse(endOf(each)) <= now) ?? last;
  return {
    from: first.start,
    to: endOf(last),
    orders,
    revenue: formatCents(cents),
    clicks,
    carts: sum((each) => each.carts),
    errors,
    errorRate: events === 0 ? 0 : errors / events,
    activeUsers: complete.activeUsers,
  };
}

/**
 * From when on a table has to be read to find its newest `count` rows: the KPIs know how many rows
 * each minute has, so that no query has to sort a whole table.
 */
export function startOfNewest(
  series: readonly Minute[],
  column: "orders" | "clicks" | "errors",
  count: number,
): string | null {
  let rows = 0;
  for (const each of series.toReversed()) {
    rows += each[column];
    if (rows >= count) return each.start;
  }
  return series[0]?.start ?? null;
}
