"""The row tables: what they hold already, and what a batch adds to them."""

from collections.abc import Iterable, Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from streaming.contract import CLICKS, ERRORS, ORDERS
from streaming.local_rows import local_rows
from streaming.ranges import in_ranges
from streaming.summary import MinuteSummary, id_hash, summarise
from streaming.tables import ROW_TABLES

_MINUTE = 60
# Some 200 ms of a core. Fewer are written in the time that another task and file would take.
_ROWS_WORTH_A_FILE = 20_000


def read_minutes(spark: SparkSession, minutes: Iterable[int]) -> list[MinuteSummary]:
    """Summarises what the row tables hold of some minutes.

    Args:
        spark: the session.
        minutes: starts of minutes, in seconds since 1970, UTC.
    """
    parts = []
    for topic in ROW_TABLES:
        rows = rows_of(spark, topic, minutes)
        parts.append(
            rows.select(
                F.lit(topic).alias("topic"),
                "partition",
                "offset",
                "minute",
                F.lit(None).cast("string").alias("reason"),
                "event_id",
                "user_id",
                (F.col("amount") if topic == ORDERS else F.lit(None).cast("decimal(18,2)")).alias(
                    "amount"
                ),
                (F.col("action") if topic == CLICKS else F.lit(None).cast("string")).alias(
                    "action"
                ),
                "event_time",
                (F.col("level") if topic == ERRORS else F.lit(None).cast("string")).alias("level"),
            )
        )
    orders, clicks, errors = parts
    summaries, _ = summarise(orders.unionAll(clicks).unionAll(errors))
    return summaries


def without_repeated(
    events: DataFrame,
    repeated: Mapping[str, set[int]],
    summaries: Iterable[MinuteSummary],
) -> DataFrame:
    """Valid events of a batch that are in no table yet, each once.

    Args:
        events: what `read_events` returned.
        repeated: hashes of ids that may be repetitions, by topic.
        summaries: the summaries of `events`.

    Returns:
        All valid events but the repetitions. Of several events with one event_id in the batch,
        that of the lowest partition and offset remains.
    """
    spark = events.sparkSession
    hashes = F.broadcast(
        local_rows(
            spark,
            "topic string, id_hash bigint",
            [(topic, value) for topic, values in repeated.items() for value in values],
        )
    )
    hashed = events.where(F.col("reason").isNull()).withColumn("id_hash", id_hash())
    on_hash = ["topic", "id_hash"]
    columns = events.columns

    suspects = (
        hashed.join(hashes, on_hash, "left_semi")
        .groupBy("topic", "event_id")
        .agg(F.min_by(F.struct(columns), F.struct("partition", "offset")).alias("first"))
        .select("first.*")
    )
    known = None
    for topic, values in repeated.items():
        minutes = {
            summary.minute
            for summary in summaries
            if summary.topic == topic and not values.isdisjoint(summary.ids)
        }
        stored = rows_of(spark, topic, minutes).select(
            F.lit(topic).alias("topic"), "event_id", id_hash().alias("id_hash")
        )
        matching = stored.join(hashes, on_hash, "left_semi").select("topic", "event_id")
        known = matching if known is None else known.unionAll(matching)
    fresh = suspects.join(F.broadcast(known), ["topic", "event_id"], "left_anti")
    unsuspected = hashed.join(hashes, on_hash, "left_anti")
    return unsuspected.select(columns).unionAll(fresh.select(columns))


def append(events: DataFrame, topic: str, rows: int) -> None:
    """Appends the valid events of one topic to its table in one commit.

    Of few rows it makes one file a day, of many one a Kafka partition: written side by side.

    Args:
        events: rows of `read_events`, partitioned as the messages are.
        topic: whose events are to be appended.
        rows: how many those are, more or less.
    """
    table = ROW_TABLES[topic]
    valid = events.where(F.col("reason").isNull() & (F.col("topic") == topic))
    if rows < _ROWS_WORTH_A_FILE:
        valid = valid.coalesce(1)
    valid.select(*table.columns).writeTo(table.full_name).append()


def rows_of(spark: SparkSession, topic: str, minutes: Iterable[int]) -> DataFrame:
    """The rows of one table whose event_time is in one of the minutes, with a column `minute`."""
    wanted = sorted(minutes)
    minute = F.unix_seconds(F.date_trunc("minute", "event_time"))
    return (
        spark.table(ROW_TABLES[topic].full_name)
        .where(in_ranges("event_time", wanted, _MINUTE))
        .withColumn("minute", minute)
        .where(F.col("minute").isin(wanted))
    )
