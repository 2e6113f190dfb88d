"""Events into Postgres: each once, with the true counts of their sessions."""

import threading
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest

from behaviour_rows import behaviour
from features.offline_store import OfflineStore, offline_columns


def row(number: int, session: str = "s") -> tuple[object, ...]:
    """An event as `offline_columns` has it."""
    time = f"2019-10-01 00:00:{number % 60:02d}.000000Z"
    return (f"e-{number}", time, 5, 7, session, Decimal("1.00"), "b", "c", "d", 2, 0)


@pytest.fixture
def store(connect) -> OfflineStore:
    made = OfflineStore(connect)
    made.prepare()
    return made


def stored(connect) -> dict[str, tuple[str, int]]:
    """Session and activity_count of each event."""
    with connect() as connection:
        rows = connection.execute(
            "SELECT event_id, user_session, activity_count FROM processed_data"
        ).fetchall()
    return {event: (session, count) for event, session, count in rows}


def test_rows_hold_the_features_of_the_contract(connect, store, events) -> None:
    rows = events(behaviour(price="1299.5", brand='a "quoted"\tbrand,\\N', event_type="purchase"))

    assert store.write(rows.select(offline_columns()).toLocalIterator) == 1

    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'")
        [values] = cursor.execute("SELECT * FROM processed_data").fetchall()
        columns = [column.name for column in cursor.description]
    assert dict(zip(columns, values, strict=True)) == {
        "event_id": "e-1",
        "event_timestamp": datetime(2019, 10, 1, tzinfo=UTC),
        "user_id": 541312140,
        "product_id": 44600062,
        "user_session": "72d76fde",
        "price": Decimal("1299.50"),
        "brand": 'a "quoted"\tbrand,\\N',
        "category_code_level1": "electronics",
        "category_code_level2": "audio",
        "event_weekday": 2,
        "activity_count": 1,
        "is_purchased": 1,
    }


def test_counts_are_those_of_the_whole_session_however_it_arrives(connect, store) -> None:
    rows = [row(number, f"s-{number % 3}") for number in range(10)]
    store.write(lambda: [row(100, "other")])
    for part in (rows[5:], rows[:7]):
        store.write(lambda some=part: some)

    sessions = Counter(each[4] for each in rows)
    assert stored(connect) == {each[0]: (each[4], sessions[each[4]]) for each in rows} | {
        "e-100": ("other", 1)
    }


def test_a_batch_that_is_written_again_changes_nothing(connect, store) -> None:
    rows = [row(1), row(2), row(1)]

    assert [store.write(lambda: rows), store.write(lambda: rows)] == [2, 0]

    assert stored(connect) == {"e-1": ("s", 2), "e-2": ("s", 2)}


def test_a_batch_that_fails_in_the_middle_leaves_nothing(connect, store) -> None:
    def cut_off():
        yield row(1)
        raise KeyError

    with pytest.raises(KeyError):
        store.write(cut_off)

    assert stored(connect) == {}


def test_a_connection_that_breaks_is_tried_again(connect, store) -> None:
    attempts = []

    def rows():
        yield row(1)
        attempts.append(1)
        if len(attempts) == 1:
            with connect() as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        yield row(2)

    store.write(rows)

    assert len(attempts) == 2
    assert stored(connect) == {"e-1": ("s", 2), "e-2": ("s", 2)}


def test_two_drivers_at_once_count_right(connect, store) -> None:
    """The server may still be at work for a driver that was killed."""
    writers = [
        threading.Thread(target=store.write, args=(lambda first=first: map(row, parts(first)),))
        for first in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert stored(connect) == {f"e-{number}": ("s", 400) for number in range(400)}


def parts(first: int) -> range:
    return range(first * 50, first * 50 + 250)


def test_what_the_server_refuses_is_no_outage(store) -> None:
    with pytest.raises(psycopg.DataError):
        store.write(lambda: [("e", "no time", *row(1)[2:])])
