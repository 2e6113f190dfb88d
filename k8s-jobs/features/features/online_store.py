"""The online store: the latest features of each session and product, in Redis."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from pyspark.sql import Column, Row
from pyspark.sql import functions as F
from redis import Redis, exceptions

from features.patience import patiently
from features.settings import Settings

_SCRIPT = (Path(__file__).parent / "record_event.lua").read_text(encoding="utf-8")
# Events that are sent at a time: some 300 KB.
_PIPELINE = 500
_PASSING = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    # A server that has just come back reads its file, and knows no scripts.
    exceptions.BusyLoadingError,
    exceptions.NoScriptError,
)
_TIME_FORMAT = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"
# What the script is told by place; it counts `activity_count` itself.
_FIELDS = (
    "user_id",
    "product_id",
    "user_session",
    "price",
    "brand",
    "category_code_level1",
    "category_code_level2",
    "event_weekday",
    "is_purchased",
)


def session_key(session: str, product: str) -> str:
    """Name of the hash with the latest features of a session and product."""
    return f"session:{session}:product:{product}"


def activity_key(session: str) -> str:
    """Name of the sorted set with the events of a session."""
    return f"activity:{session}"


def online_columns() -> list[Column]:
    """The features of valid rows as the online store takes them: all but the time as text."""
    return [
        F.unix_millis("event_timestamp").alias("milliseconds"),
        F.date_format("event_timestamp", _TIME_FORMAT).alias("event_timestamp"),
        F.col("event_id"),
        *(F.col(name).cast("string").alias(name) for name in _FIELDS),
    ]


class OnlineStore:
    """Writes events, each any number of times and in any order with the same result."""

    def __init__(self, redis: Redis, time_to_live: int | None) -> None:
        """Prepares to write.

        Args:
            redis: a client.
            time_to_live: seconds that a session is kept after its last new event; None for ever.
        """
        self._redis = redis
        self._record = redis.register_script(_SCRIPT)
        self._time_to_live = time_to_live or 0

    def write(self, events: Iterable[Row]) -> int:
        """Takes events into their sessions; waits for a server that is away for a while.

        Args:
            events: rows of `online_columns`.

        Returns:
            How many changed anything.

        Raises:
            redis.RedisError: the server refuses, or is away for too long.
        """
        return sum(
            patiently(lambda some=chunk: self._send(some), _PASSING)
            for chunk in _chunks(events, _PIPELINE)
        )

    def _send(self, events: Sequence[Row]) -> int:
        # Each event is all or nothing by itself; no need to hold up others for all of them.
        with self._redis.pipeline(transaction=False) as pipeline:
            for event in events:
                self._record(
                    keys=[
                        activity_key(event.user_session),
                        session_key(event.user_session, event.product_id),
                    ],
                    args=[
                        self._time_to_live,
                        event.milliseconds,
                        event.product_id,
                        event.event_id,
                        event.event_timestamp,
                        *(part for name in _FIELDS for part in (name, event[name])),
                    ],
                    client=pipeline,
                )
            return sum(pipeline.execute())


def connect(settings: Settings) -> Redis:
    """A client of the online store; it connects when it is first used."""
    host, port = settings.redis_address.rsplit(":", 1)
    return Redis(
        host=host,
        port=int(port),
        password=settings.redis_password,
        socket_connect_timeout=5,
        socket_timeout=30,
        decode_responses=True,
    )


def _chunks(events: Iterable[Row], size: int) -> Iterator[list[Row]]:
    rest = iter(events)
    while chunk := list(islice(rest, size)):
        yield chunk
