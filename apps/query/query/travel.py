"""Reads ``AT BRANCH main`` and its like after a table's name, as Dremio writes them.

DuckDB's grammar has no such clause, but its lexer tells names, texts and comments apart. So the
clause is found among the lexer's tokens, and the table with its clause becomes one quoted name; all
else stays as it was written, and DuckDB's parser judges the whole.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import duckdb

from .errors import QueryError

_KINDS = frozenset(("BRANCH", "TAG", "COMMIT", "REF", "REFERENCE", "SNAPSHOT", "TIMESTAMP"))

#: What has no such word has no such clause; so most statements are not read twice.
_HINT = re.compile(rf"\bAT\b.+?\b(?:{'|'.join(_KINDS)})\b", re.IGNORECASE | re.DOTALL)

_COMMIT = re.compile(r"[0-9a-f]{8,64}")


class Version(NamedTuple):
    """Which state of a table is meant."""

    #: BRANCH, TAG, REFERENCE (either of them), COMMIT, SNAPSHOT or TIMESTAMP.
    kind: str
    #: Name of the branch or tag; hash of the commit; id of the snapshot; ISO 8601 time in UTC.
    value: str

    def __str__(self) -> str:
        return f"AT {self.kind} '{self.value}'"


class VersionedTable(NamedTuple):
    """A table's name as the statement writes it, and the version asked for."""

    path: tuple[str, ...]
    version: Version


@dataclass(frozen=True)
class _Token:
    text: str
    begin: int
    end: int
    kind: duckdb.token_type


def read_versions(sql: str) -> tuple[str, dict[str, VersionedTable]]:
    """Replaces each table that has an AT clause by one quoted name.

    Returns:
        The statement that DuckDB can read, and what the new names in it stand for.

    Raises:
        QueryError: when the value of a clause is not of its kind.
    """
    if not _HINT.search(sql):
        return sql, {}
    source = sql.encode()
    tokens = _tokens(source)
    parts: list[bytes] = []
    versions: dict[str, VersionedTable] = {}
    copied = 0
    for index in range(1, len(tokens) - 2):
        at, kind, value = tokens[index : index + 3]
        first = _first_of_name(tokens, index - 1)
        if at.text.upper() != "AT" or kind.text.upper() not in _KINDS or first is None:
            continue
        path = tuple(_unquoted(token.text) for token in tokens[first:index:2])
        table = VersionedTable(path, _version(kind.text.upper(), value))
        name = f"{'.'.join(path)} {table.version}"
        versions[name] = table
        # The table keeps its own name for the columns, unless the statement gives it another.
        alias = "" if _is_alias(tokens[index + 3 : index + 4]) else f" AS {_quoted(path[-1])}"
        parts += [source[copied : tokens[first].begin], f"{_quoted(name)}{alias}".encode()]
        copied = value.end
    return b"".join([*parts, source[copied:]]).decode(), versions


def _tokens(source: bytes) -> list[_Token]:
    """The statement's tokens without its comments."""
    found = duckdb.tokenize(source.decode())
    ends = [begin for begin, _ in found[1:]] + [len(source)]
    tokens = []
    for (begin, kind), end in zip(found, ends, strict=True):
        if kind != duckdb.token_type.comment:
            text = source[begin:end].rstrip()
            tokens.append(_Token(text.decode(), begin, begin + len(text), kind))
    return tokens


def _first_of_name(tokens: list[_Token], last: int) -> int | None:
    """Where the dotted name begins that ends here; None if none ends here."""
    if tokens[last].kind != duckdb.token_type.identifier:
        return None
    while last >= 2 and tokens[last - 1].text == ".":  # noqa: PLR2004 (a name and a dot)
        last -= 2
    return last


def _is_alias(following: list[_Token]) -> bool:
    return any(
        token.text.upper() == "AS" or token.kind == duckdb.token_type.identifier
        for token in following
    )


def _version(kind: str, token: _Token) -> Version:
    value = _unquoted(token.text)
    match kind:
        case "SNAPSHOT":
            if not value.isdecimal():
                raise QueryError(f"AT SNAPSHOT needs the id of a snapshot, not {token.text}")
        case "TIMESTAMP":
            value = _moment(value)
        case "COMMIT":
            value = value.lower()
            if not _COMMIT.fullmatch(value):
                raise QueryError(
                    "AT COMMIT needs the hash of a commit of Nessie in double quotes, all of its "
                    f"digits, not {token.text}"
                )
        case "REF":
            kind = "REFERENCE"
    if not value or any(character in value for character in "@#"):
        raise QueryError(f"AT {kind} needs a name, not {token.text}")
    return Version(kind, value)


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise QueryError(
            f"AT TIMESTAMP needs a time such as '2026-11-21 10:00:00' in UTC, not '{text}'"
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _unquoted(text: str) -> str:
    quote = text[:1]
    if quote not in ("'", '"'):
        return text
    return text[1:-1].replace(quote * 2, quote)


def _quoted(identifier: str) -> str:
    escaped = identifier.replace('"', '""')
    return f'"{escaped}"'
