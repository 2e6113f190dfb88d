"""The engine and the server over a lakehouse of local files, as the tests' fixtures."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import flight
from pyiceberg.io.pyarrow import PyArrowFileIO
from sample_lakehouse import PASSWORD, USER, Lakehouse

from query.auth import Authenticator, Tokens
from query.engine import Engine, Request
from query.flight import QueryServer
from query.tables import Tables


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    return Lakehouse(tmp_path)


@pytest.fixture
def engine(lakehouse: Lakehouse, tmp_path: Path) -> Iterator[Engine]:
    tables = Tables(lakehouse.table_catalog(), PyArrowFileIO(), max_age=0)
    engine = Engine(
        tables,
        "256MB",
        2,
        str(tmp_path / "spill"),
        limits=lakehouse.limits,
        views=lakehouse.views,
    )
    yield engine
    engine.close()


@pytest.fixture
def ask(engine: Engine):
    """Asks SQL as a client does, first for the schema, then for the rows; gives dictionaries."""

    def ask(sql: str) -> list[dict]:
        schema = engine.schema(Request(sql))
        answer = engine.run(Request(sql))
        assert answer.schema == schema
        return pa.Table.from_batches(answer.batches, schema).to_pylist()

    return ask


@pytest.fixture
def server(engine: Engine) -> Iterator[QueryServer]:
    authenticator = Authenticator(USER, PASSWORD, Tokens())
    with QueryServer(engine, authenticator, "127.0.0.1", 0) as server:
        yield server


@pytest.fixture
def client(server: QueryServer) -> Iterator[flight.FlightClient]:
    with flight.connect(f"grpc://127.0.0.1:{server.port}") as client:
        yield client
