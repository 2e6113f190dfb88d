"""Flight SQL as ADBC's driver, which many tools connect with, speaks it."""

import base64
import datetime
import threading
from collections.abc import Iterator
from decimal import Decimal

import adbc_driver_flightsql.dbapi as flight_sql
import pyarrow as pa
import pytest
from adbc_driver_manager import OperationalError, ProgrammingError
from google.protobuf.any_pb2 import Any
from pyarrow import flight
from sample_lakehouse import MIDNIGHT, PASSWORD, USER, orders

from query import messages
from query.flight_sql import CANCELLED, NOT_CANCELLABLE

ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


@pytest.fixture
def connection(server) -> Iterator[flight_sql.Connection]:
    user = {"username": USER, "password": PASSWORD}
    address = f"grpc://127.0.0.1:{server.port}"
    with flight_sql.connect(address, db_kwargs=user, autocommit=True) as connection:
        yield connection


@pytest.fixture
def cursor(connection) -> Iterator[flight_sql.Cursor]:
    with connection.cursor() as cursor:
        yield cursor


def rows(cursor: flight_sql.Cursor, sql: str, values: tuple | None = None) -> list[dict]:
    cursor.execute(sql, values)
    return cursor.fetch_arrow_table().to_pylist()


def test_a_wrong_password_is_refused(server):
    user = {"username": USER, "password": "wrong"}
    with pytest.raises(ProgrammingError, match="User name or password is wrong"):
        flight_sql.connect(f"grpc://127.0.0.1:{server.port}", db_kwargs=user, autocommit=True)


def test_a_query_gives_its_rows(lakehouse, cursor):
    lakehouse.create().append(orders(0))
    sql = "SELECT event_time, amount FROM ecommerce_db.orders ORDER BY event_time LIMIT 1"
    assert rows(cursor, sql) == [{"event_time": MIDNIGHT, "amount": Decimal("0.00")}]


@pytest.mark.parametrize(
    ("condition", "values", "ids"),
    [
        ("event_id = ?", ("event-3",), ["event-3"]),
        ("quantity = ? AND amount < ?", (2, Decimal("0.05")), ["event-1", "event-4"]),
        ("event_time > ?", (MIDNIGHT + datetime.timedelta(seconds=8),), ["event-9"]),
        ("event_id = $b AND quantity = $a", (1, "event-0"), ["event-0"]),
        ("event_id = $2 AND quantity = $1", (1, "event-0"), ["event-0"]),
        ("event_id = ?", ("' OR true --",), []),
        ("amount IS NULL AND ? IS NULL", (None,), ["event-9"]),
    ],
)
def test_prepared_statements_take_values(lakehouse, cursor, condition, values, ids):
    lakehouse.create().append(orders(0))
    sql = f"SELECT event_id FROM orders WHERE {condition} ORDER BY 1"
    assert [row["event_id"] for row in rows(cursor, sql, values)] == ids


def test_a_prepared_statement_runs_again_with_other_values(lakehouse, cursor):
    lakehouse.create().append(orders(0))
    sql = "SELECT count(*) AS n FROM orders WHERE quantity > ?"
    assert cursor.adbc_prepare(sql) == pa.schema([("1", pa.null())])
    assert [rows(cursor, sql, (limit,))[0]["n"] for limit in (0, 1, 2)] == [10, 6, 3]


@pytest.mark.parametrize(
    ("sql", "values", "message"),
    [
        ("SELECT ? + ?", (1,), "The statement has 2 parameters, but 1 values were bound"),
        ("SELECT ?", None, "The statement has 1 parameters, but 0 values were bound"),
        ("SELEC", None, "Parser Error"),
        ("DROP TABLE ecommerce_db.orders", None, "Only SELECT, WITH, VALUES, SHOW"),
        ("SELECT * FROM read_csv(?)", ("/etc/passwd",), "read_csv is not allowed here"),
        ("COPY (SELECT ?) TO '/tmp/x'", (1,), "Only SELECT"),
        ("ATTACH '/tmp/x.db'", None, "Only SELECT"),
        ("INSTALL httpfs", None, "Only SELECT"),
        ("SELECT getenv(?)", ("HOME",), "getenv is not allowed here"),
    ],
)
def test_failures_are_told(cursor, sql, values, message):
    with pytest.raises(OperationalError, match=message):
        cursor.execute(sql, values)


