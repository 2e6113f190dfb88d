import type { Row } from "../../query/client/flight-client.ts";
import type { Alert, Order, Series, ServiceError } from "../api.ts";
import { startOfNewest } from "./kpis.ts";
import type { Window } from "./period.ts";
import { number, numberOrNull, type Query, text, textOrNull } from "./rows.ts";
import { timestamp, within } from "./sql.ts";

/** How many rows the lists of events have. */
const listed = 20;
/** At least this many lines of logs are looked at to find `listed` of them that are more than information. */
const logLines = 200;
/** The newest alerts, among which the page looks for those that a viewer asks for. */
const alertsListed = 500;

/** The newest orders, newest first. */
export async function readOrders(query: Query, series: Series, to: number): Promise<Order[]> {
  const from = startOfNewest(series, "orders", listed);
  if (from === null) return [];
  const rows = await query(
    `SELECT order_id, event_time, user_id, product_id, category, brand, price, quantity, amount
     FROM ecommerce_db.orders WHERE ${within("event_time", { from, to })}
     ORDER BY event_time DESC, order_id LIMIT ${listed}`,
  );
  return rows.map((row) => ({
    orderId: text(row, "order_id"),
    time: text(row, "event_time"),
    userId: text(row, "user_id"),
    productId: text(row, "product_id"),
    category: textOrNull(row, "category"),
    brand: textOrNull(row, "brand"),
    price: text(row, "price"),
    quantity: number(row, "quantity"),
    amount: text(row, "amount"),
  }));
}

/** The newest lines of logs that are more than information, newest first. */
export async function readErrors(
  query: Query,
  series: Series,
  to: number,
): Promise<ServiceError[]> {
  const from = startOfNewest(series, "errors", logLines);
  if (from === null) return [];
  const rows = await query(
    `SELECT event_id, event_time, service, level, code, message, user_id
     FROM ecommerce_db.errors WHERE ${within("event_time", { from, to })} AND level <> 'INFO'
     ORDER BY event_time DESC, event_id LIMIT ${listed}`,
  );
  return rows.map((row) => ({
    eventId: text(row, "event_id"),
    time: text(row, "event_time"),
    service: text(row, "service"),
    level: text(row, "level"),
    code: text(row, "code"),
    message: text(row, "message"),
    userId: textOrNull(row, "user_id"),
  }));
}

/**
 * The newest alerts, newest first.
 * @param isOpenEnded whether alerts that are newer than the newest KPIs belong to them as well.
 */
export async function readAlerts(
  query: Query,
  window: Window,
  isOpenEnded: boolean,
): Promise<Alert[]> {
  const condition = isOpenEnded
    ? `alert_time >= ${timestamp(window.from)}`
    : within("alert_time", window);
  // All columns: `recovered_at` is younger than the table, which may not have it yet.
  const rows = await query(
    `SELECT * FROM ecommerce_db.alerts WHERE ${condition}
     ORDER BY alert_time DESC, alert_id LIMIT ${alertsListed}`,
  );
  return rows.map(alertOf);
}

/** An alert out of its row. */
export function alertOf(row: Row): Alert {
  return {
    alertId: text(row, "alert_id"),
    time: text(row, "alert_time"),
    kind: text(row, "kind"),
    metric: text(row, "metric"),
    value: numberOrNull(row, "value"),
    expected: numberOrNull(row, "expected"),
    deviation: numberOrNull(row, "deviation"),
    message: text(row, "message"),
    recoveredAt: textOrNull(row, "recovered_at"),
  };
}
