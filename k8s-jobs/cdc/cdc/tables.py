"""The Iceberg tables of the job."""

from pyspark.sql import SparkSession

from streaming.tables import DEAD_LETTERS, NAMESPACE, Table, create_statement

#: The columns of the shop's orders, as k8s-jobs/cdc-bootstrap makes them in Postgres.
ORDER_COLUMNS = {
    "order_id": "bigint NOT NULL",
    "customer": "string NOT NULL",
    "product": "string NOT NULL",
    "quantity": "int NOT NULL",
    "amount": "decimal(18,2) NOT NULL",
    "status": "string NOT NULL",
    "note": "string",
    "updated_at": "timestamp NOT NULL",
}

SHOP_ORDERS = Table(
    name="shop_orders",
    columns={
        **ORDER_COLUMNS,
        "source_lsn": "bigint NOT NULL COMMENT 'position of the last change in Postgres'",
        "changed_at": "timestamp COMMENT 'when the last change was committed'",
    },
    # A change rewrites the file that its order is in, and no other.
    partitioning="truncate(100000, order_id)",
    bounded=("order_id", "source_lsn"),
)

DELETED_SHOP_ORDERS = Table(
    name="shop_orders_deleted",
    columns={
        "order_id": "bigint COMMENT 'null for all orders at once (TRUNCATE)'",
        "source_lsn": "bigint NOT NULL COMMENT 'position of the deletion in Postgres'",
        "changed_at": "timestamp COMMENT 'when the deletion was committed'",
    },
    partitioning="days(changed_at)",
    bounded=("order_id", "source_lsn"),
)

#: The tables that this job alone writes.
OWN_TABLES = (SHOP_ORDERS, DELETED_SHOP_ORDERS)


def create_tables(spark: SparkSession) -> None:
    """Creates the namespace and every table that does not exist yet."""
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {NAMESPACE}")
    for table in (*OWN_TABLES, DEAD_LETTERS):
        spark.sql(create_statement(table))
