"""What is understood of bucket notifications."""

import json

import pytest

from features.notifications import (
    NotificationError,
    NotifiedObject,
    Origin,
    Reject,
    created_keys,
    notified_objects,
)


def notification(*keys: str, event: str = "s3:ObjectCreated:Put", bucket: str = "bronze") -> bytes:
    """A notification as MinIO sends it; the keys are encoded."""
    records = [
        {
            "eventVersion": "2.0",
            "eventSource": "minio:s3",
            "eventName": event,
            "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": 400}},
        }
        for key in keys
    ]
    message = {"EventName": event, "Key": f"{bucket}/{keys[0]}", "Records": records}
    return json.dumps(message).encode()


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("testing_data%2Fa.json", "testing_data/a.json"),
        ("testing_data/a.json", "testing_data/a.json"),
        ("a+b%2Bc.json", "a b+c.json"),
        ("%C3%BC%E6%BC%A2%F0%9F%9B%92.json", "ü漢🛒.json"),
        ("100%25.json", "100%.json"),
    ],
)
def test_keys_are_decoded(encoded, key) -> None:
    assert created_keys(notification(encoded), "bronze") == [key]


@pytest.mark.parametrize(
    "event",
    ["s3:ObjectCreated:Put", "s3:ObjectCreated:CompleteMultipartUpload", "ObjectCreated:Copy"],
)
def test_objects_are_created_in_many_ways(event) -> None:
    assert created_keys(notification("a", "b", event=event), "bronze") == ["a", "b"]


@pytest.mark.parametrize("event", ["s3:ObjectRemoved:Delete", "s3:ObjectAccessed:Get"])
def test_what_else_happens_to_objects_is_left_out(event) -> None:
    assert created_keys(notification("a", event=event), "bronze") == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "the message is not a bucket notification"),
        (b"", "the message is not a bucket notification"),
        (b"{", "the message is not a bucket notification"),
        (b"\xff", "the message is not a bucket notification"),
        (b"[" * 100_000, "the message is not a bucket notification"),
        (b"[]", "the message is not a bucket notification"),
        (b'{"Records": 1}', "the message is not a bucket notification"),
        (b'{"Records": [1]}', "a record of the notification names no event, bucket and key"),
        (b'{"Records": [{}]}', "a record of the notification names no event, bucket and key"),
        (notification("%ff"), "a record of the notification names no event, bucket and key"),
        (notification("a", bucket="other"), "the notification is of bucket 'other', not 'bronze'"),
    ],
)
def test_what_is_no_notification_is_told(value, reason) -> None:
    with pytest.raises(NotificationError) as caught:
        created_keys(value, "bronze")
    assert str(caught.value) == reason


def test_an_object_is_fetched_once_a_batch_and_rejects_name_their_message() -> None:
    origins = [Origin("testing_data_streaming", 0, offset) for offset in range(3)]
    values = [notification("a", "b"), b"{", notification("b", "c")]

    objects, rejects = notified_objects(zip(origins, values, strict=True), "bronze")

    assert objects == [
        NotifiedObject(origins[0], "a"),
        NotifiedObject(origins[0], "b"),
        NotifiedObject(origins[2], "c"),
    ]
    assert rejects == [Reject(origins[1], "the message is not a bucket notification")]
