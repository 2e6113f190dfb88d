"""Changes of orders as Debezium writes them, as messages of the Kafka source."""

import json
from datetime import UTC, datetime
from itertools import count

from pyspark.sql import DataFrame, SparkSession

from cdc.changes import TOPIC

SCHEMA = """
    key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp"""
COMMITTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

Order = dict[str, object]
#: A key and a value; no value is a tombstone.
Message = tuple[str | None, object]

_offsets = count()


def order(order_id: int, **changes: object) -> Order:
    """A row of public.orders."""
    return {
        "order_id": order_id,
        "customer": "Ada",
        "product": "lamp",
        "quantity": 1,
        "amount": "19.99",
        "status": "placed",
        "note": None,
        "updated_at": "2026-01-02T03:04:05.678901Z",
    } | changes


def read(row: Order, lsn: int) -> Message:
    """A row that a snapshot found."""
    return _change("r", lsn, after=row)


def insert(row: Order, lsn: int) -> Message:
    return _change("c", lsn, after=row)


def update(row: Order, lsn: int) -> Message:
    return _change("u", lsn, before=row, after=row)


def delete(order_id: int, lsn: int) -> Message:
    return _change("d", lsn, before=order(order_id))


def tombstone(order_id: int) -> Message:
    return json.dumps({"order_id": order_id}), None


def change_of_key(old: int, row: Order, lsn: int) -> list[Message]:
    """What an UPDATE of the key is told as: all three have one position."""
    return [delete(old, lsn), tombstone(old), insert(row, lsn)]


def truncate(lsn: int) -> Message:
    return _change("t", lsn)


def _change(
    operation: str, lsn: int, before: Order | None = None, after: Order | None = None
) -> Message:
    row = after or before
    source = {"connector": "postgresql", "ts_ms": int(COMMITTED.timestamp() * 1000), "lsn": lsn}
    value = {"before": before, "after": after, "source": source, "op": operation, "ts_ms": 0}
    return None if row is None else json.dumps({"order_id": row["order_id"]}), value


def messages(spark: SparkSession, *changes: Message) -> DataFrame:
    """A batch; values that are no text are sent as JSON."""
    rows = []
    for key, value in changes:
        text = value if isinstance(value, str | None) else json.dumps(value)
        encoded = None if text is None else text.encode()
        at = datetime(2026, 1, 2, tzinfo=UTC)
        rows.append((key and key.encode(), encoded, TOPIC, 0, next(_offsets), at))
    return spark.createDataFrame(rows, SCHEMA)
