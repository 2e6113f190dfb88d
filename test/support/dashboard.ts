import type { Kpis, Users } from "../../apps/dashboard/api.ts";
import { requireDeployment } from "../../cli/deployment.ts";
import { type Login, readLogin } from "../../cli/workloads.ts";
import { sql, sqlRow, stack } from "./lakehouse.ts";

/** The dashboard's user and generated password. */
export async function dashboardLogin(): Promise<Login> {
  const login = await readLogin((await requireDeployment(stack)).kubeconfig, "dashboard-user");
  if (login === null) throw new Error("the dashboard has no user");
  return login;
}

/** A period as the API gives it. */
export interface Span {
  readonly from: string;
  readonly to: string;
}

/** The time of equal length before. */
export function spanBefore({ from, to }: Span): Span {
  const length = Date.parse(to) - Date.parse(from);
  return { from: new Date(Date.parse(from) - length).toISOString(), to: from };
}

/** What /api/kpis gives. */
export type ShownKpis = Kpis & { readonly users: Users };

/** The numbers of a period as SQL gives them, from the tables of events and not from the KPIs. */
export async function numbersBySql(span: Span) {
  const time = within("event_time", span);
  const row = await sqlRow(
    `SELECT
       (SELECT count(*) FROM ecommerce_db.orders WHERE ${time}) AS orders,
       (SELECT CAST(coalesce(sum(amount), 0) AS DECIMAL(18,2))
          FROM ecommerce_db.orders WHERE ${time}) AS revenue,
       (SELECT count(*) FROM ecommerce_db.clicks WHERE ${time}) AS clicks,
       (SELECT count(*) FROM ecommerce_db.clicks WHERE ${time} AND action = 'cart') AS carts,
       (SELECT count(*) FROM ecommerce_db.errors WHERE ${time}) AS errors,
       (SELECT count(DISTINCT user_id) FROM ecommerce_db.orders WHERE ${time}) AS buyers,
       (SELECT count(DISTINCT user_id) FROM (
          SELECT user_id FROM ecommerce_db.orders WHERE ${time}
          UNION ALL SELECT user_id FROM ecommerce_db.clicks WHERE ${time}) AS visits) AS active_users`,
  );
  const [orders, clicks, errors] = [row["orders"], row["clicks"], row["errors"]].map(Number) as [
    number,
    number,
    number,
  ];
  const [buyers, activeUsers] = [Number(row["buyers"]), Number(row["active_users"])];
  const revenue = String(row["revenue"]);
  return {
    ...{ orders, revenue, clicks, carts: Number(row["carts"]), errors, buyers, activeUsers },
    averageOrderValue: average(revenue, orders),
    errorRate: errors / (orders + clicks + errors),
    conversion: buyers / activeUsers,
  };
}

/** The numbers that the dashboard shows, in the same shape. */
export function numbersShown({ users, ...kpis }: ShownKpis) {
  const { orders, revenue, clicks, carts, errors, averageOrderValue, errorRate } = kpis;
  const { buyers, activeUsers, conversion } = users;
  return {
    ...{ orders, revenue, clicks, carts, errors, buyers, activeUsers },
    ...{ averageOrderValue, errorRate, conversion },
  };
}

/** What sells best in a period, by a column of the orders. */
export async function topBySql(column: "product_id" | "category", span: Span) {
  const rows = await sql(
    `SELECT ${column} AS name, count(*) AS orders, CAST(sum(amount) AS DECIMAL(18,2)) AS revenue
     FROM ecommerce_db.orders WHERE ${within("event_time", span)}
     GROUP BY ${column} ORDER BY revenue DESC, ${column} LIMIT 10`,
  );
  return rows.map((row) => ({
    name: row["name"] as string | null,
    orders: Number(row["orders"]),
    revenue: String(row["revenue"]),
  }));
}

/** The condition that a column lies in a period. */
export function within(column: string, { from, to }: Span): string {
  return `${column} >= ${timestamp(from)} AND ${column} < ${timestamp(to)}`;
}

function timestamp(iso: string): string {
  return `TIMESTAMP '${iso.replace("T", " ").replace("Z", "")}'`;
}

/** Exact to the cent, half a cent rounded up. */
function average(revenue: string, orders: number): string | null {
  if (orders === 0) return null;
  const [cents, count] = [BigInt(revenue.replace(".", "")), BigInt(orders)];
  const rounded = String((2n * cents + count) / (2n * count)).padStart(3, "0");
  return `${rounded.slice(0, -2)}.${rounded.slice(-2)}`;
}
