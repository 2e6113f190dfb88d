"""What a message must hold, and what of it becomes a row."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from cdc.changes import read_changes
from debezium_messages import COMMITTED, delete, insert, messages, order, tombstone, truncate


def test_a_change_is_read_exactly(spark) -> None:
    row = order(7, amount="-1234567890123456.78", note="naïve ☃", quantity=-2_147_483_648)
    changes = read_changes(messages(spark, insert(row, 31_062_808)))

    [change] = changes.collect()
    [times] = changes.selectExpr(
        "cast(updated_at AS timestamp_ntz)", "unix_seconds(changed_at)"
    ).collect()

    assert change.reason is None
    assert (change.op, change.order_id, change.quantity) == ("c", 7, -2_147_483_648)
    assert change.amount == Decimal("-1234567890123456.78")
    assert (change.note, change.status) == ("naïve ☃", "placed")
    assert change.source_lsn == 31_062_808
    assert times[0] == datetime(2026, 1, 2, 3, 4, 5, 678_901)  # noqa: DTZ001
    assert times[1] == COMMITTED.timestamp()
    assert (change.raw, change.key, change.value) == (None, None, None)


def test_a_tombstone_is_no_change(spark) -> None:
    assert read_changes(messages(spark, delete(1, 5), tombstone(1))).count() == 1


def test_a_truncation_has_no_order(spark) -> None:
    [change] = read_changes(messages(spark, truncate(9))).collect()

    assert (change.reason, change.op, change.order_id, change.source_lsn) == (None, "t", None, 9)


def changed(**fields: object) -> str:
    """A valid insert, as text, with other fields."""
    _, value = insert(order(1), 5)
    return json.dumps(value | fields)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("not JSON", "message is not a change of a row"),
        ("[]", "message is not a change of a row"),
        ("", "message is not a change of a row"),
        (changed(op="m"), "message is not a change of a row"),
        (changed(op=None), "message is not a change of a row"),
        (changed(source=None), "source.lsn is missing"),
        (changed(source={"lsn": "soon"}), "source.lsn is missing"),
        (changed(after=order(1) | {"order_id": "x"}), "after.order_id is missing or bad"),
        (changed(after=order(2**63)), "after.order_id is missing or bad"),
        (changed(after=order(1, customer=None)), "after.customer is missing or bad"),
        (changed(after=order(1, quantity=2**31)), "after.quantity is missing or bad"),
        (changed(after=order(1, amount="1.005")), "after.amount is missing or bad"),
        (changed(after=order(1, amount="NaN")), "after.amount is missing or bad"),
        (changed(after=order(1, amount="12345678901234567.00")), "after.amount is missing or bad"),
        (changed(after=order(1, updated_at="infinity")), "after.updated_at is missing or bad"),
        (
            changed(after=order(1, note="__debezium_unavailable_value")),
            "after.note was left out: REPLICA IDENTITY is not FULL",
        ),
        (changed(op="d"), "before.order_id is missing or bad"),
        (
            changed(after=order(1, amount=None, status=None)),
            "after.amount is missing or bad; after.status is missing or bad",
        ),
    ],
)
def test_what_breaks_the_contract_is_named(spark, value: str, reason: str) -> None:
    [change] = read_changes(messages(spark, ("key", value))).collect()

    assert change.reason == reason
    assert change.raw == value
    assert bytes(change.value) == value.encode()
