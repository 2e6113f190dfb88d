"""The wait for the catalog, with servers that answer late or not at all."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from streaming.catalog import wait_for_catalog


class Nessie(BaseHTTPRequestHandler):
    """Not ready when it is asked first."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200 if len(self.asked) > 1 else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_it_outlasts_a_catalog_that_is_not_there_yet() -> None:
    Nessie.asked = []
    # Bound but not listening, it refuses connections, and nobody else can take its port.
    with HTTPServer(("127.0.0.1", 0), Nessie, bind_and_activate=False) as server:
        server.server_bind()
        uri = f"http://127.0.0.1:{server.server_port}/api/v2"
        waiting = threading.Thread(target=wait_for_catalog, args=(uri,), daemon=True)
        waiting.start()

        server.server_activate()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        waiting.join(30)
        server.shutdown()

    assert not waiting.is_alive()
    assert Nessie.asked == ["/api/v2/config"] * 2


def test_it_gives_up_with_the_reason() -> None:
    start = time.monotonic()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}/api/v2"
        with pytest.raises(OSError, match="refused"):
            wait_for_catalog(uri, seconds=0.5)
    assert time.monotonic() - start >= 0.5
