"""Waiting for a server that is away for a while."""

import logging
from collections.abc import Callable
from typing import TypeVar

from tenacity import (
    Retrying,
    before_sleep_log,
    retry_if_exception_type,
    stop_after_delay,
    wait_exponential_jitter,
)

log = logging.getLogger(__name__)

Result = TypeVar("Result")

#: A server that is away for longer fails the batch, which the next run repeats, in seconds.
LONGEST_ABSENCE = 120


def patiently(
    work: Callable[[], Result],
    passing: tuple[type[Exception], ...],
    *,
    seconds: float = LONGEST_ABSENCE,
) -> Result:
    """Does work that may be repeated, until it succeeds.

    Args:
        work: whatever may be done twice.
        passing: the errors after which it is worth another try; others are raised at once.
        seconds: no try begins after this time.

    Raises:
        The last error when the time is over.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(passing),
        wait=wait_exponential_jitter(multiplier=0.2, max=5),
        stop=stop_after_delay(seconds),
        before_sleep=before_sleep_log(log, logging.WARNING),
        reraise=True,
    )
    return retrying(work)
