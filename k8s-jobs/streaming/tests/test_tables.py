"""The tables are those of the design."""

from pyspark.sql import SparkSession

from streaming.tables import ALL_TABLES, NAMESPACE, create_tables

ORIGIN = "ingest_time topic partition offset"
DESIGN = {
    "orders": "event_id event_time order_id user_id session_id product_id category brand price "
    f"quantity amount {ORIGIN}",
    "clicks": "event_id event_time user_id session_id product_id category brand price action "
    + ORIGIN,
    "errors": f"event_id event_time service level code message user_id {ORIGIN}",
    "kpis_per_minute": "window_start window_end orders revenue active_users clicks carts errors "
    "error_rate",
    "alerts": "alert_id alert_time kind metric value expected deviation message",
    "dead_letters": "topic partition offset received_at reason raw",
}


def test_tables_are_those_of_the_design(spark: SparkSession, tables: None) -> None:
    create_tables(spark)

    assert {row.tableName for row in spark.sql(f"SHOW TABLES IN {NAMESPACE}").collect()} == set(
        DESIGN
    )
    for table in ALL_TABLES:
        columns = spark.table(table.full_name).dtypes
        assert [name for name, _ in columns] == DESIGN[table.name].split()
        money = {kind for name, kind in columns if name in ("price", "amount", "revenue")}
        assert money <= {"decimal(18,2)"}
        assert {kind for name, kind in columns if name.endswith("_time")} <= {"timestamp"}
