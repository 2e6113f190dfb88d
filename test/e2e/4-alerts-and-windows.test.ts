import { randomUUID } from "node:crypto";

import { describe, expect, it } from "vitest";

import { connectSender } from "../../apps/producer/connect.ts";
import type { ErrorEvent, Message } from "../../apps/producer/events.ts";
import { connection } from "../../cli/connection.ts";
import { eventually, sql, sqlRow, stack } from "../support/lakehouse.ts";

/** Sends errors of one moment that are too many for any minute of the shop. */
async function raiseErrorRate(time: Date): Promise<void> {
  const { kafka, flight } = await connection(stack);
  flight.close();
  const sender = await connectSender(kafka.brokers, 20_000);
  const errors = Array.from({ length: 2_000 }, (): Message => {
    const event: ErrorEvent = {
      ...{ event_id: randomUUID(), event_time: time.toISOString(), user_id: null },
      ...{ service: "checkout", level: "ERROR", code: "E1", message: "an incident" },
    };
    return { topic: "errors", key: event.service, value: JSON.stringify(event) };
  });
  await sender.send(errors);
  await sender.close();
}

describe("alerts", () => {
  it("are exactly one for each fatal error, seconds after it", async () => {
    const fatal = await eventually(
      "a fatal error among the shop's live events",
      () =>
        sql<{ event_id: string }>("SELECT event_id FROM ecommerce_db.errors WHERE level = 'FATAL'"),
      (rows) => rows.length > 0,
    );
    // A batch commits errors and alerts one after the other.
    const known = fatal.map(({ event_id: id }) => `'${id}'`).join(", ");
    const alerts = await eventually(
      "an alert for each of them",
      () =>
        sqlRow<{ n: number; ids: number; missing: number }>(
          `SELECT
             (SELECT count(*) FROM ecommerce_db.alerts WHERE kind = 'fatal_error') AS n,
             (SELECT count(DISTINCT alert_id) FROM ecommerce_db.alerts
              WHERE kind = 'fatal_error') AS ids,
             (SELECT count(*) FROM ecommerce_db.errors
              WHERE event_id IN (${known}) AND NOT EXISTS (
                SELECT 1 FROM ecommerce_db.alerts
                WHERE kind = 'fatal_error' AND alert_time = event_time AND metric = service
              )) AS missing`,
        ),
      ({ missing }) => missing === 0,
      30,
    );
    expect(alerts.ids).toBe(alerts.n);
    expect(alerts.n).toBeGreaterThanOrEqual(fatal.length);
  });

  it("tell of an incident once, and later when it was over", async () => {
    const time = new Date();
    await raiseErrorRate(time);
    // The alert is of the minute, or of an earlier one if that was strange too.
    const incidents = (): Promise<Record<string, unknown>[]> =>
      sql(
        `SELECT alert_time <= TIMESTAMPTZ '${time.toISOString()}' AS began, value > expected AS rose,
           deviation >= 4 AS strange, recovered_at > TIMESTAMPTZ '${time.toISOString()}' AS over
         FROM ecommerce_db.alerts
         WHERE kind = 'anomaly' AND metric = 'error_rate'
           AND coalesce(recovered_at, now()) > TIMESTAMPTZ '${time.toISOString()}'`,
      );
    const incident = { began: true, rose: true, strange: true };
    await eventually("the alert", incidents, (rows) => rows.length > 0);
    expect(await incidents()).toEqual([
      { ...incident, over: expect.toBeOneOf([null, true]) as null },
    ]);
    await eventually("the end of the incident", incidents, ([row]) => row?.["over"] === true, 300);
    expect(await incidents()).toEqual([{ ...incident, over: true }]);
  });
});

describe("sliding windows", () => {
  it("hold what a count over their rows gives", async () => {
    const [busiest] = await sql<{ minute: string }>(
      `SELECT CAST(date_trunc('minute', event_time) AS VARCHAR) AS minute
       FROM ecommerce_db.orders WHERE event_time < TIMESTAMP '2020-01-01'
       GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`,
    );
    expect(busiest, "a replayed file, as 1-events-to-kpis leaves one").toBeDefined();
    const start = `TIMESTAMPTZ '${busiest?.minute ?? ""}'`;
    const within = `event_time >= ${start} AND event_time < ${start} + INTERVAL 5 MINUTE`;
    const [window] = await sql(
      `SELECT orders, revenue, active_users, buyers, clicks, carts
       FROM lakehouse.kpis_per_5_minutes WHERE window_start = ${start}`,
    );
    expect(window).toEqual(
      await sqlRow(
        `SELECT
           (SELECT count(*) FROM ecommerce_db.orders WHERE ${within}) AS orders,
           (SELECT CAST(sum(amount) AS DECIMAL(18, 2)) FROM ecommerce_db.orders
            WHERE ${within}) AS revenue,
           (SELECT count(DISTINCT user_id) FROM (
              SELECT user_id FROM ecommerce_db.orders WHERE ${within}
              UNION ALL SELECT user_id FROM ecommerce_db.clicks WHERE ${within}
            )) AS active_users,
           (SELECT count(DISTINCT user_id) FROM ecommerce_db.orders WHERE ${within}) AS buyers,
           (SELECT count(*) FROM ecommerce_db.clicks WHERE ${within}) AS clicks,
           (SELECT count(*) FROM ecommerce_db.clicks
            WHERE ${within} AND action = 'cart') AS carts`,
      ),
    );
    const [top] = await sql<{ revenue: string; product_id: string }>(
      `SELECT product_id, revenue FROM lakehouse.top_products
       WHERE window_start = ${start} AND "rank" = 1`,
    );
    const [expected] = await sql<{ revenue: string }>(
      `SELECT CAST(sum(amount) AS DECIMAL(18, 2)) AS revenue FROM ecommerce_db.orders
       WHERE ${within} GROUP BY product_id ORDER BY 1 DESC LIMIT 1`,
    );
    expect(top?.revenue).toBe(expected?.revenue);
  });
});
