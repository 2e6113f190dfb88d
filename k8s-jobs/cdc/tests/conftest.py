"""The job's tables, and the writer of their batches."""

import pytest
from pyspark.sql import DataFrame, SparkSession

from cdc.tables import OWN_TABLES, create_tables
from cdc.writer import ChangeWriter
from debezium_messages import Message, messages
from streaming.dead_letters import DeadLetters, queue_messages
from streaming.tables import CATALOG, DEAD_LETTERS


class Shop:
    """Applies batches of changes, and tells what the tables hold then."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self.queued: list[str] = []
        self._write = self._new_writer()

    def _new_writer(self) -> ChangeWriter:
        return ChangeWriter(DeadLetters(self._send))

    def _send(self, letters: DataFrame) -> None:
        self.queued += [row.topic for row in queue_messages(letters).collect()]

    def restart(self) -> None:
        """Goes on as a new run of the job does."""
        self._spark = self._spark.newSession()
        self._write = self._new_writer()

    def batch(self, *changes: Message) -> DataFrame:
        return messages(self._spark, *changes)

    def apply(self, *changes: Message) -> DataFrame:
        """Applies one batch, and returns it to be given again."""
        batch = self.batch(*changes)
        self.again(batch)
        return batch

    def again(self, batch: DataFrame) -> None:
        self._write(batch, 0)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Answers a query as plain tuples. Table names need no catalog."""
        # A session remembers tables as it saw them last; a new one sees them as they are.
        reader = self._spark.newSession()
        reader.sql(f"USE {CATALOG}.ecommerce_db")
        return [tuple(row) for row in reader.sql(query).collect()]

    def orders(self, *columns: str) -> list[tuple[object, ...]]:
        """Some columns of the orders, in the order of their numbers."""
        return self.rows(f"SELECT {', '.join(columns)} FROM shop_orders ORDER BY order_id")


@pytest.fixture
def shop(spark: SparkSession) -> Shop:
    session = spark.newSession()
    for table in (*OWN_TABLES, DEAD_LETTERS):
        session.sql(f"DROP TABLE IF EXISTS {table.full_name}")
    create_tables(session)
    return Shop(session)
