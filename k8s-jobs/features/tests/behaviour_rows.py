"""Valid rows of behaviour, to be changed by the tests."""

BEHAVIOUR = {
    "event_id": "e-1",
    "event_time": "2019-10-01T00:00:00.000Z",
    "event_type": "view",
    "product_id": "44600062",
    "category_id": "2103807459595387724",
    "category_code": "electronics.audio.headphone",
    "brand": "shiseido",
    "price": "35.79",
    "user_id": "541312140",
    "user_session": "72d76fde",
}


def behaviour(**changes: str | None) -> dict[str, str | None]:
    """A valid row of behaviour, changed."""
    return BEHAVIOUR | changes
