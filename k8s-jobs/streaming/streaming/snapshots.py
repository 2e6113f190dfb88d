"""Keeps the metadata of tables short that get a commit every second or two.

Each commit writes a table's metadata anew, with every snapshot that it has had: a kilobyte each,
tens of megabytes after a day. Iceberg's own expiry of snapshots refuses tables in Nessie, because
their files may be in use on other branches. So nothing is deleted here: old snapshots are only left
out of new metadata. Travel in time goes by Nessie's history, where each commit has its metadata.
"""

import logging

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from streaming.tables import Table

log = logging.getLogger(__name__)

#: A table is trimmed when it has this many snapshots.
MAXIMUM_SNAPSHOTS = 200
#: What a trimmed table keeps, for readers of a few minutes ago.
KEPT_SNAPSHOTS = 100


def trim_snapshots(
    spark: SparkSession,
    table: Table,
    maximum: int = MAXIMUM_SNAPSHOTS,
    kept: int = KEPT_SNAPSHOTS,
) -> None:
    """Leaves out the oldest snapshots of a table if it has more than `maximum`."""
    iceberg = spark._jvm.org.apache.iceberg  # noqa: SLF001 - Iceberg has no SQL for this
    stored = iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, table.full_name)  # noqa: SLF001
    operations = stored.operations()
    metadata = operations.current()
    snapshots = metadata.snapshots()
    if len(snapshots) <= maximum:
        return
    oldest = snapshots.subList(0, len(snapshots) - kept)
    shorter = iceberg.TableMetadata.buildFrom(metadata).removeSnapshots(oldest).build()
    try:
        operations.commit(metadata, shorter)
    except Py4JJavaError as error:
        # Somebody else has just written the table. The next batch tries again.
        log.warning("%s keeps its snapshots: %s", table.name, error.java_exception)
