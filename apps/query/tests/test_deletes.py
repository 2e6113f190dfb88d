"""Row-level deletes as Spark's merge-on-read writes them; pyiceberg cannot, so the test does."""

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.update import AddSnapshotUpdate, SetSnapshotRefUpdate
from pyiceberg.typedef import Record
from sample_lakehouse import files_of, orders

from query.errors import QueryError

ALL = "ecommerce_db.orders"


class _DeleteManifestWriter(ManifestWriterV2):
    def content(self):
        return ManifestContent.DELETES


def delete_rows(
    table: Table,
    path: str,
    positions: list[int],
    content: DataFileContent = DataFileContent.POSITION_DELETES,
) -> None:
    """Commits a file that deletes the rows at the positions of a data file."""
    table.refresh()
    folder = Path(path).parent
    snapshot_id = time.time_ns()
    deletes = folder / f"deletes-{snapshot_id}.parquet"
    columns = {"file_path": [f"file://{path}"] * len(positions), "pos": positions}
    pq.write_table(pa.table(columns), deletes)
    data_file = DataFile.from_args(
        content=content,
        file_path=f"file://{deletes}",
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=len(positions),
        file_size_in_bytes=deletes.stat().st_size,
        equality_ids=[1] if content == DataFileContent.EQUALITY_DELETES else None,
        _table_format_version=2,
    )
    data_file.spec_id = 0
    parent = table.current_snapshot()
    assert parent is not None
    sequence_number = table.metadata.last_sequence_number + 1
    output = table.io.new_output(f"file://{folder}/manifest-{snapshot_id}.avro")
    with _DeleteManifestWriter(
        table.spec(), table.schema(), output, snapshot_id, "deflate"
    ) as writer:
        writer.add_entry(
            ManifestEntry.from_args(
                status=ManifestEntryStatus.ADDED, snapshot_id=snapshot_id, data_file=data_file
            )
        )
    location = f"file://{folder}/snap-{snapshot_id}.avro"
    with write_manifest_list(
        2,
        table.io.new_output(location),
        snapshot_id,
        parent.snapshot_id,
        sequence_number,
        "deflate",
    ) as manifests:
        manifests.add_manifests([*parent.manifests(table.io), writer.to_manifest_file()])
    snapshot = Snapshot(
        snapshot_id=snapshot_id,
        parent_snapshot_id=parent.snapshot_id,
        sequence_number=sequence_number,
        timestamp_ms=snapshot_id // 1_000_000,
        manifest_list=location,
        summary=Summary(Operation.DELETE),
        schema_id=table.schema().schema_id,
    )
    updates = (
        AddSnapshotUpdate(snapshot=snapshot),
        SetSnapshotRefUpdate(ref_name="main", type="branch", snapshot_id=snapshot_id),
    )
    table.catalog.commit_table(table, (), updates)


def test_deleted_rows_are_not_seen(lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    table.append(orders(1))
    assert ask(f"SELECT count(*) AS n FROM {ALL}") == [{"n": 20}]
    first, second = files_of(table)
    delete_rows(table, first, [0, 3])
    assert ask(f'SELECT count(*) AS n, sum("offset") AS s FROM {ALL}') == [
        {"n": 18, "s": sum(range(20)) - 3}
    ]
    assert ask(f'SELECT count(*) AS n FROM {ALL} WHERE "offset" < 5') == [{"n": 3}]
    # Deletes add up, and rows that come later are not touched by them.
    delete_rows(table, second, [9])
    table.refresh()
    table.append(orders(2))
    assert ask(f'SELECT count(*) AS n, sum("offset") AS s FROM {ALL}') == [
        {"n": 27, "s": sum(range(30)) - 3 - 19}
    ]


def test_the_newest_rows_are_those_that_are_left(lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    table.append(orders(1))
    delete_rows(table, files_of(table)[1], list(range(10)))
    newest = ask(f'SELECT "offset" AS o FROM {ALL} ORDER BY event_time DESC LIMIT 2')
    assert newest == [{"o": 9}, {"o": 8}]


def test_deletes_that_cannot_be_read_are_told(lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    delete_rows(table, files_of(table)[0], [0], DataFileContent.EQUALITY_DELETES)
    with pytest.raises(QueryError, match=r"ecommerce_db\.orders has deletes that cannot be read"):
        ask(f"SELECT count(*) FROM {ALL}")
