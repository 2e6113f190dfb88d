import type { Buyers, UserCounts, Users } from "../api.ts";
import type { Period } from "../range.ts";
import { stepStart } from "./kpis.ts";
import type { Window } from "./period.ts";
import { number, type Query, text } from "./rows.ts";
import { within } from "./sql.ts";

/** Distinct users cannot be added up over minutes: they are counted in the tables of events. */
export async function readUsers(query: Query, window: Window): Promise<Users> {
  const [now, before] = await Promise.all([
    countUsers(query, window),
    window.before === null ? null : countUsers(query, window.before),
  ]);
  return { ...now, before: before?.activeUsers === 0 ? null : before };
}

async function countUsers(query: Query, period: Period): Promise<UserCounts> {
  const condition = within("event_time", period);
  const [row = {}] = await query(
    `SELECT COUNT(DISTINCT user_id) AS active_users,
       COUNT(DISTINCT CASE WHEN bought = 1 THEN user_id END) AS buyers
     FROM (
       SELECT user_id, 1 AS bought FROM ecommerce_db.orders WHERE ${condition}
       UNION ALL
       SELECT user_id, 0 AS bought FROM ecommerce_db.clicks WHERE ${condition}
     ) AS visits`,
  );
  const activeUsers = number(row, "active_users");
  const buyers = number(row, "buyers");
  return { activeUsers, buyers, conversion: activeUsers === 0 ? null : buyers / activeUsers };
}

/** Buyers for the trend of the conversion; steps without one are left out. */
export async function readBuyers(query: Query, window: Window): Promise<Buyers[]> {
  const bucket = `DATE_TRUNC('${window.grain}', minute_start)`;
  const rows = await query(
    `SELECT ${bucket} AS bucket_start, SUM(buyers) AS buyer_minutes
     FROM (
       SELECT DATE_TRUNC('MINUTE', event_time) AS minute_start, COUNT(DISTINCT user_id) AS buyers
       FROM ecommerce_db.orders WHERE ${within("event_time", window)}
       GROUP BY DATE_TRUNC('MINUTE', event_time)
     ) AS minutes_with_orders
     GROUP BY ${bucket}`,
  );
  const byStep = new Map<number, number>();
  for (const row of rows) {
    const start = stepStart(Date.parse(text(row, "bucket_start")), window.step);
    byStep.set(start, (byStep.get(start) ?? 0) + number(row, "buyer_minutes"));
  }
  return [...byStep]
    .toSorted(([one], [other]) => one - other)
    .map(([start, buyerMinutes]) => ({ start: new Date(start).toISOString(), buyerMinutes }));
}
