"""Limits of queries."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from pyarrow import flight
from sample_lakehouse import PASSWORD, USER

from query.engine import Request
from query.errors import CancelledError, QueryError, UnavailableError
from query.running import Limits, RunningQueries

ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


@pytest.fixture
def limits(lakehouse, request):
    """Must stand before `engine` among a test's fixtures."""
    lakehouse.limits = Limits(**request.param)


def limited(**limits: float):
    return pytest.mark.parametrize("limits", [limits], indirect=True, ids=[""])


@limited(seconds=0.2)
def test_a_query_ends_when_its_time_is_over(limits, engine):
    with pytest.raises(QueryError, match=r"ended after 0\.2 seconds: ask for less"):
        list(engine.run(Request(ENDLESS)).batches)
    assert [batch.num_rows for batch in engine.run(Request("SELECT 1")).batches] == [1]


@limited(rows=50_000)
def test_a_result_is_never_cut(limits, engine):
    whole = engine.run(Request("SELECT * FROM range(50000)")).batches
    assert sum(batch.num_rows for batch in whole) == 50_000
    with pytest.raises(QueryError, match="more than 50,000 rows: add LIMIT or a narrower WHERE"):
        list(engine.run(Request("SELECT * FROM range(50001)")).batches)


@limited(concurrent=1, queue_seconds=0.1)
def test_a_query_that_waits_too_long_for_its_turn_is_refused(limits, engine):
    running = engine.run(Request("SELECT * FROM range(1000000)"))
    with pytest.raises(UnavailableError, match="1 queries are running and none has ended"):
        engine.run(Request("SELECT 1"))
    running.batches.close()
    assert [batch.num_rows for batch in engine.run(Request("SELECT 1")).batches] == [1]


@limited(concurrent=2)
def test_more_queries_than_may_run_wait_for_their_turn(limits, engine):
    def ask(number: int) -> int:
        [batch] = engine.run(Request(f"SELECT {number} AS n")).batches
        return batch.column("n")[0].as_py()

    with ThreadPoolExecutor(12) as executor:
        assert list(executor.map(ask, range(48))) == list(range(48))


@limited(concurrent=1, seconds=0.2)
def test_a_client_that_does_not_read_does_not_keep_others_waiting(limits, engine):
    stalled = engine.run(Request("SELECT * FROM range(1000000)"))
    next(stalled.batches)
    assert [batch.num_rows for batch in engine.run(Request("SELECT 1")).batches] == [1]
    with pytest.raises(QueryError, match=r"ended after 0\.2 seconds"):
        list(stalled.batches)


def test_a_query_whose_client_is_gone_ends(engine):
    gone = threading.Event()
    request = Request(ENDLESS, is_abandoned=gone.is_set)
    threading.Timer(0.2, gone.set).start()
    with pytest.raises(CancelledError, match="The client went away"):
        list(engine.run(request).batches)


@limited(concurrent=1)
def test_a_client_that_disconnects_ends_its_query(limits, lakehouse, server, caplog):
    caplog.set_level("INFO")
    client = flight.connect(f"grpc://127.0.0.1:{server.port}")
    header = client.authenticate_basic_token(USER, PASSWORD)
    soon = flight.FlightCallOptions(timeout=0.5, headers=[header])
    with pytest.raises(flight.FlightTimedOutError):
        client.do_get(flight.Ticket(ENDLESS.encode()), soon).read_all()
    options = flight.FlightCallOptions(headers=[header])
    one = client.do_get(flight.Ticket(b"SELECT 1 AS one"), options).read_all()
    assert one.to_pylist() == [{"one": 1}]
    client.close()
    server.shutdown()  # Waits for the last lines of the log.
    logged = {line.fields["sql"]: line.fields for line in caplog.records if line.message == "query"}
    assert logged[ENDLESS]["cancelled"]


def test_a_query_that_is_cancelled_at_any_moment_says_so(engine):
    ended = threading.Event()

    def cancel() -> None:
        while not ended.is_set():
            engine.cancel(b"key")

    canceller = threading.Thread(target=cancel)
    canceller.start()
    try:
        for _ in range(100):
            with pytest.raises(CancelledError, match="The query was cancelled"):
                list(engine.run(Request(ENDLESS, key=b"key")).batches)
    finally:
        ended.set()
        canceller.join()


def test_only_a_running_query_with_this_key_is_cancelled():
    queries = RunningQueries(Limits())
    query, other, nameless = (queries.start(key) for key in (b"one", b"two", b""))
    assert not queries.cancel(b"three")
    assert not queries.cancel(b"")
    assert queries.cancel(b"one")
    with pytest.raises(CancelledError):
        query.raise_if_stopped()
    other.raise_if_stopped()
    for each in (query, other, nameless):
        each.close()
    assert not queries.cancel(b"two")
    queries.close()


def test_a_place_is_given_back_once():
    queries = RunningQueries(Limits(concurrent=1, queue_seconds=0.01))
    for _ in range(3):
        query = queries.start()
        query.stop(CancelledError("over"))
        query.close()
        query.close()
    kept = queries.start()
    begin = time.monotonic()
    with pytest.raises(UnavailableError):
        queries.start()
    assert time.monotonic() - begin >= 0.01
    kept.close()
    queries.close()
