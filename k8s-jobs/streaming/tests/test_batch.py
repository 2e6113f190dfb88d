"""Batches into tables: exactly once, and KPIs that equal a count made without Spark."""

import random
from decimal import Decimal

import pytest

from events import click, count_kpis, error, order, without
from streaming import batch
from streaming.minutes import MinuteMemory
from streaming.tables import NAMESPACE

KPIS = """
    SELECT cast(window_start AS timestamp_ntz), orders, revenue, active_users, clicks, carts,
           errors, error_rate
    FROM kpis_per_minute ORDER BY window_start"""
COUNTS = """
    SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM clicks),
           (SELECT count(*) FROM errors), (SELECT count(*) FROM dead_letters)"""


def test_events_land_in_their_tables(new_writer, topics, rows) -> None:
    events = [("orders", order(event_id="a")), ("clicks", click(event_id="b", price=1.5))]
    events += [("errors", error(event_id="c")), ("errors", error(event_id="d", user_id="7"))]

    new_writer()(topics.messages(*events), 0)

    assert rows(
        "SELECT event_id, price, quantity, amount, brand, topic, partition, offset FROM orders"
    ) == [("a", Decimal("35.79"), 2, Decimal("71.58"), None, "orders", 0, 0)]
    assert rows("SELECT event_id, price, action FROM clicks") == [("b", Decimal("1.50"), "view")]
    assert rows("SELECT event_id, level, user_id, offset FROM errors ORDER BY offset") == [
        ("c", "ERROR", None, 0),
        ("d", "ERROR", "7", 1),
    ]
    assert rows("SELECT cast(event_time AS timestamp_ntz), ingest_time IS NULL FROM orders") == [
        (count_kpis(events)[0][0], False)
    ]
    assert rows(KPIS) == count_kpis(events)
    assert rows(
        "SELECT DISTINCT window_end - window_start = INTERVAL 1 MINUTE FROM kpis_per_minute"
    ) == [(True,)]


def test_an_event_counts_once(new_writer, topics, rows) -> None:
    first = [("clicks", click(event_id="a", action="cart")), ("orders", order(event_id="a"))]
    again = [*first, ("clicks", click(event_id="b", user_id="8")), first[0]]
    write = new_writer()

    write(topics.messages(*first, *first), 0)
    write(topics.messages(*again), 1)

    assert rows("SELECT event_id, offset FROM clicks ORDER BY event_id") == [("a", 0), ("b", 3)]
    assert rows("SELECT event_id, offset FROM orders") == [("a", 0)]
    assert rows(KPIS) == count_kpis(again)


def test_a_shared_hash_alone_drops_nothing(new_writer, topics, rows) -> None:
    class Suspicious(MinuteMemory):
        """Takes every event for one whose hash was seen before."""

        def repeated(self, summaries):
            return {topic: set(own) for topic, own in hashes_by_topic(summaries).items()}

    events = [("clicks", click()) for _ in range(4)] + [("orders", order())]
    write = new_writer(Suspicious())

    write(topics.messages(*events[:2], events[0]), 0)
    write(topics.messages(*events[1:]), 1)

    assert rows(COUNTS) == [(1, 4, 0, 0)]
    assert rows(KPIS) == count_kpis(events)


def hashes_by_topic(summaries) -> dict[str, list[int]]:
    hashes: dict[str, list[int]] = {}
    for summary in summaries:
        hashes.setdefault(summary.topic, []).extend(summary.ids)
    return hashes


def test_a_repeated_batch_changes_nothing(new_writer, topics, rows) -> None:
    events = [("orders", order()), ("clicks", click()), ("clicks", click(price="x"))]
    messages = topics.messages(*events, ("errors", error()))
    write = new_writer()
    write(messages, 0)
    before = rows(KPIS)

    write(messages, 0)
    new_writer()(messages, 0)

    assert rows(COUNTS) == [(1, 1, 1, 1)]
    assert rows(KPIS) == before == count_kpis([*events[:2], ("errors", error())])


@pytest.mark.parametrize("last_step", ["orders", "rows"])
def test_a_batch_that_was_cut_off_is_completed(
    new_writer, topics, rows, monkeypatch, last_step
) -> None:
    events = [("orders", order()), ("clicks", click()), ("errors", error())]
    messages = topics.messages(*events, ("clicks", "no json"))

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        if last_step == "rows":
            patch.setattr("streaming.kpis.KpiTable.upsert", die)
        else:
            real = batch.append
            patch.setattr(
                batch, "append", lambda e, t, n: real(e, t, n) if t == "orders" else die()
            )
        with pytest.raises(SystemExit):
            new_writer()(messages, 0)
    assert rows(KPIS) == []

    new_writer()(messages, 0)

    assert rows(COUNTS) == [(1, 1, 1, 1)]
    assert rows(KPIS) == count_kpis(events)


