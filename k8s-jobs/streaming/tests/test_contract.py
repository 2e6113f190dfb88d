"""The contract, rule by rule."""

from datetime import UTC, datetime
from decimal import Decimal

from pyspark.sql import SparkSession

from events import click, error, order, without
from streaming.contract import read_events

NO_JSON = "message is not a JSON object"
NO_TIME = "event_time is not an ISO 8601 time with a zone"
NO_PRICE = "price is not a decimal of at least 0"
NO_AMOUNT = "amount is not a decimal of at least 0"
NO_QUANTITY = "quantity is not an integer of at least 1"
NO_ACTION = "action is not one of view, cart, remove_from_cart"
NO_LEVEL = "level is not one of INFO, WARN, ERROR, FATAL"

VALID = [
    ("orders", order()),
    ("orders", order(brand="Ünïcødé 品牌 🛒", category=None)),
    ("orders", order(unknown={"deep": [1, {"er": None}]})),
    ("orders", order(price=35.79, amount=0, quantity="3")),
    ("orders", order(price="0", amount="0.5", quantity=2147483647)),
    ("clicks", click(action="cart")),
    ("clicks", click(action="remove_from_cart", price=0)),
    ("clicks", click(user_id=541312140)),
    ("clicks", click(event_time="2019-10-01 02:00:00 UTC")),
    ("clicks", click(event_time="2019-10-01T02:00:00.123456789+02:00")),
    ("clicks", click(event_time="2019-10-01T02:00:00-0330")),
    ("clicks", click(event_time="2019-10-01t02:00:00z")),
    ("clicks", click(event_id="x" * 100_000)),
    ("errors", error()),
    ("errors", error(level="FATAL", user_id="7")),
    ("errors", error(message="a } { b")),
    ("clicks", click(schema_version=1)),
    ("orders", order(schema_version="1", discount="0.50")),
    ("errors", error(schema_version=None)),
]

BREACHES = [
    *((topic, text, NO_JSON) for topic in ("orders", "clicks", "errors") for text in ("", "{")),
    ("orders", None, NO_JSON),
    ("orders", "null", NO_JSON),
    ("orders", "12", NO_JSON),
    ("orders", '"text"', NO_JSON),
    ("orders", "[]", NO_JSON),
    ("orders", '[{"event_id":"1"}]', NO_JSON),
    ("orders", '{"event_id":"1"}{"event_id":"2"}', NO_JSON),
    ("orders", '{"event_id":"1"},{"event_id":"2"}', NO_JSON),
    ("orders", '{"event_id":"1"} tail', NO_JSON),
    ("orders", "{'event_id':'1'}", NO_JSON),
    ("orders", b"\x00\xff\xfe", NO_JSON),
    ("orders", '{"a":' + "[" * 3000 + "]" * 3000 + "}", NO_JSON),
    ("orders", '{"price":' + "9" * 2000 + "}", NO_JSON),
    *(
        ("orders", without(order(), field), f"{field} is missing")
        for field in ("event_id", "order_id", "user_id", "session_id", "product_id")
    ),
    *(
        ("clicks", click(**{field: value}), f"{field} is missing")
        for field in ("event_id", "user_id", "session_id", "product_id")
        for value in (None, "", "  ")
    ),
    *(
        ("errors", without(error(), field), f"{field} is missing")
        for field in ("event_id", "service", "code", "message")
    ),
    *(
        ("clicks", click(event_time=value), NO_TIME)
        for value in (
            None,
            "",
            "yesterday",
            1569888000000,
            "2019-10-01",
            "2019-10-01T00:00:00",
            "2019-13-01T00:00:00Z",
            "2019-02-30T00:00:00Z",
            "2019-10-01T24:00:00Z",
            "2019-10-01T00:00:00+99:00",
        )
    ),
    *(
        ("clicks", click(price=value), NO_PRICE)
        for value in (
            None,
            "",
            "free",
            "-0.01",
            -1,
            "35.799",
            35.799,
            "35,79",
            "1,000.00",
            " 35.79",
            "1.",
            ".5",
            "NaN",
            True,
            {"amount": 1},
            "1" + "0" * 16,
            10**16,
            1e-3,
        )
    ),
    ("orders", order(amount="-1"), NO_AMOUNT),
    *(("orders", order(quantity=value), NO_QUANTITY) for value in (None, 0, -1, 1.5, "two", 2**31)),
    *(("clicks", click(action=value), NO_ACTION) for value in (None, "", "VIEW", "purchase")),
    *(("errors", error(level=value), NO_LEVEL) for value in (None, "DEBUG", "info")),
    *(
        (topic, event(schema_version=version), f"schema_version {version} is not known")
        for topic, event in (("orders", order), ("clicks", click), ("errors", error))
        for version in (0, 2, -1, 999_999_999)
    ),
    ("orders", {"schema_version": 2}, "schema_version 2 is not known"),
    *(
        ("clicks", click(schema_version=version), "schema_version is not an integer")
        for version in ("", "one", 1.0, 10**9, True, [1])
    ),
    ("orders", without(order(), "session_id", "price"), f"session_id is missing; {NO_PRICE}"),
    (
        "orders",
        "{}",
        "event_id is missing; order_id is missing; user_id is missing; session_id is missing; "
        f"product_id is missing; {NO_TIME}; {NO_PRICE}; {NO_AMOUNT}; {NO_QUANTITY}",
    ),
]


