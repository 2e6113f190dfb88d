"""What the driver learns of a set of events: one small row a topic and minute, in one job."""

from array import array
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.contract import ERRORS, FATAL


@dataclass(frozen=True)
class MinuteSummary:
    """The valid events of one topic in one minute of event time.

    Attributes:
        topic: where the events came from.
        minute: start of the minute, in seconds since 1970, UTC.
        rows: number of events.
        revenue: sum of amounts; 0 for topics that have none.
        carts: number of events whose action is `cart`.
        users: distinct users; none for errors, which make nobody active.
        ids: a 64-bit hash of every event_id.
        newest: event time of the newest event, in whole seconds since 1970.
        fatal: number of events whose level is FATAL.
    """

    topic: str
    minute: int
    rows: int
    revenue: Decimal
    carts: int
    users: frozenset[str]
    ids: array
    newest: int = 0
    fatal: int = 0


@dataclass(frozen=True)
class DeadLetterSummary:
    """The dead letters of one Kafka partition: how many, and their first and last offset."""

    topic: str
    partition: int
    rows: int
    first_offset: int
    last_offset: int


def id_hash() -> Column:
    """The hash by which the driver remembers an event_id."""
    return F.xxhash64("event_id")


def summarise(events: DataFrame) -> tuple[list[MinuteSummary], list[DeadLetterSummary]]:
    """Counts events by topic and minute, and dead letters by partition, in one job.

    Args:
        events: topic, partition, offset, minute, reason, event_id, event_time, user_id, amount,
            action and level.
    """
    rows = events.groupBy(_groups()).agg(*_aggregates()).collect()
    minutes = [
        MinuteSummary(
            topic=row.topic,
            minute=row.minute,
            rows=row.rows,
            revenue=row.revenue or Decimal(0),
            carts=row.carts,
            users=frozenset(row.users),
            ids=array("q", row.ids),
            newest=row.newest,
            fatal=row.fatal,
        )
        for row in rows
        if row.dead_partition is None
    ]
    dead = [
        DeadLetterSummary(
            row.topic, row.dead_partition, row.rows, row.first_offset, row.last_offset
        )
        for row in rows
        if row.dead_partition is not None
    ]
    return minutes, dead


# Made once, as the columns of the contract are.


@cache
def _groups() -> list[Column]:
    is_event = F.col("reason").isNull()
    return [
        F.col("topic"),
        F.when(is_event, F.col("minute")).alias("minute"),
        F.when(~is_event, F.col("partition")).alias("dead_partition"),
    ]


@cache
def _aggregates() -> list[Column]:
    is_event = F.col("reason").isNull()
    makes_active = is_event & (F.col("topic") != ERRORS)
    return [
        F.count("*").alias("rows"),
        F.sum("amount").alias("revenue"),
        F.count_if(F.col("action") == "cart").alias("carts"),
        F.collect_set(F.when(makes_active, F.col("user_id"))).alias("users"),
        F.collect_list(F.when(is_event, id_hash())).alias("ids"),
        F.unix_seconds(F.max("event_time")).alias("newest"),
        F.count_if(F.col("level") == FATAL).alias("fatal"),
        F.min("offset").alias("first_offset"),
        F.max("offset").alias("last_offset"),
    ]
