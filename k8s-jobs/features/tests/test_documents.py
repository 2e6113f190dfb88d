"""What is understood of a JSON object."""

import json

import pytest

from behaviour_rows import BEHAVIOUR
from features.behaviour import FIELDS
from features.documents import DocumentError, parse_document


def test_fields_are_text_and_others_ignored() -> None:
    document = BEHAVIOUR | {"more": [1]}

    assert parse_document(json.dumps(document).encode()) == BEHAVIOUR


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("35.79", "35.79"),
        ("10000000000000.10", "10000000000000.10"),
        ("9999999999999999999999", "9999999999999999999999"),
        ("-1", "-1"),
        ("null", None),
        ('"\\u00fc\\ud83d\\uded2"', "ü🛒"),
    ],
)
def test_numbers_stay_as_they_are_written(literal, text) -> None:
    fields = parse_document(f'{{"price": {literal}}}'.encode())

    assert fields == dict.fromkeys(FIELDS) | {"price": text}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b" ", "the object is not JSON"),
        (b"event_id,price", "the object is not JSON"),
        (b'{"price": 1', "the object is not JSON"),
        (b"{} {}", "the object is not JSON"),
        (b'{"price": NaN}', "the object is not JSON"),
        (b"[" * 100_000, "the object is not JSON"),
        (b"[{}]", "the object is not one JSON object"),
        (b"null", "the object is not one JSON object"),
        (b'{"brand": "\xff"}', "the object is not UTF-8"),
        (b'{"brand": "\\ud83d"}', "brand is not Unicode"),
        (b'{"brand": {}}', "brand is neither a text nor a number"),
        (b'{"price": true}', "price is neither a text nor a number"),
    ],
)
def test_what_is_no_row_of_behaviour_is_told(body, reason) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(body)
    assert str(caught.value) == reason
