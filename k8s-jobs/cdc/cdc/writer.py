"""One micro-batch of changes, from messages to the table.

Kafka Connect may send changes again after it was killed, and a batch that was cut off is given
again. So what counts is not the order in which changes come but the position that Postgres gave
them: the changes of one order have rising positions, since each waits for the transaction of the
one before. An order's row carries the position of its last change, and the positions of deletions
are kept in a table of their own: nothing older than what is known ever has an effect.
"""

import logging
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from cdc.changes import DELETE, TRUNCATE, read_changes
from cdc.tables import DELETED_SHOP_ORDERS, OWN_TABLES, SHOP_ORDERS
from streaming.batch import Clock, computed_once
from streaming.dead_letters import DeadLetters
from streaming.snapshots import trim_snapshots
from streaming.summary import DeadLetterSummary

log = logging.getLogger(__name__)

# The view of a batch's changes, of which there is one at a time.
_CHANGES = "changes_of_batch"
_COLUMNS = tuple(SHOP_ORDERS.columns)


@dataclass(frozen=True)
class BatchSummary:
    """What the driver learns of a batch, in one job.

    Attributes:
        changes: number of changes of single orders.
        deletions: how many of them delete an order.
        truncations: number of times that all orders were deleted at once.
        dead: the dead letters.
    """

    changes: int
    deletions: int
    truncations: int
    dead: tuple[DeadLetterSummary, ...]


class ChangeWriter:
    """Writes batches, one after the other. Give an instance to `foreachBatch`.

    A batch may be given again, to this instance or to that of a later run, and so may changes that
    are older than what was written: neither has an effect.
    """

    def __init__(self, dead_letters: DeadLetters) -> None:
        self._dead_letters = dead_letters

    def __call__(self, messages: DataFrame, batch_id: int) -> None:
        """Writes one batch of the Kafka source."""
        clock = Clock()
        # The query has a session of its own. Tables must be read by the session that writes them:
        # each remembers tables as it saw them last.
        spark = messages.sparkSession
        with computed_once(read_changes(messages)) as changes:
            summary = summarise(changes)
            clock.lap("read")
            if summary.dead:
                self._dead_letters.write(changes, summary.dead)
                clock.lap("dead letters")
            if summary.deletions or summary.truncations:
                # Before the orders go: a crash between the two must not forget a deletion.
                remember_deletions(changes)
                clock.lap("remember")
            if summary.truncations:
                truncate(spark)
                clock.lap("truncate")
            if summary.changes:
                merge(changes)
                clock.lap("merge")
        for table in OWN_TABLES:
            trim_snapshots(spark, table)
        log.info(
            "batch %d: %d changes, %d of them deletions, %d truncations, %d dead letters; %s",
            batch_id,
            summary.changes,
            summary.deletions,
            summary.truncations,
            sum(letters.rows for letters in summary.dead),
            clock,
        )


def summarise(changes: DataFrame) -> BatchSummary:
    """Counts the rows of `read_changes`."""
    is_dead = F.col("reason").isNotNull()
    rows = (
        changes.groupBy("topic", "partition", is_dead.alias("is_dead"))
        .agg(
            F.count("*").alias("rows"),
            F.count_if(F.col("op") == DELETE).alias("deletions"),
            F.count_if(F.col("op") == TRUNCATE).alias("truncations"),
            F.min("offset").alias("first_offset"),
            F.max("offset").alias("last_offset"),
        )
        .collect()
    )
    valid = [row for row in rows if not row.is_dead]
    return BatchSummary(
        changes=sum(row.rows - row.truncations for row in valid),
        deletions=sum(row.deletions for row in valid),
        truncations=sum(row.truncations for row in valid),
        dead=tuple(_dead_letters_of(row) for row in rows if row.is_dead),
    )


def _dead_letters_of(row: Row) -> DeadLetterSummary:
    return DeadLetterSummary(row.topic, row.partition, row.rows, row.first_offset, row.last_offset)


