"""The Spark session of the job, with all of its configuration but memory."""

from pyspark.sql import SparkSession

from features.settings import Settings
from streaming.session import SMALL_BATCHES, checkpoint_storage, iceberg_catalog
from streaming.tables import CATALOG


def build_session(settings: Settings) -> SparkSession:
    """Starts Spark within this process's own pod: driver and tasks share its memory and its disk.

    The master set here wins over the one that spark-submit was given, so that no executor is asked
    for.
    """
    configuration = (
        SMALL_BATCHES
        | iceberg_catalog(settings.lakehouse)
        | checkpoint_storage(settings.lakehouse)
        | {
            # Streaming and maintenance write some of the tables too: each look at one is a new one.
            f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
        }
    )
    builder = SparkSession.builder.master("local[2]").appName("features")
    for name, value in configuration.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
