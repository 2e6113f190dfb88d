import base64
import json
import threading
from decimal import Decimal

import pyarrow as pa
import pytest
from pyarrow import flight
from sample_lakehouse import MIDNIGHT, PASSWORD, USER, orders

from query.auth import Tokens


def basic(user: str = USER, password: str = PASSWORD) -> flight.FlightCallOptions:
    encoded = base64.b64encode(f"{user}:{password}".encode())
    return flight.FlightCallOptions(headers=[(b"authorization", b"Basic " + encoded)])


def bearer(token: str) -> flight.FlightCallOptions:
    return flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())])


def command(sql: str) -> flight.FlightDescriptor:
    return flight.FlightDescriptor.for_command(sql)


class Headers(flight.ClientMiddlewareFactory):
    """Keeps the headers of the last answer."""

    def __init__(self):
        self.received = {}

    def start_call(self, info):  # noqa: ARG002
        keeper = self

        class Middleware(flight.ClientMiddleware):
            def received_headers(self, headers):
                keeper.received |= headers

        return Middleware()


def test_any_call_signs_in_and_its_token_serves_the_next(lakehouse, server):
    lakehouse.create().append(orders(0))
    headers = Headers()
    with flight.connect(f"grpc://127.0.0.1:{server.port}", middleware=[headers]) as client:
        info = client.get_flight_info(command("SELECT * FROM ecommerce_db.orders"), basic())
        # pyarrow sends it with the headers and with the trailers.
        [authorization] = set(headers.received["authorization"])
        scheme, token = authorization.split()
        assert scheme == "Bearer"
        [endpoint] = info.endpoints
        assert endpoint.locations == []
        table = client.do_get(endpoint.ticket, bearer(token)).read_all()
    assert table.schema == info.schema
    assert table.num_rows == 10
    assert table.column("amount")[3].as_py() == Decimal("0.03")
    assert table.column("event_time")[0].as_py() == MIDNIGHT


def test_the_handshake_call_gives_a_token_too(client):
    header = client.authenticate_basic_token(USER, PASSWORD)
    options = flight.FlightCallOptions(headers=[header])
    info = client.get_flight_info(command("SELECT 1 AS one"), options)
    assert client.do_get(info.endpoints[0].ticket, options).read_all().to_pylist() == [{"one": 1}]


@pytest.mark.parametrize(
    "options",
    [
        flight.FlightCallOptions(),
        basic(USER, "wrong"),
        basic(password=""),
        basic(user="other"),
        basic(password=PASSWORD + "x"),
        bearer(""),
        bearer("9999999999.0000"),
        bearer(Tokens().issue()),
        flight.FlightCallOptions(headers=[(b"authorization", b"Basic %%%")]),
        flight.FlightCallOptions(headers=[(b"authorization", b"Digest x")]),
    ],
)
def test_wrong_credentials_are_refused(client, options):
    for call in (
        lambda: client.get_flight_info(command("SELECT 1"), options),
        lambda: client.do_get(flight.Ticket(b"SELECT 1"), options).read_all(),
    ):
        with pytest.raises(flight.FlightUnauthenticatedError):
            call()


def test_tokens_expire():
    now = 1000.0
    tokens = Tokens(lifetime_seconds=60, clock=lambda: now)
    token = tokens.issue()
    assert tokens.accepts(token)
    now = 1059.9
    assert tokens.accepts(token)
    now = 1060.0
    assert not tokens.accepts(token)
    assert not tokens.accepts(token.replace("1060.", "2060."))


def test_schema_and_tickets_can_be_asked_alone(client):
    assert client.get_schema(command("SELECT 1 AS one"), basic()).schema == pa.schema(
        [("one", pa.int32())]
    )
    rows = client.do_get(flight.Ticket(b"SELECT 2 AS two"), basic()).read_all()
    assert rows.to_pylist() == [{"two": 2}]


def test_large_results_come_in_parts(client):
    reader = client.do_get(flight.Ticket(b"SELECT range AS n FROM range(100000)"), basic())
    sizes = [chunk.data.num_rows for chunk in reader]
    assert sum(sizes) == 100_000
    assert max(sizes) <= 16_384


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEC", 'Parser Error: syntax error at or near "SELEC"'),
        ("SELECT nothing", 'Binder Error: Referenced column "nothing" was not found'),
        ("DROP TABLE ecommerce_db.orders", "Only SELECT, WITH, VALUES, SHOW,"),
        ("SELECT * FROM ecommerce_db.nope", "There is no table ecommerce_db.nope."),
    ],
)
def test_failures_carry_the_reason_and_no_trace(client, sql, message):
    for call in (
        lambda: client.get_flight_info(command(sql), basic()),
        lambda: client.do_get(flight.Ticket(sql.encode()), basic()).read_all(),
    ):
        with pytest.raises(flight.FlightServerError) as error:
            call()
        assert str(error.value).startswith(message)
        assert "Traceback" not in str(error.value)


def test_a_failure_amid_the_rows_reaches_the_client(client):
    sql = b"SELECT CASE WHEN range = 90000 THEN error('too far') ELSE range END FROM range(100000)"
    with pytest.raises(flight.FlightServerError, match="too far"):
        client.do_get(flight.Ticket(sql), basic()).read_all()


def test_paths_are_refused(client):
    with pytest.raises(flight.FlightServerError, match="Send the SQL text"):
        client.get_flight_info(flight.FlightDescriptor.for_path("orders"), basic())


def test_a_catalog_that_is_down_is_unavailable(lakehouse, client):
    lakehouse.is_down = True
    with pytest.raises(flight.FlightUnavailableError, match="does not answer"):
        client.get_flight_info(command("SELECT * FROM ecommerce_db.orders"), basic())


def test_every_query_is_logged_without_its_result(lakehouse, client, caplog):
    caplog.set_level("INFO")
    client.do_get(
        flight.Ticket(b"SELECT 'secret' || 'value' AS s FROM range(3)"), basic()
    ).read_all()
    with pytest.raises(flight.FlightServerError):
        client.do_get(flight.Ticket(b"SELECT * FROM ecommerce_db.nope"), basic())
    ok, failed = (record.fields for record in caplog.records if record.message == "query")
    assert (ok["sql"], ok["rows"]) == ("SELECT 'secret' || 'value' AS s FROM range(3)", 3)
    assert ok["milliseconds"] > 0
    assert failed["error"].startswith("There is no table ecommerce_db.nope.")
    text = json.dumps([record.__dict__ for record in caplog.records], default=str)
    assert "secretvalue" not in text
    assert PASSWORD not in text


def test_many_clients_are_served_at_once(lakehouse, server):
    lakehouse.create().append(orders(0))
    results = []

    def work():
        with flight.connect(f"grpc://127.0.0.1:{server.port}") as client:
            for _ in range(5):
                ticket = flight.Ticket(b"SELECT sum(quantity) AS q FROM ecommerce_db.orders")
                results.append(client.do_get(ticket, basic()).read_all().to_pylist())

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[{"q": 19}]] * 30
