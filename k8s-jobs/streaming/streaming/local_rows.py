"""Small tables of rows that the driver has made up."""

import json
from collections.abc import Iterable, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def local_rows(spark: SparkSession, schema: str, rows: Iterable[Sequence[object]]) -> DataFrame:
    """Rows as a DataFrame of one partition.

    `createDataFrame` does this too, but by way of a Python process on the executor.

    Args:
        spark: the session.
        schema: names and types of the columns, as in `minute bigint, revenue decimal(18,2)`.
        rows: values in the order of the columns: what JSON holds, and decimals as text.
    """
    names = [column.split()[0] for column in schema.split(", ")]
    text = json.dumps([dict(zip(names, row, strict=True)) for row in rows])
    document = F.from_json(F.lit(text), f"array<struct<{schema}>>")
    return spark.range(0, 1, 1, numPartitions=1).select(F.inline(document))
