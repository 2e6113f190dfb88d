-- KPIs of each five minutes, a window every minute; the windows that still run are among them.
-- What adds up comes from kpis_per_minute. Distinct users do not: they are counted in the rows.
WITH shifts AS (
  SELECT shift FROM (VALUES (0), (1), (2), (3), (4)) AS listed (shift)
),
visits AS (
  SELECT DATE_TRUNC('MINUTE', event_time) AS visited, user_id, 1 AS is_buyer
  FROM nessie_minio_catalog.ecommerce_db.orders
  UNION ALL
  SELECT DATE_TRUNC('MINUTE', event_time) AS visited, user_id, 0 AS is_buyer
  FROM nessie_minio_catalog.ecommerce_db.clicks
),
visitors AS (
  SELECT visited, user_id, MAX(is_buyer) AS is_buyer
  FROM visits
  GROUP BY visited, user_id
),
-- A minute belongs to the windows that begin with it and up to four minutes before it.
visitors_of_windows AS (
  SELECT
    CASE shift
      WHEN 0 THEN visited
      WHEN 1 THEN visited - INTERVAL '1' MINUTE
      WHEN 2 THEN visited - INTERVAL '2' MINUTE
      WHEN 3 THEN visited - INTERVAL '3' MINUTE
      ELSE visited - INTERVAL '4' MINUTE
    END AS window_start,
    user_id,
    is_buyer
  FROM visitors
  CROSS JOIN shifts
),
people AS (
  SELECT
    window_start,
    COUNT(DISTINCT user_id) AS active_users,
    COUNT(DISTINCT CASE WHEN is_buyer = 1 THEN user_id END) AS buyers
  FROM visitors_of_windows
  GROUP BY window_start
),
minutes_of_windows AS (
  SELECT
    CASE shift
      WHEN 0 THEN window_start
      WHEN 1 THEN window_start - INTERVAL '1' MINUTE
      WHEN 2 THEN window_start - INTERVAL '2' MINUTE
      WHEN 3 THEN window_start - INTERVAL '3' MINUTE
      ELSE window_start - INTERVAL '4' MINUTE
    END AS started,
    orders,
    revenue,
    clicks,
    carts,
    errors
  FROM nessie_minio_catalog.ecommerce_db.kpis_per_minute
  CROSS JOIN shifts
),
sums AS (
  SELECT
    started,
    CAST(SUM(orders) AS BIGINT) AS orders,
    -- Unknown if that of a minute is.
    CASE
      WHEN COUNT(revenue) = COUNT(*) THEN CAST(SUM(revenue) AS DECIMAL(18, 2))
    END AS revenue,
    CAST(SUM(clicks) AS BIGINT) AS clicks,
    CAST(SUM(carts) AS BIGINT) AS carts,
    CAST(SUM(errors) AS BIGINT) AS errors
  FROM minutes_of_windows
  GROUP BY started
)
SELECT
  sums.started AS window_start,
  sums.started + INTERVAL '5' MINUTE AS window_end,
  sums.orders,
  sums.revenue,
  -- In cents and by integers: as a double, 1.005 lies below the half and would be rounded down.
  CAST(
    CAST(
      FLOOR(
        CAST(CAST(sums.revenue * 200 AS BIGINT) + sums.orders AS DOUBLE)
        / CAST(NULLIF(sums.orders, 0) * 2 AS DOUBLE)
      ) AS DECIMAL(18, 0)
    ) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)
  ) AS average_order_value,
  COALESCE(people.active_users, 0) AS active_users,
  COALESCE(people.buyers, 0) AS buyers,
  sums.clicks,
  sums.carts,
  CAST(people.buyers AS DOUBLE) / CAST(people.active_users AS DOUBLE) AS conversion,
  sums.errors,
  CAST(sums.errors AS DOUBLE)
  / CAST(sums.orders + sums.clicks + sums.errors AS DOUBLE) AS error_rate
FROM sums
LEFT JOIN people ON sums.started = people.window_start
