"""Changes of the shop's orders, as Debezium writes them: what a message must hold.

`read_changes` turns messages into rows of typed columns. A row whose `reason` is null is a change;
any other row is a dead letter, and its `reason` names everything that is wrong with it.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from cdc.tables import ORDER_COLUMNS

#: Where Debezium sends the changes of the table `public.orders` of the database `shop`.
TOPIC = "shop.public.orders"

#: A row that was there before, a new one, a changed one.
_UPSERTS = ("r", "c", "u")
DELETE, TRUNCATE = "d", "t"
_OPERATIONS = (*_UPSERTS, DELETE, TRUNCATE)

# Debezium's word for a value that Postgres keeps beside the table and left out, as it does unless
# the whole row is the table's replica identity.
_LEFT_OUT = "__debezium_unavailable_value"

# Every field is read as text, so that a wrong type is a fault of that field alone.
_TEXT_FIELDS = ",".join(f"{column}:string" for column in ORDER_COLUMNS)
_SCHEMA = (
    f"struct<op:string,before:struct<order_id:string>,after:struct<{_TEXT_FIELDS}>,"
    "source:struct<lsn:string,ts_ms:string>>"
)

#: How the text of a column must look. What is not listed may be any text.
_PATTERNS = {
    "order_id": r"^-?\d{1,19}$",
    "quantity": r"^-?\d{1,10}$",
    # Exact or not at all: a cast would round.
    "amount": r"^-?\d{1,16}(\.\d{1,2})?$",
    "updated_at": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$",
}


def read_changes(messages: DataFrame) -> DataFrame:
    """Reads and checks changes.

    Args:
        messages: rows of the Kafka source (topic, partition, offset, timestamp, key, value).

    Returns:
        One row a change: topic, partition, offset, received_at, `op`, the columns of the order,
        `source_lsn`, `changed_at` and `reason`; of a deleted order `order_id` alone. `raw`, `key`
        and `value` are filled for dead letters only. Tombstones, which only tell Kafka what it may
        forget, are left out.
    """
    text = F.col("value").cast("string")
    event = F.from_json(text, _SCHEMA, {"allowNonNumericNumbers": "false"})
    is_dead = F.col("reason").isNotNull()
    return (
        messages.where(F.col("value").isNotNull())
        .withColumn("event", event)
        .select(
            *("topic", "partition", "offset", "key", "value", "event"),
            F.col("timestamp").alias("received_at"),
            F.col("event.op").alias("op"),
            *(_typed(column).alias(column) for column in ORDER_COLUMNS),
            F.col("event.source.lsn").cast("bigint").alias("source_lsn"),
            F.timestamp_millis(F.col("event.source.ts_ms").cast("bigint")).alias("changed_at"),
        )
        .withColumn("reason", _reason())
        .select(
            *("topic", "partition", "offset", "received_at", "op", *ORDER_COLUMNS),
            *("source_lsn", "changed_at", "reason"),
            # Bytes that are not UTF-8 must not reach a text column: readers reject the whole file.
            F.when(is_dead, F.expr("decode(value, 'UTF-8')")).alias("raw"),
            F.when(is_dead, F.col("key")).alias("key"),
            F.when(is_dead, F.col("value")).alias("value"),
        )
    )


def _typed(column: str) -> Column:
    """A column of the order after the change, or the key of one that is gone; null if it is bad."""
    text = F.col(f"event.after.{column}")
    if column == "order_id":
        text = F.when(F.col("event.op") == DELETE, F.col("event.before.order_id")).otherwise(text)
    kind = ORDER_COLUMNS[column].removesuffix(" NOT NULL")
    pattern = _PATTERNS.get(column)
    return (text if pattern is None else F.when(text.rlike(pattern), text)).cast(kind)


def _reason() -> Column:
    """Every fault of a row in one sentence, or null if there is none."""
    is_upsert = F.col("op").isin(*_UPSERTS)
    faults = [
        _fault(F.col("source_lsn").isNull(), "source.lsn is missing"),
        _fault(
            (F.col("op") == DELETE) & F.col("order_id").isNull(),
            "before.order_id is missing or bad",
        ),
    ]
    for column, kind in ORDER_COLUMNS.items():
        if kind.endswith(" NOT NULL"):
            is_missing = is_upsert & F.col(column).isNull()
            faults.append(_fault(is_missing, f"after.{column} is missing or bad"))
        if kind.startswith("string"):
            is_left_out = is_upsert & (F.col(column) == _LEFT_OUT)
            faults.append(
                _fault(is_left_out, f"after.{column} was left out: REPLICA IDENTITY is not FULL")
            )
    is_known = F.coalesce(F.col("op").isin(*_OPERATIONS), F.lit(False))
    return F.when(~is_known, F.lit("message is not a change of a row")).otherwise(
        F.nullif(F.concat_ws("; ", *faults), F.lit(""))
    )


def _fault(is_there: Column, sentence: str) -> Column:
    return F.when(is_there, F.lit(sentence))
