"""Spark on this machine, with real Iceberg tables in a folder."""

import os
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from streaming.session import SMALL_BATCHES
from streaming.tables import CATALOG


def start_spark(folder: Path) -> SparkSession:
    """The session of the jobs on this machine; a Hadoop catalog stands in for Nessie."""
    jars = os.environ.get("LAKEHOUSE_SPARK_JARS")
    if not jars or not list(Path(jars).glob("iceberg-spark-runtime-*.jar")):
        pytest.fail(
            "LAKEHOUSE_SPARK_JARS must be a folder with the jars of images/spark/pom.xml. "
            "`npm run check` resolves them and sets it."
        )
    configuration = SMALL_BATCHES | {
        "spark.driver.extraClassPath": f"{jars}/*",
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(folder / "spark-warehouse"),
        f"spark.sql.catalog.{CATALOG}": "org.apache.iceberg.spark.SparkCatalog",
        f"spark.sql.catalog.{CATALOG}.type": "hadoop",
        f"spark.sql.catalog.{CATALOG}.warehouse": str(folder / "warehouse"),
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in configuration.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