@pytest.mark.parametrize("files", [1, 2])
def test_many_rows_are_a_file_of_each_partition(
    new_writer, topics, rows, monkeypatch, files
) -> None:
    monkeypatch.setattr("streaming.rows._ROWS_WORTH_A_FILE", {1: 4, 2: 3}[files])
    first = topics.messages(("clicks", click()), ("clicks", click())).coalesce(1)
    second = topics.messages(("clicks", click())).coalesce(1)

    new_writer()(first.unionAll(second), 0)

    assert rows(f"SELECT count(*) FROM {NAMESPACE}.clicks.files") == [(files,)]
    assert rows(COUNTS) == [(0, 3, 0, 0)]


def test_late_events_correct_their_minute(new_writer, topics, rows) -> None:
    def at(time: str, user: str) -> tuple[str, dict[str, object]]:
        return "clicks", click(event_time=f"2019-10-01T{time}Z", user_id=user)

    on_time = [at("00:00:01", "1"), at("01:30:00", "2"), at("23:59:59.999", "3")]
    late = [at("00:00:59.999", "2"), at("00:01:00", "1")]
    later = [at("00:00:00", "1"), ("orders", order(event_time="2019-09-30T23:59:00Z"))]
    write = new_writer()

    write(topics.messages(*on_time), 0)
    write(topics.messages(*late), 1)
    assert rows(KPIS) == count_kpis(on_time + late)
    new_writer()(topics.messages(*later), 2)

    assert rows(KPIS) == count_kpis(on_time + late + later)


def test_dead_letters_are_stored_once_and_sent(new_writer, topics, rows) -> None:
    broken = topics.messages(("clicks", without(click(), "session_id")), ("orders", "{"))
    write = new_writer()

    write(broken, 0)
    write(topics.messages(("clicks", "x"), ("clicks", click())), 1)
    new_writer()(broken, 0)

    letters = rows("SELECT topic, offset, reason FROM dead_letters ORDER BY received_at, topic")
    assert letters == [
        ("clicks", 0, "session_id is missing"),
        ("orders", 0, "message is not a JSON object"),
        ("clicks", 1, "message is not a JSON object"),
    ]
    assert rows("SELECT raw FROM dead_letters WHERE offset = 1") == [("x",)]
    reason = "message is not a JSON object"
    assert topics.queued[-1] == (
        "clicks.dlq",
        b"x",
        {"reason": reason, "topic": "clicks", "partition": "0", "offset": "1"},
    )
    assert sorted(topic for topic, _, _ in topics.queued) == [
        "clicks.dlq",
        "clicks.dlq",
        "orders.dlq",
    ]


def test_a_large_dead_letter_fits_its_queue(new_writer, topics, rows) -> None:
    text = "ü" * 500_000

    new_writer()(topics.messages(("orders", text)), 0)

    [(_, value, headers)] = topics.queued
    assert len(value) == 900_000
    assert headers["offset"] == "0"
    assert rows("SELECT raw FROM dead_letters") == [(text,)]


def test_nothing_but_dead_letters(new_writer, topics, rows) -> None:
    new_writer()(topics.messages(("errors", None)), 0)

    assert rows(COUNTS) == [(0, 0, 0, 1)]
    assert rows("SELECT raw FROM dead_letters") == [(None,)]
    assert rows(KPIS) == []


def test_revenue_that_no_decimal_holds_is_unknown(new_writer, topics, rows) -> None:
    write = new_writer()

    write(topics.messages(*[("orders", order(amount="9999999999999999.99"))] * 1), 0)
    write(topics.messages(("orders", order(amount="0.01"))), 1)

    assert rows("SELECT orders, revenue FROM kpis_per_minute") == [(2, None)]


@pytest.mark.parametrize(
    "memory",
    [
        pytest.param(MinuteMemory, id="remembering"),
        pytest.param(lambda: MinuteMemory(maximum_ids=40), id="forgetful"),
    ],
)
def test_kpis_equal_an_independent_count(new_writer, topics, rows, memory) -> None:
    chance = random.Random(7)

    def event() -> tuple[str, dict[str, object]]:
        common = {
            "event_time": f"2019-10-{chance.choice(('01', '02'))}T0{chance.randrange(3)}:"
            f"{chance.randrange(60):02d}:{chance.randrange(60):02d}Z",
        }
        user = f"u{chance.randrange(30)}"
        topic = chance.choice(("orders", "clicks", "clicks", "errors"))
        if topic == "errors":
            return topic, error(**common)
        if topic == "clicks":
            action = chance.choice(("view", "cart", "remove_from_cart"))
            return topic, click(**common, user_id=user, action=action)
        return topic, order(**common, user_id=user, amount=f"{chance.randrange(10**6) / 100:.2f}")

    write = new_writer(memory())
    sent: list[tuple[str, dict[str, object]]] = []
    for number in range(4):
        batch_events = [event() for _ in range(100)]
        repeated = chance.sample(sent, 10) if sent else []
        sent += batch_events
        write(topics.messages(*batch_events, *repeated), number)

    assert rows(KPIS) == count_kpis(sent)
    for table in ("orders", "clicks", "errors"):
        expected = sum(topic == table for topic, _ in sent)
        assert rows(f"SELECT count(*), count(DISTINCT event_id) FROM {table}") == [(expected,) * 2]
