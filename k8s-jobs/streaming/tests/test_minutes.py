"""What the driver remembers."""

from array import array
from decimal import Decimal

from streaming.minutes import MinuteMemory
from streaming.summary import MinuteSummary


def summary(minute: int, *ids: int, topic: str = "clicks", users: str = "") -> MinuteSummary:
    return MinuteSummary(topic, minute, len(ids), Decimal(0), 0, frozenset(users), array("q", ids))


def test_repeated_ids_are_found_in_the_batch_and_in_memory() -> None:
    memory = MinuteMemory()
    memory.hold({0, 60}, [summary(0, 1, 2)])
    memory.add([summary(0, 3), summary(60, 4)])

    assert memory.repeated([summary(0, 5), summary(60, 6)]) == {}
    assert memory.repeated([summary(0, 2, 3, 5), summary(60, 4)]) == {"clicks": {2, 3, 4}}
    assert memory.repeated([summary(0, 7, 7), summary(60, 8)]) == {"clicks": {7}}
    assert memory.repeated([summary(0, 9), summary(60, 9)]) == {"clicks": {9}}
    assert memory.repeated([summary(0, 1, topic="orders")]) == {}


def test_a_minute_adds_up() -> None:
    memory = MinuteMemory()
    memory.hold({0}, [])
    order = MinuteSummary("orders", 0, 1, Decimal("9.99"), 0, frozenset("a"), array("q", [1]))
    memory.add([summary(0, 1, 2, users="ab"), summary(0, 3, users="bc"), order, order])

    minute = memory[0]
    assert (minute.orders, minute.clicks, minute.errors) == (2, 3, 0)
    assert minute.revenue == Decimal("19.98")
    assert minute.users == {"a", "b", "c"}


def test_the_longest_untouched_minutes_are_forgotten_first() -> None:
    memory = MinuteMemory(maximum_ids=3)
    memory.hold({0}, [summary(0, 1)])
    memory.hold({60}, [summary(60, 2, 3)])
    memory.add([summary(0, 4)])

    memory.forget()

    assert 60 not in memory
    assert 0 in memory


def test_every_limit_holds() -> None:
    for memory in (MinuteMemory(maximum_users=1), MinuteMemory(maximum_minutes=1)):
        memory.hold({0}, [summary(0, 1, users="a")])
        memory.hold({60}, [summary(60, 2, users="b")])

        memory.forget()

        assert 0 not in memory
        assert 60 in memory
