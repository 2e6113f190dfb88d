-- Each training event with the features that were known at its moment: what a model is served, it is
-- trained with. Counts are of events up to and including the event's time, as in the online store.
SELECT
  event_id,
  event_timestamp,
  user_id,
  product_id,
  user_session,
  price,
  brand,
  category_code_level1,
  category_code_level2,
  event_weekday,
  -- By range and not by rows: events of the same moment know of each other.
  CAST(
    COUNT(*) OVER (
      PARTITION BY user_session
      ORDER BY event_timestamp
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS INTEGER
  ) AS activity_count,
  is_purchased,
  -- The label of a model that looks ahead; a feature it must never be.
  MAX(is_purchased) OVER (
    PARTITION BY user_session, product_id
    ORDER BY event_timestamp DESC
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS will_purchase
FROM nessie_minio_catalog.ecommerce_db.session_features
