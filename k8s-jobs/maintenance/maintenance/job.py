"""One run over all tables."""

import logging
import time
from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession

from maintenance.compaction import compact
from maintenance.session import build_session
from maintenance.settings import Settings
from streaming.tables import DEAD_LETTERS, ROW_TABLES, Table

log = logging.getLogger(__name__)

#: The tables to which rows are only ever appended, and their column of time. Not the others: who
#: replaces rows there would find the files gone that he is about to replace, and fail.
APPENDED: tuple[tuple[Table, str], ...] = (
    *((table, "event_time") for table in ROW_TABLES.values()),
    (DEAD_LETTERS, "received_at"),
)

#: A run ends before the next hour's, in seconds.
TIME_LIMIT = 40 * 60


def run(settings: Settings) -> bool:
    """Merges small files of every table.

    Returns:
        Whether everything was done that there was to do.
    """
    spark = build_session(settings.lakehouse)
    try:
        before = datetime.now(UTC) - timedelta(minutes=settings.quiet_minutes)
        return compact_all(spark, before)
    finally:
        spark.stop()


def compact_all(spark: SparkSession, before: datetime) -> bool:
    """Merges small files of every table that is only appended to.

    Args:
        spark: the session.
        before: rows of this time or later are left alone.

    Returns:
        Whether everything was done that there was to do.
    """
    deadline = time.monotonic() + TIME_LIMIT
    is_complete = True
    for table, column in APPENDED:
        if not spark.catalog.tableExists(table.full_name):
            log.info("%s: there is no such table yet", table.name)
            continue
        begin = time.monotonic()
        result = compact(spark, table, column, before, deadline=deadline)
        is_complete = is_complete and result.is_complete
        log.info(
            "%s: %d files became %d in %.1f s%s",
            table.name,
            result.merged,
            result.written,
            time.monotonic() - begin,
            "" if result.is_complete else "; the next run goes on",
        )
    return is_complete
