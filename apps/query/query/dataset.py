"""What DuckDB scans: a dataset that reads only the columns, files and row groups a query needs."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.dataset as ds

#: A column without content that comes before the real ones. DuckDB reads the first column when it
#: needs rows but no values, as for ``count(*)``; this one costs no reading.
ROWS = pa.field("__rows", pa.null())

#: Rows that travel together, and how many such batches are read ahead of DuckDB in each file.
_BATCH_ROWS = 65_536
_BATCHES_AHEAD = 4

#: Read ahead of DuckDB: many small files at once, for speed, or few large ones, for memory.
_BYTES_AHEAD = 48 * 2**20
_MAX_FILES_AHEAD = 16


class TableDataset(ds.UnionDataset):
    """The rows of one snapshot of a table.

    DuckDB asks it for a scanner with the columns and the filter that it could push down.
    """

    def __init__(
        self,
        schema: pa.Schema,
        children: Sequence[ds.Dataset],
        row_count: int,
        largest_file: int = 0,
        only: ds.Expression | None = None,
    ) -> None:
        """``schema`` begins with ROWS, as those of the children do; ``row_count`` is exact.

        ``largest_file`` is in bytes. ``only`` narrows every scan to the rows for which it holds.
        """
        super().__init__(schema, list(children))
        self._row_count = row_count
        self._largest_file = largest_file
        self._only = only

    def narrowed(self, only: ds.Expression) -> "TableDataset":
        """The same rows as far as the expression holds for them."""
        return TableDataset(self.schema, self.children, self._row_count, self._largest_file, only)

    def scanner(
        self,
        columns: list[str] | None = None,
        filter: ds.Expression | None = None,  # noqa: A002 (pyarrow's name)
    ) -> ds.Scanner:
        """The scan that DuckDB asks for."""
        wanted = self._only if filter is None else filter
        if self._only is not None and filter is not None:
            wanted = self._only & filter
        if columns == [ROWS.name] and wanted is None:
            return _row_counter(self._row_count)
        files_ahead = _BYTES_AHEAD // max(self._largest_file, 1)
        return super().scanner(
            columns=columns,
            filter=wanted,
            batch_size=_BATCH_ROWS,
            batch_readahead=_BATCHES_AHEAD,
            fragment_readahead=max(1, min(_MAX_FILES_AHEAD, files_ahead)),
        )


def _row_counter(row_count: int) -> ds.Scanner:
    """As many empty rows as asked for; no file is read, Iceberg's metadata has the number."""
    schema = pa.schema([ROWS])
    rows = pa.record_batch([pa.nulls(row_count)], schema=schema)
    return ds.Scanner.from_batches([rows], schema=schema)
