"""Tables as queries see them: planned once for each state of theirs, checked for every query."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.dataset as ds
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, PyArrowFileIO
from pyiceberg.manifest import ManifestContent
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.metadata import TableMetadata

from .catalog import TableCatalog, TableName
from .dataset import ROWS, TableDataset
from .errors import QueryError, UnavailableError
from .files import File, FileList
from .schema import arrow_schema, columns_match_by_name

#: Versions of tables that are kept ready to be scanned.
_KEPT_VERSIONS = 32


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
    """Gives the current state of tables. Safe for use by many threads.

    The catalog is asked for a table at most once in ``max_age`` seconds; all queries share what it
    answered.
    """

    def __init__(
        self,
        catalog: TableCatalog,
        io: PyArrowFileIO,
        max_age: float = 0.25,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``io`` reads metadata and data files, whatever credentials the catalog may suggest.

        What a query sees of a table is at most ``max_age`` seconds old; 0 asks for every query.
        """
        self._catalog = catalog
        self._io = io
        self._max_age = max_age
        self._clock = clock
        self._executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="manifests")
        # Its work takes a table's lock, whose holder may wait for the manifests.
        self._lookups = ThreadPoolExecutor(max_workers=4, thread_name_prefix="metadata")
        self._entries: dict[TableName, _Entry] = {}
        self._lock = threading.Lock()

    def names(self) -> list[TableName]:
        """Every table there is. Raises UnavailableError when the catalog does not answer."""
        return self._catalog.names()

    def get(self, name: TableName) -> PlannedTable | None:
        """The table, ready to be scanned; None if there is none of that name.

        Raises UnavailableError when the catalog or the storage does not answer, and QueryError when
        the table has no such version or cannot be read.
        """
        with self._current(name) as entry:
            table = entry.table
            if table is None:
                return None
            if entry.planned_from != table.metadata_location:
                with _reading(name):
                    entry.planned = self._plan(name, table, entry.files)
                entry.planned_from = table.metadata_location
            return entry.planned

    def columns(self, name: TableName) -> pa.Schema | None:
        """The table's columns; None if there is no such table. Reads none of its files."""
        with self._current(name) as entry:
            return None if entry.table is None else arrow_schema(entry.table.schema())

    def metadata(self, names: list[TableName]) -> list[TableMetadata | None]:
        """What Iceberg's metadata tells of each table, with every snapshot that it still knows."""
        return list(self._lookups.map(self._metadata, names))

    def _metadata(self, name: TableName) -> TableMetadata | None:
        with self._current(name) as entry:
            return None if entry.table is None else self._stored(name, entry, entry.table)

    @contextmanager
    def _current(self, name: TableName) -> Iterator["_Entry"]:
        """What is known of the table, no older than allowed; nobody changes it meanwhile.

        Who waited for another query's look at the catalog can use it, if it began late enough.
        """
        asked_at = self._clock()
        entry = self._entry(name)
        with entry.lock:
            if entry.checked_at < asked_at - self._max_age:
                checked_at = self._clock()
                entry.table = self._load(name, entry)
                entry.checked_at = checked_at
            yield entry

    def _entry(self, name: TableName) -> "_Entry":
        with self._lock:
            if name not in self._entries:
                versions = [known for known in self._entries if known.version is not None]
                if name.version is not None and len(versions) >= _KEPT_VERSIONS:
                    del self._entries[versions[0]]
                self._entries[name] = _Entry(FileList(self._io, self._executor))
            return self._entries[name]

    def _load(self, name: TableName, entry: "_Entry") -> Table | None:
        table = self._catalog.load(name)
        if table is None:
            # A table of this name that is made later has nothing in common with it.
            with self._lock:
                self._entries.pop(name, None)
        elif name.version is not None and name.version.kind == "SNAPSHOT":
            return self._at_snapshot(name, entry, table)
        return table

    def _at_snapshot(self, name: TableName, entry: "_Entry", table: Table) -> Table:
        """The table as if the snapshot that its name asks for were the current one."""
        metadata = self._stored(name, entry, table)
        snapshot = metadata.snapshot_by_id(int(name.version.value))
        if snapshot is None:
            raise QueryError(
                f"There is no {name}: the table's metadata has {len(metadata.snapshots)} "
                "snapshots, and older ones are left out of it. AT TIMESTAMP and AT COMMIT go by "
                "Nessie's history, which has them all"
            )
        schema_id = metadata.current_schema_id if snapshot.schema_id is None else snapshot.schema_id
        then = {"current_snapshot_id": snapshot.snapshot_id, "current_schema_id": schema_id}
        past = metadata.model_copy(update=then)
        return Table(table.name(), past, table.metadata_location, self._io, table.catalog)

    def _stored(self, name: TableName, entry: "_Entry", table: Table) -> TableMetadata:
        """The metadata as its writer stored it: Nessie's answer has the current snapshot only."""
        if entry.stored_from != table.metadata_location:
            with _reading(name):
                file = self._io.new_input(table.metadata_location)
                entry.stored = FromInputFile.table_metadata(file)
            entry.stored_from = table.metadata_location
        return entry.stored

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


@contextmanager
def _reading(name: TableName) -> Iterator[None]:
    """Tells a failure of the storage as what it is."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"The files of {name} cannot be read: {error}") from error


class _Entry:
    """What is known of one table; guarded by its lock."""

    def __init__(self, files: FileList) -> None:
        self.lock = threading.Lock()
        self.files = files
        self.table: Table | None = None
        self.checked_at = float("-inf")
        #: The scan of the table, and the metadata file that it was planned from.
        self.planned: PlannedTable | None = None
        self.planned_from: str | None = None
        #: The content of a metadata file, and that file.
        self.stored: TableMetadata | None = None
        self.stored_from: str | None = None
