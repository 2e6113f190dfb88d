"""Answers SQL with DuckDB over the Iceberg tables."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from .catalog import TableName
from .config import CATALOG, NAMESPACE, VIEWS
from .dataset import ROWS
from .errors import QueryError
from .information import COLUMNS, information
from .newest import rows_that_can_be_first
from .results import as_sent, schema_of, sent_schema, told
from .running import Limits, RunningQueries, RunningQuery
from .statement import Statement, TableReference, read_statement
from .tables import PlannedTable, Tables

#: Rows of one message to the client.
_BATCH_ROWS = 16_384

#: The table about the tables; there can be no view of this name.
_INFORMATION = TableName(VIEWS, "tables")


@dataclass(frozen=True)
class Request:
    """A statement and what a client says about it."""

    sql: str
    #: One row with the values of the statement's parameters, in the order of their names, which is
    #: that of the question marks.
    values: pa.Table | None = None
    #: By which ``Engine.cancel`` finds it while it runs; empty if it need not.
    key: bytes = b""
    #: Whether the client is gone; asked now and then until the query has ended.
    is_abandoned: Callable[[], bool] | None = None


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
        self,
        tables: Tables,
        memory_limit: str,
        threads: int,
        spill_directory: str,
        *,
        limits: Limits | None = None,
        views: Mapping[str, str] | None = None,
    ) -> None:
        """``memory_limit`` is DuckDB's, such as ``256MB``; beyond it DuckDB spills to disk.

        ``views`` are SELECTs by the names that they get in the schema ``lakehouse``.
        """
        self._tables = tables
        self._view_statements = dict(views or {})
        self._queries = RunningQueries(limits or Limits())
        #: What each view of the database was made for: made anew when that is different.
        self._views: dict[TableName, object] = {}
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

    def schema(self, request: Request, needs_values: bool = True) -> pa.Schema:
        """The columns of the statement's result.

        Without ``needs_values``, parameters may have no values yet.

        Raises QueryError, UnavailableError or CancelledError.
        """
        query = self._queries.start(request.key, request.is_abandoned)
        with self._connection(query) as connection:
            try:
                relation = self._relation(connection, query, request, needs_values)
                return schema_of(relation, query)
            finally:
                query.close()

    def run(self, request: Request) -> Answer:
        """Starts the statement.

        This and reading the answer raise QueryError, UnavailableError or CancelledError.
        """
        query = self._queries.start(request.key, request.is_abandoned)
        connection = self._connection(query)
        try:
            relation = self._relation(connection, query, request, needs_values=True)
            repeats_name = len({name.lower() for name in relation.columns}) < len(relation.columns)
            schema = schema_of(relation, query) if repeats_name else None
            with told(query):
                reader = relation.to_arrow_reader(_BATCH_ROWS)
            schema = schema or sent_schema(relation, reader.schema)
        except BaseException:
            query.close()
            connection.close()
            raise
        batches = self._batches(query, connection, reader, schema)
        # Once begun, it frees what it holds however it ends, even if it is never read.
        next(batches)
        return Answer(schema, batches)

    def parameters(self, sql: str) -> tuple[str, ...]:
        """Names of the statement's parameters, in order. Raises QueryError."""
        with self._database.cursor() as connection:
            return read_statement(sql, connection).parameters

    def table_names(self) -> list[TableName]:
        """Every table of the catalog. Raises UnavailableError."""
        return self._tables.names()

    def table_columns(self, name: TableName) -> pa.Schema | None:
        """The table's columns; None if there is no such table. Raises UnavailableError."""
        return self._tables.columns(name)

    def view_names(self) -> list[TableName]:
        """Every view, and the table about the tables."""
        return sorted([_INFORMATION, *(TableName(VIEWS, view) for view in self._view_statements)])

    def cancel(self, key: bytes) -> bool:
        """Ends the running query with this key; tells whether there was one."""
        return self._queries.cancel(key)

    def close(self) -> None:
        """Ends DuckDB; no query may be running."""
        self._queries.close()
        self._database.close()

    def _connection(self, query: RunningQuery) -> duckdb.DuckDBPyConnection:
        connection = self._cursor()
        query.interrupts(connection)
        return connection

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        connection = self._database.cursor()
        connection.execute(f"USE {_quoted(CATALOG)}.{_quoted(NAMESPACE)}")
        return connection

    def _relation(
        self,
        connection: duckdb.DuckDBPyConnection,
        query: RunningQuery,
        request: Request,
        needs_values: bool,
    ) -> duckdb.DuckDBPyRelation:
        """The statement, bound to the tables that it names but not yet run."""
        # Parsing is a query of this connection too, which an interrupt can end.
        with told(query):
            statement = read_statement(request.sql, connection)
            values = _values(statement, request.values, needs_values)
            if statement.describes_catalog:
                self._show_all()
            self._provide(connection, statement, ())
            query.raise_if_stopped()
            return connection.sql(statement.sql, params=values or None)

    def _provide(
        self, connection: duckdb.DuckDBPyConnection, statement: Statement, within: tuple[str, ...]
    ) -> tuple[object, ...]:
        """Lets the connection see all that the statement names; tells the columns of it all.

        ``within`` are the views whose statement this is, the outermost first.
        """
        columns: list[object] = []
        for name, reference in statement.tables.items():
            if reference.namespace.lower() == VIEWS and reference.is_ours:
                columns.append(self._provide_view(connection, reference, within))
                continue
            planned = self._planned(reference)
            dataset = planned.dataset
            if len(statement.tables) == 1 and not within:
                only = rows_that_can_be_first(statement.tree, planned.files)
                dataset = dataset if only is None else dataset.narrowed(only)
            if reference.version is None:
                self._show(connection, planned.name, planned.columns, dataset)
            else:
                _show_version(connection, name, planned.columns, dataset)
            columns.append(planned.columns)
        return tuple(columns)

    def _provide_view(
        self,
        connection: duckdb.DuckDBPyConnection,
        reference: TableReference,
        within: tuple[str, ...],
    ) -> object:
        name = TableName(VIEWS, reference.table.lower())
        if reference.version is not None:
            raise QueryError(f"{name} is a view: write {reference.version} after a table")
        if name == _INFORMATION:
            self._show(connection, name, COLUMNS, information(self._tables))
            return COLUMNS
        sql = self._view_statements.get(name.table)
        if sql is None:
            known = ", ".join(str(view) for view in self.view_names())
            raise QueryError(f"There is no view {reference}. The views are: {known}")
        if name.table in within:
            raise QueryError(f"The view {name} reads itself")
        try:
            statement = read_statement(sql, connection)
            if statement.parameters or statement.is_explain:
                raise QueryError("A view must be a SELECT without parameters")
            made_for = (sql, self._provide(connection, statement, (*within, name.table)))
            self._create_view(connection, name, made_for, statement.sql)
        except (QueryError, duckdb.Error) as error:
            raise QueryError(f"The view {name} cannot be read: {error}") from error
        return made_for

    def _planned(self, reference: TableReference) -> PlannedTable:
        name = TableName(reference.namespace, reference.table, reference.version)
        planned = self._tables.get(name) if reference.is_ours else None
        if planned is not None:
            return planned
        names = self._tables.names()
        # SQL does not tell upper from lower case in names, Iceberg does.
        alike = [known for known in names if str(known).lower() == str(name).lower()]
        if reference.is_ours and alike and (planned := self._tables.get(alike[0])):
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
        self._create_view(connection, name, columns, _columns_of(str(name), columns))

    def _create_view(
        self, connection: duckdb.DuckDBPyConnection, name: TableName, made_for: object, sql: str
    ) -> None:
        with self._lock:
            if self._views.get(name) == made_for:
                return
            self._create_schema(connection, name.namespace)
            connection.execute(f"CREATE OR REPLACE VIEW {_view(name)} AS {sql}")
            self._views[name] = made_for

    def _show_all(self) -> None:
        """Brings the views in line with the catalog, for statements that list tables or columns."""
        names = self._tables.names()
        # Another connection, so that the statement does not list what the views are made over.
        with self._cursor() as connection:
            for name in names:
                columns = self._tables.columns(name)
                if columns is not None:
                    self._show(connection, name, columns, pa.schema([ROWS, *columns]).empty_table())
            for view in self.view_names():
                # One that cannot be read is not listed; who asks for it is told why.
                with suppress(QueryError):
                    self._provide_view(connection, TableReference("", *view[:2]), ())
            with self._lock:
                for name in self._views.keys() - {*names, *self.view_names()}:
                    connection.execute(f"DROP VIEW IF EXISTS {_view(name)}")
                    del self._views[name]

    def _batches(
        self,
        query: RunningQuery,
        connection: duckdb.DuckDBPyConnection,
        reader: pa.RecordBatchReader,
        schema: pa.Schema,
    ) -> Iterator[pa.RecordBatch]:
        rows, most = 0, self._queries.limits.rows
        try:
            yield pa.RecordBatch.from_pylist([], schema)
            with told(query):
                for batch in reader:
                    query.raise_if_stopped()
                    rows += batch.num_rows
                    if rows > most:
                        raise QueryError(
                            f"The result has more than {most:,} rows: add LIMIT or a narrower "
                            "WHERE, or let the query count and sum"
                        )
                    yield as_sent(batch, schema)
        finally:
            query.close()
            reader.close()
            connection.close()

    def _create_schema(self, connection: duckdb.DuckDBPyConnection, namespace: str) -> None:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(CATALOG)}.{_quoted(namespace)}")


