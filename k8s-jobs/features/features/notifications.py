"""What MinIO says of its objects: bucket notifications, as they come over Kafka."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

_CREATED = ("s3:ObjectCreated:", "ObjectCreated:")


@dataclass(frozen=True)
class Origin:
    """The Kafka message that something comes from."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True)
class NotifiedObject:
    """An object that was written.

    Attributes:
        origin: the first message that told of it.
        key: its name in the bucket, decoded.
    """

    origin: Origin
    key: str


@dataclass(frozen=True)
class Reject:
    """Something that cannot be used.

    Attributes:
        origin: the message that it comes from.
        reason: one sentence.
    """

    origin: Origin
    reason: str


class NotificationError(ValueError):
    """A message is no bucket notification. The text says why."""


def created_keys(value: bytes | None, bucket: str) -> list[str]:
    """The decoded keys of the objects that a notification says were written; others are left out.

    Raises:
        NotificationError: it is no notification, or one of another bucket.
    """
    keys = []
    for record in _records(value):
        try:
            event, name = record["eventName"], record["s3"]["bucket"]["name"]
            encoded = record["s3"]["object"]["key"]
            is_created = event.startswith(_CREATED)
            # As form fields are: a space is `+`, a plus sign `%2B`.
            key = unquote_plus(encoded, errors="strict")
        except (LookupError, TypeError, AttributeError, UnicodeDecodeError) as error:
            raise NotificationError(
                "a record of the notification names no event, bucket and key"
            ) from error
        if not is_created:
            continue
        if name != bucket:
            raise NotificationError(f"the notification is of bucket {name!r}, not {bucket!r}")
        keys.append(key)
    return keys


def _records(value: bytes | None) -> list[Any]:
    try:
        message = json.loads(value or b"")
        records = message["Records"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise NotificationError("the message is not a bucket notification") from error
    if not isinstance(records, list):
        raise NotificationError("the message is not a bucket notification")
    return records


def notified_objects(
    messages: Iterable[tuple[Origin, bytes | None]], bucket: str
) -> tuple[list[NotifiedObject], list[Reject]]:
    """The objects that a batch of notifications tells of, each once, and the messages that do not.

    Args:
        messages: the origin and the value of each.
        bucket: the bucket that they may tell of.
    """
    objects: dict[str, NotifiedObject] = {}
    rejects = []
    for origin, value in messages:
        try:
            for key in created_keys(value, bucket):
                objects.setdefault(key, NotifiedObject(origin, key))
        except NotificationError as error:
            rejects.append(Reject(origin, str(error)))
    return list(objects.values()), rejects
