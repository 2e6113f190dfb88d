"""Reads a SQL statement before it runs: whether it may run, and which tables it needs."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from .config import CATALOG, NAMESPACE
from .errors import QueryError
from .travel import Version, VersionedTable, read_versions

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

#: Functions that tell about the server, write to its log or only take time.
_REFUSED_FUNCTIONS = frozenset(
    (
        "current_setting",
        "getenv",
        "getvariable",
        "parse_duckdb_log_message",
        "sleep_ms",
        "write_log",
    )
)

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
    version: Version | None = None

    @property
    def is_system(self) -> bool:
        """Whether DuckDB provides it, and not the Iceberg catalog."""
        return self.namespace.lower() in ("", *_SYSTEM_SCHEMAS)

    @property
    def is_ours(self) -> bool:
        """Whether its catalog is the Iceberg catalog, named or left out."""
        return self.catalog.lower() in ("", CATALOG)

    def __str__(self) -> str:
        name = ".".join(part for part in (self.catalog, self.namespace, self.table) if part)
        return name if self.version is None else f"{name} {self.version}"


@dataclass(frozen=True)
class Statement:
    """A statement that only reads."""

    #: The one to run.
    sql: str
    #: The query inside of EXPLAIN, otherwise the same as ``sql``.
    query: str
    #: Tables to be found in the Iceberg catalog. One at a version is named in ``sql`` by the key.
    tables: Mapping[str, TableReference]
    #: Names of the parameters for which values are needed, ``1`` and so on for question marks.
    parameters: tuple[str, ...]
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
        sql, versions = read_versions(sql)
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    if len(statements) != 1:
        raise QueryError(f"Send one statement at a time, not {len(statements)}")
    [parsed] = statements
    if parsed.type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise QueryError(f"Only {_ALLOWED} are allowed here, not {parsed.type.name}")

    text = parsed.query.strip().rstrip(";")
    query, executed = text, text
    if parsed.type == duckdb.StatementType.EXPLAIN:
        query, executed = _explained(text)
    tree = _syntax_tree(query, connection)
    nodes = list(_nodes(tree))
    _check_functions(nodes)
    references = dict(_references(nodes, versions))
    # DESCRIBE and SUMMARIZE hold a query of their own, SHOW TABLES and the like do not.
    describes = any(
        node.get("type") == "SHOW_REF" and node["query"] is None for node in nodes
    ) or any(reference.is_system for reference in references.values())
    describes |= any(name.startswith("duckdb_") for name in _table_functions(nodes))
    return Statement(
        executed,
        query,
        {key: reference for key, reference in references.items() if not reference.is_system},
        tuple(sorted(parsed.named_parameters, key=lambda name: (len(name), name))),
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
    for node in nodes:
        if node.get("class") == "FUNCTION" and node["function_name"].lower() in _REFUSED_FUNCTIONS:
            raise QueryError(f"The function {node['function_name']} is not allowed here")


def _references(
    nodes: list[dict[str, Any]], versions: Mapping[str, VersionedTable]
) -> Iterator[tuple[str, TableReference]]:
    """The named tables. A bare name that a WITH clause of the statement defines is not one."""
    defined = {
        entry["key"].lower() for node in nodes for entry in node.get("cte_map", {}).get("map", [])
    }
    for node in nodes:
        if node.get("type") != "BASE_TABLE":
            continue
        match node["qualified_name"]["path"]:
            case [name] if name in versions:
                path, version = versions[name]
                yield name, _reference(path, version)
            case [table] if table.lower() in defined:
                continue
            case [table] if _SYSTEM_TABLES.match(table.lower()):
                yield table, TableReference("", "", table)
            case path:
                reference = _reference(path, None)
                yield str(reference), reference


def _reference(path: Sequence[str], version: Version | None) -> TableReference:
    match path:
        case [table]:
            return TableReference("", NAMESPACE, table, version)
        case [namespace, table]:
            return TableReference("", namespace, table, version)
        case [catalog, *namespace, table]:
            return TableReference(catalog, ".".join(namespace), table, version)
