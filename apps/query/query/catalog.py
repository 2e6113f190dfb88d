"""The Iceberg catalog: which tables there are, and where their metadata is right now."""

import threading
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError, RESTError
from pyiceberg.table import Table
from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter

from .errors import UnavailableError

#: Seconds to connect, and to wait for each answer; both are far beyond what a healthy Nessie needs.
_TIMEOUTS = (3, 15)


Answer = TypeVar("Answer")


class TableName(NamedTuple):
    """An Iceberg table, without the catalog."""

    namespace: str
    table: str

    def __str__(self) -> str:
        return f"{self.namespace}.{self.table}"


class TableCatalog:
    """Reads an Iceberg catalog; connects when first asked, and again if that failed."""

    def __init__(self, connect: Callable[[], Catalog]) -> None:
        """``connect`` makes the catalog; its failures are tried again with the next query."""
        self._connect = connect
        self._catalog: Catalog | None = None
        self._lock = threading.Lock()

    def load(self, name: TableName) -> Table | None:
        """The table as the catalog has it now, or None if there is none of that name.

        Raises UnavailableError when the catalog does not answer.
        """
        identifier = (*name.namespace.split("."), name.table)
        try:
            return self._ask(lambda catalog: catalog.load_table(identifier))
        except (NoSuchTableError, NoSuchNamespaceError):
            return None

    def names(self) -> list[TableName]:
        """Every table of every namespace, sorted. Raises UnavailableError."""

        def list_all(catalog: Catalog) -> list[TableName]:
            return sorted(
                TableName(".".join(identifier[:-1]), identifier[-1])
                for namespace in catalog.list_namespaces()
                for identifier in catalog.list_tables(namespace)
            )

        return self._ask(list_all)

    def _ask(self, question: Callable[[Catalog], Answer]) -> Answer:
        try:
            return question(self._connected())
        except RESTError as error:
            raise UnavailableError(f"The catalog (Nessie) failed: {error}") from error
        except (RequestException, OSError) as error:
            # Told by its kind only: the text holds addresses and retries in plenty.
            raise UnavailableError(
                f"The catalog (Nessie) does not answer: {type(error).__name__}; try again shortly"
            ) from error

    def _connected(self) -> Catalog:
        with self._lock:
            if self._catalog is None:
                self._catalog = self._connect()
            return self._catalog


class _ImpatientRestCatalog(RestCatalog):
    """pyiceberg's REST catalog waits for ever for a server that accepts but does not answer."""

    def _create_session(self) -> Session:
        session = super()._create_session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, _AdapterWithTimeout())
        return session


class _AdapterWithTimeout(HTTPAdapter):
    def send(self, request: PreparedRequest, timeout: object = None, **options: object) -> Response:
        return super().send(request, timeout=timeout or _TIMEOUTS, **options)


def nessie_catalog(nessie_uri: str) -> TableCatalog:
    """The default branch and warehouse of a Nessie server."""
    return TableCatalog(lambda: _ImpatientRestCatalog("nessie", uri=f"{nessie_uri}/iceberg"))
