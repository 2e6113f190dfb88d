"""Objects of the testing flow: one JSON object each."""

import json
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, SparkSession

from features.behaviour import FIELDS
from features.notifications import NotifiedObject
from features.objects import ObjectFetcher, reject
from features.spool import Spool

if TYPE_CHECKING:
    # Known to type checkers alone.
    from obstore import GetResult

#: A row of behaviour has some 400 bytes; all that is fetched at a time is in memory.
LARGEST_DOCUMENT = 1 << 20


class DocumentError(ValueError):
    """The bytes are not one JSON object of plain fields. The text says why."""


def read_documents(
    spark: SparkSession, fetcher: ObjectFetcher, objects: list[NotifiedObject], spool: Spool
) -> DataFrame:
    """Fetches JSON objects into rows of `TEXT_SCHEMA`, through the spool."""

    def take(source: NotifiedObject, result: "GetResult") -> None:
        body = bytes(result.bytes())
        raw = body.decode("utf-8", errors="replace")
        try:
            fields = parse_document(body)
        except DocumentError as error:
            spool.reject(reject(source, str(error)), raw)
        else:
            spool.add(source, fields, raw)

    for rejected in fetcher.fetch(objects, LARGEST_DOCUMENT, take):
        spool.reject(rejected)
    return spool.read(spark)


def parse_document(body: bytes) -> dict[str, str | None]:
    """The fields of a row of behaviour as text; numbers as they are written, so none is rounded.

    Raises:
        DocumentError: it is something else.
    """
    try:
        text = body.decode("utf-8")
        document = json.loads(text, parse_float=str, parse_int=str, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise DocumentError("the object is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise DocumentError("the object is not JSON") from error
    if not isinstance(document, dict):
        raise DocumentError("the object is not one JSON object")
    fields = {name: document.get(name) for name in FIELDS}
    for name, value in fields.items():
        if not (value is None or isinstance(value, str)):
            raise DocumentError(f"{name} is neither a text nor a number")
        if value is not None and not _is_unicode(value):
            raise DocumentError(f"{name} is not Unicode")
    return fields


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _is_unicode(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which JSON can write and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
