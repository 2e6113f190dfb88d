"""Fetching many small objects at a time, in bounded memory."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from obstore.store import ObjectStore, S3Store

from features.notifications import NotifiedObject, Reject
from features.patience import LONGEST_ABSENCE
from features.settings import Settings

if TYPE_CHECKING:
    # Known to type checkers alone.
    from obstore import GetResult

# Seconds between two looks for what is not there: at first, and at most.
_SHORTEST_WAIT = 0.2
_LONGEST_WAIT = 2.0

#: What becomes of the contents of an object; called by several threads at a time.
Take = Callable[[NotifiedObject, "GetResult"], None]


def open_bucket(settings: Settings) -> S3Store:
    """The bucket of objects. Its client waits for a store that is away for a while."""
    return S3Store(
        settings.bucket,
        endpoint=settings.lakehouse.s3_endpoint,
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
        retry_config={
            "max_retries": 1000,
            "retry_timeout": timedelta(seconds=LONGEST_ABSENCE),
            "backoff": {
                "init_backoff": timedelta(seconds=0.1),
                "max_backoff": timedelta(seconds=5),
                "base": 2,
            },
        },
    )


class ObjectFetcher:
    """Fetches the objects of a batch."""

    def __init__(self, store: ObjectStore, *, threads: int, missing_seconds: float) -> None:
        """Prepares to fetch.

        Args:
            store: the bucket.
            threads: objects that are fetched at a time.
            missing_seconds: how long to wait for objects that are not there.
        """
        self._store = store
        self._threads = threads
        self._missing_seconds = missing_seconds

    def fetch(self, objects: Iterable[NotifiedObject], largest: int, take: Take) -> list[Reject]:
        """Fetches objects, in any order.

        Args:
            objects: what to fetch.
            largest: bytes; what is larger is not read.
            take: is given each object whose size is from 1 to `largest`.

        Returns:
            The objects that were not given to `take`.

        Raises:
            obstore.exceptions.BaseError: the store does not answer, or refuses.
        """
        deadline = time.monotonic() + self._missing_seconds
        wait = _SHORTEST_WAIT
        rejects: list[Reject] = []
        missing = list(objects)
        with ThreadPoolExecutor(self._threads) as threads:
            while missing:
                outcomes = list(threads.map(partial(self._fetch_one, largest, take), missing))
                rejects += [outcome for outcome in outcomes if isinstance(outcome, Reject)]
                missing = [outcome for outcome in outcomes if isinstance(outcome, NotifiedObject)]
                if not missing or time.monotonic() >= deadline:
                    break
                time.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT)
        return rejects + [reject(each, "the object is not there") for each in missing]

    def _fetch_one(
        self, largest: int, take: Take, wanted: NotifiedObject
    ) -> Reject | NotifiedObject | None:
        """Fetches one object.

        Returns:
            Why it cannot be used, or the object itself if it is not there, or None.
        """
        try:
            result = self._store.get(wanted.key)
        except FileNotFoundError:
            return wanted
        except ValueError:
            return reject(wanted, "the key cannot be a path")
        # The body is read as `take` asks for it; what is not asked for never comes.
        size = result.meta["size"]
        if size == 0:
            return reject(wanted, "the object is empty")
        if size > largest:
            return reject(wanted, f"the object has {size} bytes, more than {largest}")
        take(wanted, result)
        return None


def reject(wanted: NotifiedObject, reason: str) -> Reject:
    """Rejects an object by its name."""
    return Reject(wanted.origin, f"{wanted.key}: {reason}")
