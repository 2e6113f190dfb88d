"""The streaming query: its start, its life and its end."""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

from py4j.java_gateway import JavaObject
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import StreamingQuery

from streaming.batch import BatchWriter
from streaming.catalog import wait_for_catalog
from streaming.contract import TOPICS
from streaming.dead_letters import DeadLetters, kafka_sender
from streaming.minutes import MinuteMemory
from streaming.session import build_session
from streaming.settings import Settings
from streaming.tables import create_tables

log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Runs the job until it is told to stop by SIGTERM; then the batch in progress is finished.

    Raises:
        StreamingQueryException: a batch failed. The process must end, so that a new one starts
            with an empty memory and the same batch.
    """
    spark = build_session(settings)
    try:
        wait_for_catalog(settings.nessie_uri)
        create_tables(spark)
        log.info("tables are ready")
        dead_letters = DeadLetters(kafka_sender(settings.kafka_bootstrap_servers))
        gate = Gate(BatchWriter(dead_letters, MinuteMemory(), settings.detection))
        query = start_query(spark, settings, gate)
        close_on_sigterm(spark, gate.close)
        log.info("waiting for events")
        stay_until_closed(query, gate)
    finally:
        spark.stop()


def start_query(
    spark: SparkSession, settings: Settings, write_batch: Callable[[DataFrame, int], None]
) -> StreamingQuery:
    """Starts the query that reads every topic from its first message, or goes on where it was."""
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", settings.kafka_bootstrap_servers)
        .option("subscribe", ",".join(TOPICS))
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", "true")
        .option("maxOffsetsPerTrigger", settings.max_offsets_per_trigger)
        .option("kafka.max.poll.records", 10_000)
        .option("kafka.fetch.max.wait.ms", 20)
        .load()
        .writeStream.queryName("events")
        .foreachBatch(
            lambda messages, batch_id: write_batch(
                with_ingest_time(messages, datetime.now(UTC)), batch_id
            )
        )
        .option("checkpointLocation", settings.checkpoint)
        .trigger(processingTime=settings.trigger)
        .start()
    )


def with_ingest_time(messages: DataFrame, now: datetime) -> DataFrame:
    """Messages with the time at which this job read them.

    A time is a constant of the code that Spark generates, which would be compiled anew and run
    cold in every batch; an array is data of that code, and so are its elements.
    """
    first = F.col("partition") * 0
    return messages.withColumn("ingest_time", F.array(F.lit(now))[first])


class Gate:
    """Lets batches through until it is closed."""

    def __init__(self, write_batch: Callable[[DataFrame, int], None]) -> None:
        self._write_batch = write_batch
        self._in_progress = threading.Lock()
        self.is_closed = False

    def __call__(self, messages: DataFrame, batch_id: int) -> None:
        """Writes a batch.

        Raises:
            RuntimeError: the gate is closed. To return would tell Spark that the batch is written.
        """
        with self._in_progress:
            if self.is_closed:
                raise RuntimeError(
                    f"batch {batch_id} is left to the next run: this one is stopping"
                )
            self._write_batch(messages, batch_id)

    def close(self) -> None:
        """Lets no other batch begin. The one in progress goes on."""
        self.is_closed = True

    def end(self, query: StreamingQuery) -> None:
        """Ends the query behind the closed gate, after the batch in progress."""
        with self._in_progress:
            query.stop()


def stay_until_closed(query: StreamingQuery, gate: Gate) -> None:
    """Waits until the gate is closed, then ends the query.

    Raises:
        StreamingQueryException: the query failed before the gate was closed.
    """
    try:
        while not (gate.is_closed or query.awaitTermination(1)):
            pass
    except StreamingQueryException:
        if not gate.is_closed:
            raise
    log.info("finishing the batch in progress")
    gate.end(query)
    log.info("stopped")


class TerminationSignal:
    """Closes gates when the JVM gets SIGTERM, in place of the JVM's own end."""

    class Java:
        """The Java interface that this class implements, for py4j."""

        implements: ClassVar = ["sun.misc.SignalHandler"]

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close

    def handle(self, _: JavaObject) -> None:
        """What the JVM calls."""
        self._close()


def close_on_sigterm(spark: SparkSession, close: Callable[[], None]) -> None:
    """Closes gates when this process, or the JVM that started it, is told to stop.

    In a pod it is the JVM: spark-submit is the parent of this process. A JVM that shuts down cuts
    off what is running, Iceberg's commits among it, so it must not begin to.
    """
    signal.signal(signal.SIGTERM, lambda *_: close())
    java_signal = spark._jvm.sun.misc.Signal  # noqa: SLF001 - there is no other way to Java
    java_signal.handle(java_signal("TERM"), TerminationSignal(close))
