import datetime
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.types import IntegerType, LongType, StringType
from sample_lakehouse import MIDNIGHT, files_of, orders

from query.engine import Request
from query.errors import QueryError, UnavailableError

ALL = "nessie_minio_catalog.ecommerce_db.orders"


@pytest.mark.parametrize(
    "name",
    [
        "nessie_minio_catalog.ecommerce_db.orders",
        "ecommerce_db.orders",
        '"nessie_minio_catalog"."ecommerce_db"."orders"',
        "Ecommerce_DB.ORDERS",
        "orders",
    ],
)
def test_a_table_is_found_with_and_without_its_catalog(lakehouse, ask, name):
    lakehouse.create().append(orders(0))
    assert ask(f"SELECT count(*) AS n FROM {name}") == [{"n": 10}]


def test_a_missing_table_is_told_with_those_that_exist(lakehouse, ask):
    lakehouse.create("orders")
    lakehouse.create("clicks")
    with pytest.raises(QueryError) as error:
        ask("SELECT * FROM ecommerce_db.order")
    assert str(error.value) == (
        "There is no table ecommerce_db.order. The tables of nessie_minio_catalog are: "
        "ecommerce_db.clicks, ecommerce_db.orders"
    )
    with pytest.raises(QueryError, match=r"There is no table other\.ecommerce_db\.orders\."):
        ask("SELECT * FROM other.ecommerce_db.orders")


def test_values_come_back_in_the_types_of_the_table(lakehouse, ask, engine):
    lakehouse.create().append(orders(0))
    first, *_, last = ask(f"SELECT * FROM {ALL} ORDER BY event_time")
    assert first == {
        "event_id": "event-0",
        "event_time": MIDNIGHT,
        "amount": Decimal("0.00"),
        "quantity": 1,
        "offset": 0,
        "tags": ["new", None],
    }
    assert (last["amount"], last["tags"]) == (None, None)
    types = {field.name: field.type for field in engine.schema(Request(f"SELECT * FROM {ALL}"))}
    assert types["amount"] == pa.decimal128(18, 2)
    assert types["event_time"] == pa.timestamp("us", tz="UTC")
    assert types["quantity"] == pa.int32()


def test_sums_are_exact_and_sums_of_integers_are_integers(lakehouse, ask, engine):
    lakehouse.create().append(orders(7))
    sql = f'SELECT sum(amount) AS revenue, sum(quantity) AS pieces, sum("offset") AS o FROM {ALL}'
    assert ask(sql) == [{"revenue": Decimal("6.66"), "pieces": 19, "o": 745}]
    assert engine.schema(Request(sql)).field("pieces").type == pa.int64()


def test_repeated_column_names_are_told_apart(ask):
    assert ask("SELECT 1 AS a, 2 AS a, 3 AS A") == [{"a": 1, "a_1": 2, "A_2": 3}]


def test_enums_are_sent_as_text(ask):
    assert ask("SELECT 'b'::ENUM('a', 'b') AS e") == [{"e": "b"}]


def test_an_empty_table_has_columns_and_no_rows(lakehouse, ask, engine):
    lakehouse.create()
    assert ask(f"SELECT * FROM {ALL}") == []
    assert ask(f"SELECT count(*) AS n, sum(amount) AS s FROM {ALL}") == [{"n": 0, "s": None}]
    assert engine.schema(Request(f"SELECT * FROM {ALL}")).names[:2] == ["event_id", "event_time"]


def test_the_next_query_sees_a_commit(lakehouse, ask):
    table = lakehouse.create()
    for minute in range(3):
        table.append(orders(minute))
        assert ask(f"SELECT count(*) AS n FROM {ALL}") == [{"n": 10 * (minute + 1)}]
    table.delete("event_time < '2026-11-21T00:01:00+00:00'")
    assert ask(f"SELECT count(*) AS n FROM {ALL}") == [{"n": 20}]


def test_a_table_made_again_is_another_table(lakehouse, ask):
    lakehouse.create().append(orders(0))
    assert ask(f"SELECT count(*) AS n FROM {ALL}") == [{"n": 10}]
    lakehouse.catalog.drop_table("ecommerce_db.orders")
    with pytest.raises(QueryError, match="There is no table"):
        ask(f"SELECT count(*) AS n FROM {ALL}")
    lakehouse.create()
    assert ask(f"SELECT count(*) AS n FROM {ALL}") == [{"n": 0}]