def test_tables_and_views_can_be_explored(lakehouse, connection):
    lakehouse.create("orders")
    lakehouse.create("clicks")
    [catalog] = connection.adbc_get_objects(depth="all").read_all().to_pylist()
    assert catalog["catalog_name"] == "nessie_minio_catalog"
    found = {
        (schema["db_schema_name"], table["table_name"], table["table_type"]): [
            column["column_name"] for column in table["table_columns"]
        ]
        for schema in catalog["catalog_db_schemas"]
        for table in schema["db_schema_tables"]
    }
    assert set(found) == {
        ("ecommerce_db", "clicks", "TABLE"),
        ("ecommerce_db", "orders", "TABLE"),
        ("lakehouse", "tables", "VIEW"),
    }
    assert found["ecommerce_db", "orders", "TABLE"][:2] == ["event_id", "event_time"]
    filtered = connection.adbc_get_objects(depth="tables", table_name_filter="o_ders")
    schemas = filtered.read_all().to_pylist()[0]["catalog_db_schemas"]
    assert [table["table_name"] for s in schemas for table in s["db_schema_tables"]] == ["orders"]
    assert connection.adbc_get_table_types() == ["TABLE", "VIEW"]
    columns = connection.adbc_get_table_schema("orders", db_schema_filter="ecommerce_db")
    assert columns.field("amount").type == pa.decimal128(18, 2)


def test_the_server_tells_of_itself(connection):
    info = connection.adbc_get_info()
    assert (info["vendor_name"], info["vendor_arrow_version"]) == (
        "lakehouse-query",
        pa.__version__,
    )


def test_a_cancelled_query_ends(engine, cursor, monkeypatch):
    begun, ended = threading.Event(), threading.Event()
    run = engine.run

    def observed(request):
        begun.set()
        try:
            return run(request)
        finally:
            ended.set()

    monkeypatch.setattr(engine, "run", observed)

    def cancel():
        begun.wait(10)
        cursor.adbc_cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(OperationalError, match="cancel"):
        rows(cursor, ENDLESS)
    canceller.join()
    assert ended.wait(10)


def basic() -> flight.FlightCallOptions:
    encoded = base64.b64encode(f"{USER}:{PASSWORD}".encode())
    return flight.FlightCallOptions(headers=[(b"authorization", b"Basic " + encoded)])


def cancel_action(info: flight.FlightInfo) -> flight.Action:
    request = messages.new("CancelFlightInfoRequest", info=info.serialize())
    return flight.Action("CancelFlightInfo", request.SerializeToString())


def test_a_query_is_cancelled_by_its_info(client):
    info = client.get_flight_info(flight.FlightDescriptor.for_command(ENDLESS), basic())
    failures = []

    def read():
        try:
            client.do_get(info.endpoints[0].ticket, basic()).read_all()
        except flight.FlightCancelledError as error:
            failures.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    statuses = set()
    while reader.is_alive():
        [result] = client.do_action(cancel_action(info), basic())
        statuses.add(messages.parse("CancelFlightInfoResult", result.body.to_pybytes()).status)
        reader.join(0.05)
    # It may have been asked before the query ran, and after it ended.
    assert CANCELLED in statuses <= {CANCELLED, NOT_CANCELLABLE}
    assert "The query was cancelled" in failures[0]


def test_what_is_not_understood_is_told(client):
    name = "type.googleapis.com/arrow.flight.protocol.sql.CommandStatementUpdate"
    update = Any(type_url=name).SerializeToString()
    with pytest.raises(flight.FlightServerError, match="CommandStatementUpdate is not supported"):
        client.get_flight_info(flight.FlightDescriptor.for_command(update), basic())
    with pytest.raises(flight.FlightServerError, match="There is no action Dance"):
        list(client.do_action(flight.Action("Dance", b""), basic()))
    wrong = messages.pack(messages.new("TicketStatementQuery", statement_handle=b"\xff"))
    with pytest.raises(flight.FlightServerError, match="is not one of this server"):
        client.do_get(flight.Ticket(wrong), basic())
    names = {action.type for action in client.list_actions(basic())}
    assert names == {"CreatePreparedStatement", "ClosePreparedStatement", "CancelFlightInfo"}
