"""The Spark session of the maintenance, with all of its configuration but memory and cores."""

from pyspark.sql import SparkSession

from streaming.session import iceberg_catalog
from streaming.settings import Settings
from streaming.tables import CATALOG


def build_session(settings: Settings) -> SparkSession:
    """Starts Spark with the streaming job's catalog."""
    configuration = iceberg_catalog(settings) | {
        # Others write the tables too: each look at one is a new one.
        f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.appName("maintenance")
    for name, value in configuration.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
