"""What one row of behaviour must hold, and the features that follow from it.

Both flows pass through the same columns, so that what a model is served cannot differ from what it
was trained with. Every field arrives as text, whatever the object was; a row whose `reason` is null
is valid, any other is a dead letter.
"""

from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.contract import parse_money, parse_time

#: The fields of a row of behaviour; others are ignored.
FIELDS = (
    "event_id",
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
)
EVENT_TYPES = ("view", "cart", "remove_from_cart", "purchase")
_PURCHASE = "purchase"

#: What stands for a brand or a category that a row does not name.
UNKNOWN = "unknown"
#: What stands for a price that a row does not name.
DEFAULT_PRICE = "0.00"
#: The longest text of a field, in characters: keys of indexes have a limit.
LONGEST_TEXT = 200

#: Rows on their way to `read_rows`: where they come from, and the fields. `reason` is given where
#: an object is rejected as a whole.
TEXT_SCHEMA = "topic string, partition int, offset bigint, object string, reason string, " + (
    "raw string, " + ", ".join(f"{field} string" for field in FIELDS)
)

#: The features of one event but for `activity_count`, which depends on others.
FEATURES = (
    "event_id",
    "event_timestamp",
    "user_id",
    "product_id",
    "user_session",
    "price",
    "brand",
    "category_code_level1",
    "category_code_level2",
    "event_weekday",
    "is_purchased",
)

_ORIGIN = ("topic", "partition", "offset")
_TEXTS = ("event_id", "event_type", "category_code", "brand", "user_session")
_WHOLE_NUMBER = r"^\d{1,19}$"
_UNIT = "\u001f"


def read_rows(rows: DataFrame) -> DataFrame:
    """Checks rows and computes their features.

    Args:
        rows: rows of `TEXT_SCHEMA`.

    Returns:
        One row a row: topic, partition, offset, the features, `reason` and `raw`, the latter for
        dead letters only.
    """
    return rows.select(_typed()).select("*", _reason()).select(_checked())


# The columns of each step. They are made once: to build an expression takes a call to the JVM for
# each of its parts.


@cache
def _typed() -> list[Column]:
    """The fields, each null where it is missing or of another type; a blank text is missing."""
    contents = F.coalesce("raw", F.to_json(F.struct(*FIELDS)))
    # An object that is rejected as a whole may have nothing to show.
    has_contents = F.col("raw").isNotNull() | F.col("reason").isNull()
    price = _text("price")
    return [
        *map(F.col, (*_ORIGIN, "object")),
        F.col("reason").alias("object_reason"),
        F.when(has_contents, contents).alias("raw"),
        *(_text(field).alias(field) for field in _TEXTS),
        parse_time(F.col("event_time")).alias("event_timestamp"),
        F.when(price.isNull(), F.lit(DEFAULT_PRICE).cast("decimal(18,2)"))
        .otherwise(parse_money(price))
        .alias("price"),
        *(_whole_number(field).alias(field) for field in ("product_id", "user_id")),
    ]


def _text(field: str) -> Column:
    text = F.trim(field)
    return F.when(text != "", text)


def _whole_number(field: str) -> Column:
    text = F.trim(field)
    return F.when(text.rlike(_WHOLE_NUMBER), text.cast("bigint"))


@cache
def _reason() -> Column:
    """`reason`: every breach of a row in one sentence, or null if there is none."""
    breaches = F.concat_ws("; ", *_breaches())
    of_row = F.when(breaches != "", F.concat("object", F.lit(": "), breaches))
    return F.coalesce("object_reason", of_row).alias("reason")


def _breaches() -> list[Column]:
    """One column for each rule: the sentence if the rule is broken, else null."""

    def breach(is_broken: Column, sentence: str) -> Column:
        return F.when(is_broken, F.lit(sentence))

    time = F.col("event_timestamp")
    is_known_type = F.coalesce(F.col("event_type").isin(*EVENT_TYPES), F.lit(False))
    return [
        breach(time.isNull(), "event_time is not an ISO 8601 time with a zone"),
        breach(F.unix_micros(time) < 0, "event_time is before 1970"),
        breach(~is_known_type, f"event_type is not one of {', '.join(EVENT_TYPES)}"),
        breach(F.col("user_session").isNull(), "user_session is missing"),
        *(
            breach(F.col(field).isNull(), f"{field} is not a whole number")
            for field in ("user_id", "product_id")
        ),
        breach(F.col("price").isNull(), "price is not a decimal of at least 0"),
        *(breach(F.length(field) > LONGEST_TEXT, f"{field} is too long") for field in _TEXTS),
        # Postgres has no text with this character.
        *(breach(F.col(field).contains("\0"), f"{field} holds a NUL") for field in _TEXTS),
    ]


@cache
def _checked() -> list[Column]:
    """The columns of a row that has its `reason`."""
    time = F.col("event_timestamp")
    levels = F.split("category_code", r"\.")

    def level(index: int) -> Column:
        name = F.trim(levels.getItem(index))
        return F.coalesce(F.when(name != "", name), F.lit(UNKNOWN))

    return [
        *map(F.col, _ORIGIN),
        F.coalesce("event_id", _computed_id()).alias("event_id"),
        time,
        F.col("user_id"),
        F.col("product_id"),
        F.col("user_session"),
        F.col("price"),
        F.coalesce("brand", F.lit(UNKNOWN)).alias("brand"),
        level(0).alias("category_code_level1"),
        level(1).alias("category_code_level2"),
        (F.dayofweek(time) - 1).alias("event_weekday"),
        (F.col("event_type") == _PURCHASE).cast("int").alias("is_purchased"),
        F.col("reason"),
        F.when(F.col("reason").isNotNull(), F.col("raw")).alias("raw"),
    ]


def _computed_id() -> Column:
    """The id of an event that has none: the same contents are the same event."""
    contents = (
        F.unix_micros("event_timestamp").cast("string"),
        F.col("event_type"),
        F.col("product_id").cast("string"),
        F.coalesce("category_code", F.lit("")),
        F.coalesce("brand", F.lit("")),
        F.col("price").cast("string"),
        F.col("user_id").cast("string"),
        F.col("user_session"),
    )
    return F.sha2(F.concat_ws(_UNIT, *contents), 256)
