"""Serves a small lakehouse until its standard input ends, for tests of clients in other languages.

Prints one line: the port. Signs in ``sample_lakehouse.USER`` with ``sample_lakehouse.PASSWORD``.
"""

import sys
import tempfile
from pathlib import Path

from pyiceberg.io.pyarrow import PyArrowFileIO
from sample_lakehouse import PASSWORD, USER, Lakehouse, orders

from query.auth import Authenticator, Tokens
from query.engine import Engine
from query.flight import QueryServer
from query.tables import Tables


def main() -> None:
    """A table of 20 orders; ``PORT`` as the first argument, otherwise a free one."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with tempfile.TemporaryDirectory() as folder:
        lakehouse = Lakehouse(Path(folder))
        table = lakehouse.create()
        for minute in range(2):
            table.append(orders(minute))
        tables = Tables(lakehouse.table_catalog(), PyArrowFileIO())
        engine = Engine(tables, "256MB", 2, f"{folder}/spill")
        authenticator = Authenticator(USER, PASSWORD, Tokens())
        with QueryServer(engine, authenticator, "127.0.0.1", port) as server:
            sys.stdout.write(f"{server.port}\n")
            sys.stdout.flush()
            sys.stdin.read()


if __name__ == "__main__":
    main()
