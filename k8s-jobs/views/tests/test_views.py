"""The views on DuckDB, against a count in plain Python."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pytest

from events import Event, click, count_kpis, error, order

CATALOG = "nessie_minio_catalog"
FOLDER = Path(__file__).parents[1]
WINDOW = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
MIDNIGHT = datetime(2019, 10, 1, tzinfo=UTC)

Events = list[tuple[str, Event]]
Query = Callable[[str], list[tuple[object, ...]]]


# Event, seconds after midnight, session, product and purchase of each.
BEHAVIOUR = [
    ("a", 0, "s", 1, 0),
    ("b", 10, "s", 2, 0),
    # At the same moment as the one before.
    ("c", 10, "s", 1, 0),
    ("d", 20, "s", 1, 1),
    ("e", 30, "s", 1, 0),
    ("f", 5, "t", 1, 0),
]


def lakehouse(events: Events) -> Query:
    """DuckDB with the tables and the views of the lakehouse."""
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    database.execute(f"ATTACH ':memory:' AS {CATALOG}")
    database.execute(f"CREATE SCHEMA {CATALOG}.ecommerce_db")
    database.execute(f"USE {CATALOG}.ecommerce_db")
    database.execute(
        "CREATE TABLE orders (event_time timestamptz, user_id text, product_id text, "
        "category text, amount decimal(18,2))"
    )
    database.execute("CREATE TABLE clicks (event_time timestamptz, user_id text)")
    database.execute(
        "CREATE TABLE kpis_per_minute (window_start timestamptz, orders bigint, "
        "revenue decimal(18,2), active_users bigint, clicks bigint, carts bigint, errors bigint, "
        "error_rate double)"
    )
    database.execute(
        "CREATE TABLE session_features (event_id text, event_timestamp timestamptz, "
        "user_id bigint, product_id bigint, user_session text, price decimal(18,2), brand text, "
        "category_code_level1 text, category_code_level2 text, event_weekday int, "
        "activity_count int, is_purchased int)"
    )
    for name, second, session, product, is_purchased in BEHAVIOUR:
        database.execute(
            "INSERT INTO session_features VALUES (?, ?, 5, ?, ?, 1.00, 'b', 'c', 'd', 2, 99, ?)",
            [name, MIDNIGHT + timedelta(seconds=second), product, session, is_purchased],
        )
    columns = {
        "orders": ("event_time", "user_id", "product_id", "category", "amount"),
        "clicks": ("event_time", "user_id"),
    }
    for topic, event in events:
        if topic in columns:
            values = [event[column] for column in columns[topic]]
            marks = ", ".join("?" * len(values))
            database.execute(f"INSERT INTO {topic} VALUES ({marks})", values)
    for start, *values in count_kpis(events):
        row = [start.replace(tzinfo=UTC), *values]
        database.execute("INSERT INTO kpis_per_minute VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    for file in FOLDER.glob("*.sql"):
        database.execute(f"CREATE VIEW {file.stem} AS {file.read_text(encoding='utf-8')}")

    def query(sql: str) -> list[tuple[object, ...]]:
        return [tuple(row.values()) for row in database.sql(sql).to_arrow_table().to_pylist()]

    return query


def generate() -> Events:
    """Events of two busy stretches with a pause between them, and one order of the day before."""
    chance = random.Random(11)
    times = [
        datetime(2026, 3, 29, hour, minute, chance.randrange(60), tzinfo=UTC)
        for hour, minutes in ((0, range(56, 60)), (1, range(25)), (3, range(4)))
        for minute in minutes
        for _ in range(chance.randrange(25))
    ]
    events: Events = [("orders", order(event_time="2026-03-28T23:59:59.999999Z"))]
    for time in times:
        common = {
            "event_time": time.isoformat(),
            "user_id": f"u{chance.randrange(40)}",
        }
        kind = chance.choice(("orders", "clicks", "clicks", "errors"))
        if kind == "orders":
            # Few prices, so that many products have the same revenue.
            bought = {
                "product_id": f"p{chance.randrange(25)}",
                "category": chance.choice(("shoes", "hats", "bags", None)),
                "amount": chance.choice(("1.00", "1.01", "2.00", "0.00")),
            }
            events.append((kind, order(**common, **bought)))
        elif kind == "clicks":
            action = chance.choice(("view", "cart"))
            events.append((kind, click(**common, action=action)))
        else:
            events.append((kind, error(**common)))
    return events


def windows(events: Iterable[tuple[str, Event]]) -> dict[datetime, Events]:
    """The events of each window that has any."""
    found: dict[datetime, Events] = defaultdict(list)
    for topic, event in events:
        time = datetime.fromisoformat(str(event["event_time"]))
        first = time.replace(second=0, microsecond=0)
        for shift in range(5):
            found[first - shift * MINUTE].append((topic, event))
    return dict(sorted(found.items()))


def of(topic: str, events: Events) -> list[Event]:
    return [event for name, event in events if name == topic]


def revenue(orders: Iterable[Event]) -> Decimal:
    return sum((Decimal(str(each["amount"])) for each in orders), Decimal("0.00"))


@pytest.fixture(scope="module")
def events() -> Events:
    return generate()


@pytest.fixture(scope="module")
def query(events: Events) -> Query:
    return lakehouse(events)


def test_kpis_of_sliding_windows_equal_an_independent_count(events: Events, query: Query) -> None:
    expected = []
    for start, own in windows(events).items():
        orders, clicks, errors = (of(topic, own) for topic in ("orders", "clicks", "errors"))
        users = {each["user_id"] for each in orders + clicks}
        buyers = {each["user_id"] for each in orders}
        mean = revenue(orders) / len(orders) if orders else None
        expected.append(
            (
                start,
                start + WINDOW,
                len(orders),
                revenue(orders),
                mean and mean.quantize(Decimal("0.01"), ROUND_HALF_UP),
                len(users),
                len(buyers),
                len(clicks),
                sum(each["action"] == "cart" for each in clicks),
                len(buyers) / len(users) if users else None,
                len(errors),
                len(errors) / len(own),
            )
        )

    assert query("SELECT * FROM kpis_per_5_minutes ORDER BY window_start") == expected
    assert len(expected) > 30


@pytest.mark.parametrize(
    ("view", "column"), [("top_products", "product_id"), ("top_categories", "category")]
)
def test_the_best_sellers_equal_an_independent_count(
    events: Events, query: Query, view: str, column: str
) -> None:
    expected = []
    for start, own in windows(events).items():
        sold: dict[object, list[Event]] = defaultdict(list)
        for each in of("orders", own):
            sold[each[column]].append(each)
        best = sorted(
            sold.items(),
            key=lambda item: (-revenue(item[1]), -len(item[1]), item[0] is None, item[0] or ""),
        )
        expected += [
            (start, start + WINDOW, place, name, len(orders), revenue(orders))
            for place, (name, orders) in enumerate(best[:10], 1)
        ]

    assert query(f'SELECT * FROM {view} ORDER BY window_start, "rank"') == expected


def test_money_stays_decimal(query: Query) -> None:
    types = query(
        "SELECT DISTINCT typeof(revenue), typeof(average_order_value) FROM kpis_per_5_minutes"
    )
    assert types == [("DECIMAL(18,2)", "DECIMAL(18,2)")]
    for view in ("top_products", "top_categories"):
        assert query(f"SELECT DISTINCT typeof(revenue) FROM {view}") == [("DECIMAL(18,2)",)]


@pytest.mark.parametrize(
    ("amounts", "mean"),
    [
        (["1.00", "1.01"], "1.01"),
        (["0.33", "0.33", "0.34"], "0.33"),
        (["9999999999.99"], "9999999999.99"),
    ],
)
def test_the_average_order_value_is_rounded_half_up(amounts: list[str], mean: str) -> None:
    query = lakehouse([("orders", order(amount=amount)) for amount in amounts])
    assert query("SELECT DISTINCT average_order_value FROM kpis_per_5_minutes") == [
        (Decimal(mean),)
    ]


def test_a_window_with_errors_alone_has_nobody_in_it() -> None:
    query = lakehouse([("errors", error())])
    assert query(
        "SELECT DISTINCT orders, average_order_value, active_users, conversion, error_rate "
        "FROM kpis_per_5_minutes"
    ) == [(0, None, 0, None, 1.0)]


def test_a_training_set_knows_of_each_event_what_was_known_then(query: Query) -> None:
    expected = []
    for name, second, session, product, is_purchased in sorted(BEHAVIOUR):
        own = [each for each in BEHAVIOUR if each[2] == session]
        later = [each for each in own if each[3] == product and each[1] >= second]
        so_far = sum(each[1] <= second for each in own)
        expected.append((name, so_far, is_purchased, max(each[4] for each in later)))

    assert expected[2] == ("c", 3, 0, 1)
    assert (
        query(
            "SELECT event_id, activity_count, is_purchased, will_purchase FROM training_set "
            "ORDER BY event_id"
        )
        == expected
    )


def test_a_training_set_has_the_features_of_the_table(query: Query) -> None:
    assert query("DESCRIBE SELECT * EXCLUDE (will_purchase) FROM training_set") == query(
        "DESCRIBE session_features"
    )
