"""The Iceberg tables of the lakehouse: their columns, their layout and their creation.

Every table exists before a stream starts, so that a reader gets an empty answer on a new
platform and not an error. The statements are safe to run on every start. A table of an earlier
version gets the columns that it lacks; nothing is ever dropped or changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import SparkSession

CATALOG = "nessie_minio_catalog"
NAMESPACE = f"{CATALOG}.ecommerce_db"

# Where a row came from. Topic, partition and offset find the Kafka message of any row again.
_ORIGIN = {
    "ingest_time": "timestamp COMMENT 'when the streaming job read the event'",
    "topic": "string",
    "partition": "int",
    "offset": "bigint",
}


@dataclass(frozen=True)
class Table:
    """One Iceberg table.

    Attributes:
        name: the name inside the namespace.
        columns: the type of each column, with what else CREATE TABLE is to say of it. A new column
            goes to the end and may be null, because rows of earlier versions do not have it.
        partitioning: the Iceberg partition transform.
        bounded: the columns whose minimum and maximum every data file records. They let a reader
            skip files; more of them would only make each commit's manifest larger.
    """

    name: str
    columns: Mapping[str, str]
    partitioning: str
    bounded: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """The name with catalog and namespace."""
        return f"{NAMESPACE}.{self.name}"


ORDERS = Table(
    name="orders",
    columns={
        "event_id": "string NOT NULL",
        "event_time": "timestamp NOT NULL",
        "order_id": "string",
        "user_id": "string",
        "session_id": "string",
        "product_id": "string",
        "category": "string",
        "brand": "string",
        "price": "decimal(18,2)",
        "quantity": "int",
        "amount": "decimal(18,2)",
        **_ORIGIN,
    },
    partitioning="days(event_time)",
    bounded=("event_time", "ingest_time", "offset"),
)

CLICKS = Table(
    name="clicks",
    columns={
        "event_id": "string NOT NULL",
        "event_time": "timestamp NOT NULL",
        "user_id": "string",
        "session_id": "string",
        "product_id": "string",
        "category": "string",
        "brand": "string",
        "price": "decimal(18,2)",
        "action": "string",
        **_ORIGIN,
    },
    partitioning="days(event_time)",
    bounded=("event_time", "ingest_time", "offset"),
)

ERRORS = Table(
    name="errors",
    columns={
        "event_id": "string NOT NULL",
        "event_time": "timestamp NOT NULL",
        "service": "string",
        "level": "string",
        "code": "string",
        "message": "string",
        "user_id": "string",
        **_ORIGIN,
    },
    partitioning="days(event_time)",
    bounded=("event_time", "ingest_time", "offset"),
)

KPIS_PER_MINUTE = Table(
    name="kpis_per_minute",
    columns={
        "window_start": "timestamp NOT NULL",
        "window_end": "timestamp NOT NULL",
        "orders": "bigint",
        "revenue": "decimal(18,2) COMMENT 'null if the sum does not fit'",
        "active_users": "bigint COMMENT 'distinct users of orders and clicks'",
        "clicks": "bigint",
        "carts": "bigint",
        "errors": "bigint",
        "error_rate": "double COMMENT 'errors / (orders + clicks + errors)'",
    },
    # An upsert replaces whole partitions. An hour is one small file of at most 60 rows.
    partitioning="hours(window_start)",
    bounded=("window_start",),
)

ALERTS = Table(
    name="alerts",
    columns={
        "alert_id": "string NOT NULL",
        "alert_time": "timestamp NOT NULL",
        "kind": "string COMMENT 'fatal_error or anomaly'",
        "metric": "string COMMENT 'service of a fatal error, KPI of an anomaly'",
        "value": "double COMMENT 'what an anomaly began with; null for fatal errors'",
        "expected": "double",
        "deviation": "double COMMENT 'from expected, in standard deviations'",
        "message": "string",
        "recovered_at": "timestamp COMMENT 'when an anomaly was over; null while it lasts and for "
        "fatal errors'",
    },
    partitioning="days(alert_time)",
    bounded=("alert_time",),
)

DEAD_LETTERS = Table(
    name="dead_letters",
    columns={
        "topic": "string NOT NULL",
        "partition": "int NOT NULL",
        "offset": "bigint NOT NULL",
        "received_at": "timestamp COMMENT 'timestamp of the Kafka message'",
        "reason": "string",
        "raw": "string",
    },
    partitioning="days(received_at)",
    bounded=("topic", "partition", "offset", "received_at"),
)

SESSION_FEATURES = Table(
    name="session_features",
    columns={
        "event_id": "string NOT NULL",
        "event_timestamp": "timestamp NOT NULL",
        "user_id": "bigint",
        "product_id": "bigint",
        "user_session": "string",
        "price": "decimal(18,2)",
        "brand": "string",
        "category_code_level1": "string",
        "category_code_level2": "string",
        "event_weekday": "int COMMENT '0 is Sunday'",
        "activity_count": "int COMMENT 'events of the whole session'",
        "is_purchased": "int COMMENT '1 for a purchase, else 0'",
    },
    partitioning="days(event_timestamp)",
    bounded=("event_timestamp",),
)

#: The table of each topic of events, by topic.
ROW_TABLES = {"orders": ORDERS, "clicks": CLICKS, "errors": ERRORS}
#: The tables that this job writes.
STREAMED_TABLES = (*ROW_TABLES.values(), KPIS_PER_MINUTE, ALERTS, DEAD_LETTERS)
#: Every table, so that each exists before a job or a view needs it.
ALL_TABLES = (*STREAMED_TABLES, SESSION_FEATURES)

# One commit every second or two, each of a few small files, by a single writer.
_PROPERTIES = {
    "format-version": "2",
    "write.delete.mode": "copy-on-write",
    "write.update.mode": "copy-on-write",
    "write.merge.mode": "copy-on-write",
    # A batch is one file a table and day: no shuffle and no sort before the write.
    "write.distribution-mode": "none",
    "write.spark.fanout.enabled": "true",
    # Each reader opens every manifest, and each commit adds one: merge them early.
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "20",
    "write.metadata.previous-versions-max": "10",
    "write.metadata.metrics.default": "none",
    # Most text is an id that comes once or twice in a file. To find that out by filling a
    # dictionary of the default 2 MB took an eighth of the time of the tasks.
    "write.parquet.dict-size-bytes": "131072",
    # Concurrent commits to other tables of the same branch make Nessie ask for a retry.
    "commit.retry.num-retries": "10",
    "commit.retry.min-wait-ms": "20",
}


def create_statement(table: Table) -> str:
    """The statement that creates a table if it does not exist."""
    properties = {
        **_PROPERTIES,
        **{f"write.metadata.metrics.column.{column}": "full" for column in table.bounded},
    }
    columns = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
    listed = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
    return (
        f"CREATE TABLE IF NOT EXISTS {table.full_name} ({columns}) USING iceberg "
        f"PARTITIONED BY ({table.partitioning}) TBLPROPERTIES ({listed})"
    )


def create_tables(spark: SparkSession) -> None:
    """Creates the namespace and every table and column that does not exist yet."""
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {NAMESPACE}")
    for table in ALL_TABLES:
        spark.sql(create_statement(table))
        add_missing_columns(spark, table)


def add_missing_columns(spark: SparkSession, table: Table) -> None:
    """Adds the columns that a table made by an earlier version lacks, in one commit."""
    existing = set(spark.table(table.full_name).columns)
    missing = [f"{name} {kind}" for name, kind in table.columns.items() if name not in existing]
    if missing:
        spark.sql(f"ALTER TABLE {table.full_name} ADD COLUMNS ({', '.join(missing)})")
