"""What Iceberg's metadata tells of the tables, as a table of its own: ``lakehouse.tables``."""

from datetime import UTC, datetime

import pyarrow as pa

from .tables import Tables

COLUMNS = pa.schema(
    [
        ("namespace", pa.string()),
        ("table_name", pa.string()),
        ("rows", pa.int64()),
        ("files", pa.int64()),
        ("bytes", pa.int64()),
        ("snapshots", pa.int64()),
        ("last_commit", pa.timestamp("us", tz="UTC")),
        ("snapshot_id", pa.int64()),
    ]
)


def information(tables: Tables) -> pa.Table:
    """One row a table; no data file is read.

    Rows that deletes take away count as long as they are in the files. A table that nobody has
    written yet has no rows, files and bytes, and neither a last commit nor a snapshot id.

    Raises UnavailableError when the catalog or the storage does not answer.
    """
    names = tables.names()
    rows = []
    for name, metadata in zip(names, tables.metadata(names), strict=True):
        if metadata is None:  # Dropped since the tables were listed.
            continue
        snapshot = metadata.current_snapshot()
        row = {
            "namespace": name.namespace,
            "table_name": name.table,
            "snapshots": len(metadata.snapshots),
        }
        if snapshot is None:
            row |= {"rows": 0, "files": 0, "bytes": 0}
        else:
            summary = {} if snapshot.summary is None else snapshot.summary.additional_properties
            row |= {
                "rows": _total(summary, "total-records"),
                "files": _total(summary, "total-data-files"),
                "bytes": _total(summary, "total-files-size"),
                "last_commit": datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC),
                "snapshot_id": snapshot.snapshot_id,
            }
        rows.append(row)
    return pa.Table.from_pylist(rows, COLUMNS)


def _total(summary: dict[str, str], key: str) -> int | None:
    """None when the writer of the snapshot did not count it."""
    return int(summary[key]) if key in summary else None
