"""The query that reads changes: its start, its life and its end."""

import logging

from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery

from cdc.changes import TOPIC
from cdc.session import build_session
from cdc.settings import Settings
from cdc.tables import create_tables
from cdc.writer import ChangeWriter
from streaming.dead_letters import DeadLetters, kafka_sender
from streaming.job import Gate, close_on_sigterm, stay_until_closed

log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Runs the job until it is told to stop by SIGTERM; then the batch in progress is finished.

    Raises:
        StreamingQueryException: a batch failed. The process must end, so that a new one starts
            with the same batch.
    """
    spark = build_session(settings)
    try:
        create_tables(spark)
        log.info("tables are ready")
        gate = Gate(ChangeWriter(DeadLetters(kafka_sender(settings.kafka_bootstrap_servers))))
        query = start_query(spark, settings, gate)
        close_on_sigterm(spark, gate.close)
        log.info("waiting for changes")
        stay_until_closed(query, gate)
    finally:
        spark.stop()


def start_query(spark: SparkSession, settings: Settings, gate: Gate) -> StreamingQuery:
    """Starts the query that reads the topic from its first message, or goes on where it was."""
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", settings.kafka_bootstrap_servers)
        .option("subscribe", TOPIC)
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", "true")
        .option("maxOffsetsPerTrigger", settings.max_offsets_per_trigger)
        .load()
        .writeStream.queryName("changes")
        .foreachBatch(gate)
        .option("checkpointLocation", settings.checkpoint)
        .trigger(processingTime=settings.trigger)
        .start()
    )
