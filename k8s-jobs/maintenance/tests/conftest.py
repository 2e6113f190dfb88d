"""A real Spark session with real Iceberg tables, in a folder of its own."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from local_spark import start_spark
from streaming.tables import ALL_TABLES, create_tables


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The session of the jobs on this machine."""
    session = start_spark(tmp_path_factory.mktemp("lakehouse"))
    yield session
    session.stop()


@pytest.fixture
def tables(spark: SparkSession) -> None:
    """Every table of the lakehouse, empty."""
    for table in ALL_TABLES:
        spark.sql(f"DROP TABLE IF EXISTS {table.full_name}")
    create_tables(spark)
