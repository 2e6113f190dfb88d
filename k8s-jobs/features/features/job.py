"""The two streaming queries: their start, their life and their end."""

import logging
from collections.abc import Sequence

from pyspark.errors import StreamingQueryException
from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery

from features.batch import ServingFlow, TrainingFlow
from features.objects import ObjectFetcher, open_bucket
from features.offline_store import OfflineStore, connector
from features.online_store import OnlineStore, connect
from features.session import build_session
from features.settings import Settings
from features.tags import TrainingTags
from streaming.dead_letters import DeadLetters, kafka_sender
from streaming.job import Gate, close_on_sigterm
from streaming.tables import create_tables

log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Runs the job until it is told to stop by SIGTERM; then batches in progress are finished.

    Raises:
        StreamingQueryException: a batch failed. The process must end, so that a new one repeats
            the batch.
    """
    spark = build_session(settings)
    try:
        create_tables(spark)
        offline = OfflineStore(connector(settings))
        offline.prepare()
        log.info("tables are ready")
        tags = TrainingTags(
            settings.lakehouse.nessie_uri,
            quiet_seconds=settings.snapshot_quiet_seconds,
            kept=settings.kept_snapshots,
        )
        fetcher = ObjectFetcher(
            open_bucket(settings),
            threads=settings.fetch_threads,
            missing_seconds=settings.missing_seconds,
        )
        send = kafka_sender(settings.lakehouse.kafka_bootstrap_servers)
        online = OnlineStore(connect(settings), settings.time_to_live_seconds)
        training = TrainingFlow(fetcher, settings.bucket, DeadLetters(send), offline, tags)
        testing = ServingFlow(fetcher, settings.bucket, DeadLetters(send), online)
        gates = Gates([Gate(training), Gate(testing)])
        queries = [
            start_query(spark, settings, training.name, gates[0], settings.max_training_objects),
            start_query(spark, settings, testing.name, gates[1], settings.max_testing_objects),
        ]
        close_on_sigterm(spark, gates.close)
        log.info("waiting for objects")
        stay_until_closed(spark, queries, gates, tags)
    finally:
        spark.stop()


def start_query(
    spark: SparkSession, settings: Settings, flow: str, gate: Gate, most: int
) -> StreamingQuery:
    """Starts the query that reads a flow's notifications from the first, or goes on where it was.

    Args:
        spark: the session.
        settings: where notifications come from and where progress is kept.
        flow: `training` or `testing`.
        gate: writes the batches.
        most: notifications in one batch.
    """
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", settings.lakehouse.kafka_bootstrap_servers)
        .option("subscribe", f"{flow}_data_streaming")
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", "true")
        .option("maxOffsetsPerTrigger", most)
        .load()
        .writeStream.queryName(flow)
        .foreachBatch(gate)
        .option("checkpointLocation", f"{settings.checkpoint}/{flow}")
        .trigger(processingTime=settings.trigger)
        .start()
    )


class Gates(tuple[Gate, ...]):
    """The gates of all queries, which are closed together."""

    __slots__ = ()

    @property
    def is_closed(self) -> bool:
        """Whether no other batch begins."""
        return all(gate.is_closed for gate in self)

    def close(self) -> None:
        """Lets no other batch begin. Those in progress go on."""
        for gate in self:
            gate.close()


def stay_until_closed(
    spark: SparkSession, queries: Sequence[StreamingQuery], gates: Gates, tags: TrainingTags
) -> None:
    """Waits until the gates are closed, then ends the queries; makes training snapshots meanwhile.

    Raises:
        StreamingQueryException: a query failed before the gates were closed.
    """
    try:
        while not (gates.is_closed or spark.streams.awaitAnyTermination(1)):
            tags.tag_if_due()
    except StreamingQueryException:
        if not gates.is_closed:
            raise
    log.info("finishing the batches in progress")
    for gate, query in zip(gates, queries, strict=True):
        gate.end(query)
    log.info("stopped")
