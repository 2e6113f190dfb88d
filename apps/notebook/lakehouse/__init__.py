"""What a notebook asks of the lakehouse beside Spark: SQL over Arrow Flight, and Postgres.

Spark needs nothing from here: `SparkSession.builder.getOrCreate()` is configured for the catalog.
Where things are comes from the environment, passwords from files that it names.
"""

import os
from pathlib import Path

import adbc_driver_flightsql.dbapi as flight_sql
import pandas as pd
import psycopg

__all__ = ["postgres", "query"]


def query(sql: str) -> pd.DataFrame:
    """Asks the query engine, which answers in milliseconds what Spark takes seconds for.

    It also knows the views `lakehouse.*` and past states of the tables (`AT TIMESTAMP '...'`).

    Args:
        sql: one statement that reads.

    Returns:
        Its rows; decimals stay exact, times are in UTC.
    """
    login = {"username": _secret("FLIGHT_USER_FILE"), "password": _secret("FLIGHT_PASSWORD_FILE")}
    address = f"grpc://{os.environ['FLIGHT_ADDRESS']}"
    with (
        flight_sql.connect(address, db_kwargs=login, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
        return cursor.fetch_arrow_table().to_pandas()


def postgres() -> psycopg.Connection:
    """Connects to the database of the features, as a user that can only read.

    Returns:
        A connection; `with` closes it.
    """
    host, _, port = os.environ["POSTGRES_ADDRESS"].partition(":")
    return psycopg.connect(
        host=host,
        port=port,
        dbname=os.environ["POSTGRES_DATABASE"],
        user=_secret("POSTGRES_USER_FILE"),
        password=_secret("POSTGRES_PASSWORD_FILE"),
    )


def _secret(variable: str) -> str:
    """The contents of the file that an environment variable names."""
    return Path(os.environ[variable]).read_text(encoding="utf-8").strip()
