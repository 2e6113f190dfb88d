"""``python -m query``: serves until it is told to stop."""

import os
import signal
import threading

from pyiceberg.io.pyarrow import PyArrowFileIO

from .auth import Authenticator, Tokens
from .catalog import nessie_catalog
from .config import Settings, read_settings
from .engine import Engine
from .flight import QueryServer
from .log import log_event, log_json_lines
from .tables import Tables
from .views import read_views


def main() -> None:
    """Serves until SIGTERM or SIGINT, then lets running queries end."""
    log_json_lines()
    settings = read_settings(os.environ)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    tables = Tables(nessie_catalog(settings.nessie_uri), object_storage(settings))
    engine = Engine(
        tables,
        settings.memory_limit,
        settings.threads,
        settings.spill_directory,
        limits=settings.limits,
        views=read_views(settings.views_directory),
    )
    authenticator = Authenticator(settings.user, settings.password, Tokens())
    # Every address of the pod; what of it can be reached is the Service's matter.
    server = QueryServer(engine, authenticator, "0.0.0.0", settings.port)  # noqa: S104
    log_event("listening", port=server.port)
    stop.wait()
    server.shutdown()
    engine.close()
    log_event("stopped")


def object_storage(settings: Settings) -> PyArrowFileIO:
    """The warehouse's files, read with the engine's own keys whatever Nessie hands out."""
    return PyArrowFileIO(
        {
            "s3.endpoint": settings.s3_endpoint,
            "s3.region": settings.s3_region,
            "s3.access-key-id": settings.s3_access_key,
            "s3.secret-access-key": settings.s3_secret_key,
            "s3.connect-timeout": "3",
            "s3.request-timeout": "10",
        }
    )


if __name__ == "__main__":
    main()
