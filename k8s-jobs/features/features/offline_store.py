"""The offline store: the features of every training event, in Postgres."""

from collections.abc import Callable, Iterable, Sequence

import psycopg
from pyspark.sql import Column
from pyspark.sql import functions as F

from features.behaviour import FEATURES
from features.patience import patiently
from features.settings import Settings

_CREATE = """
CREATE TABLE IF NOT EXISTS processed_data (
  event_id text PRIMARY KEY,
  event_timestamp timestamptz NOT NULL,
  user_id bigint NOT NULL,
  product_id bigint NOT NULL,
  user_session text NOT NULL,
  price numeric(18,2) NOT NULL,
  brand text NOT NULL,
  category_code_level1 text NOT NULL,
  category_code_level2 text NOT NULL,
  event_weekday smallint NOT NULL,
  activity_count integer NOT NULL,
  is_purchased smallint NOT NULL
);
CREATE INDEX IF NOT EXISTS processed_data_user_session ON processed_data (user_session);
"""

_TIME_FORMAT = "yyyy-MM-dd HH:mm:ss.SSSSSS'Z'"
_COLUMNS = ", ".join(FEATURES)

_STAGE = f"""
CREATE TEMPORARY TABLE staged ON COMMIT DROP AS SELECT {_COLUMNS} FROM processed_data WITH NO DATA
"""  # noqa: S608 - all parts are constants

# The server may still be at work for a driver that was killed. Readers are not held up.
_LOCK = "LOCK TABLE processed_data IN SHARE ROW EXCLUSIVE MODE"

_INSERT = f"""
INSERT INTO processed_data ({_COLUMNS}, activity_count) SELECT {_COLUMNS}, 0 FROM staged
ON CONFLICT (event_id) DO NOTHING
"""  # noqa: S608

_COUNT = """
UPDATE processed_data AS stored SET activity_count = session.events
FROM (
  SELECT user_session, count(*) AS events FROM processed_data
  WHERE user_session IN (SELECT user_session FROM staged)
  GROUP BY user_session
) AS session
WHERE stored.user_session = session.user_session AND stored.activity_count <> session.events
"""


def offline_columns() -> list[Column]:
    """The features of valid rows as the offline store takes them.

    Times as text: as a Python object they would lose their zone on the way.
    """
    time = F.date_format("event_timestamp", _TIME_FORMAT).alias("event_timestamp")
    return [time if name == "event_timestamp" else F.col(name) for name in FEATURES]


class OfflineStore:
    """Writes training events, each once."""

    def __init__(self, connect: Callable[[], psycopg.Connection]) -> None:
        """Prepares to write.

        Args:
            connect: opens a connection as the owner of `processed_data`.
        """
        self._connect = connect

    def prepare(self) -> None:
        """Creates the table if it does not exist; waits for a server that is away for a while."""

        def create() -> None:
            with self._connect() as connection:
                connection.execute(_CREATE)

        patiently(create, (psycopg.OperationalError,))

    def write(self, read_events: Callable[[], Iterable[Sequence[object]]]) -> int:
        """Adds events that are not there yet and sets the counts of their sessions, all or nothing.

        Waits for a server that is away for a while.

        Args:
            read_events: reads the events, of `offline_columns`; it may be called again.

        Returns:
            How many were added.

        Raises:
            psycopg.Error: the server refuses, or is away for too long.
        """

        def transact() -> int:
            with self._connect() as connection, connection.cursor() as cursor:
                cursor.execute(_STAGE)
                with cursor.copy(f"COPY staged ({_COLUMNS}) FROM STDIN") as copy:
                    for event in read_events():
                        copy.write_row(event)
                cursor.execute(_LOCK)
                added = cursor.execute(_INSERT).rowcount
                cursor.execute(_COUNT)
            return added

        return patiently(transact, (psycopg.OperationalError,))


def connector(settings: Settings) -> Callable[[], psycopg.Connection]:
    """Opens connections to the offline store; each is closed by its `with` block."""
    host, port = settings.database_address.rsplit(":", 1)

    def connect() -> psycopg.Connection:
        return psycopg.connect(
            host=host,
            port=port,
            dbname=settings.database_name,
            user=settings.database_username,
            password=settings.database_password,
            connect_timeout=5,
            application_name="features",
            # A server that has vanished is noticed within a minute.
            keepalives_idle=20,
            keepalives_interval=10,
            keepalives_count=3,
            options="-c timezone=UTC",
        )

    return connect
