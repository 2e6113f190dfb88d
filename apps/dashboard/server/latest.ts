import type { Alert, Minute, Order, Pipeline, ServiceError } from "../api.ts";
import { startOfNewest } from "./kpis.ts";
import type { Row } from "../../query/client/flight-client.ts";
import { number, numberOrNull, type Query, text, textOrNull } from "./rows.ts";

/** How many rows the lists have. */
const listed = 20;
/** At least this many lines of logs are looked at to find `listed` of them that are more than information. */
const logLines = 200;

/** The newest orders, newest first. */
export async function readOrders(query: Query, series: readonly Minute[]): Promise<Order[]> {
  const since = startOfNewest(series, "orders", listed);
  if (since === null) return [];
  const rows = await query(
    `SELECT order_id, event_time, user_id, product_id, category, brand, price, quantity, amount
     FROM ecommerce_db.orders WHERE event_time >= ${timestamp(since)}
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
export async function readErrors(query: Query, series: readonly Minute[]): Promise<ServiceError[]> {
  const since = startOfNewest(series, "errors", logLines);
  if (since === null) return [];
  const rows = await query(
    `SELECT event_id, event_time, service, level, code, message, user_id
     FROM ecommerce_db.errors WHERE event_time >= ${timestamp(since)} AND level <> 'INFO'
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

/** The newest alerts, newest first. */
export async function readAlerts(query: Query): Promise<Alert[]> {
  const rows = await query(
    `SELECT alert_id, alert_time, kind, metric, "value", expected, deviation, message
     FROM ecommerce_db.alerts ORDER BY alert_time DESC, alert_id LIMIT ${listed}`,
  );
  return rows.map((row) => ({
    alertId: text(row, "alert_id"),
    time: text(row, "alert_time"),
    kind: text(row, "kind"),
    metric: text(row, "metric"),
    value: numberOrNull(row, "value"),
    expected: numberOrNull(row, "expected"),
    deviation: numberOrNull(row, "deviation"),
    message: text(row, "message"),
  }));
}

/** How the newest events of each topic came into their tables. */
export async function readPipeline(query: Query, series: readonly Minute[]): Promise<Pipeline> {
  const topics = ["orders", "clicks", "errors"] as const;
  const [letters, ...newest] = await Promise.all([
    query(
      `SELECT count(*) AS letters, max(received_at) AS latest FROM ecommerce_db.dead_letters`,
    ).then((rows): Row => rows[0] ?? {}),
    ...topics.map(async (topic): Promise<Row> => {
      const since = startOfNewest(series, topic, 1);
      if (since === null) return {};
      const rows = await query(
        `SELECT event_time, ingest_time FROM ecommerce_db.${topic}
         WHERE event_time >= ${timestamp(since)} ORDER BY event_time DESC LIMIT 1`,
      );
      return rows[0] ?? {};
    }),
  ]);
  return {
    topics: newest.map((row, index) => {
      const latestEvent = textOrNull(row, "event_time");
      const latestIngest = textOrNull(row, "ingest_time");
      return {
        topic: topics[index] ?? "",
        latestEvent,
        latestIngest,
        delaySeconds:
          latestEvent === null || latestIngest === null
            ? null
            : (Date.parse(latestIngest) - Date.parse(latestEvent)) / 1000,
      };
    }),
    deadLetters: number(letters, "letters"),
    latestDeadLetter: textOrNull(letters, "latest"),
  };
}

function timestamp(iso: string): string {
  return `TIMESTAMP '${iso.slice(0, -1).replace("T", " ")}'`;
}
