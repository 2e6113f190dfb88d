"""What the online store holds depends on which events it has seen, and on nothing else."""

import itertools
import random
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from pyspark.sql import Row
from redis import Redis, exceptions

from behaviour_rows import behaviour
from features import patience
from features.online_store import OnlineStore, online_columns


def event(session: str, number: int, time: int, product: str = "7", **changes: str) -> Row:
    """An event of a session, `time` seconds after midnight."""
    at = datetime.fromtimestamp(1_569_888_000 + time, UTC)
    return Row(
        milliseconds=int(at.timestamp() * 1000),
        event_timestamp=f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
        **{
            "event_id": f"e-{number:03d}",
            "user_id": "5",
            "product_id": product,
            "user_session": session,
            "price": "1.00",
            "brand": "b",
            "category_code_level1": "c",
            "category_code_level2": "d",
            "event_weekday": "2",
            "is_purchased": "0",
        }
        | changes,
    )


def stored(redis: Redis, session: str) -> dict[str, dict[str, str]]:
    """The hashes of a session by product."""
    return {
        key.rsplit(":", 1)[1]: redis.hgetall(key) for key in redis.scan_iter(f"session:{session}:*")
    }


def expected(events: Iterable[Row]) -> dict[str, dict[str, str]]:
    """The same, counted in plain Python."""
    unique = {each.event_id: each for each in events}.values()
    latest: dict[str, Row] = {}
    for each in sorted(unique, key=lambda one: (one.milliseconds, one.event_id)):
        latest[each.product_id] = each
    return {
        product: {name: each[name] for name in each.__fields__ if name != "milliseconds"}
        | {
            "activity_count": str(sum(one.milliseconds <= each.milliseconds for one in unique)),
        }
        for product, each in latest.items()
    }


def test_a_hash_holds_the_features_of_the_contract(redis, session, events) -> None:
    rows = events(
        behaviour(user_session=session, event_type="purchase", price="1299.5", brand=None)
    )

    OnlineStore(redis, None).write(rows.select(online_columns()).collect())

    assert stored(redis, session) == {
        "44600062": {
            "event_id": "e-1",
            "event_timestamp": "2019-10-01T00:00:00.000Z",
            "user_id": "541312140",
            "product_id": "44600062",
            "user_session": session,
            "price": "1299.50",
            "brand": "unknown",
            "category_code_level1": "electronics",
            "category_code_level2": "audio",
            "event_weekday": "2",
            "activity_count": "1",
            "is_purchased": "1",
        }
    }


def test_every_order_of_the_same_events_ends_alike(redis, session) -> None:
    def some(name: str) -> list[Row]:
        return [
            event(name, 1, 10),
            event(name, 2, 20, brand="later"),
            event(name, 3, 20, product="8"),
            event(name, 4, 5, product="8"),
        ]

    for number, order in enumerate(itertools.permutations(range(4))):
        name = f"{session}-{number}"
        rows = some(name)
        for index in order:
            OnlineStore(redis, 60).write([rows[index]])
        assert stored(redis, name) == expected(rows)


def test_random_batches_with_repetitions_equal_an_independent_count(redis, session) -> None:
    chance = random.Random(3)
    rows = [
        event(session, number, chance.randrange(60), product=str(chance.randrange(9)))
        for number in range(120)
    ]
    order = chance.sample(rows, len(rows))
    order += chance.sample(rows, 40)
    for start in range(0, len(order), 25):
        # Each with a store of its own, as after a restart.
        OnlineStore(redis, 60).write(order[start : start + 25])

    assert stored(redis, session) == expected(rows)


def test_a_batch_that_is_written_again_changes_nothing(redis, session) -> None:
    rows = [event(session, number, number) for number in range(3)]

    assert OnlineStore(redis, None).write(rows) == 3
    assert OnlineStore(redis, None).write(rows) == 0

    assert stored(redis, session) == expected(rows)


def test_the_later_of_two_events_of_one_time_is_that_of_the_higher_id(redis, session) -> None:
    rows = [event(session, 2, 10, brand="second"), event(session, 1, 10, brand="first")]

    OnlineStore(redis, None).write(rows)

    assert stored(redis, session)["7"]["brand"] == "second"
    assert stored(redis, session)["7"]["activity_count"] == "2"


@pytest.mark.parametrize("time_to_live", [None, 100])
def test_a_session_is_kept_as_long_as_it_is_told(redis, session, time_to_live) -> None:
    OnlineStore(redis, 5).write([event(session, 1, 1)])
    OnlineStore(redis, time_to_live).write([event(session, 2, 2)])

    for key in (f"session:{session}:product:7", f"activity:{session}"):
        left = redis.ttl(key)
        assert left == -1 if time_to_live is None else 5 < left <= 100


def test_features_that_were_forgotten_do_not_come_back_in_part(redis, session) -> None:
    store = OnlineStore(redis, None)
    store.write([event(session, 1, 10), event(session, 2, 10, product="8")])
    redis.delete(f"session:{session}:product:7")

    store.write([event(session, 3, 5, product="8")])

    assert list(stored(redis, session)) == ["8"]
    assert stored(redis, session)["8"]["activity_count"] == "3"


def test_a_server_that_was_away_and_lost_the_script_is_waited_for(redis, session) -> None:
    class Interrupted(Redis):
        """Loses its connection, and the server its scripts, two times."""

        interruptions = 2

        def pipeline(self, **options: object):
            if self.interruptions > 0:
                self.interruptions -= 1
                redis.script_flush()
                raise exceptions.ConnectionError("away")
            return super().pipeline(**options)

    client = Interrupted(connection_pool=redis.connection_pool)
    rows = [event(session, 1, 1)]

    assert OnlineStore(client, None).write(rows) == 1
    assert client.interruptions == 0
    assert stored(redis, session) == expected(rows)


def test_a_server_that_stays_away_fails_the_batch(monkeypatch) -> None:
    monkeypatch.setattr(patience.patiently, "__kwdefaults__", {"seconds": 0.3})
    store = OnlineStore(Redis(port=1), None)

    with pytest.raises(exceptions.ConnectionError):
        store.write([event("s", 1, 1)])
