"""From text to features, as tables of cases."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from behaviour_rows import behaviour
from features.behaviour import FEATURES


def feature(checked, name: str, *rows) -> list[object]:
    """One feature of some valid rows."""
    values = checked(*rows).collect()
    assert [row.reason for row in values] == [None] * len(rows)
    return [row[name] for row in values]


def test_a_row_has_all_features(checked) -> None:
    [row] = checked(behaviour()).select(*FEATURES).collect()

    assert row.asDict() | {"event_timestamp": None} == {
        "event_id": "e-1",
        "event_timestamp": None,
        "user_id": 541312140,
        "product_id": 44600062,
        "user_session": "72d76fde",
        "price": Decimal("35.79"),
        "brand": "shiseido",
        "category_code_level1": "electronics",
        "category_code_level2": "audio",
        "event_weekday": 2,
        "is_purchased": 0,
    }


def test_times_are_of_any_zone_and_weekdays_of_utc(checked) -> None:
    times = {
        "2019-10-05T23:59:59.999Z": ("2019-10-05T23:59:59.999", 6),
        "2019-10-06T00:00:00Z": ("2019-10-06T00:00:00", 0),
        "2019-10-06 01:00:00+02:00": ("2019-10-05T23:00:00", 6),
        "2019-10-07 00:00:00 UTC": ("2019-10-07T00:00:00", 1),
    }
    rows = checked(*(behaviour(event_time=time) for time in times))

    micros = [
        row.micros for row in rows.selectExpr("unix_micros(event_timestamp) AS micros").collect()
    ]
    expected = [datetime.fromisoformat(time).replace(tzinfo=UTC) for time, _ in times.values()]
    assert micros == [round(each.timestamp() * 1_000_000) for each in expected]
    assert [row.event_weekday for row in rows.collect()] == [day for _, day in times.values()]


def test_categories_have_two_levels(checked) -> None:
    codes = {
        "electronics.audio.headphone": ("electronics", "audio"),
        "computers": ("computers", "unknown"),
        "a..b": ("a", "unknown"),
        ".b": ("unknown", "b"),
        "": ("unknown", "unknown"),
        None: ("unknown", "unknown"),
    }
    rows = [behaviour(category_code=code) for code in codes]

    assert list(
        zip(
            feature(checked, "category_code_level1", *rows),
            feature(checked, "category_code_level2", *rows),
            strict=True,
        )
    ) == list(codes.values())


def test_brand_and_price_have_defaults(checked) -> None:
    brands = {"xiaomi": "xiaomi", "": "unknown", "  ": "unknown", None: "unknown"}
    prices = {"35.79": "35.79", "0": "0.00", "1299.5": "1299.50", None: "0.00", "": "0.00"}

    assert feature(checked, "brand", *(behaviour(brand=each) for each in brands)) == list(
        brands.values()
    )
    assert feature(checked, "price", *(behaviour(price=each) for each in prices)) == [
        Decimal(each) for each in prices.values()
    ]


def test_a_purchase_is_one(checked) -> None:
    types = {"view": 0, "cart": 0, "remove_from_cart": 0, "purchase": 1}

    assert feature(
        checked, "is_purchased", *(behaviour(event_type=each) for each in types)
    ) == list(types.values())


def test_an_event_without_id_gets_one_of_its_contents(checked) -> None:
    same = [behaviour(event_id=None), behaviour(event_id=" ", event_time="2019-10-01 00:00:00 UTC")]
    other = [
        behaviour(event_id=None, **change)
        for change in (
            {"event_type": "cart"},
            {"price": "35.78"},
            {"brand": None},
            {"category_code": None},
            {"user_session": "8"},
            {"user_id": "8"},
            {"product_id": "8"},
            {"event_time": "2019-10-01T00:00:00.001Z"},
        )
    ]

    first, second, *others = feature(checked, "event_id", *same, *other)

    assert first == second
    assert len(first) == 64
    assert len({first, *others}) == 1 + len(other)


TIME = "event_time is not an ISO 8601 time with a zone"
PRICE = "price is not a decimal of at least 0"


@pytest.fixture(scope="module")
def breaches() -> list[tuple[dict[str, str | None], str]]:
    types = "event_type is not one of view, cart, remove_from_cart, purchase"
    return [
        ({"event_time": None}, TIME),
        ({"event_time": "yesterday"}, TIME),
        ({"event_time": "2019-02-30T00:00:00Z"}, TIME),
        ({"event_time": "2019-10-01T00:00:00"}, TIME),
        ({"event_time": "1969-12-31T23:59:59Z"}, "event_time is before 1970"),
        ({"price": "-0.01"}, PRICE),
        ({"price": "1.001"}, PRICE),
        ({"price": "NaN"}, PRICE),
        ({"price": "12345678901234567.00"}, PRICE),
        ({"user_id": None}, "user_id is not a whole number"),
        ({"user_id": "-5"}, "user_id is not a whole number"),
        ({"user_id": "9223372036854775808"}, "user_id is not a whole number"),
        ({"product_id": "4.5"}, "product_id is not a whole number"),
        ({"user_session": " "}, "user_session is missing"),
        ({"event_type": None}, types),
        ({"event_type": "refund"}, types),
        ({"brand": "x" * 201}, "brand is too long"),
        ({"user_session": "a\0b"}, "user_session holds a NUL"),
        ({"price": "-1", "user_id": None}, f"user_id is not a whole number; {PRICE}"),
    ]


def test_every_breach_is_named_with_its_object(checked, breaches) -> None:
    rows = checked(*(behaviour(**changes) for changes, _ in breaches)).collect()

    assert [row.reason for row in rows] == [f"a.json: {reason}" for _, reason in breaches]
    assert '"event_time":"yesterday"' in rows[1].raw


def test_the_largest_numbers_fit(checked) -> None:
    [row] = checked(behaviour(user_id="9223372036854775807", price="9999999999999999.99")).collect()

    assert (row.reason, row.user_id, row.price) == (
        None,
        9223372036854775807,
        Decimal("9999999999999999.99"),
    )
