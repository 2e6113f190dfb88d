"""The rows of DuckDB as they are sent, and its errors as they are told."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from .errors import QueryError, UnavailableError
from .running import RunningQuery


def schema_of(relation: duckdb.DuckDBPyRelation, query: RunningQuery) -> pa.Schema:
    """The columns as they are sent, each with a name of its own; the statement is not run."""
    with told(query):
        return sent_schema(relation, relation.limit(0).to_arrow_table().schema)


def sent_schema(relation: duckdb.DuckDBPyRelation, schema: pa.Schema) -> pa.Schema:
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


def as_sent(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the schema's names and types."""
    columns = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.record_batch(columns, schema=schema)


#: How DuckDB tells that the scan of a table's files failed, in Arrow's words.
_FILE_FAILURE = re.compile(r"registered as '.*?' failed: (?:IO|OS)Error: (.*)", re.DOTALL)


@contextmanager
def told(query: RunningQuery) -> Iterator[None]:
    """Turns what DuckDB and Arrow raise into what the client is told.

    Whatever fails in a query that was stopped, the client is told why it was.
    """
    try:
        yield
    except QueryError:
        query.raise_if_stopped()
        raise
    except (duckdb.Error, pa.ArrowInvalid, OSError) as error:
        query.raise_if_stopped()
        failure = _FILE_FAILURE.search(str(error))
        if failure is not None:
            raise UnavailableError(f"The table's files cannot be read: {failure[1]}") from error
        raise QueryError(str(error)) from error
