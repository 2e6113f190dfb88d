"""Messages that break the contract: kept in a table and sent to the topic's dead-letter queue."""

from collections.abc import Callable, Iterable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.summary import DeadLetterSummary
from streaming.tables import DEAD_LETTERS

# A broker takes messages of up to 1 MiB, and a dead letter carries headers besides.
_LARGEST_MESSAGE = 900_000
_IDENTITY = ["topic", "partition", "offset", "received_at"]


class DeadLetters:
    """Writes dead letters: each once to the table, and at least once to the queue."""

    def __init__(self, send: Callable[[DataFrame], None]) -> None:
        """Prepares to write.

        Args:
            send: puts dead letters, rows of `read_events`, into the queues.
        """
        self._send = send
        # By topic and partition. Offsets below are looked up in the table, those above are new.
        self._last_stored: dict[tuple[str, int], int] | None = None

    def write(self, events: DataFrame, summaries: Iterable[DeadLetterSummary]) -> None:
        """Sends and stores the dead letters of a batch.

        The queue comes first: a crash between the two repeats a message in the queue, where the
        other order would lose it.

        Args:
            events: what `read_events` returned.
            summaries: the dead letters in it.
        """
        letters = events.where(F.col("reason").isNotNull())
        table = events.sparkSession.table(DEAD_LETTERS.full_name)
        last_stored = self._last_stored or _last_offsets(table)
        if any(
            summary.first_offset <= last_stored.get((summary.topic, summary.partition), -1)
            for summary in summaries
        ):
            first_offset = min(summary.first_offset for summary in summaries)
            stored = table.where(F.col("offset") >= first_offset).select(_IDENTITY)
            letters = letters.join(F.broadcast(stored), _IDENTITY, "left_anti")
        self._send(letters)
        (
            letters.select(*_IDENTITY, "reason", "raw")
            .coalesce(1)
            .writeTo(DEAD_LETTERS.full_name)
            .append()
        )
        for summary in summaries:
            last_stored[summary.topic, summary.partition] = summary.last_offset
        self._last_stored = last_stored


def _last_offsets(table: DataFrame) -> dict[tuple[str, int], int]:
    """The highest offset of each topic and partition that is in the table."""
    rows = table.groupBy("topic", "partition").agg(F.max("offset").alias("last")).collect()
    return {(row.topic, row.partition): row.last for row in rows}


def queue_messages(letters: DataFrame) -> DataFrame:
    """Dead letters as Kafka messages for `<topic>.dlq`: the message as it came, and why it is here.

    A message near the broker's limit has no room for the headers. It goes without its key and with
    the beginning of its value; the table holds all of it.
    """

    def header(name: str) -> Column:
        value = F.col(name).cast("string").cast("binary")
        return F.struct(F.lit(name).alias("key"), value.alias("value"))

    size = F.coalesce(F.length("key"), F.lit(0)) + F.coalesce(F.length("value"), F.lit(0))
    fits = size <= _LARGEST_MESSAGE
    return letters.select(
        F.concat("topic", F.lit(".dlq")).alias("topic"),
        F.when(fits, F.col("key")).alias("key"),
        F.when(fits, F.col("value"))
        .otherwise(F.expr(f"substring(value, 1, {_LARGEST_MESSAGE})"))
        .alias("value"),
        F.array(*map(header, ("reason", "topic", "partition", "offset"))).alias("headers"),
    )


def kafka_sender(bootstrap_servers: str) -> Callable[[DataFrame], None]:
    """Sends dead letters to the queues of a Kafka cluster."""

    def send(letters: DataFrame) -> None:
        (
            queue_messages(letters)
            .write.format("kafka")
            .option("kafka.bootstrap.servers", bootstrap_servers)
            .save()
        )

    return send
