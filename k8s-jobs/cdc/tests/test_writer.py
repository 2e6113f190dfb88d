"""The table equals its source, however often and in whatever order changes come."""

import random
from decimal import Decimal

import pytest

from cdc import writer
from cdc.tables import SHOP_ORDERS
from debezium_messages import (
    Message,
    Order,
    change_of_key,
    delete,
    insert,
    order,
    read,
    tombstone,
    truncate,
    update,
)


def test_inserts_updates_and_deletions_are_applied(shop) -> None:
    shop.apply(insert(order(1), 10), insert(order(2), 11), insert(order(3, note="gift"), 12))
    shop.apply(update(order(1, status="paid", amount="0.10"), 20), delete(2, 21), tombstone(2))
    shop.apply(update(order(3, note=None), 30))

    assert shop.orders("order_id", "status", "amount", "note", "source_lsn") == [
        (1, "paid", Decimal("0.10"), None, 20),
        (3, "placed", Decimal("19.99"), None, 30),
    ]


def test_of_many_changes_in_a_batch_the_last_counts(shop) -> None:
    shop.apply(
        insert(order(1), 10),
        update(order(1, status="paid"), 20),
        update(order(1, status="sent"), 30),
        insert(order(2), 11),
        delete(2, 31),
        insert(order(3), 12),
        delete(3, 32),
        insert(order(3, status="again"), 33),
    )

    assert shop.orders("order_id", "status") == [(1, "sent"), (3, "again")]


def test_rows_that_a_snapshot_found_are_rows(shop) -> None:
    shop.apply(read(order(1), 10), read(order(2), 10))
    shop.apply(update(order(1, status="paid"), 15), read(order(2), 10))

    assert shop.orders("order_id", "status") == [(1, "paid"), (2, "placed")]


@pytest.mark.parametrize("is_new_run", [False, True])
def test_a_batch_given_again_changes_nothing(shop, is_new_run: bool) -> None:
    batch = shop.apply(insert(order(1), 10), insert(order(2), 11), delete(2, 12), tombstone(2))
    before = shop.orders("*")
    if is_new_run:
        shop.restart()

    shop.again(batch)

    assert shop.orders("*") == before
    assert shop.rows("SELECT order_id, source_lsn FROM shop_orders_deleted") == [(2, 12)]


def test_changes_that_come_again_do_not_overwrite_later_ones(shop) -> None:
    first = shop.apply(insert(order(1), 10), update(order(1, status="paid"), 20))
    shop.apply(update(order(1, status="sent"), 30))

    shop.again(first)

    assert shop.orders("status", "source_lsn") == [("sent", 30)]


def test_a_deleted_order_is_not_brought_back_by_what_comes_again(shop) -> None:
    first = shop.apply(insert(order(1), 10), insert(order(2), 11))
    second = shop.apply(delete(1, 20))
    shop.restart()

    shop.again(first)
    assert shop.orders("order_id") == [(2,)]
    shop.again(second)
    assert shop.orders("order_id") == [(2,)]


def test_an_order_may_come_back_by_a_later_insert(shop) -> None:
    shop.apply(insert(order(1), 10))
    shop.apply(delete(1, 20))
    old = shop.apply(insert(order(1, status="new"), 30))
    shop.apply(delete(1, 40))
    shop.again(old)
    assert shop.orders("order_id") == []

    shop.apply(insert(order(1, status="newest"), 50))

    assert shop.orders("status") == [("newest",)]


def test_a_deletion_before_its_insert_wins(shop) -> None:
    shop.apply(delete(1, 20))
    shop.apply(insert(order(1), 10))

    assert shop.orders("order_id") == []


def test_an_order_moves_when_its_number_changes(shop) -> None:
    shop.apply(insert(order(1, note="moves"), 10), insert(order(2), 11))
    moved = shop.apply(*change_of_key(1, order(3, note="moves"), 20))
    swapped = [*change_of_key(2, order(1), 30), *change_of_key(3, order(2, note="moves"), 31)]
    shop.apply(*swapped)
    shop.again(moved)

    assert shop.orders("order_id", "note") == [(1, None), (2, "moves")]


def test_a_truncation_deletes_what_is_older_and_nothing_else(shop) -> None:
    before = shop.apply(insert(order(1), 10), insert(order(2), 11))
    batch = shop.apply(insert(order(3), 12), insert(order(4), 30), truncate(20))
    shop.apply(insert(order(5), 31))
    shop.restart()
    shop.again(before)
    shop.again(batch)

    assert shop.orders("order_id") == [(4,), (5,)]


def test_a_cut_between_two_commits_is_mended_by_the_batch_given_again(shop, monkeypatch) -> None:
    shop.apply(insert(order(1), 10), insert(order(2), 11))
    batch = shop.batch(delete(1, 20), update(order(2, status="paid"), 21))

    def cut_off(_: object) -> None:
        raise RuntimeError("the driver was killed")

    with monkeypatch.context() as cut:
        cut.setattr(writer, "merge", cut_off)
        with pytest.raises(RuntimeError, match="killed"):
            shop.again(batch)
    shop.restart()
    shop.again(batch)

    assert shop.orders("order_id", "status") == [(2, "paid")]
    assert shop.rows("SELECT order_id, source_lsn FROM shop_orders_deleted") == [(1, 20)]


def test_what_is_no_change_becomes_a_dead_letter_and_the_rest_is_applied(shop) -> None:
    batch = shop.apply(("key", "not JSON"), insert(order(1), 10))
    shop.again(batch)

    assert shop.orders("order_id") == [(1,)]
    assert shop.rows("SELECT topic, reason, raw FROM dead_letters") == [
        ("shop.public.orders", "message is not a change of a row", "not JSON")
    ]
    assert set(shop.queued) == {"shop.public.orders.dlq"}


def test_a_batch_of_nothing_leaves_no_snapshot(shop) -> None:
    shop.apply(tombstone(1))
    shop.apply()

    assert shop.rows(f"SELECT count(*) FROM {SHOP_ORDERS.full_name}.snapshots") == [(0,)]


def history(seed: int, length: int) -> tuple[list[Message], dict[int, Order]]:
    """Mixed changes of few orders, with rising positions, and what is left in the end."""
    choose = random.Random(seed)
    rows: dict[int, Order] = {}
    changes: list[Message] = []
    for lsn in range(100, 100 + length):
        number = choose.randrange(12)
        row = order(number, status=f"s{lsn}", note=choose.choice([None, f"n{lsn}"]))
        if number not in rows:
            rows[number] = row
            changes.append(insert(row, lsn))
        elif choose.random() < 0.4:
            del rows[number]
            changes += [delete(number, lsn), tombstone(number)]
        elif choose.random() < 0.02:
            rows.clear()
            changes.append(truncate(lsn))
        else:
            rows[number] = row
            changes.append(update(row, lsn))
    return changes, rows


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_history_ends_in_the_same_table(shop, seed: int) -> None:
    """Cut anywhere; with earlier batches sent again, as Connect does after it was killed."""
    changes, rows = history(seed, 160)
    choose = random.Random(seed)
    done = 0
    while done < len(changes):
        begin = max(0, done - choose.choice([0, 0, 30]))
        done = min(len(changes), done + choose.randrange(10, 60))
        again = changes[begin:done]
        if choose.random() < 0.3:
            choose.shuffle(again)
        shop.apply(*again)

    expected = [(number, rows[number]["status"], rows[number]["note"]) for number in sorted(rows)]
    assert shop.orders("order_id", "status", "note") == expected
