"""Training snapshots: tags in the catalog that keep `session_features` as it was."""

import json
import logging
import time
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

log = logging.getLogger(__name__)

PREFIX = "training-"
_BRANCH = "main"
_TABLE = "ecommerce_db.session_features"
_NOT_FOUND = 404
# Iceberg's number of the snapshot of an empty table.
_NO_SNAPSHOT = -1
_RETRY_SECONDS = 10


class TrainingTags:
    """Tags the table each time that it has come to rest, and forgets the oldest tags.

    A tag is a name for a commit and costs nothing. What is missing after a crash is made by the
    next run, since the newest tag is compared with the table.
    """

    def __init__(self, nessie_uri: str, *, quiet_seconds: float, kept: int) -> None:
        """Prepares to tag.

        Args:
            nessie_uri: Nessie's native API, ending in its version 2.
            quiet_seconds: how long the table has to be unchanged.
            kept: newest tags that remain.
        """
        self._uri = nessie_uri.rstrip("/")
        self._quiet_seconds = quiet_seconds
        self._kept = kept
        self._due: float | None = time.monotonic() + quiet_seconds

    def begin_change(self) -> None:
        """Holds tags back: the table is about to change."""
        self._due = None

    def end_change(self) -> None:
        """Tags the table after the quiet time, unless it changes again."""
        self._due = time.monotonic() + self._quiet_seconds

    def tag_if_due(self) -> None:
        """Makes a tag if it is time to; tries again later if the catalog does not answer."""
        due = self._due
        if due is None or time.monotonic() < due:
            return
        try:
            name = self.tag()
        except (URLError, TimeoutError, ConnectionError) as error:
            log.warning("no training snapshot yet: %s", error)
            self._reschedule(due, time.monotonic() + _RETRY_SECONDS)
            return
        if name is not None:
            log.info("training snapshot %s", name)
        self._reschedule(due, None)

    def tag(self) -> str | None:
        """Tags the table as it is, unless it is empty or the newest tag has the same rows.

        Returns:
            The name of the new tag.
        """
        table = self._table_at(_BRANCH)
        tags = self._tags()
        newest = self._table_at(tags[-1]["name"]) if tags else None
        if table is None or _snapshot(table) in (_NO_SNAPSHOT, newest and _snapshot(newest)):
            return None
        name = f"{PREFIX}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        query = urlencode({"name": name, "type": "TAG"})
        self._call("POST", f"/trees?{query}", table["effectiveReference"])
        for tag in tags[: max(0, len(tags) + 1 - self._kept)]:
            reference = quote(f"{tag['name']}@{tag['hash']}", safe="")
            self._call("DELETE", f"/trees/{reference}?type=TAG")
        return name

    def _reschedule(self, expected: float, due: float | None) -> None:
        # A batch that has changed the table in the meantime has set a time of its own.
        if self._due == expected:
            self._due = due

    def _tags(self) -> list[dict[str, Any]]:
        """The tags of training snapshots, the oldest first."""
        wanted = f"refType == 'TAG' && ref.name.startsWith('{PREFIX}')"
        answer = self._call("GET", f"/trees?{urlencode({'filter': wanted})}")
        return sorted(answer["references"], key=lambda tag: tag["name"])

    def _table_at(self, reference: str) -> dict[str, Any] | None:
        try:
            return self._call("GET", f"/trees/{quote(reference, safe='')}/contents/{_TABLE}")
        except HTTPError as error:
            if error.code == _NOT_FOUND:
                return None
            raise

    def _call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        request = Request(  # noqa: S310 - the address is the operator's
            self._uri + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")


def _snapshot(table: dict[str, Any]) -> int:
    return table["content"]["snapshotId"]
