"""Merging small files changes no row, and disturbs nobody who appends."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import SparkSession

from maintenance import compaction
from maintenance.compaction import compact
from maintenance.job import APPENDED, compact_all
from streaming.snapshots import trim_snapshots
from streaming.tables import DEAD_LETTERS, KPIS_PER_MINUTE, ORDERS, Table

DAY = datetime(2026, 1, 2, tzinfo=UTC)
NOON = DAY + timedelta(hours=12)


@pytest.fixture
def session(spark: SparkSession, tables: None) -> Iterator[SparkSession]:
    return spark.newSession()


def append(spark: SparkSession, table: Table, **values: str) -> None:
    """Appends one row, in a file and a commit of its own, as SQL by column; null is the rest."""
    columns = ", ".join(values.get(column, "null") for column in table.columns)
    spark.sql(f"INSERT INTO {table.full_name} VALUES ({columns})")


def append_orders(spark: SparkSession, first: int, count: int, begin: datetime = DAY) -> None:
    """Appends orders, a minute apart."""
    for number in range(first, first + count):
        moment = f"timestamp '{begin + timedelta(minutes=number):%Y-%m-%d %H:%M:%S}'"
        append(spark, ORDERS, event_id=f"'{number}'", event_time=moment, amount=f"{number}.25")


def orders(spark: SparkSession) -> list[tuple[str, object, object]]:
    reader = spark.newSession()
    reader.sql(f"REFRESH TABLE {ORDERS.full_name}")
    rows = reader.table(ORDERS.full_name).select("event_id", "event_time", "amount").collect()
    return sorted(tuple(row) for row in rows)


def file_count(spark: SparkSession, table: Table = ORDERS) -> int:
    reader = spark.newSession()
    reader.sql(f"REFRESH TABLE {table.full_name}")
    return reader.table(f"{table.full_name}.files").count()


def test_many_files_of_a_day_become_one_with_the_same_rows(session: SparkSession) -> None:
    append_orders(session, 0, 12)
    before = orders(session)

    result = compact(session, ORDERS, "event_time", NOON)

    assert (result.merged, result.written, result.is_complete) == (12, 1, True)
    assert file_count(session) == 1
    assert orders(session) == before


def test_a_second_run_has_nothing_to_do(session: SparkSession) -> None:
    append_orders(session, 0, 6)
    compact(session, ORDERS, "event_time", NOON)
    snapshots = session.table(f"{ORDERS.full_name}.snapshots").count()

    result = compact(session, ORDERS, "event_time", NOON)

    assert (result.merged, result.written, result.is_complete) == (0, 0, True)
    session.sql(f"REFRESH TABLE {ORDERS.full_name}")
    assert session.table(f"{ORDERS.full_name}.snapshots").count() == snapshots


def test_days_are_not_mixed(session: SparkSession) -> None:
    append_orders(session, 0, 6)
    append_orders(session, 10, 6, DAY - timedelta(days=1))

    result = compact(session, ORDERS, "event_time", NOON)

    assert (result.merged, result.written) == (12, 2)
    assert file_count(session) == 2


def test_files_of_young_events_are_left_alone(session: SparkSession) -> None:
    append_orders(session, 0, 12)

    result = compact(session, ORDERS, "event_time", DAY + timedelta(minutes=7))

    assert (result.merged, result.written) == (7, 1)
    assert file_count(session) == 6


def test_a_few_files_are_left_as_they_are(session: SparkSession) -> None:
    append_orders(session, 0, compaction.FEWEST_FILES - 1)

    result = compact(session, ORDERS, "event_time", NOON)

    assert (result.merged, result.is_complete) == (0, True)


def test_many_files_take_many_steps_each_with_its_commit(session: SparkSession) -> None:
    append_orders(session, 0, 14)
    before = orders(session)

    result = compact(session, ORDERS, "event_time", NOON, most_files=6)

    assert result.is_complete
    assert file_count(session) < compaction.FEWEST_FILES
    assert orders(session) == before
    session.sql(f"REFRESH TABLE {ORDERS.full_name}")
    replaced = session.table(f"{ORDERS.full_name}.snapshots").where("operation = 'replace'")
    assert replaced.count() >= 2


def test_no_step_begins_after_the_deadline(session: SparkSession) -> None:
    append_orders(session, 0, 6)

    result = compact(session, ORDERS, "event_time", NOON, deadline=0)

    assert (result.merged, result.is_complete) == (0, False)
    assert file_count(session) == 6


def test_appends_at_the_same_time_lose_nothing_and_do_not_fail(session: SparkSession) -> None:
    append_orders(session, 0, 20)
    stop = threading.Event()
    failures: list[Exception] = []
    appended = [20]

    def keep_appending() -> None:
        writer = session.newSession()
        while not stop.is_set():
            try:
                append_orders(writer, appended[0], 1)
            except Exception as failure:
                failures.append(failure)
                return
            appended[0] += 1

    stream = threading.Thread(target=keep_appending)
    stream.start()
    try:
        merged = 0
        # Against at least five appends, however fast either is.
        while merged == 0 or (appended[0] < 25 and not failures):
            merged += compact(session, ORDERS, "event_time", NOON, most_files=6).merged
    finally:
        stop.set()
        stream.join()

    assert failures == []
    assert [row[0] for row in orders(session)] == sorted(str(n) for n in range(appended[0]))


def test_a_step_that_fails_is_given_up_and_changes_nothing(session: SparkSession) -> None:
    append_orders(session, 0, 6)
    before = orders(session)

    result = compact(session, ORDERS, "no_such_column", NOON)

    assert (result.merged, result.is_complete) == (0, False)
    assert orders(session) == before


def test_it_goes_on_after_streaming_left_out_old_snapshots(session: SparkSession) -> None:
    append_orders(session, 0, 7)
    compact(session, ORDERS, "event_time", NOON)
    append_orders(session, 7, 7)
    before = orders(session)
    trim_snapshots(session, ORDERS, maximum=1, kept=1)

    result = compact(session, ORDERS, "event_time", NOON)

    assert (result.merged, result.written, result.is_complete) == (8, 1, True)
    assert orders(session) == before


def test_only_tables_that_are_appended_to_are_touched(session: SparkSession) -> None:
    append_orders(session, 0, 6)
    for number in range(6):
        moment = f"timestamp '2026-01-02 00:0{number}:00'"
        append(session, KPIS_PER_MINUTE, window_start=moment, window_end=moment)
        append(
            session,
            DEAD_LETTERS,
            topic="'orders'",
            partition="0",
            offset=str(number),
            received_at=moment,
        )

    assert compact_all(session, NOON)

    assert {table.name for table, _ in APPENDED} == {"orders", "clicks", "errors", "dead_letters"}
    assert file_count(session) == 1
    assert file_count(session, DEAD_LETTERS) == 1
    assert file_count(session, KPIS_PER_MINUTE) == 6


def test_tables_that_do_not_exist_yet_are_no_failure(session: SparkSession) -> None:
    for table, _ in APPENDED:
        session.sql(f"DROP TABLE {table.full_name}")

    assert compact_all(session, NOON)
