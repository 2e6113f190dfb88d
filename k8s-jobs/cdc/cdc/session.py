"""The Spark session of the job, with all of its configuration but memory."""

from pyspark.sql import SparkSession

from cdc.settings import Settings
from streaming.session import SMALL_BATCHES, checkpoint_storage, iceberg_catalog


def build_session(settings: Settings) -> SparkSession:
    """Starts Spark in this process alone, or finds it running, configured for the lakehouse.

    The changes of a shop are few: executors of their own would be idle nearly all the time.
    """
    configuration = SMALL_BATCHES | iceberg_catalog(settings) | checkpoint_storage(settings)
    builder = SparkSession.builder.appName("cdc").master("local[2]")
    for name, value in configuration.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
