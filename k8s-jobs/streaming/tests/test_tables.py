"""The tables are those of the design."""

from pyspark.sql import SparkSession

from streaming.tables import ALERTS, ALL_TABLES, NAMESPACE, create_tables

ORIGIN = "ingest_time topic partition offset"
DESIGN = {
    "orders": "event_id event_time order_id user_id session_id product_id category brand price "
    f"quantity amount {ORIGIN}",
    "clicks": "event_id event_time user_id session_id product_id category brand price action "
    + ORIGIN,
    "errors": f"event_id event_time service level code message user_id {ORIGIN}",
    "kpis_per_minute": "window_start window_end orders revenue active_users clicks carts errors "
    "error_rate",
    "alerts": "alert_id alert_time kind metric value expected deviation message recovered_at",
    "dead_letters": "topic partition offset received_at reason raw",
    "session_features": "event_id event_timestamp user_id product_id user_session price brand "
    "category_code_level1 category_code_level2 event_weekday activity_count is_purchased",
}


def test_tables_are_those_of_the_design(spark: SparkSession, tables: None) -> None:
    create_tables(spark)

    assert {table.full_name for table in ALL_TABLES} == {f"{NAMESPACE}.{name}" for name in DESIGN}
    for table in ALL_TABLES:
        columns = spark.table(table.full_name).dtypes
        assert [name for name, _ in columns] == DESIGN[table.name].split()
        money = {kind for name, kind in columns if name in ("price", "amount", "revenue")}
        assert money <= {"decimal(18,2)"}
        assert {kind for name, kind in columns if name.endswith("_time")} <= {"timestamp"}


def test_a_table_of_an_earlier_version_gets_the_columns_that_it_lacks(spark, rows) -> None:
    old = "alert_id string, alert_time timestamp, kind string"
    spark.sql(f"DROP TABLE {ALERTS.full_name}")
    spark.sql(f"CREATE TABLE {ALERTS.full_name} ({old}) USING iceberg")
    spark.sql(f"INSERT INTO {ALERTS.full_name} VALUES ('a', timestamp '2026-01-01', 'anomaly')")

    create_tables(spark)
    create_tables(spark)

    assert spark.table(ALERTS.full_name).columns == list(ALERTS.columns)
    assert rows("SELECT alert_id, kind, recovered_at FROM alerts") == [("a", "anomaly", None)]
