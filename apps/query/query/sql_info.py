"""What Flight SQL clients ask a server about itself."""

from collections.abc import Collection
from importlib.metadata import version

import pyarrow as pa

#: The kinds of values, in the order that Flight SQL gives them.
_KINDS = {
    "string_value": pa.string(),
    "bool_value": pa.bool_(),
    "bigint_value": pa.int64(),
    "int32_bitmask": pa.int32(),
    "string_list": pa.list_(pa.string()),
    "int32_to_int32_list_map": pa.map_(pa.int32(), pa.list_(pa.int32())),
}
_VALUE = pa.dense_union([pa.field(name, kind) for name, kind in _KINDS.items()])
_COLUMNS = pa.schema(
    [
        pa.field("info_name", pa.uint32(), nullable=False),
        pa.field("value", _VALUE, nullable=False),
    ]
)

#: Number of each fact in Flight SQL's ``SqlInfo``, its kind and its value.
_FACTS: dict[int, tuple[str, object]] = {
    0: ("string_value", "lakehouse-query"),  # FLIGHT_SQL_SERVER_NAME
    1: ("string_value", f"DuckDB {version('duckdb')}"),  # _VERSION
    2: ("string_value", pa.__version__),  # _ARROW_VERSION
    3: ("bool_value", True),  # _READ_ONLY
    4: ("bool_value", True),  # _SQL
    5: ("bool_value", False),  # _SUBSTRAIT
    8: ("int32_bitmask", 0),  # _TRANSACTION: none
    9: ("bool_value", True),  # _CANCEL
    10: ("bool_value", False),  # _BULK_INGESTION
    500: ("bool_value", False),  # SQL_DDL_CATALOG
    501: ("bool_value", False),  # SQL_DDL_SCHEMA
    502: ("bool_value", False),  # SQL_DDL_TABLE
    503: ("bigint_value", 1),  # SQL_IDENTIFIER_CASE: upper and lower are the same
    504: ("string_value", '"'),  # SQL_IDENTIFIER_QUOTE_CHAR
    505: ("bigint_value", 1),  # SQL_QUOTED_IDENTIFIER_CASE
    506: ("bool_value", True),  # SQL_ALL_TABLES_ARE_SELECTABLE
    507: ("bigint_value", 3),  # SQL_NULL_ORDERING: at the end
    517: ("string_value", "schema"),  # SQL_SCHEMA_TERM
    519: ("string_value", "catalog"),  # SQL_CATALOG_TERM
}


def sql_info(wanted: Collection[int]) -> pa.Table:
    """The facts with these numbers as far as they are known; all of them if none is named."""
    numbers = [number for number in _FACTS if not wanted or number in wanted]
    columns = {name: [] for name in _KINDS}
    offsets = []
    for number in numbers:
        kind, value = _FACTS[number]
        offsets.append(len(columns[kind]))
        columns[kind].append(value)
    kinds = [list(_KINDS).index(_FACTS[number][0]) for number in numbers]
    values = pa.UnionArray.from_dense(
        pa.array(kinds, pa.int8()),
        pa.array(offsets, pa.int32()),
        [pa.array(columns[name], kind) for name, kind in _KINDS.items()],
        list(_KINDS),
    )
    return pa.table([pa.array(numbers, pa.uint32()), values], schema=_COLUMNS)