def remember_deletions(changes: DataFrame) -> None:
    """Appends the deletions of a batch to their table, but for those that it knows."""
    spark = changes.sparkSession
    deletions = (
        changes.where(F.col("reason").isNull() & F.col("op").isin(DELETE, TRUNCATE))
        .groupBy("order_id")
        .agg(F.max(F.struct("source_lsn", "changed_at")).alias("last"))
        .select("order_id", "last.*")
    )
    known = _last_deletions(spark).select(
        F.col("order_id").alias("known_id"), F.col("source_lsn").alias("known_lsn")
    )
    # Null, which stands for all orders, equals null here.
    is_known = F.col("order_id").eqNullSafe(F.col("known_id")) & (
        F.col("known_lsn") >= F.col("source_lsn")
    )
    (
        deletions.join(known, is_known, "left_anti")
        .select(*DELETED_SHOP_ORDERS.columns)
        .coalesce(1)
        .writeTo(DELETED_SHOP_ORDERS.full_name)
        .append()
    )


def truncate(spark: SparkSession) -> None:
    """Deletes all orders that are older than the last time that all were deleted."""
    position = _last_truncation(spark)
    # S608: a name and a number of this program's own.
    spark.sql(f"DELETE FROM {SHOP_ORDERS.full_name} WHERE source_lsn < {position}")  # noqa: S608


def merge(changes: DataFrame) -> None:
    """Brings the table to the last change of each order of a batch, in one commit."""
    spark = changes.sparkSession
    position = F.struct("source_lsn", "offset")
    last = (
        changes.where(F.col("reason").isNull() & (F.col("op") != TRUNCATE))
        .groupBy("order_id")
        .agg(F.max_by(F.struct("op", *_COLUMNS[1:]), position).alias("last"))
        .select("order_id", "last.*")
        .withColumn("is_deletion", F.col("op") == DELETE)
    )
    _without_outdated(last).createOrReplaceTempView(_CHANGES)
    assignments = ", ".join(f"stored.{column} = change.{column}" for column in _COLUMNS)
    values = ", ".join(f"change.{column}" for column in _COLUMNS)
    # S608: names of this program's own.
    spark.sql(
        f"MERGE INTO {SHOP_ORDERS.full_name} AS stored USING {_CHANGES} AS change "  # noqa: S608
        "ON stored.order_id = change.order_id "
        "WHEN MATCHED AND change.source_lsn > stored.source_lsn AND change.is_deletion THEN DELETE "
        f"WHEN MATCHED AND change.source_lsn > stored.source_lsn THEN UPDATE SET {assignments} "
        f"WHEN NOT MATCHED AND NOT change.is_deletion "
        f"THEN INSERT ({', '.join(_COLUMNS)}) VALUES ({values})"
    )


def _without_outdated(changes: DataFrame) -> DataFrame:
    """Changes without those of orders that were deleted later. Deletions all remain."""
    spark = changes.sparkSession
    deleted = (
        _last_deletions(spark)
        .where(F.col("order_id").isNotNull())
        .select("order_id", F.col("source_lsn").alias("deleted_lsn"))
    )
    last_deletion = F.greatest(F.col("deleted_lsn"), F.lit(_last_truncation(spark)))
    return (
        changes.join(deleted, "order_id", "left")
        .where(_is_true(F.col("is_deletion")) | (F.col("source_lsn") > last_deletion))
        .drop("deleted_lsn")
    )


def _is_true(condition: Column) -> Column:
    return F.coalesce(condition, F.lit(False))


def _last_deletions(spark: SparkSession) -> DataFrame:
    """The position of the last deletion of each order; of all orders at once by null."""
    return (
        spark.table(DELETED_SHOP_ORDERS.full_name)
        .groupBy("order_id")
        .agg(F.max("source_lsn").alias("source_lsn"))
    )


def _last_truncation(spark: SparkSession) -> int:
    """The position of the last time that all orders were deleted; -1 if they never were."""
    rows = spark.table(DELETED_SHOP_ORDERS.full_name).where(F.col("order_id").isNull())
    [row] = rows.agg(F.max("source_lsn").alias("last")).collect()
    return -1 if row.last is None else row.last
