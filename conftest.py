"""A real Spark session with real Iceberg tables, in a folder of its own, for all tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from streaming.session import SMALL_BATCHES
from streaming.tables import ALL_TABLES, CATALOG, create_tables


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The session of the jobs on this machine; a Hadoop catalog stands in for Nessie.

    There is one for all tests: a process has one Spark, and a second session would share it but
    look for the tables in another folder.
    """
    jars = os.environ.get("LAKEHOUSE_SPARK_JARS")
    if not jars or not list(Path(jars).glob("iceberg-spark-runtime-*.jar")):
        pytest.fail(
            "LAKEHOUSE_SPARK_JARS must be a folder with the jars of images/spark/pom.xml. "
            "`npm run check` resolves them and sets it."
        )
    folder = tmp_path_factory.mktemp("lakehouse")
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
    yield session
    session.stop()


@pytest.fixture
def tables(spark: SparkSession) -> None:
    """Every table of the lakehouse, empty."""
    for table in ALL_TABLES:
        spark.sql(f"DROP TABLE IF EXISTS {table.full_name}")
    create_tables(spark)
