"""Objects of the training flow: Parquet files of many rows."""

from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from features.behaviour import FIELDS
from features.notifications import NotifiedObject
from features.objects import ObjectFetcher, reject
from features.spool import Spool

if TYPE_CHECKING:
    # Known to type checkers alone.
    from obstore import GetResult

#: An hour of 5 million rows; the files of a batch are on disk at the same time.
LARGEST_FILE = 256 << 20

# Without these a file is of something else. An event_id can be computed.
_NEEDED = tuple(field for field in FIELDS if field not in ("event_id", "category_id"))
_TIME_FORMAT = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"
_UNREADABLE = "Encountered error while reading file"


class RowFileError(ValueError):
    """A file does not hold rows of behaviour. The text says why."""


def read_row_files(
    spark: SparkSession,
    fetcher: ObjectFetcher,
    objects: list[NotifiedObject],
    spool: Spool,
    folder: Path,
) -> DataFrame:
    """Fetches Parquet objects into rows of `TEXT_SCHEMA`.

    Args:
        spark: the session.
        fetcher: fetches them.
        objects: what to fetch.
        spool: for the objects that are rejected.
        folder: an empty folder that remains until the rows have been computed.
    """
    files = {source: folder / f"{number}.parquet" for number, source in enumerate(objects)}

    def take(source: NotifiedObject, result: "GetResult") -> None:
        with files[source].open("wb") as file:
            for chunk in result.stream():
                file.write(chunk)

    for rejected in fetcher.fetch(objects, LARGEST_FILE, take):
        spool.reject(rejected)
    parts = []
    for source, path in files.items():
        if not path.exists():
            continue
        try:
            parts.append(_read_one(spark, source, path))
        except RowFileError as error:
            spool.reject(reject(source, str(error)))
    return reduce(DataFrame.unionByName, parts, spool.read(spark))


def _read_one(spark: SparkSession, source: NotifiedObject, path: Path) -> DataFrame:
    """The rows of one file, computed: a file that is broken anywhere gives none.

    Raises:
        RowFileError: the file is broken or of something else.
    """
    try:
        rows = spark.read.parquet(f"file://{path}")
    except (PySparkException, Py4JJavaError) as error:
        raise RowFileError("the object is not Parquet") from error
    rows = rows.select(
        F.lit(source.origin.topic).alias("topic"),
        F.lit(source.origin.partition).alias("partition"),
        F.lit(source.origin.offset).cast("bigint").alias("offset"),
        F.lit(source.key).alias("object"),
        F.lit(None).cast("string").alias("reason"),
        F.lit(None).cast("string").alias("raw"),
        *texts(rows.schema),
    )
    try:
        return rows.localCheckpoint()
    except (PySparkException, Py4JJavaError) as error:
        if _UNREADABLE in str(error):
            raise RowFileError("the object is broken Parquet") from error
        raise


def texts(schema: T.StructType) -> list[Column]:
    """The fields of a row of behaviour as text, from columns of any plain type.

    Raises:
        RowFileError: columns are missing, or hold more than one value each.
    """
    types = {field.name: field.dataType for field in schema.fields}
    faults = [f"it has no column {name}" for name in _NEEDED if name not in types]
    faults += [
        f"its column {name} is {types[name].simpleString()}"
        for name in FIELDS
        if isinstance(types.get(name), T.ArrayType | T.MapType | T.StructType | T.BinaryType)
    ]
    if faults:
        raise RowFileError(f"the object is not rows of behaviour: {'; '.join(faults)}")
    return [_text(name, types.get(name)).alias(name) for name in FIELDS]


def _text(name: str, kind: T.DataType | None) -> Column:
    column = F.col(f"`{name}`")
    match kind:
        case None:
            return F.lit(None).cast("string")
        case T.TimestampType() | T.TimestampNTZType():
            # A time without a zone is UTC, as the session is.
            return F.date_format(column.cast("timestamp"), _TIME_FORMAT)
        case T.DecimalType() | T.DoubleType() | T.FloatType():
            money = column.cast("decimal(18,2)")
            return F.when(column == money, money.cast("string")).otherwise(column.cast("string"))
        case _:
            return column.cast("string")
