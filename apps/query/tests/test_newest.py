"""Queries for the first rows of an order give what reading the whole table gives."""

import datetime
import random

import duckdb
import pyarrow as pa
import pytest
from sample_lakehouse import MIDNIGHT, ORDERS

from query.files import Bounds, File
from query.newest import rows_that_can_be_first
from query.statement import read_statement

#: Holds 47 rows with a time between 1 and 2.
FILE = File("orders.parquet", 50, 0, (Bounds("event_time", pa.scalar(1), pa.scalar(2), 3),), None)

#: Of one table's plain columns, in an order whose bounds are known: these are narrowed.
NARROWED = [
    "SELECT * FROM orders ORDER BY event_time DESC, event_id LIMIT 5",
    "SELECT event_id, event_time FROM orders ORDER BY event_time DESC, event_id LIMIT 7 OFFSET 4",
    "SELECT event_id AS e FROM orders o ORDER BY EVENT_TIME DESC NULLS LAST, event_id LIMIT 3",
    "SELECT event_id, 1 AS one FROM orders ORDER BY event_time, event_id LIMIT 5",
]

#: These look alike, but need more than the first files.
LEFT_ALONE = [
    "SELECT event_id FROM orders ORDER BY event_time DESC NULLS FIRST, event_id LIMIT 9",
    "SELECT event_id FROM orders ORDER BY event_time DESC, event_id LIMIT 1000",
    "SELECT event_id FROM orders ORDER BY event_time DESC, event_id LIMIT 20%",
    "SELECT event_id FROM orders ORDER BY event_time DESC, event_id",
    "SELECT event_id FROM orders WHERE quantity < 9 ORDER BY event_time DESC, event_id LIMIT 5",
    "SELECT min(event_time) AS event_time FROM orders ORDER BY event_time DESC LIMIT 1",
    "SELECT count(*) AS n, event_time FROM orders GROUP BY ALL ORDER BY event_time LIMIT 2",
    "SELECT DISTINCT quantity % 3 AS event_time FROM orders ORDER BY event_time LIMIT 2",
    'SELECT event_id, "offset" AS event_time FROM orders ORDER BY event_time, event_id LIMIT 4',
    "SELECT * REPLACE (0 AS event_time) FROM orders ORDER BY event_time, event_id LIMIT 4",
    "SELECT row_number() OVER (ORDER BY event_id) AS r FROM orders "
    "ORDER BY event_time, event_id LIMIT 4",
    "SELECT a.event_id, b.event_id AS b FROM orders a, orders b "
    "ORDER BY a.event_time DESC, a.event_id, b LIMIT 3",
    "SELECT sum(q) AS q FROM (SELECT quantity AS q FROM orders "
    "ORDER BY event_time DESC, event_id LIMIT 5)",
    "SELECT event_id FROM orders UNION ALL SELECT '' ORDER BY event_id LIMIT 3",
]


@pytest.mark.parametrize("seed", range(3))
def test_the_first_rows_are_those_of_the_whole_table(lakehouse, ask, seed):
    generator = random.Random(seed)
    table = lakehouse.create()
    parts = []
    for part in range(5):
        times = [
            None
            if generator.random() < 0.1
            else MIDNIGHT
            + datetime.timedelta(milliseconds=generator.randrange(100_000) + part * 50_000)
            for _ in range(generator.randrange(1, 30))
        ]
        parts.append(
            pa.table(
                {
                    "event_id": [f"{part}-{row:03}" for row in range(len(times))],
                    "event_time": pa.array(times, pa.timestamp("us", tz="UTC")),
                    "amount": pa.nulls(len(times), pa.decimal128(18, 2)),
                    "quantity": [generator.randrange(100) for _ in times],
                    "offset": [generator.randrange(-1000, 1000) for _ in times],
                    "tags": pa.nulls(len(times), pa.list_(pa.string())),
                }
            ).cast(ORDERS.as_arrow())
        )
        table.append(parts[-1])
    whole = duckdb.connect()
    whole.execute("SET TimeZone = 'UTC'")
    whole.register("orders", pa.concat_tables(parts))
    for sql in NARROWED + LEFT_ALONE:
        assert ask(sql) == whole.sql(sql).to_arrow_table().to_pylist(), sql


@pytest.mark.parametrize("sql", NARROWED)
def test_what_dashboards_ask_is_narrowed(sql):
    tree = read_statement(sql, duckdb.connect()).tree
    expression = rows_that_can_be_first(tree, [FILE])
    assert str(expression) == ("(event_time >= 1)" if "DESC" in sql else "(event_time <= 2)")


@pytest.mark.parametrize("sql", LEFT_ALONE)
def test_everything_else_is_left_alone(sql):
    tree = read_statement(sql, duckdb.connect()).tree
    assert rows_that_can_be_first(tree, [FILE]) is None
