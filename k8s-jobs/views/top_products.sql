-- The ten products with the highest revenue of each five minutes, a window every minute; the windows
-- that still run are among them.
WITH shifts AS (
  SELECT shift FROM (VALUES (0), (1), (2), (3), (4)) AS listed (shift)
),
sums_of_minutes AS (
  SELECT
    DATE_TRUNC('MINUTE', event_time) AS ordered,
    product_id,
    COUNT(*) AS orders,
    SUM(amount) AS revenue
  FROM nessie_minio_catalog.ecommerce_db.orders
  GROUP BY DATE_TRUNC('MINUTE', event_time), product_id
),
-- A minute belongs to the windows that begin with it and up to four minutes before it.
minutes_of_windows AS (
  SELECT
    CASE shift
      WHEN 0 THEN ordered
      WHEN 1 THEN ordered - INTERVAL '1' MINUTE
      WHEN 2 THEN ordered - INTERVAL '2' MINUTE
      WHEN 3 THEN ordered - INTERVAL '3' MINUTE
      ELSE ordered - INTERVAL '4' MINUTE
    END AS window_start,
    product_id,
    orders,
    revenue
  FROM sums_of_minutes
  CROSS JOIN shifts
),
sums AS (
  SELECT
    window_start,
    product_id,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue
  FROM minutes_of_windows
  GROUP BY window_start, product_id
),
ranked AS (
  SELECT
    window_start,
    product_id,
    orders,
    revenue,
    ROW_NUMBER() OVER (
      PARTITION BY window_start
      ORDER BY revenue DESC, orders DESC, product_id ASC NULLS LAST
    ) AS place
  FROM sums
)
SELECT
  window_start,
  window_start + INTERVAL '5' MINUTE AS window_end,
  place AS "rank",
  product_id,
  orders,
  revenue
FROM ranked
WHERE place <= 10