def test_valid_events_have_no_reason(spark: SparkSession, topics) -> None:
    read = read_events(topics.messages(*VALID)).collect()

    assert [row.reason for row in read] == [None] * len(VALID)
    assert {row.raw for row in read} == {row.value for row in read} == {None}


def test_every_breach_has_its_reason(spark: SparkSession, topics) -> None:
    messages = topics.messages(*((topic, event) for topic, event, _ in BREACHES))

    read = read_events(messages).collect()

    assert [row.reason for row in read] == [reason for _, _, reason in BREACHES]


def test_money_is_exact(spark: SparkSession, topics) -> None:
    cases = {
        '"35.79"': "35.79",
        "35.79": "35.79",
        "35.7": "35.70",
        "35": "35.00",
        "0.10": "0.10",
        "1e2": "100.00",
        '"9999999999999999.99"': "9999999999999999.99",
        "9999999999999999.99": "9999999999999999.99",
        "9007199254740993": "9007199254740993.00",
        "90071992547409.93": "90071992547409.93",
        "12345678.90": "12345678.90",
        "12345678.905": None,
        "99999999999999999.99": None,
    }
    messages = topics.messages(*(("clicks", f'{{"price":{price}}}') for price in cases))

    read = [row.price for row in read_events(messages).collect()]

    assert read == [None if price is None else Decimal(price) for price in cases.values()]


def test_fields_are_read_as_they_are(spark: SparkSession, topics) -> None:
    event = order(
        brand="品牌 🛒", quantity=3, event_time="2019-10-01T02:34:56.789012+02:00", category=None
    )

    [row] = read_events(topics.messages(("orders", event))).collect()

    assert row.brand == "品牌 🛒"
    assert row.category is None
    assert row.quantity == 3
    assert row.minute == 1569888000 + 34 * 60
    assert (row.topic, row.partition, row.offset) == ("orders", 0, 0)
    time = row.event_time.astimezone(UTC)
    assert time == datetime(2019, 10, 1, 0, 34, 56, 789012, tzinfo=UTC)


def test_raw_is_the_field_or_else_the_message(spark: SparkSession, topics) -> None:
    line = "2019-10-01 02:49:59 UTC,view,1004857"
    messages = topics.messages(
        ("clicks", click(price="x", raw=line)), ("clicks", "no json"), ("clicks", b"a\xffb")
    )

    read = read_events(messages).collect()

    assert [row.raw for row in read] == [line, "no json", "a\ufffdb"]
    assert bytes(read[2].value) == b"a\xffb"
