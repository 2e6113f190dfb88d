"""The Iceberg catalog: which tables there are, and where their metadata is right now."""

import threading
from collections.abc import Callable
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import (
    BadRequestError,
    NoSuchNamespaceError,
    NoSuchTableError,
    RESTError,
)
from pyiceberg.table import Table
from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter

from .errors import QueryError, UnavailableError
from .travel import Version

#: Seconds to connect, and to wait for each answer; both are far beyond what a healthy Nessie needs.
_TIMEOUTS = (3, 15)


Answer = TypeVar("Answer")


class TableName(NamedTuple):
    """An Iceberg table, without the catalog, as it is now or at a version."""

    namespace: str
    table: str
    version: Version | None = None

    def __str__(self) -> str:
        name = f"{self.namespace}.{self.table}"
        return name if self.version is None else f"{name} {self.version}"


class TableCatalog:
    """Reads an Iceberg catalog; connects when first asked, and again if that failed."""

    def __init__(
        self,
        connect: Callable[[], Catalog],
        kind_of: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """``connect`` makes the catalog; its failures are tried again with the next query.

        ``kind_of`` tells BRANCH or TAG for the name of one, and None for one that is not known.
        """
        self._connect = connect
        self._kind_of = kind_of
        self._catalog: Catalog | None = None
        self._lock = threading.Lock()

    def load(self, name: TableName) -> Table | None:
        """The table as the catalog has it now, or None if there is none of that name.

        At a snapshot it is the table as it is now, whose metadata names the snapshot.

        Raises UnavailableError when the catalog does not answer, and QueryError when there is no
        such version of the table.
        """
        self._check_kind(name)
        table = f"{name.table}{_suffix(name.version)}"
        identifier = (*name.namespace.split("."), table)
        try:
            return self._ask(lambda catalog: catalog.load_table(identifier))
        except (NoSuchTableError, NoSuchNamespaceError) as error:
            if table == name.table:
                return None
            raise QueryError(f"There is no {name}: {error}") from error
        except BadRequestError as error:
            raise QueryError(f"There is no {name}: {error}") from error

    def _check_kind(self, name: TableName) -> None:
        """Nessie's REST takes a tag for a branch and the other way round."""
        if name.version is None or name.version.kind not in ("BRANCH", "TAG"):
            return
        wanted, reference = name.version
        kind = self._ask(lambda _: self._kind_of(reference))
        if kind not in (None, wanted):
            raise QueryError(f"There is no {name}: {reference} is a {kind.lower()}")

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
        except BadRequestError:
            raise
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


def _suffix(version: Version | None) -> str:
    """How Nessie's Iceberg REST wants a version written after a table's name."""
    match version:
        case Version("BRANCH" | "TAG" | "REFERENCE", name):
            return f"@{name}"
        case Version("COMMIT", commit):
            # On no branch: the commit may lie on any of them, or on none any more.
            return f"@DETACHED#{commit}"
        case Version("TIMESTAMP", moment):
            return f"#*{moment}"
        case _:
            return ""


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
    session = Session()
    session.mount(nessie_uri, _AdapterWithTimeout())

    def kind_of(reference: str) -> str | None:
        answer = session.get(f"{nessie_uri}/api/v2/trees/{quote(reference, safe='')}")
        return answer.json()["reference"]["type"] if answer.ok else None

    return TableCatalog(
        lambda: _ImpatientRestCatalog("nessie", uri=f"{nessie_uri}/iceberg"), kind_of
    )
