"""One micro-batch of either flow, from notifications to features."""

import logging
from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from features.behaviour import FEATURES, read_rows
from features.documents import read_documents
from features.history import merge_events
from features.notifications import NotifiedObject, Origin, notified_objects
from features.objects import ObjectFetcher
from features.offline_store import OfflineStore, offline_columns
from features.online_store import OnlineStore, online_columns
from features.row_files import read_row_files
from features.spool import Spool
from features.tags import TrainingTags
from streaming.batch import Clock, computed_once
from streaming.dead_letters import DeadLetters
from streaming.summary import DeadLetterSummary

log = logging.getLogger(__name__)

_ORIGIN = ["topic", "partition", "offset"]


class Flow(ABC):
    """Writes batches of one flow, one after the other. Give an instance to `foreachBatch`.

    A batch that was cut off may be given again: whatever it has written is written once.
    """

    name: str

    def __init__(self, fetcher: ObjectFetcher, bucket: str, dead_letters: DeadLetters) -> None:
        self._fetcher = fetcher
        self._bucket = bucket
        self._dead_letters = dead_letters

    def __call__(self, messages: DataFrame, batch_id: int) -> None:
        """Writes one batch of the Kafka source."""
        clock = Clock()
        received = messages.select(*_ORIGIN, "value").collect()
        objects, rejects = notified_objects(
            ((Origin(*row[:3]), row.value) for row in received), self._bucket
        )
        if not objects and not rejects:
            # As the first batch of a new query, which starts when everything else does.
            return
        with ExitStack() as kept:
            folder = Path(kept.enter_context(TemporaryDirectory(prefix=f"{self.name}-")))
            spool = Spool(folder)
            for rejected in rejects:
                spool.reject(rejected)
            texts = self._read(messages.sparkSession, objects, spool, folder)
            clock.lap("fetch")
            rows = kept.enter_context(computed_once(read_rows(texts)))
            valid, dead = _summarise(rows)
            clock.lap("read")
            changed = self._write(rows.where(F.col("reason").isNull()), clock) if valid else 0
            if dead:
                letters = kept.enter_context(computed_once(_letters(rows, messages)))
                self._dead_letters.write(letters, dead)
                clock.lap("dead letters")
        log.info(
            "%s batch %d: %d objects, %d events, %d of them new, %d dead letters; %s",
            self.name,
            batch_id,
            len(objects),
            valid,
            changed,
            sum(summary.rows for summary in dead),
            clock,
        )

    @abstractmethod
    def _read(
        self, spark: SparkSession, objects: list[NotifiedObject], spool: Spool, folder: Path
    ) -> DataFrame:
        """The contents of objects as rows of `TEXT_SCHEMA`, with what the spool holds."""

    @abstractmethod
    def _write(self, events: DataFrame, clock: Clock) -> int:
        """Writes valid events, and tells how many changed anything."""


class TrainingFlow(Flow):
    """Parquet objects into Postgres and `session_features`."""

    name = "training"

    def __init__(
        self,
        fetcher: ObjectFetcher,
        bucket: str,
        dead_letters: DeadLetters,
        store: OfflineStore,
        tags: TrainingTags,
    ) -> None:
        super().__init__(fetcher, bucket, dead_letters)
        self._store = store
        self._tags = tags

    def _read(
        self, spark: SparkSession, objects: list[NotifiedObject], spool: Spool, folder: Path
    ) -> DataFrame:
        return read_row_files(spark, self._fetcher, objects, spool, folder)

    def _write(self, events: DataFrame, clock: Clock) -> int:
        with computed_once(first_of_each(events)) as unique:
            added = self._store.write(unique.select(offline_columns()).toLocalIterator)
            clock.lap("postgres")
            self._tags.begin_change()
            merge_events(unique)
            self._tags.end_change()
            clock.lap("table")
        return added


class ServingFlow(Flow):
    """JSON objects into the online store."""

    name = "testing"

    def __init__(
        self, fetcher: ObjectFetcher, bucket: str, dead_letters: DeadLetters, store: OnlineStore
    ) -> None:
        super().__init__(fetcher, bucket, dead_letters)
        self._store = store

    def _read(
        self,
        spark: SparkSession,
        objects: list[NotifiedObject],
        spool: Spool,
        folder: Path,  # noqa: ARG002 - documents need the spool alone
    ) -> DataFrame:
        return read_documents(spark, self._fetcher, objects, spool)

    def _write(self, events: DataFrame, clock: Clock) -> int:
        changed = self._store.write(events.select(online_columns()).collect())
        clock.lap("redis")
        return changed


def first_of_each(events: DataFrame) -> DataFrame:
    """Events with each event_id once: of several, the one that was notified first."""
    columns = [F.col(name) for name in (*_ORIGIN, *FEATURES)]
    first = F.min_by(F.struct(*columns), F.struct(*_ORIGIN, F.hash(*FEATURES)))
    return events.groupBy("event_id").agg(first.alias("first")).select("first.*")


def _summarise(rows: DataFrame) -> tuple[int, list[DeadLetterSummary]]:
    """The number of valid rows, and the dead letters by partition."""
    is_dead = F.col("reason").isNotNull()
    groups = [F.when(is_dead, F.col(name)).alias(name) for name in ("topic", "partition")]
    counts = (
        rows.groupBy(groups)
        .agg(
            F.count("*").alias("rows"),
            F.min("offset").alias("first_offset"),
            F.max("offset").alias("last_offset"),
        )
        .collect()
    )
    valid = sum(row.rows for row in counts if row.topic is None)
    return valid, [DeadLetterSummary(*row) for row in counts if row.topic is not None]


def _letters(rows: DataFrame, messages: DataFrame) -> DataFrame:
    """Rejected rows as dead letters of the messages that they come from."""
    rejected = rows.where(F.col("reason").isNotNull()).select(*_ORIGIN, "reason", "raw")
    origin = messages.select(*_ORIGIN, F.col("timestamp").alias("received_at"), "key", "value")
    text = F.expr("decode(value, 'UTF-8')")
    return origin.join(F.broadcast(rejected), _ORIGIN).withColumn("raw", F.coalesce("raw", text))
