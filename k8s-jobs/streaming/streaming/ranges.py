"""Conditions on time that let a reader skip files."""

from collections.abc import Iterable

from pyspark.sql import Column
from pyspark.sql import functions as F

# Starts closer than this are read as one range of time: files are not cut finer anyway.
_GAP = 3600


def in_ranges(column: str, starts: Iterable[int], length: int) -> Column:
    """Whether a time is in one of a few ranges that hold all of some spans of time.

    The ranges are what Iceberg compares with the bounds of its files; they may hold more than the
    spans.

    Args:
        column: a column of times.
        starts: where the spans start, in seconds since 1970, UTC.
        length: how long each span is, in seconds.
    """
    ordered = sorted(starts)
    is_inside = F.lit(False)
    first = 0
    for index, start in enumerate(ordered):
        if index + 1 < len(ordered) and ordered[index + 1] - start <= _GAP:
            continue
        is_inside = is_inside | (
            (F.col(column) >= F.timestamp_seconds(F.lit(ordered[first])))
            & (F.col(column) < F.timestamp_seconds(F.lit(start + length)))
        )
        first = index + 1
    return is_inside
