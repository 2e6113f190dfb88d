"""Views that come with the lakehouse, and the table about the tables."""

import datetime
from pathlib import Path

import pytest
from sample_lakehouse import files_of, orders

from query.errors import QueryError
from query.views import read_views

ORDERS = "nessie_minio_catalog.ecommerce_db.orders"


@pytest.fixture
def views(lakehouse):
    """Must stand before `ask` among a test's fixtures."""
    lakehouse.views = {
        "busy": f"SELECT event_id, event_time, quantity FROM {ORDERS} WHERE quantity > 1",
        "busiest": "SELECT * FROM lakehouse.busy WHERE quantity > 2",
        "moments": f"SELECT event_time, sum(quantity) AS quantity FROM {ORDERS} GROUP BY ALL",
        "old": f"SELECT count(*) AS n FROM {ORDERS} AT TAG before",
        "ring": "SELECT * FROM lakehouse.ring",
        "secrets": "SELECT * FROM read_text('/etc/passwd')",
        "home": "SELECT getenv('HOME')",
        "gone": "DROP TABLE ecommerce_db.orders",
        "copy": f"COPY {ORDERS} TO '/tmp/x'",
        "homeless": "SELECT * FROM ecommerce_db.nope",
        "asks": "SELECT ?",
        "kept": f"SELECT * FROM {ORDERS}",
    }


def test_files_become_views(tmp_path):
    (tmp_path / "Daily.sql").write_text("SELECT 1;\n")
    (tmp_path / "README.md").write_text("Not a view")
    assert read_views(str(tmp_path)) == {"daily": "SELECT 1;\n"}
    assert read_views(str(tmp_path / "absent")) == {}


@pytest.mark.parametrize("name", ["lakehouse.busy", "nessie_minio_catalog.LAKEHOUSE.Busy"])
def test_a_view_is_read_like_a_table(views, lakehouse, ask, name):
    lakehouse.create().append(orders(0))
    assert ask(f"SELECT count(*) AS n FROM {name}") == [{"n": 6}]


def test_views_are_made_of_views_and_seen_beside_tables(views, lakehouse, ask):
    lakehouse.create().append(orders(0))
    sql = f"SELECT count(*) AS n FROM lakehouse.busiest JOIN {ORDERS} USING (event_id)"
    assert ask(sql) == [{"n": 3}]


def test_a_view_sees_new_rows_and_new_columns(views, lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    assert ask("SELECT count(*) AS n FROM lakehouse.kept") == [{"n": 10}]
    with table.update_schema() as update:
        update.delete_column("tags")
    table.append(orders(1).drop_columns(["tags"]))
    rows = ask("SELECT * FROM lakehouse.kept")
    assert len(rows) == 20
    assert "tags" not in rows[0]


def test_a_view_can_travel(views, lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    lakehouse.versions["orders@before"] = lakehouse.load()
    table.append(orders(1))
    assert ask("SELECT n FROM lakehouse.old") == [{"n": 10}]


@pytest.mark.parametrize(("view", "quantity"), [("busy", 30), ("moments", 38)])
def test_a_condition_on_a_view_reaches_the_files_under_it(views, lakehouse, ask, view, quantity):
    table = lakehouse.create()
    for minute in range(3):
        table.append(orders(minute))
    Path(files_of(table)[0]).unlink()
    within = "event_time >= TIMESTAMPTZ '2026-11-21 00:01:00Z'"
    rows = ask(f"SELECT sum(quantity)::INT AS q FROM lakehouse.{view} WHERE {within}")
    assert rows == [{"q": quantity}]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nope", "There is no view lakehouse.nope. The views are: "),
        ("busy AT BRANCH dev", "lakehouse.busy is a view: write AT BRANCH 'dev' after a table"),
        ("ring", "The view lakehouse.ring cannot be read: The view lakehouse.ring reads itself"),
        ("secrets", "The view lakehouse.secrets cannot be read: The table function read_text"),
        ("home", "The view lakehouse.home cannot be read: The function getenv is not allowed"),
        ("gone", "The view lakehouse.gone cannot be read: Only SELECT"),
        ("copy", "The view lakehouse.copy cannot be read: Only SELECT"),
        ("homeless", "The view lakehouse.homeless cannot be read: There is no table"),
        ("asks", "The view lakehouse.asks cannot be read: A view must be a SELECT without"),
    ],
)
def test_a_view_that_cannot_be_read_is_told(views, ask, name, message):
    with pytest.raises(QueryError) as error:
        ask(f"SELECT * FROM lakehouse.{name}")
    assert str(error.value).startswith(message)


def test_views_that_can_be_read_are_listed(views, lakehouse, ask):
    lakehouse.create()
    listing = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'lakehouse'"
    names = {row["table_name"] for row in ask(listing)}
    assert names == {"busy", "busiest", "kept", "moments", "tables"}


def test_the_tables_are_told_from_their_metadata_alone(lakehouse, ask):
    table = lakehouse.create("orders")
    lakehouse.create("clicks")
    for minute in range(2):
        table.append(orders(minute))
    for path in files_of(table):
        Path(path).unlink()
    clicks, row = ask("SELECT * FROM lakehouse.tables ORDER BY table_name")
    snapshot = table.current_snapshot()
    committed = datetime.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, datetime.UTC)
    size = row.pop("bytes")
    assert size > 1000
    assert row == {
        "namespace": "ecommerce_db",
        "table_name": "orders",
        "rows": 20,
        "files": 2,
        "snapshots": 2,
        "last_commit": committed,
        "snapshot_id": snapshot.snapshot_id,
    }
    assert (clicks["rows"], clicks["snapshots"], clicks["last_commit"]) == (0, 0, None)
