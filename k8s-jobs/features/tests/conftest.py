"""Rows of behaviour, and the real servers that tests of the stores need.

The servers are given as JSON: LAKEHOUSE_TEST_REDIS {host, port, password} and
LAKEHOUSE_TEST_POSTGRES {host, port, username, password}. The end-to-end tests set them; without,
these tests are skipped.
"""

import json
import os
from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from redis import Redis

from features.behaviour import FIELDS, TEXT_SCHEMA, read_rows


@pytest.fixture
def checked(spark: SparkSession) -> Callable[..., DataFrame]:
    """Checks rows of behaviour as those of one object each, in the order of their offsets."""

    def check(*rows: dict[str, str | None]) -> DataFrame:
        values = [
            ("testing_data_streaming", 0, offset, "a.json", None, None, *map(row.get, FIELDS))
            for offset, row in enumerate(rows)
        ]
        return read_rows(spark.createDataFrame(values, TEXT_SCHEMA)).orderBy("offset")

    return check


@pytest.fixture
def events(checked: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
    """The features of rows of behaviour that are all valid."""

    def check(*rows: dict[str, str | None]) -> DataFrame:
        valid = checked(*rows).where(F.col("reason").isNull()).localCheckpoint()
        assert valid.count() == len(rows)
        return valid

    return check


def server(kind: str) -> dict[str, object]:
    """A real server, if there is one."""
    address = os.environ.get(f"LAKEHOUSE_TEST_{kind}")
    if not address:
        pytest.skip(f"LAKEHOUSE_TEST_{kind} names no server; the end-to-end tests do")
    return json.loads(address)


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A client of a real server. Sessions have to be new ones: see `session`."""
    client = Redis(decode_responses=True, **server("REDIS"))
    yield client
    client.close()


@pytest.fixture
def session(redis: Redis) -> Iterator[str]:
    """The name of a session that nobody else has."""
    name = f"test-{uuid4()}"
    yield name
    keys = [*redis.scan_iter(f"session:{name}:*"), *redis.scan_iter(f"activity:{name}*")]
    if keys:
        redis.delete(*keys)


@pytest.fixture
def connect() -> Iterator[Callable[[], psycopg.Connection]]:
    """Opens connections to a database of its own on a real server."""
    given = server("POSTGRES")
    address = {
        "host": given["host"],
        "port": given["port"],
        "user": given["username"],
        "password": given["password"],
    }
    name = f"features_test_{uuid4().hex}"
    database = sql.Identifier(name)
    with psycopg.connect(**address, dbname="postgres", autocommit=True) as server_connection:
        server_connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
        yield lambda: psycopg.connect(**address, dbname=name)
        server_connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
