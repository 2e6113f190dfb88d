"""Rows on the way into Spark: a file on the disk that driver and tasks share."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from features.behaviour import TEXT_SCHEMA
from features.notifications import NotifiedObject, Reject


class Spool:
    """Rows of `TEXT_SCHEMA`, written by many threads and read once."""

    def __init__(self, folder: Path) -> None:
        """Begins without rows.

        Args:
            folder: an existing folder.
        """
        self._file = folder / "rows.json"
        self._file.touch()
        self._lock = threading.Lock()

    def add(self, source: NotifiedObject, fields: Mapping[str, str | None], raw: str) -> None:
        """Adds a row of behaviour."""
        origin = source.origin
        self._write({**vars(origin), "object": source.key, "raw": raw, **fields})

    def reject(self, rejected: Reject, raw: str | None = None) -> None:
        """Adds a dead letter, with what was read of it."""
        self._write({**vars(rejected.origin), "reason": rejected.reason, "raw": raw})

    def read(self, spark: SparkSession) -> DataFrame:
        """All rows. The file must remain until they have been computed."""
        return spark.read.schema(TEXT_SCHEMA).json(f"file://{self._file}")

    def _write(self, row: Mapping[str, object]) -> None:
        line = json.dumps(row) + "\n"
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            file.write(line)
