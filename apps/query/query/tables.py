"""Tables as queries see them: planned once for each state of theirs, checked for every query."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.dataset as ds
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, PyArrowFileIO
from pyiceberg.manifest import ManifestContent
from pyiceberg.table import FileScanTask, Table

from .catalog import TableCatalog, TableName
from .dataset import ROWS, TableDataset
from .errors import QueryError, UnavailableError
from .files import File, FileList
from .schema import arrow_schema, columns_match_by_name


@dataclass(frozen=True)
class PlannedTable:
    """One state of a table, ready to be scanned."""

    name: TableName
    #: The table's own columns, without ROWS.
    columns: pa.Schema
    dataset: TableDataset
    #: Empty when rows come from elsewhere too, because files have deletes or renamed columns.
    files: tuple[File, ...]


class Tables:
    """Gives the current state of tables. Safe for use by many threads."""

    def __init__(self, catalog: TableCatalog, io: PyArrowFileIO) -> None:
        """``io`` reads manifests and data files, whatever credentials the catalog may suggest."""
        self._catalog = catalog
        self._io = io
        self._executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="manifests")
        self._entries: dict[TableName, _Entry] = {}
        self._lock = threading.Lock()

    def names(self) -> list[TableName]:
        """Every table there is."""
        return self._catalog.names()

    def get(self, name: TableName, max_age: float) -> PlannedTable | None:
        """The table as the catalog had it at most ``max_age`` seconds ago; None if there is none.

        Raises UnavailableError when the catalog or the storage does not answer.
        """
        entry = self._entry(name)
        asked_at = time.monotonic()
        with entry.lock:
            # Who waited for another query's check can use it, if it began late enough.
            if entry.checked_at < asked_at - max_age:
                checked_at = time.monotonic()
                table = self._catalog.load(name)
                self._refresh(entry, name, table)
                entry.checked_at = checked_at
            return entry.planned

    def columns(self, name: TableName) -> pa.Schema | None:
        """The table's columns now; None if there is no such table. Reads none of its files."""
        table = self._catalog.load(name)
        return None if table is None else arrow_schema(table.schema())

    def _entry(self, name: TableName) -> "_Entry":
        with self._lock:
            if name not in self._entries:
                self._entries[name] = _Entry(FileList(self._io, self._executor))
            return self._entries[name]

    def _refresh(self, entry: "_Entry", name: TableName, table: Table | None) -> None:
        if table is None:
            entry.planned, entry.metadata_location = None, None
            with self._lock:
                self._entries.pop(name, None)
        elif entry.metadata_location != table.metadata_location:
            try:
                entry.planned = self._plan(name, table, entry.files)
            except OSError as error:
                raise UnavailableError(f"The files of {name} cannot be read: {error}") from error
            entry.metadata_location = table.metadata_location

    def _plan(self, name: TableName, table: Table, known: FileList) -> PlannedTable:
        columns = arrow_schema(table.schema())
        schema = pa.schema([ROWS, *columns])
        snapshot = table.current_snapshot()
        manifests = [] if snapshot is None else snapshot.manifests(self._io)
        live = [m for m in manifests if m.has_added_files() or m.has_existing_files()]
        has_deletes = any(m.content == ManifestContent.DELETES for m in live)
        matches_by_name = columns_match_by_name(table.metadata)
        if has_deletes or not matches_by_name:
            files, rest = self._split(name, table, known, matches_by_name)
        else:
            files, rest = known.of_manifests(live, table.schema()), None
        children: list[ds.Dataset] = [known.dataset(files, schema)]
        row_count = sum(file.rows for file in files)
        if rest is not None:
            rest = rest.cast(columns).add_column(0, ROWS, pa.nulls(len(rest)))
            children.append(ds.dataset(rest))
            row_count += len(rest)
        largest = max((file.size for file in files), default=0)
        dataset = TableDataset(schema, children, row_count, largest)
        return PlannedTable(name, columns, dataset, tuple(files) if rest is None else ())

    def _split(
        self,
        name: TableName,
        table: Table,
        known: FileList,
        matches_by_name: bool,
    ) -> tuple[list[File], pa.Table]:
        """Files to be scanned as they are, and the rows of those that only pyiceberg reads right.

        The latter are held in memory: with deletes that is a share of the table which compaction
        keeps small.
        """
        ours = Table(table.name(), table.metadata, table.metadata_location, self._io, table.catalog)
        try:
            tasks = list(ours.scan().plan_files())
            plain = [task for task in tasks if matches_by_name and not task.delete_files]
            special = [task for task in tasks if not matches_by_name or task.delete_files]
            rows = self._read(ours, special)
        except (NotImplementedError, ValueError) as error:
            raise QueryError(f"{name} has deletes that cannot be read: {error}") from error
        return known.of_data_files([task.file for task in plain], table.schema()), rows

    def _read(self, table: Table, tasks: list[FileScanTask]) -> pa.Table:
        scan = ArrowScan(table.metadata, self._io, table.schema(), AlwaysTrue())
        return scan.to_table(tasks)


class _Entry:
    """What is known of one table; guarded by its lock."""

    def __init__(self, files: FileList) -> None:
        self.lock = threading.Lock()
        self.files = files
        self.planned: PlannedTable | None = None
        self.metadata_location: str | None = None
        self.checked_at = float("-inf")
