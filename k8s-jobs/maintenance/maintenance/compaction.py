"""Merges the small files of one table.

Iceberg's own action does the work: it reads small files, writes large ones with the same rows, and
commits the exchange. It is safe beside appends, which it neither sees nor touches. What could break
it is the other way round: that the snapshot from which it started is gone when it commits, since
streaming leaves old snapshots out of a busy table's metadata after some minutes. So it works in
small steps, each with a commit of its own, and each starts from the latest snapshot.
"""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from streaming.tables import Table

log = logging.getLogger(__name__)

_MEBIBYTE = 1 << 20
#: Fewer small files of one day than this are left as they are.
FEWEST_FILES = 5
#: Files that one step merges at most: seconds of work for one core.
MOST_FILES = 500
#: What is smaller is merged, so that a row is rewritten a few times and not every hour.
SMALL_BYTES = 16 * _MEBIBYTE
#: Size of merged files; it bounds the memory of the writer.
TARGET_BYTES = 64 * _MEBIBYTE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Compaction:
    """What became of one table.

    Attributes:
        merged: files that were replaced.
        written: files that replaced them.
        is_complete: whether nothing is left to do; otherwise the next run goes on.
    """

    merged: int
    written: int
    is_complete: bool


def compact(
    spark: SparkSession,
    table: Table,
    column: str,
    before: datetime,
    *,
    deadline: float = float("inf"),
    most_files: int = MOST_FILES,
) -> Compaction:
    """Merges small files, day by day, until none are left that are worth it.

    A step that loses against another writer is given up, and with it this run: nothing has changed
    then, and the next run finds the same files.

    Args:
        spark: the session.
        table: one to which rows are only ever appended.
        column: the column of time by which the table is partitioned.
        before: files that may hold rows of this time or later are left alone, but for a file that
            spans it.
        deadline: `time.monotonic()` after which no other step begins.
        most_files: how many files one step merges at most.
    """
    merged = written = 0
    while time.monotonic() < deadline:
        try:
            step = _step(spark, table, column, before, most_files)
        except Py4JJavaError as error:
            log.warning("%s: a step was given up: %s", table.name, error.java_exception)
            break
        merged += step.rewrittenDataFilesCount()
        written += step.addedDataFilesCount()
        if step.failedDataFilesCount() > 0:
            log.warning("%s: %d files remain", table.name, step.failedDataFilesCount())
            break
        if step.rewrittenDataFilesCount() == 0:
            return Compaction(merged, written, is_complete=True)
    return Compaction(merged, written, is_complete=False)


def _step(
    spark: SparkSession, table: Table, column: str, before: datetime, most_files: int
) -> JavaObject:
    """Plans from the latest snapshot, merges, commits."""
    # By the action's Java interface: `CALL` needs Iceberg's SQL extensions, and all else here does
    # without them.
    iceberg = spark._jvm.org.apache.iceberg  # noqa: SLF001
    session = spark._jsparkSession  # noqa: SLF001
    stored = iceberg.spark.Spark3Util.loadIcebergTable(session, table.full_name)
    stored.refresh()
    options = {
        "target-file-size-bytes": TARGET_BYTES,
        "min-file-size-bytes": SMALL_BYTES,
        "min-input-files": FEWEST_FILES,
        "max-files-to-rewrite": most_files,
        # One day at a time in memory, and each day with a commit of its own: what is done stays.
        "max-concurrent-file-group-rewrites": 1,
        "partial-progress.enabled": "true",
    }
    action = iceberg.spark.actions.SparkActions.get(session).rewriteDataFiles(stored)
    for name, value in options.items():
        action = action.option(name, str(value))
    old = iceberg.expressions.Expressions.lessThan(column, _microseconds(before))
    return action.filter(old).execute()


def _microseconds(moment: datetime) -> int:
    """A time as Iceberg counts it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
