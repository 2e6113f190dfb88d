"""Messages as Kafka gives them, and the writer of their batches."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame, SparkSession

from events import MESSAGE_SCHEMA
from streaming.batch import BatchWriter
from streaming.dead_letters import DeadLetters, queue_messages
from streaming.detector import DetectorSettings
from streaming.minutes import MinuteMemory
from streaming.tables import CATALOG


class Topics:
    """Stands in for Kafka: numbers the messages of each topic, and keeps what is sent to queues."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._next_offset: dict[str, int] = {}
        self.queued: list[tuple[str, bytes | None, dict[str, str]]] = []

    def messages(self, *events: tuple[str, object]) -> DataFrame:
        """New messages of one batch: pairs of a topic and an event, or the text of one."""
        rows = []
        for topic, event in events:
            offset = self._next_offset.get(topic, 0)
            self._next_offset[topic] = offset + 1
            value = event if isinstance(event, str | bytes | None) else json.dumps(event)
            data = value.encode() if isinstance(value, str) else value
            received_at = datetime(2026, 1, 2, 3, 4, offset % 60, tzinfo=UTC)
            rows.append((b"key", data, topic, 0, offset, received_at, received_at))
        return self._spark.createDataFrame(rows, MESSAGE_SCHEMA)

    def send(self, letters: DataFrame) -> None:
        """Where dead letters go."""
        for row in queue_messages(letters).collect():
            headers = {header.key: header.value.decode() for header in row.headers}
            value = None if row.value is None else bytes(row.value)
            self.queued.append((row.topic, value, headers))


@pytest.fixture
def topics(spark: SparkSession) -> Topics:
    """Empty topics."""
    return Topics(spark)


@pytest.fixture
def new_writer(topics: Topics, tables: None) -> Callable[..., BatchWriter]:
    """Starts a writer that remembers nothing, as a new run of the job does."""

    def start(memory: MinuteMemory | None = None) -> BatchWriter:
        return BatchWriter(DeadLetters(topics.send), memory or MinuteMemory(), DetectorSettings())

    return start


@pytest.fixture
def rows(spark: SparkSession, tables: None) -> Callable[[str], list[Sequence[object]]]:
    """Answers a query as plain tuples. Table names need no catalog."""

    def answer(query: str) -> list[Sequence[object]]:
        # A session remembers tables as it saw them last; a new one sees them as they are.
        reader = spark.newSession()
        reader.sql(f"USE {CATALOG}.ecommerce_db")
        return [tuple(row) for row in reader.sql(query).collect()]

    return answer