def test_count_reads_no_file(lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    table.append(orders(1))
    for path in files_of(table):
        Path(path).unlink()
    assert ask(f"SELECT count(*) AS n FROM {ALL}") == [{"n": 20}]


def test_a_filter_reads_only_files_that_can_hold_its_rows(lakehouse, ask):
    table = lakehouse.create()
    for minute in range(3):
        table.append(orders(minute))
    early, _, late = files_of(table)
    Path(early).unlink()
    Path(late).unlink()
    within = (
        "event_time >= TIMESTAMPTZ '2026-11-21 00:01:00Z' AND event_time < '2026-11-21 00:02:00Z'"
    )
    assert ask(f"SELECT count(*) AS n FROM {ALL} WHERE {within}") == [{"n": 10}]
    assert ask(f'SELECT min(event_id) AS e FROM {ALL} WHERE "offset" = 15') == [{"e": "event-15"}]
    with pytest.raises(UnavailableError, match="files cannot be read"):
        ask(f"SELECT max(event_id) FROM {ALL}")


def test_the_newest_rows_are_found_in_the_newest_files(lakehouse, ask):
    table = lakehouse.create()
    for minute in range(3):
        table.append(orders(minute))
    Path(files_of(table)[0]).unlink()
    newest = ask(f"SELECT event_id FROM {ALL} ORDER BY event_time DESC LIMIT 12 OFFSET 3")
    assert [row["event_id"] for row in newest] == [f"event-{n}" for n in range(26, 14, -1)]


def test_columns_can_be_added(lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    ask(f"SELECT * FROM {ALL}")
    with table.update_schema() as update:
        update.add_column("note", StringType())
    table.append(orders(1).append_column("note", pa.array(["x"] * 10)))
    assert ask(f"SELECT note, count(*) AS n FROM {ALL} GROUP BY ALL ORDER BY n, note") == [
        {"note": "x", "n": 10},
        {"note": None, "n": 10},
    ]


def test_renamed_columns_keep_their_values(lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    with table.update_schema() as update:
        update.rename_column("amount", "price")
    table.append(orders(1).rename_columns({"amount": "price"}))
    assert ask(f"SELECT sum(price) AS p, count(*) AS n FROM {ALL}") == [
        {"p": Decimal("1.62"), "n": 20}
    ]


def test_a_column_that_came_back_is_another_column(lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    with table.update_schema() as update:
        update.delete_column("quantity")
    with table.update_schema() as update:
        update.add_column("quantity", IntegerType())
    assert ask(f"SELECT sum(quantity) AS q, count(*) AS n FROM {ALL}") == [{"q": None, "n": 10}]


def test_widened_integers_are_read(lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    with table.update_schema() as update:
        update.update_column("quantity", LongType())
    wide = orders(1).drop_columns(["quantity"]).append_column("quantity", pa.array([2**40] * 10))
    table.append(wide)
    assert ask(f"SELECT sum(quantity) AS q FROM {ALL} WHERE quantity >= 2") == [
        {"q": 10 * 2**40 + 15}
    ]


def test_what_tables_there_are_can_be_asked(lakehouse, ask):
    lakehouse.create("orders")
    lakehouse.create("clicks")
    names = [{"name": "clicks"}, {"name": "orders"}]
    assert ask("SHOW TABLES") == names
    assert ask("SHOW TABLES FROM ecommerce_db") == names
    columns = ask("DESCRIBE ecommerce_db.orders")
    assert [(row["column_name"], row["column_type"]) for row in columns][:3] == [
        ("event_id", "VARCHAR"),
        ("event_time", "TIMESTAMP WITH TIME ZONE"),
        ("amount", "DECIMAL(18,2)"),
    ]
    listing = "SELECT table_catalog, table_schema, table_name FROM information_schema.tables"
    assert ask(f"{listing} WHERE table_schema = 'ecommerce_db' ORDER BY 3") == [
        {
            "table_catalog": "nessie_minio_catalog",
            "table_schema": "ecommerce_db",
            "table_name": name,
        }
        for name in ("clicks", "orders")
    ]
    lakehouse.catalog.drop_table("ecommerce_db.clicks")
    assert ask("SHOW TABLES") == [{"name": "orders"}]
    columns_left = "SELECT count(*) AS n FROM information_schema.columns"
    assert ask(f"{columns_left} WHERE table_schema = 'ecommerce_db'") == [{"n": 6}]


def test_without_tables_there_is_nothing_to_show(ask):
    assert ask("SHOW TABLES") == []
    with pytest.raises(QueryError, match="are: none yet"):
        ask("SELECT * FROM ecommerce_db.orders")


def test_a_plan_can_be_asked(lakehouse, ask):
    lakehouse.create().append(orders(0))
    [plan] = ask(f"EXPLAIN SELECT count(*) FROM {ALL} WHERE quantity > 1")
    assert '"quantity" > 1' in plan["explain_value"]
    [profile] = ask(f"/* how */ explain analyze (FORMAT json) SELECT 1 FROM {ALL}")
    assert profile["explain_key"] == "analyzed_plan"


def test_times_are_utc(ask):
    assert ask("SELECT date_trunc('day', TIMESTAMPTZ '2026-11-21 23:30:00-05') AS day") == [
        {"day": datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)}
    ]


def test_queries_run_side_by_side(lakehouse, ask):
    table = lakehouse.create()
    for minute in range(4):
        table.append(orders(minute))

    def sum_of(minute: int) -> int:
        [row] = ask(
            f'SELECT sum(a."offset") AS s FROM {ALL} a JOIN {ALL} b USING (event_id) '
            f"WHERE minute(a.event_time) = {minute % 4}"
        )
        return row["s"]

    with ThreadPoolExecutor(8) as executor:
        sums = list(executor.map(sum_of, range(40)))
    assert sums == [sum(range(10 * (n % 4), 10 * (n % 4) + 10)) for n in range(40)]


def test_an_answer_that_is_not_read_to_its_end_holds_nothing(engine):
    answer = engine.run(Request("SELECT * FROM range(10000000)"))
    next(answer.batches)
    answer.batches.close()
    assert [batch.num_rows for batch in engine.run(Request("SELECT 1")).batches] == [1]


def test_an_error_while_rows_are_computed_is_the_statements(engine):
    with pytest.raises(QueryError, match="Could not convert string 'x' to INT32"):
        list(
            engine.run(Request("SELECT CAST(s AS INTEGER) FROM (VALUES ('1'), ('x')) t(s)")).batches
        )


def test_a_catalog_that_is_down_is_told_and_asked_again(lakehouse, ask):
    lakehouse.create().append(orders(0))
    lakehouse.is_down = True
    with pytest.raises(UnavailableError, match=r"The catalog .* does not answer: ConnectionError"):
        ask(f"SELECT * FROM {ALL}")
    assert ask("SELECT 1 AS one") == [{"one": 1}]
    lakehouse.is_down = False
    assert ask(f"SELECT count(*) AS n FROM {ALL}") == [{"n": 10}]
