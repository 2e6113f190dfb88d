"""What Flight SQL tells of catalogs, schemas and tables, in the columns that Arrow prescribes."""

import re
from collections.abc import Iterator

import pyarrow as pa
from google.protobuf.message import Message

from .catalog import TableName
from .config import CATALOG
from .engine import Engine, Request
from .errors import QueryError

_TABLE, _VIEW = "TABLE", "VIEW"


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_CATALOGS = pa.schema([_required("catalog_name", pa.string())])
_SCHEMAS = pa.schema([("catalog_name", pa.string()), _required("db_schema_name", pa.string())])
_TABLES = pa.schema(
    [
        ("catalog_name", pa.string()),
        ("db_schema_name", pa.string()),
        _required("table_name", pa.string()),
        _required("table_type", pa.string()),
    ]
)
_TABLE_SCHEMA = _required("table_schema", pa.binary())
_TABLE_TYPES = pa.schema([_required("table_type", pa.string())])
_PRIMARY_KEYS = pa.schema(
    [
        ("catalog_name", pa.string()),
        ("db_schema_name", pa.string()),
        _required("table_name", pa.string()),
        _required("column_name", pa.string()),
        ("key_name", pa.string()),
        _required("key_sequence", pa.int32()),
    ]
)
_FOREIGN_KEYS = pa.schema(
    [
        *(
            field.with_name(f"{side}_{field.name}")
            for side in ("pk", "fk")
            for field in list(_PRIMARY_KEYS)[:4]
        ),
        _required("key_sequence", pa.int32()),
        ("fk_key_name", pa.string()),
        ("pk_key_name", pa.string()),
        _required("update_rule", pa.uint8()),
        _required("delete_rule", pa.uint8()),
    ]
)
#: Of these columns the first tells all; a client that wants more reads Arrow's types.
_TYPES = pa.schema(
    [
        _required("type_name", pa.string()),
        _required("data_type", pa.int32()),
        ("column_size", pa.int32()),
        ("literal_prefix", pa.string()),
        ("literal_suffix", pa.string()),
        ("create_params", pa.list_(_required("item", pa.string()))),
        _required("nullable", pa.int32()),
        _required("case_sensitive", pa.bool_()),
        _required("searchable", pa.int32()),
        ("unsigned_attribute", pa.bool_()),
        _required("fixed_prec_scale", pa.bool_()),
        ("auto_increment", pa.bool_()),
        ("local_type_name", pa.string()),
        ("minimum_scale", pa.int32()),
        ("maximum_scale", pa.int32()),
        _required("sql_data_type", pa.int32()),
        ("datetime_subcode", pa.int32()),
        ("num_prec_radix", pa.int32()),
        ("interval_precision", pa.int32()),
    ]
)


def catalogs(_engine: Engine, _command: Message) -> pa.Table:
    """The one catalog."""
    return pa.Table.from_pylist([{"catalog_name": CATALOG}], _CATALOGS)


def schemas(engine: Engine, command: Message) -> pa.Table:
    """The namespaces with tables, and the schema of the views."""
    names = {name.namespace for name, _ in _named(engine, command)}
    rows = [{"catalog_name": CATALOG, "db_schema_name": name} for name in sorted(names)]
    return pa.Table.from_pylist(rows, _SCHEMAS)


def tables(engine: Engine, command: Message) -> pa.Table:
    """Tables and views, with their columns if the command asks for them."""
    matches_table = _pattern(command, "table_name_filter_pattern")
    rows = []
    for name, kind in _named(engine, command):
        if not matches_table(name.table):
            continue
        if command.table_types and kind not in command.table_types:
            continue
        row = {
            "catalog_name": CATALOG,
            "db_schema_name": name.namespace,
            "table_name": name.table,
            "table_type": kind,
        }
        if command.include_schema:
            columns = _columns(engine, name, kind)
            if columns is None:
                continue
            row[_TABLE_SCHEMA.name] = columns.serialize().to_pybytes()
        rows.append(row)
    columns = _TABLES.append(_TABLE_SCHEMA) if command.include_schema else _TABLES
    return pa.Table.from_pylist(rows, columns)


def table_types(_engine: Engine, _command: Message) -> pa.Table:
    """Tables and views."""
    return pa.Table.from_pylist([{"table_type": kind} for kind in (_TABLE, _VIEW)], _TABLE_TYPES)


def primary_keys(_engine: Engine, _command: Message) -> pa.Table:
    """None: Iceberg's tables have no keys that hold."""
    return _PRIMARY_KEYS.empty_table()


def foreign_keys(_engine: Engine, _command: Message) -> pa.Table:
    """None."""
    return _FOREIGN_KEYS.empty_table()


def types(_engine: Engine, _command: Message) -> pa.Table:
    """None: columns have Arrow's types, and nobody can create one."""
    return _TYPES.empty_table()


def _named(engine: Engine, command: Message) -> Iterator[tuple[TableName, str]]:
    """Tables and views of the catalog and the schemas that the command asks for."""
    if command.HasField("catalog") and command.catalog != CATALOG:
        return
    matches_schema = _pattern(command, "db_schema_filter_pattern")
    for names, kind in ((engine.table_names(), _TABLE), (engine.view_names(), _VIEW)):
        for name in names:
            if matches_schema(name.namespace):
                yield name, kind


def _columns(engine: Engine, name: TableName, kind: str) -> pa.Schema | None:
    """None for a view that cannot be read and for a table that has just been dropped."""
    if kind == _TABLE:
        return engine.table_columns(name)
    try:
        return engine.schema(Request(f'SELECT * FROM {name.namespace}."{name.table}"'))  # noqa: S608
    except QueryError:
        return None


def _pattern(command: Message, field: str):  # noqa: ANN202 (a bound method of re.Pattern)
    """A test for the pattern of SQL's LIKE in this field; all passes if there is none."""
    if not command.HasField(field):
        return lambda _: True
    wildcards = {"%": ".*", "_": "."}
    parts = (wildcards.get(part, re.escape(part)) for part in getattr(command, field))
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL).fullmatch
