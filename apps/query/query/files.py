"""The data files of a table, as its Iceberg manifests list them."""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyiceberg.conversions import from_bytes
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import DataFile, FileFormat, ManifestFile
from pyiceberg.schema import Schema
from pyiceberg.types import (
    DateType,
    IntegerType,
    LongType,
    NestedField,
    TimestampType,
    TimestamptzType,
)

from .errors import QueryError

#: Columns of these types have exact bounds in the manifests, and queries that narrow them.
_BOUNDED = {
    IntegerType(): pa.int32(),
    LongType(): pa.int64(),
    DateType(): pa.date32(),
    TimestampType(): pa.timestamp("us"),
    TimestamptzType(): pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class Bounds:
    """The smallest and largest value of a column in a file, and how many of its rows have none."""

    column: str
    lower: pa.Scalar
    upper: pa.Scalar
    #: None when the writer did not count them.
    nulls: int | None


@dataclass(frozen=True)
class File:
    """A data file that needs no deletes applied."""

    path: str
    rows: int
    size: int
    bounds: tuple[Bounds, ...]
    #: Remembers the file's footer once it was read.
    fragment: ds.Fragment


class FileList:
    """Knows the files of one table; from one snapshot to the next it reads new manifests only."""

    def __init__(self, io: PyArrowFileIO, executor: Executor) -> None:
        """``executor`` reads manifests side by side."""
        self._io = io
        self._executor = executor
        self._format = ds.ParquetFileFormat(
            default_fragment_scan_options=ds.ParquetFragmentScanOptions(pre_buffer=True)
        )
        self._by_manifest: dict[str, list[File]] = {}
        self._by_path: dict[str, File] = {}

    def of_manifests(self, manifests: list[ManifestFile], schema: Schema) -> list[File]:
        """The live files of the manifests; what other manifests held is forgotten."""

        def read(manifest: ManifestFile) -> list[File]:
            known = self._by_manifest.get(manifest.manifest_path)
            if known is not None:
                return known
            entries = manifest.fetch_manifest_entry(self._io)
            return [self._file(entry.data_file, schema) for entry in entries]

        lists = list(self._executor.map(read, manifests))
        self._by_manifest = {
            manifest.manifest_path: files for manifest, files in zip(manifests, lists, strict=True)
        }
        return self._remembered([file for part in lists for file in part])

    def of_data_files(self, data_files: list[DataFile], schema: Schema) -> list[File]:
        """The files, the same objects as before where they are known; others are forgotten."""
        return self._remembered([self._file(data_file, schema) for data_file in data_files])

    def _remembered(self, files: list[File]) -> list[File]:
        self._by_path = {file.path: file for file in files}
        return files

    def _file(self, data_file: DataFile, schema: Schema) -> File:
        known = self._by_path.get(data_file.file_path)
        if known is not None:
            return known
        if data_file.file_format != FileFormat.PARQUET:
            raise QueryError(f"Only Parquet files can be read, not {data_file.file_path}")
        bounds = tuple(_bounds(data_file, schema))
        scheme, bucket, path = PyArrowFileIO.parse_location(data_file.file_path)
        fragment = self._format.make_fragment(
            path,
            self._io.fs_by_scheme(scheme, bucket),
            partition_expression=_holds_for_all(bounds),
            # Known, so that opening the file needs no request of its own.
            file_size=data_file.file_size_in_bytes,
        )
        return File(
            data_file.file_path,
            data_file.record_count,
            data_file.file_size_in_bytes,
            bounds,
            fragment,
        )

    def dataset(self, files: list[File], schema: pa.Schema) -> ds.Dataset:
        """The files as one dataset."""
        return ds.FileSystemDataset([file.fragment for file in files], schema, self._format)


def _bounds(data_file: DataFile, schema: Schema) -> Iterator[Bounds]:
    lower, upper = data_file.lower_bounds or {}, data_file.upper_bounds or {}
    nulls = data_file.null_value_counts or {}
    for field in schema.fields:
        kind = _BOUNDED.get(field.field_type)
        if kind is not None and field.field_id in lower and field.field_id in upper:
            yield Bounds(
                field.name,
                _scalar(field, lower[field.field_id], kind),
                _scalar(field, upper[field.field_id], kind),
                nulls.get(field.field_id),
            )


def _scalar(field: NestedField, encoded: bytes, kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(from_bytes(field.field_type, encoded), kind)


def _holds_for_all(bounds: tuple[Bounds, ...]) -> ds.Expression:
    """What is true of every row of the file; scans skip files that it rules out."""
    expression = pc.scalar(True)
    for bound in bounds:
        column = pc.field(bound.column)
        for claim in (column >= bound.lower, column <= bound.upper):
            expression &= claim if bound.nulls == 0 else claim | column.is_null()
    return expression
