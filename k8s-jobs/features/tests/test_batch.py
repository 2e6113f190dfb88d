"""Batches of both flows, from notifications to stores; objects are in memory, tables are real."""

import json
import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from obstore.store import MemoryStore
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from behaviour_rows import behaviour
from features.batch import ServingFlow, TrainingFlow
from features.objects import ObjectFetcher
from streaming.dead_letters import DeadLetters, queue_messages
from streaming.tables import DEAD_LETTERS, SESSION_FEATURES

MESSAGES = (
    "key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp"
)


class Tags:
    """Stands in for the tags of training snapshots."""

    def begin_change(self) -> None:
        pass

    def end_change(self) -> None:
        pass


class Store:
    """Stands in for either store: keeps each event once."""

    def __init__(self) -> None:
        self.events: dict[str, Sequence[object]] = {}

    def write(self, events: Iterable[Row] | Callable[[], Iterable[Row]]) -> int:
        rows = events() if callable(events) else events
        new = {row.event_id: row for row in rows if row.event_id not in self.events}
        self.events |= new
        return len(new)


class Bronze:
    """The bucket, and the notifications of what is written to it."""

    def __init__(self, spark: SparkSession, topic: str) -> None:
        self._spark = spark
        self._topic = topic
        self._offset = 0
        self.objects = MemoryStore()
        self.queued: list[tuple[bytes, str]] = []

    def put(self, key: str, body: bytes) -> tuple[int, bytes]:
        """Writes an object; returns the notification."""
        self.objects.put(key, body)
        return self.notify(key)

    def notify(self, key: str) -> tuple[int, bytes]:
        name = urllib.parse.quote_plus(key)
        record = {
            "eventName": "s3:ObjectCreated:Put",
            "s3": {"bucket": {"name": "bronze"}, "object": {"key": name}},
        }
        return self.message(json.dumps({"Records": [record]}).encode())

    def message(self, value: bytes) -> tuple[int, bytes]:
        self._offset += 1
        return self._offset, value

    def batch(self, *messages: tuple[int, bytes]) -> DataFrame:
        at = datetime(2026, 1, 2, tzinfo=UTC)
        rows = [(None, value, self._topic, 0, offset, at) for offset, value in messages]
        return self._spark.createDataFrame(rows, MESSAGES)

    def send(self, letters: DataFrame) -> None:
        """Where dead letters go."""
        for row in queue_messages(letters).collect():
            headers = {header.key: header.value.decode() for header in row.headers}
            assert row.topic == f"{self._topic}.dlq"
            self.queued.append((bytes(row.value), headers["reason"]))

    def fetcher(self) -> ObjectFetcher:
        return ObjectFetcher(self.objects, threads=4, missing_seconds=0)


def rows_of(spark: SparkSession, table: str, *columns: str) -> list[tuple[object, ...]]:
    reader = spark.newSession()
    reader.sql(f"REFRESH TABLE {table}")
    return sorted(tuple(row) for row in reader.table(table).select(*columns).collect())


def letters(spark: SparkSession) -> list[tuple[object, ...]]:
    return rows_of(spark, DEAD_LETTERS.full_name, "offset", "reason", "raw")


@pytest.fixture
def testing(spark: SparkSession, tables: None) -> Bronze:
    return Bronze(spark, "testing_data_streaming")


@pytest.fixture
def training(spark: SparkSession, tables: None) -> Bronze:
    return Bronze(spark, "training_data_streaming")


def document(**changes: str | None) -> bytes:
    return json.dumps(behaviour(**changes)).encode()


def test_documents_become_events_whatever_their_names(testing) -> None:
    keys = ["testing_data/a b+c.json", "testing_data/ü漢🛒.json", "testing_data/100%25.json"]
    messages = [testing.put(key, document(event_id=key)) for key in keys]
    store = Store()
    write = ServingFlow(testing.fetcher(), "bronze", DeadLetters(testing.send), store)

    write(testing.batch(*messages, messages[0]), 0)
    write(testing.batch(testing.notify(keys[0])), 1)

    assert set(store.events) == set(keys)
    assert store.events[keys[0]].price == "35.79"
    assert testing.queued == []


def test_every_reject_is_kept_once_with_its_reason(spark, testing) -> None:
    good = testing.put("good.json", document())
    bad = [
        testing.put("empty.json", b""),
        testing.put("text.json", b"no json"),
        testing.put("large.json", b"x" * ((1 << 20) + 1)),
        testing.notify("gone.json"),
        testing.put("negative.json", document(price="-1")),
        testing.message(b"{"),
    ]
    store = Store()

    for _ in range(2):
        # The second is the same batch again, in a new run.
        write = ServingFlow(testing.fetcher(), "bronze", DeadLetters(testing.send), store)
        write(testing.batch(good, *bad), 0)

    offsets = [offset for offset, _ in bad]
    reasons = [
        "empty.json: the object is empty",
        "text.json: the object is not JSON",
        f"large.json: the object has {(1 << 20) + 1} bytes, more than {1 << 20}",
        "gone.json: the object is not there",
        "negative.json: price is not a decimal of at least 0",
        "the message is not a bucket notification",
    ]
    raws = [bad[0][1].decode(), "no json", bad[2][1].decode(), bad[3][1].decode()]
    raws += [document(price="-1").decode(), "{"]
    assert letters(spark) == list(zip(offsets, reasons, raws, strict=True))
    assert sorted(testing.queued) == sorted(zip((value for _, value in bad), reasons, strict=True))
    assert list(store.events) == ["e-1"]


