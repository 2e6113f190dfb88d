"""The life of the query, without Kafka: a stream of numbers stands in."""

import threading
from datetime import UTC, datetime

import pytest
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession

from events import MESSAGE_SCHEMA, click, error, order
from streaming.job import Gate, stay_until_closed, with_ingest_time
from test_batch import COUNTS


class Batches:
    """Notes the batches it is given; each takes until it is released."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.begun = threading.Event()
        self.release = threading.Event()

    def __call__(self, _: DataFrame, batch_id: int) -> None:
        self.begun.set()
        assert self.release.wait(60)
        self.written.append(batch_id)


def start(spark: SparkSession, gate: Gate, checkpoint: str):
    numbers = spark.readStream.format("rate").option("rowsPerSecond", 1000).load()
    writer = numbers.writeStream.foreachBatch(gate).option("checkpointLocation", checkpoint)
    return writer.trigger(processingTime="100 milliseconds").start()


def test_a_stop_lets_the_batch_finish_and_no_other_begin(spark, tmp_path) -> None:
    batches = Batches()
    gate = Gate(batches)
    query = start(spark, gate, str(tmp_path))
    waiting = threading.Thread(target=stay_until_closed, args=(query, gate))
    waiting.start()
    assert batches.begun.wait(60)

    gate.close()
    batches.release.set()
    waiting.join(60)

    assert not waiting.is_alive()
    assert batches.written == [0]
    assert not query.isActive


def test_a_batch_behind_a_closed_gate_is_not_taken_for_written(spark, tmp_path) -> None:
    gate = Gate(lambda *_: None)
    gate.close()
    query = start(spark, gate, str(tmp_path))
    with pytest.raises(StreamingQueryException, match="left to the next run"):
        query.awaitTermination(60)

    batches = Batches()
    batches.release.set()
    query = start(spark, Gate(batches), str(tmp_path))
    assert batches.begun.wait(60)
    query.stop()

    assert batches.written[:1] == [0]


def test_repetitions_are_found_within_a_running_query(
    spark, tmp_path, topics, new_writer, rows
) -> None:
    """A query has a session of its own, which must not see tables as another left them."""
    events = [("clicks", click()), ("orders", order()), ("clicks", click())]
    new = [("clicks", click())]
    folder = tmp_path / "messages"
    folder.mkdir()
    write = new_writer()
    write(topics.messages(("errors", error())), 0)
    files = spark.readStream.schema(MESSAGE_SCHEMA).parquet(str(folder))
    query = files.writeStream.foreachBatch(write).option("checkpointLocation", str(tmp_path / "c"))

    for batch_events in (events[:2], events, events + new):
        topics.messages(*batch_events).coalesce(1).write.mode("append").parquet(str(folder))
    running = query.trigger(processingTime="100 milliseconds").start()
    running.processAllAvailable()
    for batch_events in (events, events + new):
        topics.messages(*batch_events).coalesce(1).write.mode("append").parquet(str(folder))
        running.processAllAvailable()
    running.stop()

    assert rows(COUNTS) == [(1, 3, 1, 0)]
    assert rows("SELECT clicks FROM kpis_per_minute") == [(3,)]


def test_every_batch_runs_the_code_of_the_first(spark, tmp_path, topics, new_writer, rows) -> None:
    """Code that Spark generates anew with each batch is compiled with each, and stays slow."""
    folder = tmp_path / "messages"
    folder.mkdir()
    write = new_writer()
    files = spark.readStream.schema(MESSAGE_SCHEMA).parquet(str(folder)).drop("ingest_time")
    query = files.writeStream.foreachBatch(
        lambda messages, batch_id: write(with_ingest_time(messages, datetime.now(UTC)), batch_id)
    ).option("checkpointLocation", str(tmp_path / "c"))
    running = query.trigger(processingTime="100 milliseconds").start()
    metrics = spark._jvm.org.apache.spark.metrics.source.CodegenMetrics  # noqa: SLF001
    compiled = metrics.METRIC_COMPILATION_TIME()

    def compilations_of_a_batch() -> int:
        events = [("clicks", click()), ("orders", order()), ("errors", error())]
        batch = topics.messages(*events).coalesce(1)
        running.processAllAvailable()
        before = compiled.getCount()
        batch.write.mode("append").parquet(str(folder))
        running.processAllAvailable()
        return compiled.getCount() - before

    began = datetime.now(UTC)
    compilations = [compilations_of_a_batch() for _ in range(4)]
    running.stop()

    assert compilations[0] > 0
    assert compilations[-1] == 0
    ingest_times = rows("SELECT cast(ingest_time AS timestamp_ntz) FROM clicks ORDER BY 1")
    times = [time for (time,) in ingest_times]
    assert len(set(times)) == 4
    assert (
        began.replace(tzinfo=None)
        <= times[0]
        <= times[-1]
        <= datetime.now(UTC).replace(tzinfo=None)
    )


def test_a_failing_batch_ends_the_job(spark, tmp_path) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no such table")

    gate = Gate(fail)
    with pytest.raises(StreamingQueryException, match="no such table"):
        stay_until_closed(start(spark, gate, str(tmp_path)), gate)
