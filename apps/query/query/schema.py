"""Iceberg schemas as DuckDB should see them."""

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata


def arrow_schema(schema: Schema) -> pa.Schema:
    """The Arrow schema of an Iceberg schema, with the types in which Parquet files are read."""
    arrow = schema_to_pyarrow(schema, include_field_ids=False)
    return pa.schema([pa.field(field.name, _as_read(field.type)) for field in arrow])


def _as_read(kind: pa.DataType) -> pa.DataType:
    """The type without the large variants of pyiceberg, to which every batch would be cast."""
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(pa.field(kind.value_field.name, _as_read(kind.value_type)))
    if pa.types.is_map(kind):
        return pa.map_(_as_read(kind.key_type), _as_read(kind.item_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _as_read(field.type)) for field in kind])
    return kind


def columns_match_by_name(metadata: TableMetadata) -> bool:
    """Whether a column has had the same name and id in every schema of the table's history.

    If so, files of any age can be read by column name. After a rename, or when a dropped name came
    back, only the field ids inside the files tell which column is which; and an added column with a
    default has values that old files do not hold.
    """
    ids: dict[str, int] = {}
    names: dict[int, str] = {}
    for schema in metadata.schemas:
        for name in schema.column_names:
            field = schema.find_field(name)
            known = ids.setdefault(name, field.field_id), names.setdefault(field.field_id, name)
            if known != (field.field_id, name) or field.initial_default is not None:
                return False
    return True
