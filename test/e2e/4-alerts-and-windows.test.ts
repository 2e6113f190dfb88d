import { describe, expect, it } from "vitest";

import { eventually, sql, sqlRow } from "../support/lakehouse.ts";

describe("alerts", () => {
  it("are exactly one for each fatal error, seconds after it", async () => {
    // A batch commits errors and alerts one after the other, so the two are compared as of a moment ago.
    const settled = "event_time < now() - INTERVAL 10 SECOND";
    const fatal = await eventually(
      "a fatal error among the shop's live events",
      () =>
        sql<{ event_id: string }>(
          `SELECT event_id FROM ecommerce_db.errors WHERE level = 'FATAL' AND ${settled}`,
        ),
      (rows) => rows.length > 0,
    );
    const [alerts] = await sql<{ n: number; ids: number; missing: number }>(
      `SELECT
         (SELECT count(*) FROM ecommerce_db.alerts WHERE kind = 'fatal_error') AS n,
         (SELECT count(DISTINCT alert_id) FROM ecommerce_db.alerts
          WHERE kind = 'fatal_error') AS ids,
         (SELECT count(*) FROM ecommerce_db.errors
          WHERE level = 'FATAL' AND ${settled} AND NOT EXISTS (
            SELECT 1 FROM ecommerce_db.alerts
            WHERE kind = 'fatal_error' AND alert_time = event_time AND metric = service
          )) AS missing`,
    );
    expect(alerts?.missing).toBe(0);
    expect(alerts?.ids).toBe(alerts?.n);
    expect(alerts?.n).toBeGreaterThanOrEqual(fatal.length);
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
