"""Tags of training snapshots, with a small server in the place of Nessie."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from features import tags as module
from features.tags import TrainingTags


class Nessie(ThreadingHTTPServer):
    """Branch main with the table, and tags; each as `name: (hash, snapshot)`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.references: dict[str, tuple[str, int]] = {"main": ("h0", -1)}
        self.is_down = False

    @property
    def tags(self) -> list[str]:
        return sorted(set(self.references) - {"main"})


class Handler(BaseHTTPRequestHandler):
    server: Nessie

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: object = None) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"" if body is None else json.dumps(body).encode())

    def do_GET(self) -> None:
        if self.server.is_down:
            return self.answer(503)
        path = unquote(urlsplit(self.path).path)
        if path == "/api/v2/trees":
            assert "startsWith('training-')" in parse_qs(urlsplit(self.path).query)["filter"][0]
            references = self.server.references
            found = [{"name": name, "hash": references[name][0]} for name in self.server.tags]
            return self.answer(200, {"references": found})
        name = re.fullmatch(r"/api/v2/trees/(.*)/contents/ecommerce_db.session_features", path)[1]
        commit, snapshot = self.server.references[name]
        effective = {"type": "BRANCH", "name": name, "hash": commit}
        content = {"snapshotId": snapshot}
        return self.answer(200, {"content": content, "effectiveReference": effective})

    def do_POST(self) -> None:
        source = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        query = parse_qs(urlsplit(self.path).query)
        assert query["type"] == ["TAG"]
        assert source["hash"] == self.server.references["main"][0]
        self.server.references[query["name"][0]] = self.server.references["main"]
        self.answer(200, {})

    def do_DELETE(self) -> None:
        name, commit = unquote(urlsplit(self.path).path).rsplit("/", 1)[1].split("@")
        assert self.server.references.pop(name)[0] == commit
        self.answer(200, {})


@pytest.fixture
def nessie() -> Iterator[Nessie]:
    with Nessie() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def clock(monkeypatch) -> Iterator[list[float]]:
    """The time in seconds, to be moved by the test."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def new_tags(nessie: Nessie) -> TrainingTags:
    uri = f"http://127.0.0.1:{nessie.server_port}/api/v2"
    return TrainingTags(uri, quiet_seconds=30, kept=2)


def test_a_table_that_has_come_to_rest_is_tagged_once(nessie, clock) -> None:
    nessie.references["main"] = ("h1", 7)
    tags = new_tags(nessie)
    tags.begin_change()
    clock[0] += 100
    tags.tag_if_due()
    assert nessie.tags == []

    tags.end_change()
    for _ in range(3):
        clock[0] += 29
        tags.tag_if_due()

    [name] = nessie.tags
    assert re.fullmatch(r"training-\d{8}T\d{6}Z", name)
    assert nessie.references[name] == ("h1", 7)


@pytest.mark.parametrize(
    ("main", "tagged", "is_new"),
    [
        (("h1", -1), None, False),
        (("h1", 7), None, True),
        (("h2", 7), ("h1", 7), False),
        (("h2", 8), ("h1", 7), True),
    ],
)
def test_a_new_run_tags_what_the_last_one_did_not(nessie, clock, main, tagged, is_new) -> None:
    nessie.references["main"] = main
    if tagged:
        nessie.references["training-20200101T000000Z"] = tagged
    before = len(nessie.tags)
    tags = new_tags(nessie)
    clock[0] += 31

    tags.tag_if_due()

    assert len(nessie.tags) == before + is_new


def test_the_oldest_tags_are_forgotten(nessie) -> None:
    names = [f"training-2020010{day}T000000Z" for day in range(1, 5)]
    nessie.references |= {name: (f"h-{name}", 1) for name in names}
    nessie.references["main"] = ("h9", 9)

    new = new_tags(nessie).tag()

    assert nessie.tags == [names[-1], new]


def test_a_catalog_that_does_not_answer_is_asked_again(nessie, clock) -> None:
    nessie.references["main"] = ("h1", 7)
    tags = new_tags(nessie)
    nessie.is_down = True
    clock[0] += 31
    tags.tag_if_due()
    nessie.is_down = False
    clock[0] += 11

    tags.tag_if_due()

    assert len(nessie.tags) == 1
