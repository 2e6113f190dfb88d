"""Fetching objects: each is given to its reader or told of, however it is named."""

import threading

import pytest
from obstore.store import MemoryStore

from features import objects
from features.notifications import NotifiedObject, Origin
from features.objects import ObjectFetcher

ORIGIN = Origin("testing_data_streaming", 0, 1)


class Reader:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def __call__(self, source, result) -> None:
        self.bodies[source.key] = bytes(result.bytes())


def fetch(store, keys, largest=100, missing_seconds=0.0):
    reader = Reader()
    fetcher = ObjectFetcher(store, threads=4, missing_seconds=missing_seconds)
    rejects = fetcher.fetch([NotifiedObject(ORIGIN, key) for key in keys], largest, reader)
    assert {each.origin for each in rejects} <= {ORIGIN}
    return reader.bodies, sorted(each.reason for each in rejects)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_many_objects_are_fetched(store) -> None:
    keys = [f"testing_data/{number}.json" for number in range(500)]
    for key in keys:
        store.put(key, key.encode())

    assert fetch(store, keys) == ({key: key.encode() for key in keys}, [])


def test_what_cannot_be_used_is_told_and_keeps_nothing_else(store) -> None:
    store.put("good", b"x" * 100)
    store.put("empty", b"")
    store.put("large", b"x" * 101)

    assert fetch(store, ["gone", "empty", "good", "large", "a//b", "a/../b"]) == (
        {"good": b"x" * 100},
        [
            "a/../b: the key cannot be a path",
            "a//b: the key cannot be a path",
            "empty: the object is empty",
            "gone: the object is not there",
            "large: the object has 101 bytes, more than 100",
        ],
    )


def test_an_object_that_comes_late_is_waited_for(store, monkeypatch) -> None:
    looked = threading.Event()
    real = objects.time.sleep

    def sleep(seconds: float) -> None:
        store.put("late", b"x")
        looked.set()
        real(seconds)

    monkeypatch.setattr(objects.time, "sleep", sleep)

    assert fetch(store, ["late"], missing_seconds=60) == ({"late": b"x"}, [])
    assert looked.is_set()


def test_an_error_of_the_store_is_not_taken_for_a_missing_object(store) -> None:
    class Refusing:
        def get(self, _: str):
            raise PermissionError("refused")

    with pytest.raises(PermissionError):
        fetch(Refusing(), ["a"])
