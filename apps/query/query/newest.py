"""Finds what the newest rows of a table must look like, so that only the files with them are read.

``SELECT ... FROM t ORDER BY time DESC LIMIT 20`` is what every dashboard asks, and DuckDB would
read the whole table for it. The manifests tell each file's smallest and largest time and its number
of rows: if some files hold 20 rows from a moment on, no row from before can be among the first 20.
"""

from collections.abc import Iterable
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds

from .files import File

#: What a select list may consist of. Anything else could be an aggregate, which needs every row.
_PLAIN = frozenset(("STAR", "COLUMN_REF", "CONSTANT"))


def rows_that_can_be_first(tree: dict[str, Any], files: Iterable[File]) -> ds.Expression | None:
    """A condition that holds for every row that the query can return, or None if none is known.

    Args:
        tree: DuckDB's syntax tree of the query, which reads one table.
        files: all files of that table.
    """
    order = _first_order(tree)
    if order is None:
        return None
    column, is_descending, count = order
    known = [
        (bounds, file.rows)
        for file in files
        for bounds in file.bounds
        if bounds.column.lower() == column
    ]
    # From the files whose rows all come first, on to those that follow.
    known.sort(
        key=lambda entry: entry[0].lower.as_py() if is_descending else entry[0].upper.as_py(),
        reverse=is_descending,
    )
    for bounds, rows in known:
        count -= rows - (rows if bounds.nulls is None else bounds.nulls)
        if count <= 0:
            field = pc.field(bounds.column)
            return field >= bounds.lower if is_descending else field <= bounds.upper
    return None


def _first_order(tree: dict[str, Any]) -> tuple[str, bool, int] | None:
    """Column, direction and number of rows of ``SELECT columns FROM table ORDER BY LIMIT``."""
    if (
        tree["type"] != "SELECT_NODE"
        or tree["from_table"]["type"] != "BASE_TABLE"
        or tree["from_table"]["sample"] is not None
        or any(tree[clause] for clause in ("where_clause", "having", "qualify", "sample"))
        or tree["group_expressions"]
        or tree["cte_map"]["map"]
        or [modifier["type"] for modifier in tree["modifiers"]]
        != ["ORDER_MODIFIER", "LIMIT_MODIFIER"]
    ):
        return None
    order, limit = tree["modifiers"]
    first = order["orders"][0]
    count = _constant(limit["limit"])
    offset = 0 if limit["offset"] is None else _constant(limit["offset"])
    if (
        limit["limit_type"] != "ROW_COUNT"
        or count is None
        or offset is None
        or len(first["expression"].get("column_names", [])) != 1
        or first["null_order"] not in ("ORDER_DEFAULT", "NULLS LAST")
    ):
        return None
    [column] = first["expression"]["column_names"]
    if not all(_leaves(item, column.lower()) for item in tree["select_list"]):
        return None
    return column.lower(), first["type"] == "DESCENDING", count + offset


def _leaves(item: dict[str, Any], column: str) -> bool:
    """Whether a selected item is plain and leaves the column's name to the column."""
    if item["class"] not in _PLAIN or item.get("replace_list") or item.get("rename_list"):
        return False
    path = [part.lower() for part in item.get("column_names", [""])]
    name = item["alias"].lower() or path[-1]
    return name != column or path == [column]


def _constant(expression: dict[str, Any]) -> int | None:
    literal = expression.get("literal") or {}
    text = literal.get("text", "")
    return int(text) if literal.get("kind") == "INTEGER" and text.isdecimal() else None
