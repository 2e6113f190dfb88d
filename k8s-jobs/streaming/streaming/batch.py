"""One micro-batch, from messages to tables."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial

from pyspark import inheritable_thread_target
from pyspark.sql import DataFrame, SparkSession

from streaming.alerts import FatalAlerts
from streaming.anomalies import Anomalies
from streaming.contract import ERRORS, read_events
from streaming.dead_letters import DeadLetters
from streaming.detector import DetectorSettings
from streaming.kpis import KpiTable
from streaming.minutes import MinuteMemory
from streaming.rows import append, read_minutes, without_repeated
from streaming.snapshots import trim_snapshots
from streaming.summary import MinuteSummary, summarise
from streaming.tables import STREAMED_TABLES

log = logging.getLogger(__name__)


class BatchWriter:
    """Writes batches, one after the other. Give an instance to `foreachBatch`.

    A batch that was cut off may be given again, to this instance or to that of a later run: what
    it has written already is found in the tables and not written twice.
    """

    def __init__(
        self, dead_letters: DeadLetters, memory: MinuteMemory, detection: DetectorSettings
    ) -> None:
        self._dead_letters = dead_letters
        self._memory = memory
        self._kpis = KpiTable()
        self._fatal_alerts = FatalAlerts()
        self._anomalies = Anomalies(detection, self._kpis)

    def __call__(self, messages: DataFrame, batch_id: int) -> None:
        """Writes one batch of the Kafka source."""
        clock = Clock()
        # The query has a session of its own. Tables must be read by the session that writes them:
        # each remembers tables as it saw them last.
        spark = messages.sparkSession
        with ExitStack() as kept:
            events = kept.enter_context(computed_once(read_events(messages)))
            summaries, dead = summarise(events)
            clock.lap("read")

            minutes = {summary.minute for summary in summaries}
            unknown = {minute for minute in minutes if minute not in self._memory}
            if unknown:
                self._memory.hold(unknown, read_minutes(spark, unknown))
                clock.lap("remember")

            fresh, added = events, summaries
            repeated = self._memory.repeated(summaries)
            if repeated:
                unique = without_repeated(events, repeated, summaries)
                fresh = kept.enter_context(computed_once(unique))
                added, _ = summarise(fresh)
                clock.lap("deduplicate")

            rows = rows_by_topic(added)
            writes: list[Callable[[], None]] = [
                partial(append, fresh, topic, rows[topic]) for topic in rows if topic != ERRORS
            ]
            is_repeating = bool(repeated)
            writes.append(partial(self._write_errors, fresh, added, summaries, is_repeating))
            if dead:
                writes.append(partial(self._dead_letters.write, events, dead))
            run_side_by_side(spark, writes)
            clock.lap("append")

            self._memory.add(added)
            # A minute just read from the tables may lack its KPIs: the last run may have ended
            # between the rows and the KPIs of a batch.
            changed = unknown | {summary.minute for summary in added}
            self._anomalies.restore(spark)
            self._kpis.upsert(spark, self._memory, changed)
            clock.lap("kpis")
        if self._anomalies.update(spark, summaries):
            clock.lap("anomalies")
        self._memory.forget()
        self._kpis.forget()
        # One table with each batch, so that no batch bears all of it.
        trim_snapshots(spark, STREAMED_TABLES[batch_id % len(STREAMED_TABLES)])
        log.info(
            "batch %d: %d events, %d repeated, %d dead letters, %d minutes; %s",
            batch_id,
            sum(summary.rows for summary in added),
            sum(summary.rows for summary in summaries) - sum(summary.rows for summary in added),
            sum(summary.rows for summary in dead),
            len(minutes),
            clock,
        )

    def _write_errors(
        self,
        fresh: DataFrame,
        added: list[MinuteSummary],
        batch: list[MinuteSummary],
        is_repeating: bool,
    ) -> None:
        """Writes the rows of errors and then their alerts: no alert is there without its row."""
        if rows := rows_by_topic(added).get(ERRORS):
            append(fresh, ERRORS, rows)
        self._fatal_alerts.write(fresh, added, batch, is_repeating)


@contextmanager
def computed_once(rows: DataFrame) -> Iterator[DataFrame]:
    """Rows that are computed by the first job that reads them, and kept until the end.

    Not by `persist`: that keeps columns, which cost as much to build as the JSON to parse, and
    leaves the long plan to be analysed again by each step. Rows lost with an executor are not
    computed again; the batch fails then and is repeated.
    """
    kept = rows.localCheckpoint(eager=False)
    try:
        yield kept
    finally:
        # DataFrame.unpersist() does not know of checkpoints, and the RDD is hidden in the plan.
        kept._jdf.queryExecution().analyzed().rdd().unpersist(False)  # noqa: SLF001


def rows_by_topic(summaries: list[MinuteSummary]) -> dict[str, int]:
    """The number of events of each topic that has any, the largest first."""
    rows: Counter[str] = Counter()
    for summary in summaries:
        rows[summary.topic] += summary.rows
    return dict(rows.most_common())


def run_side_by_side(spark: SparkSession, writes: list[Callable[[], None]]) -> None:
    """Runs writes, one at least, side by side in scheduler pools of their own; waits for all.

    Raises:
        The error of the first write that failed, after all have ended.
    """

    def in_pool(number: int, write: Callable[[], None]) -> None:
        spark.sparkContext.setLocalProperty("spark.scheduler.pool", f"write-{number}")
        write()

    with ThreadPoolExecutor(len(writes)) as threads:
        running = [
            threads.submit(inheritable_thread_target(in_pool), number, write)
            for number, write in enumerate(writes)
        ]
    for future in running:
        future.result()


class Clock:
    """The time that each step of a batch took."""

    def __init__(self) -> None:
        self._start = self._last = time.monotonic()
        self._laps: list[str] = []

    def lap(self, step: str) -> None:
        """Ends a step."""
        now = time.monotonic()
        self._laps.append(f"{step} {now - self._last:.2f}")
        self._last = now

    def __str__(self) -> str:
        return f"{self._last - self._start:.2f} s ({', '.join(self._laps)})"
