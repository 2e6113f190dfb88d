"""The lakehouse as notebooks find it: Spark's tables, the query engine over them, and Postgres."""

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import matplotlib as mpl
import pytest
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import StaticTable
from pyspark.sql import SparkSession

from query.auth import Authenticator, Tokens
from query.catalog import TableCatalog
from query.engine import Engine
from query.flight import QueryServer
from query.tables import Tables
from query.views import read_views
from streaming.tables import CATALOG

VIEWS = Path(__file__).parents[3] / "k8s-jobs" / "views"
LOGIN = {"username": "lakehouse", "password": "secret"}


class SparkTables:
    """Spark's own folder of tables as a catalog, with their history as Nessie has it."""

    def __init__(self, warehouse: Path) -> None:
        self._warehouse = warehouse

    def list_namespaces(self) -> list[tuple[str]]:
        return [(folder.name,) for folder in self._warehouse.iterdir()]

    def list_tables(self, namespace: tuple[str]) -> list[tuple[str, str]]:
        return [(*namespace, each.name) for each in self._warehouse.joinpath(*namespace).iterdir()]

    def load_table(self, identifier: tuple[str, ...]) -> StaticTable:
        *namespace, name = identifier
        name, _, moment = name.partition("#*")
        states = self._warehouse.joinpath(*namespace, name, "metadata").glob("v*.metadata.json")
        latest = datetime.fromisoformat(moment).timestamp() if moment else float("inf")
        # Nessie's commit is a moment later than the snapshot that is in it.
        known = [state for state in states if committed(state) < latest]
        if not known:
            raise NoSuchTableError(identifier)
        newest = max(known, key=lambda state: int(re.findall(r"\d+", state.name)[0]))
        return StaticTable.from_metadata(str(newest))


def committed(state: Path) -> float:
    return json.loads(state.read_text(encoding="utf-8"))["last-updated-ms"] / 1000


@pytest.fixture
def spark_session(spark: SparkSession) -> Iterator[SparkSession]:
    """The session as a notebook's is set up: names need no catalog."""
    before = spark.catalog.currentCatalog()
    spark.catalog.setCurrentCatalog(CATALOG)
    yield spark
    spark.catalog.setCurrentCatalog(before)


@pytest.fixture
def query_engine(
    spark: SparkSession, tables: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The engine over the tables that Spark writes, where a notebook looks for it."""
    warehouse = Path(spark.conf.get(f"spark.sql.catalog.{CATALOG}.warehouse"))
    known = Tables(TableCatalog(lambda: SparkTables(warehouse)), PyArrowFileIO(), max_age=0)
    engine = Engine(known, "256MB", 2, str(tmp_path / "spill"), views=read_views(str(VIEWS)))
    authenticator = Authenticator(*LOGIN.values(), Tokens())
    with QueryServer(engine, authenticator, "127.0.0.1", 0) as server:
        monkeypatch.setenv("FLIGHT_ADDRESS", f"127.0.0.1:{server.port}")
        for variable, entry in (
            ("FLIGHT_USER_FILE", "username"),
            ("FLIGHT_PASSWORD_FILE", "password"),
        ):
            (tmp_path / entry).write_text(LOGIN[entry], encoding="utf-8")
            monkeypatch.setenv(variable, str(tmp_path / entry))
        yield
    engine.close()


@pytest.fixture(autouse=True)
def container(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No screen, and the time of UTC."""
    mpl.use("Agg")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
