"""Iceberg tables of local files."""

import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import (
    DecimalType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from query.catalog import TableCatalog
from query.running import Limits

ORDERS = Schema(
    NestedField(1, "event_id", StringType()),
    NestedField(2, "event_time", TimestamptzType()),
    NestedField(3, "amount", DecimalType(18, 2)),
    NestedField(4, "quantity", IntegerType()),
    NestedField(5, "offset", LongType()),
    NestedField(6, "tags", ListType(7, StringType(), element_required=False)),
)
MIDNIGHT = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
USER, PASSWORD = "lakehouse", "pass:wörd"


class Lakehouse:
    """Iceberg tables below a folder, by the same library that reads them."""

    def __init__(self, folder: Path) -> None:
        properties = {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}"}
        self.catalog = SqlCatalog("test", **properties)
        self.catalog.create_namespace("ecommerce_db")
        self.is_down = False
        #: States of tables as Nessie's REST names them, such as ``orders@dev``.
        self.versions: dict[str, Table] = {}
        #: BRANCH or TAG by the name of one.
        self.references: dict[str, str] = {}
        self.limits = Limits()
        self.views: dict[str, str] = {}
        #: Tables that the engine asked the catalog for.
        self.loaded: list[str] = []

    def create(self, name: str = "orders", schema: Schema = ORDERS) -> Table:
        return self.catalog.create_table(f"ecommerce_db.{name}", schema)

    def load(self, name: str = "orders") -> Table:
        return self.catalog.load_table(f"ecommerce_db.{name}")

    def table_catalog(self) -> TableCatalog:
        """The catalog as the engine sees it; it can be made unreachable."""
        lakehouse = self

        class Switch:
            def __getattr__(self, method):
                if lakehouse.is_down:
                    raise ConnectionError("refused")
                return getattr(lakehouse.catalog, method)

            def load_table(self, identifier):
                if lakehouse.is_down:
                    raise ConnectionError("refused")
                name = identifier[-1]
                lakehouse.loaded.append(name)
                if name in lakehouse.versions:
                    return lakehouse.versions[name]
                return lakehouse.catalog.load_table(identifier)

        return TableCatalog(Switch, self.references.get)


def orders(minute: int, rows: int = 10) -> pa.Table:
    """Orders of one minute, one every second; the last has neither amount nor tags."""
    first = minute * rows
    table = pa.table(
        {
            "event_id": [f"event-{first + row}" for row in range(rows)],
            "event_time": [
                MIDNIGHT + datetime.timedelta(minutes=minute, seconds=row) for row in range(rows)
            ],
            "amount": [Decimal(first + row) / 100 for row in range(rows - 1)] + [None],
            "quantity": [1 + row % 3 for row in range(rows)],
            "offset": [first + row for row in range(rows)],
            "tags": [["new", None]] * (rows - 1) + [None],
        }
    )
    return table.cast(ORDERS.as_arrow())


def files_of(table: Table) -> list[str]:
    """The table's files on this machine, those with the earliest events first."""
    found = table.inspect.files()
    order = pc.sort_indices(
        pc.struct_field(found["readable_metrics"], ["event_time", "lower_bound"])
    )
    return [path.removeprefix("file://") for path in found["file_path"].take(order).to_pylist()]