def _values(statement: Statement, given: pa.Table | None, needs_values: bool) -> dict[str, Any]:
    """A value for each parameter of the statement."""
    names = statement.parameters
    if given is None and not needs_values:
        return dict.fromkeys(names)
    values = [] if given is None else [column[0].as_py() for column in given.columns]
    if len(values) != len(names):
        raise QueryError(
            f"The statement has {len(names)} parameters, but {len(values)} values were bound"
        )
    return dict(zip(names, values, strict=True))


def _show_version(
    connection: duckdb.DuckDBPyConnection, name: str, columns: pa.Schema, rows: ds.Dataset
) -> None:
    """Lets the connection alone see these rows, under the name that stands in the statement."""
    source = f"rows of {name}"
    connection.register(source, rows)
    selected = _columns_of(source, columns)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {_quoted(name)} AS {selected}")


def _columns_of(source: str, columns: pa.Schema) -> str:
    """Selects what a registered object has, without the columns that only help in scanning."""
    selected = ", ".join(_quoted(column) for column in columns.names)
    return f"SELECT {selected} FROM temp.main.{_quoted(source)}"  # noqa: S608 (names are quoted)


def _view(name: TableName) -> str:
    return f"{_quoted(CATALOG)}.{_quoted(name.namespace)}.{_quoted(name.table)}"


def _quoted(identifier: str) -> str:
    escaped = identifier.replace('"', '""')
    return f'"{escaped}"'
