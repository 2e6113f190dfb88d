"""The queries that run: how many at once, for how long, and who may end them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from .errors import CancelledError, QueryError, UnavailableError

#: Seconds from one look at the running queries to the next.
_LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Limits:
    """What one query, and all together, may take."""

    #: Seconds from a query's start to the last of its rows.
    seconds: float = 60
    #: Rows of one result.
    rows: int = 1_000_000
    #: Queries that run at the same time; others wait.
    concurrent: int = 4
    #: Seconds that a query waits for its turn before it is refused.
    queue_seconds: float = 10


class RunningQuery:
    """One query that runs. Close it when it has ended, however it ended."""

    def __init__(
        self,
        queries: "RunningQueries",
        key: bytes,
        deadline: float,
        is_abandoned: Callable[[], bool],
    ) -> None:
        """Made by ``RunningQueries.start``."""
        self.key = key
        self._queries = queries
        self._deadline = deadline
        self._is_abandoned = is_abandoned
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._stopped: Exception | None = None
        self._has_slot = True
        self._is_closed = False
        # Held while the query is looked at: once closed, its connection and client are gone.
        self._lock = threading.Lock()

    def interrupts(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Names the connection that works for the query."""
        with self._lock:
            self._connection = connection

    def raise_if_stopped(self) -> None:
        """Raises why the query was stopped, if it was: QueryError or CancelledError."""
        if self._stopped is not None:
            raise self._stopped

    def stop(self, reason: Exception) -> None:
        """Ends the query; who reads its rows gets the reason. It no longer counts as running."""
        with self._lock:
            self._stop(reason)

    def look(self, now: float, seconds: float) -> None:
        """Ends the query if its time is over or its client gone."""
        with self._lock:
            if self._is_closed:
                return
            if self._stopped is not None:
                # Again, because DuckDB forgets an interrupt that comes between two statements.
                self._stop(self._stopped)
            elif self._is_abandoned():
                self._stop(CancelledError("The client went away"))
            elif now > self._deadline:
                self._stop(
                    QueryError(
                        f"The query was ended after {seconds:g} seconds: ask for less, such as a "
                        "shorter time range (WHERE event_time >= ...) or fewer columns"
                    )
                )

    def close(self) -> None:
        """Gives its place to the next query."""
        with self._lock:
            self._is_closed = True
            self._release()
        self._queries.forget(self)

    def _stop(self, reason: Exception) -> None:
        if self._is_closed:
            return
        self._stopped = reason
        if self._connection is not None:
            self._connection.interrupt()
        # A client that does not read its rows must not keep others from running.
        self._release()

    def _release(self) -> None:
        if self._has_slot:
            self._has_slot = False
            self._queries.release()


class RunningQueries:
    """All queries that run now. Safe for use by many threads."""

    def __init__(self, limits: Limits) -> None:
        """Starts to watch over them until it is closed."""
        self.limits = limits
        self._slots = threading.Semaphore(limits.concurrent)
        self._running: set[RunningQuery] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="queries", daemon=True)
        self._watcher.start()

    def start(
        self, key: bytes = b"", is_abandoned: Callable[[], bool] | None = None
    ) -> RunningQuery:
        """Waits for a free place and takes it.

        Args:
            key: by which the query can be cancelled; not empty if it shall be.
            is_abandoned: whether the client is gone; asked until the query is closed.

        Raises:
            UnavailableError: when no place became free in time.
        """
        if not self._slots.acquire(timeout=self.limits.queue_seconds):
            raise UnavailableError(
                f"{self.limits.concurrent} queries are running and none has ended within "
                f"{self.limits.queue_seconds:g} seconds: try again shortly"
            )
        deadline = time.monotonic() + self.limits.seconds
        query = RunningQuery(self, key, deadline, is_abandoned or (lambda: False))
        with self._lock:
            self._running.add(query)
        return query

    def cancel(self, key: bytes) -> bool:
        """Ends the query with this key; tells whether there was one."""
        with self._lock:
            found = [query for query in self._running if key and query.key == key]
        for query in found:
            query.stop(CancelledError("The query was cancelled"))
        return bool(found)

    def forget(self, query: RunningQuery) -> None:
        """Called by a query that is closed."""
        with self._lock:
            self._running.discard(query)

    def release(self) -> None:
        """Called by a query that no longer counts as running."""
        self._slots.release()

    def close(self) -> None:
        """Ends the watch; running queries go on without limits."""
        self._closing.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._closing.wait(_LOOK_EVERY):
            with self._lock:
                running = list(self._running)
            for query in running:
                query.look(time.monotonic(), self.limits.seconds)
