"""Answers SQL with DuckDB over the Iceberg tables."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from .catalog import TableName
from .config import CATALOG, NAMESPACE
from .dataset import ROWS
from .errors import QueryError, UnavailableError
from .newest import rows_that_can_be_first
from .statement import TableReference, read_statement
from .tables import PlannedTable, Tables

#: Rows of one message to the client.
_BATCH_ROWS = 16_384

#: How old, in seconds, what a query sees of a table may be: GetFlightInfo, which gives the schema,
#: looks at the catalog, and DoGet, which follows in a moment, should see the same.
FRESH = 0.0
SAME_AS_SCHEMA = 5.0


@dataclass(frozen=True)
class Answer:
    """Rows that are computed while they are read."""

    schema: pa.Schema
    #: Must be read to its end or closed: it holds the query's resources.
    batches: Iterator[pa.RecordBatch]


class Engine:
    """One DuckDB instance, shared by all queries; each gets a connection of its own.

    The instance holds a view for each Iceberg table. A view reads a temporary object of the
    connection that uses it, so that every query scans the state of the table planned for it.
    """

    def __init__(
        self, tables: Tables, memory_limit: str, threads: int, spill_directory: str
    ) -> None:
        """``memory_limit`` is DuckDB's, such as ``256MB``; beyond it DuckDB spills to disk."""
        self._tables = tables
        self._views: dict[TableName, pa.Schema] = {}
        self._lock = threading.Lock()
        self._database = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": memory_limit,
                "threads": str(threads),
                "temp_directory": spill_directory,
                "python_enable_replacements": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        self._database.execute(f"ATTACH ':memory:' AS {_quoted(CATALOG)}")
        self._create_schema(self._database, NAMESPACE)
        for setting in (
            "GLOBAL TimeZone = 'UTC'",
            "allowed_configs = ['search_path', 'schema']",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._database.execute(f"SET {setting}")

    def schema(self, sql: str) -> pa.Schema:
        """The columns of the statement's result, from the catalog as it is now.

        Raises QueryError or UnavailableError.
        """
        with self._connection() as connection:
            return _schema(self._relation(connection, sql, FRESH))

    def run(self, sql: str) -> Answer:
        """Starts the statement. This and reading the answer raise QueryError, UnavailableError."""
        connection = self._connection()
        try:
            relation = self._relation(connection, sql, SAME_AS_SCHEMA)
            repeats_name = len({name.lower() for name in relation.columns}) < len(relation.columns)
            schema = _schema(relation) if repeats_name else None
            with _told():
                reader = relation.to_arrow_reader(_BATCH_ROWS)
            schema = schema or _sent_schema(relation, reader.schema)
        except BaseException:
            connection.close()
            raise
        return Answer(schema, _batches(connection, reader, schema))

    def close(self) -> None:
        """Ends DuckDB; no query may be running."""
        self._database.close()

    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = self._database.cursor()
        connection.execute(f"USE {_quoted(CATALOG)}.{_quoted(NAMESPACE)}")
        return connection

    def _relation(
        self, connection: duckdb.DuckDBPyConnection, sql: str, max_age: float
    ) -> duckdb.DuckDBPyRelation:
        """The statement, bound to the tables that it names but not yet run."""
        statement = read_statement(sql, connection)
        if statement.describes_catalog:
            self._show_all(connection)
        for reference in statement.tables:
            planned = self._planned(reference, max_age)
            dataset = planned.dataset
            if len(statement.tables) == 1:
                only = rows_that_can_be_first(statement.tree, planned.files)
                dataset = dataset if only is None else dataset.narrowed(only)
            self._show(connection, planned.name, planned.columns, dataset)
        with _told():
            return connection.sql(statement.sql)

    def _planned(self, reference: TableReference, max_age: float) -> PlannedTable:
        name = TableName(reference.namespace, reference.table)
        planned = self._tables.get(name, max_age) if reference.is_ours else None
        if planned is not None:
            return planned
        names = self._tables.names()
        # SQL does not tell upper from lower case in names, Iceberg does.
        alike = [known for known in names if str(known).lower() == str(name).lower()]
        if reference.is_ours and alike and (planned := self._tables.get(alike[0], max_age)):
            return planned
        known = ", ".join(str(known) for known in names) or "none yet"
        raise QueryError(f"There is no table {reference}. The tables of {CATALOG} are: {known}")

    def _show(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: TableName,
        columns: pa.Schema,
        rows: ds.Dataset | pa.Table,
    ) -> None:
        """Lets the connection see these rows under the table's name."""
        connection.register(str(name), rows)
        with self._lock:
            if self._views.get(name) == columns:
                return
            self._create_schema(connection, name.namespace)
            selected = ", ".join(_quoted(column) for column in columns.names)
            connection.execute(
                f"CREATE OR REPLACE VIEW {_view(name)} AS "  # noqa: S608 (every name is quoted)
                f"SELECT {selected} FROM temp.main.{_quoted(str(name))}"
            )
            self._views[name] = columns

    def _show_all(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Brings the views in line with the catalog, for statements that list tables or columns."""
        names = self._tables.names()
        for name in names:
            columns = self._tables.columns(name)
            if columns is not None:
                self._show(connection, name, columns, pa.schema([ROWS, *columns]).empty_table())
                connection.unregister(str(name))
        with self._lock:
            for name in self._views.keys() - set(names):
                connection.execute(f"DROP VIEW IF EXISTS {_view(name)}")
                del self._views[name]

    def _create_schema(self, connection: duckdb.DuckDBPyConnection, namespace: str) -> None:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(CATALOG)}.{_quoted(namespace)}")


def _schema(relation: duckdb.DuckDBPyRelation) -> pa.Schema:
    """The columns as they are sent, each with a name of its own; the statement is not run."""
    with _told():
        return _sent_schema(relation, relation.limit(0).to_arrow_table().schema)


def _sent_schema(relation: duckdb.DuckDBPyRelation, schema: pa.Schema) -> pa.Schema:
    """The columns in types that clients know."""
    return pa.schema(
        [
            pa.field(field.name, _sent(field.type, str(kind)))
            for field, kind in zip(schema, relation.types, strict=True)
        ]
    )


def _sent(arrow: pa.DataType, duck: str) -> pa.DataType:
    if duck == "HUGEINT":
        # The sum of integers, which other engines give as an integer too.
        return pa.int64()
    # pyarrow does not send the dictionaries of a stream made in Python.
    return arrow.value_type if pa.types.is_dictionary(arrow) else arrow


def _batches(
    connection: duckdb.DuckDBPyConnection, reader: pa.RecordBatchReader, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    try:
        with _told():
            for batch in reader:
                yield _as(batch, schema)
    finally:
        reader.close()
        connection.close()


def _as(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the schema's names and types."""
    columns = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.record_batch(columns, schema=schema)


#: How DuckDB tells that the scan of a table's files failed, in Arrow's words.
_FILE_FAILURE = re.compile(r"registered as '.*?' failed: (?:IO|OS)Error: (.*)", re.DOTALL)


@contextmanager
def _told() -> Iterator[None]:
    """Turns what DuckDB and Arrow raise into what the client is told."""
    try:
        yield
    except (duckdb.Error, pa.ArrowInvalid, OSError) as error:
        failure = _FILE_FAILURE.search(str(error))
        if failure is not None:
            raise UnavailableError(f"The table's files cannot be read: {failure[1]}") from error
        raise QueryError(str(error)) from error


def _view(name: TableName) -> str:
    return f"{_quoted(CATALOG)}.{_quoted(name.namespace)}.{_quoted(name.table)}"


def _quoted(identifier: str) -> str:
    escaped = identifier.replace('"', '""')
    return f'"{escaped}"'
