"""The wait for a catalog that starts side by side with the job."""

import logging
import time
from urllib.error import URLError
from urllib.request import urlopen

log = logging.getLogger(__name__)

#: Seconds after which a catalog that does not answer ends the job; the next run waits again.
LONGEST_WAIT = 300.0
_TIMEOUT = 5.0
_INTERVAL = 0.25


def wait_for_catalog(nessie_uri: str, *, seconds: float = LONGEST_WAIT) -> None:
    """Returns once the catalog answers.

    Args:
        nessie_uri: Nessie's native API, ending in its version.
        seconds: no try begins after this time.

    Raises:
        OSError: it does not answer in time.
    """
    deadline = time.monotonic() + seconds
    is_told = False
    while True:
        try:
            with urlopen(f"{nessie_uri}/config", timeout=_TIMEOUT):  # noqa: S310
                return
        except (URLError, TimeoutError, ConnectionError) as error:
            if time.monotonic() >= deadline:
                raise
            if not is_told:
                log.info("waiting for the catalog: %s", error)
                is_told = True
        time.sleep(_INTERVAL)
