"""Valid events, to be changed by the tests, and an independent count of the KPIs."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

Event = dict[str, object]

#: What the batches of the query hold: the columns of the Kafka source, and `ingest_time`.
MESSAGE_SCHEMA = """
    key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp,
    ingest_time timestamp"""
_numbers = count()


def order(**changes: object) -> Event:
    """A valid order."""
    return _event(order_id="o-1", quantity=2, amount="71.58", **_shop()) | changes


def click(**changes: object) -> Event:
    """A valid click."""
    return _event(action="view", **_shop()) | changes


def error(**changes: object) -> Event:
    """A valid error."""
    return (
        _event(service="checkout", level="ERROR", code="E42", message="refused", user_id=None)
        | changes
    )


def _event(**fields: object) -> Event:
    return {"event_id": f"e-{next(_numbers)}", "event_time": "2019-10-01T00:00:00.000Z"} | fields


def _shop() -> Event:
    return {
        "user_id": "541312140",
        "session_id": "72d76fde",
        "product_id": "44600062",
        "category": "appliances.environment",
        "brand": None,
        "price": "35.79",
    }


def without(event: Event, *fields: str) -> Event:
    """An event that lacks some fields."""
    return {name: value for name, value in event.items() if name not in fields}


def count_kpis(events: Iterable[tuple[str, Event]]) -> list[tuple[object, ...]]:
    """The rows of kpis_per_minute for valid events, counted without Spark.

    An event that occurs twice is counted once.
    """
    unique = {(topic, event["event_id"]): event for topic, event in events}
    minutes: dict[datetime, list[tuple[str, Event]]] = defaultdict(list)
    for (topic, _), event in unique.items():
        time = datetime.fromisoformat(str(event["event_time"])).astimezone(UTC)
        minutes[time.replace(second=0, microsecond=0, tzinfo=None)].append((topic, event))
    kpis = []
    for start, own in sorted(minutes.items()):
        orders = [event for topic, event in own if topic == "orders"]
        clicks = [event for topic, event in own if topic == "clicks"]
        kpis.append(
            (
                start,
                len(orders),
                sum((Decimal(str(event["amount"])) for event in orders), Decimal("0.00")),
                len({event["user_id"] for event in orders + clicks}),
                len(clicks),
                sum(event["action"] == "cart" for event in clicks),
                len(own) - len(orders) - len(clicks),
                (len(own) - len(orders) - len(clicks)) / len(own),
            )
        )
    return kpis
