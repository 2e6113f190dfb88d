"""Reads a SQL statement before it runs: whether it may run, and which tables it needs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from .config import CATALOG, NAMESPACE
from .errors import QueryError

_ALLOWED = "SELECT, WITH, VALUES, SHOW, DESCRIBE, SUMMARIZE and EXPLAIN"

#: Table functions that read neither files nor memory addresses nor the server's state.
_TABLE_FUNCTIONS = frozenset(
    (
        *("range", "generate_series", "unnest", "repeat", "json_each", "json_tree"),
        *("duckdb_columns", "duckdb_functions", "duckdb_keywords", "duckdb_schemas"),
        *("duckdb_tables", "duckdb_types", "duckdb_views", "pragma_version"),
    )
)

#: Schemas and views that DuckDB itself provides, and that describe all tables.
_SYSTEM_SCHEMAS = frozenset(("information_schema", "pg_catalog"))
_SYSTEM_TABLES = re.compile(r"(duckdb|sqlite|pg|pragma)_")

_EXPLAIN = re.compile(
    r"""(?:\s|--[^\n]*\n|/\*.*?\*/)*          # blanks and comments
        EXPLAIN \b (\s+ANALYZE\b)?
        (\s*\(\s*(?:ANALYZE|FORMAT)\b[^)]*\))?  # options""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True)
class TableReference:
    """A table as the statement names it.

    The catalog may be empty; the namespace is where DuckDB provides the table under a bare name.
    """

    catalog: str
    namespace: str
    table: str

    @property
    def is_system(self) -> bool:
        """Whether DuckDB provides it, and not the Iceberg catalog."""
        return self.namespace.lower() in ("", *_SYSTEM_SCHEMAS)

    @property
    def is_ours(self) -> bool:
        """Whether its catalog is the Iceberg catalog, named or left out."""
        return self.catalog.lower() in ("", CATALOG)

    def __str__(self) -> str:
        return ".".join(part for part in (self.catalog, self.namespace, self.table) if part)


@dataclass(frozen=True)
class Statement:
    """A statement that only reads."""

    #: The one to run.
    sql: str
    #: The query inside of EXPLAIN, otherwise the same as ``sql``.
    query: str
    #: Tables to be found in the Iceberg catalog.
    tables: frozenset[TableReference]
    #: Whether it asks what tables or columns there are.
    describes_catalog: bool
    #: DuckDB's syntax tree of ``query``.
    tree: dict[str, Any]

    @property
    def is_explain(self) -> bool:
        """Whether it asks how a query runs."""
        return self.sql is not self.query


def read_statement(sql: str, connection: duckdb.DuckDBPyConnection) -> Statement:
    """Parses the text and checks that it only reads.

    Raises QueryError naming what is wrong with it.
    """
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    if len(statements) != 1:
        raise QueryError(f"Send one statement at a time, not {len(statements)}")
    [parsed] = statements
    if parsed.type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise QueryError(f"Only {_ALLOWED} are allowed here, not {parsed.type.name}")
    if parsed.named_parameters:
        raise QueryError("Parameters are not supported: write their values into the statement")

    text = parsed.query.strip().rstrip(";")
    query, executed = text, text
    if parsed.type == duckdb.StatementType.EXPLAIN:
        query, executed = _explained(text)
    tree = _syntax_tree(query, connection)
    nodes = list(_nodes(tree))
    _check_functions(nodes)
    references = frozenset(_references(nodes))
    # DESCRIBE and SUMMARIZE hold a query of their own, SHOW TABLES and the like do not.
    describes = any(
        node.get("type") == "SHOW_REF" and node["query"] is None for node in nodes
    ) or any(reference.is_system for reference in references)
    describes |= any(name.startswith("duckdb_") for name in _table_functions(nodes))
    return Statement(
        executed,
        query,
        frozenset(reference for reference in references if not reference.is_system),
        describes,
        tree,
    )


def _explained(text: str) -> tuple[str, str]:
    """The explained query, and an EXPLAIN around it, so that what was checked is what runs."""
    match = _EXPLAIN.match(text)
    if match is None:
        raise QueryError("This EXPLAIN is not understood: write EXPLAIN [ANALYZE] SELECT ...")
    query = text[match.end() :]
    return query, f"EXPLAIN{match[1] or ''}{match[2] or ''} {query}"


def _syntax_tree(query: str, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    [[serialized]] = connection.execute("SELECT json_serialize_sql($1)", [query]).fetchall()
    tree = json.loads(serialized)
    if tree["error"]:
        raise QueryError(f"Only {_ALLOWED} are allowed here: {tree['error_message']}")
    if len(tree["statements"]) != 1:
        raise QueryError("Send one statement at a time")
    return tree["statements"][0]["node"]


def _nodes(part: object) -> Iterator[dict[str, Any]]:
    """Every object of the syntax tree; without recursion, because expressions can be deep."""
    remaining: list[object] = [part]
    while remaining:
        value = remaining.pop()
        if isinstance(value, dict):
            yield value
            remaining.extend(value.values())
        elif isinstance(value, list):
            remaining.extend(value)


def _table_functions(nodes: list[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        if node.get("type") == "TABLE_FUNCTION":
            yield node["function"]["function_name"].lower()


def _check_functions(nodes: list[dict[str, Any]]) -> None:
    for name in _table_functions(nodes):
        if name not in _TABLE_FUNCTIONS:
            raise QueryError(f"The table function {name} is not allowed here")


def _references(nodes: list[dict[str, Any]]) -> Iterator[TableReference]:
    """The named tables. A bare name that a WITH clause of the statement defines is not one."""
    defined = {
        entry["key"].lower() for node in nodes for entry in node.get("cte_map", {}).get("map", [])
    }
    for node in nodes:
        if node.get("type") != "BASE_TABLE":
            continue
        match node["qualified_name"]["path"]:
            case [table] if table.lower() in defined:
                continue
            case [table] if _SYSTEM_TABLES.match(table.lower()):
                yield TableReference("", "", table)
            case [table]:
                yield TableReference("", NAMESPACE, table)
            case [namespace, table]:
                yield TableReference("", namespace, table)
            case [catalog, *namespace, table]:
                yield TableReference(catalog, ".".join(namespace), table)
