"""How fresh tables are, and how often the catalog is asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pyiceberg.io.pyarrow import PyArrowFileIO
from sample_lakehouse import orders

from query.catalog import TableName
from query.tables import Tables
from query.travel import Version

NAME = TableName("ecommerce_db", "orders")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tables(lakehouse, clock) -> Tables:
    return Tables(lakehouse.table_catalog(), PyArrowFileIO(), max_age=1.0, clock=clock)


def rows(tables: Tables) -> int:
    return sum(file.rows for file in tables.get(NAME).files)


def test_the_catalog_is_not_asked_again_within_the_age(lakehouse, tables, clock):
    table = lakehouse.create()
    table.append(orders(0))
    assert rows(tables) == 10
    table.append(orders(1))
    clock.now += 1.0
    assert rows(tables) == 10
    assert tables.columns(NAME).names[0] == "event_id"
    assert len(lakehouse.loaded) == 1
    clock.now += 0.01
    assert rows(tables) == 20
    assert len(lakehouse.loaded) == 2


def test_queries_at_the_same_time_share_one_look(lakehouse, tables):
    lakehouse.create().append(orders(0))
    with ThreadPoolExecutor(8) as executor:
        assert list(executor.map(lambda _: rows(tables), range(40))) == [10] * 40
    assert lakehouse.loaded == ["orders"]


def test_a_table_is_found_as_soon_as_it_is_there(lakehouse, tables):
    assert tables.get(NAME) is None
    lakehouse.create().append(orders(0))
    assert rows(tables) == 10


def test_only_some_versions_are_kept(lakehouse, tables):
    table = lakehouse.create()
    table.append(orders(0))
    for number in range(40):
        lakehouse.versions[f"orders@tag{number}"] = lakehouse.load()
        tables.get(TableName(*NAME[:2], Version("TAG", f"tag{number}")))
    assert rows(tables) == 10