def parquet(spark: SparkSession, folder: Path, rows: DataFrame) -> bytes:
    target = folder / f"file-{len(list(folder.iterdir()))}"
    rows.coalesce(1).write.parquet(str(target))
    [file] = target.glob("*.parquet")
    return file.read_bytes()


def loaded(spark: SparkSession, *rows: dict[str, str | None]) -> DataFrame:
    """Rows with the types of the loader's files."""
    texts = spark.createDataFrame(rows, ", ".join(f"{name} string" for name in rows[0]))
    types = {
        "event_time": "timestamp",
        "product_id": "bigint",
        "category_id": "bigint",
        "price": "decimal(18,2)",
        "user_id": "bigint",
    }
    return texts.select(*(F.col(name).cast(types.get(name, "string")) for name in texts.columns))


def counts(spark: SparkSession) -> dict[object, object]:
    rows = rows_of(spark, SESSION_FEATURES.full_name, "event_id", "activity_count")
    assert len(dict(rows)) == len(rows)
    return dict(rows)


def test_files_become_rows_with_the_counts_of_whole_sessions(spark, training, tmp_path) -> None:
    day = "2019-10-0{}T00:00:00.000Z"
    first = loaded(
        spark,
        behaviour(event_id="a", user_session="s", price=None, brand=None),
        behaviour(event_id="b", user_session="t", event_type="purchase"),
    )
    second = loaded(
        spark,
        behaviour(event_id="a", user_session="s", price="1.00"),
        behaviour(event_id="c", user_session="s", event_time=day.format(3)),
    )
    messages = [
        training.put("training_data/1.parquet", parquet(spark, tmp_path, first)),
        training.put("training_data/2.parquet", parquet(spark, tmp_path, second)),
    ]
    store = Store()

    def write(*some: tuple[int, bytes]) -> None:
        send = DeadLetters(training.send)
        TrainingFlow(training.fetcher(), "bronze", send, store, Tags())(training.batch(*some), 0)

    write(messages[0])
    assert counts(spark) == {"a": 1, "b": 1}
    write(*messages)
    write(messages[1])

    assert counts(spark) == {"a": 2, "b": 1, "c": 2}
    assert set(store.events) == {"a", "b", "c"}
    assert rows_of(spark, SESSION_FEATURES.full_name, "event_id", "price", "brand")[0] == (
        "a",
        Decimal("0.00"),
        "unknown",
    )
    assert store.events["c"].event_timestamp == "2019-10-03 00:00:00.000000Z"
    assert training.queued == []


def test_broken_files_and_rows_keep_no_other_from_being_read(spark, training, tmp_path) -> None:
    rows = loaded(spark, behaviour(event_id="a"), behaviour(event_id="b", user_id=None))
    good = parquet(spark, tmp_path, rows)
    many = loaded(spark, *(behaviour(event_id=f"m-{number}") for number in range(500)))
    broken = bytearray(parquet(spark, tmp_path, many))
    broken[50:400] = b"\xff" * 350
    other = parquet(
        spark, tmp_path, rows.drop("user_session").withColumn("brand", F.array("brand"))
    )
    messages = [
        training.put("no.parquet", b"no Parquet"),
        training.put("good.parquet", good),
        training.put("broken.parquet", bytes(broken)),
        training.put("other.parquet", other),
    ]
    store = Store()

    TrainingFlow(training.fetcher(), "bronze", DeadLetters(training.send), store, Tags())(
        training.batch(*messages), 0
    )

    assert set(store.events) == {"a"}
    assert [(offset, reason) for offset, reason, _ in letters(spark)] == [
        (1, "no.parquet: the object is not Parquet"),
        (2, "good.parquet: user_id is not a whole number"),
        (3, "broken.parquet: the object is broken Parquet"),
        (
            4,
            "other.parquet: the object is not rows of behaviour: it has no column user_session; "
            "its column brand is array<string>",
        ),
    ]
    assert '"event_id":"b"' in str(letters(spark)[1][2])


def test_columns_of_other_plain_types_are_read(spark, training, tmp_path) -> None:
    rows = loaded(spark, behaviour(event_id=None)).selectExpr(
        "cast(event_time AS timestamp_ntz) AS event_time",
        "event_type",
        "cast(product_id AS int) AS product_id",
        "category_code",
        "brand",
        "cast(price AS double) AS price",
        "cast(user_id AS string) AS user_id",
        "user_session",
    )
    store = Store()
    message = training.put("a.parquet", parquet(spark, tmp_path, rows))

    TrainingFlow(training.fetcher(), "bronze", DeadLetters(training.send), store, Tags())(
        training.batch(message), 0
    )

    [event] = store.events.values()
    assert event.event_timestamp == "2019-10-01 00:00:00.000000Z"
    assert (event.price, event.user_id, event.product_id) == (Decimal("35.79"), 541312140, 44600062)


def test_a_batch_without_objects_does_nothing(spark, testing) -> None:
    write = ServingFlow(testing.fetcher(), "bronze", DeadLetters(testing.send), Store())
    removed = b'{"Records": [{"eventName": "s3:ObjectRemoved:Delete", "s3": %s}]}' % (
        b'{"bucket": {"name": "bronze"}, "object": {"key": "a"}}'
    )

    write(testing.batch(testing.message(removed)), 0)

    assert letters(spark) == []
