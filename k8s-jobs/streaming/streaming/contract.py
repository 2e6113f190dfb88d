"""The contract of an event: what a Kafka message must hold, checked in one pass.

`read_events` turns messages into rows of typed columns. A row whose `reason` is null is a valid
event; any other row is a dead letter, and its `reason` names every field that breaks the contract.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

ORDERS, CLICKS, ERRORS = TOPICS = ("orders", "clicks", "errors")
ACTIONS = ("view", "cart", "remove_from_cart")
FATAL = "FATAL"
LEVELS = ("INFO", "WARN", "ERROR", FATAL)
#: The versions of the contract that this job reads. An event that names none is of version 1.
SCHEMA_VERSIONS = (1,)

# Text that no event may lack, by topic.
_REQUIRED_TEXT: Mapping[str, Sequence[str]] = {
    ORDERS: ("event_id", "order_id", "user_id", "session_id", "product_id"),
    CLICKS: ("event_id", "user_id", "session_id", "product_id"),
    ERRORS: ("event_id", "service", "code", "message"),
}
_REQUIRED_MONEY: Mapping[str, Sequence[str]] = {
    ORDERS: ("price", "amount"),
    CLICKS: ("price",),
    ERRORS: (),
}
_TEXT = (
    "event_id",
    "order_id",
    "user_id",
    "session_id",
    "product_id",
    "category",
    "brand",
    "action",
    "service",
    "level",
    "code",
    "message",
)
_TYPED = ("event_time", "price", "quantity", "amount")
_FIELDS = (*_TEXT, *_TYPED, "schema_version", "raw")
_ORIGIN = ("topic", "partition", "offset", "ingest_time")

# Every field is read as text, so that a wrong type is a breach of that field alone. One message
# is one event: in brackets, a second object or a tail behind the first makes the JSON invalid.
_SCHEMA = f"array<struct<{','.join(f'{field}:string' for field in _FIELDS)}>>"
_JSON_OPTIONS = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}

_MONEY_TYPE = "decimal(18,2)"
_PLAIN_MONEY = r"^\d{1,16}(\.\d{1,2})?$"
# How Spark renders a JSON number (not a string) that has a fraction and is 10,000,000 or more.
_SCIENTIFIC_NUMBER = r"^\d(\.\d+)?E\d+$"
_INTEGER = r"^-?\d{1,9}$"
_TIME_WITH_ZONE = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})? ?(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)$"


def read_events(messages: DataFrame) -> DataFrame:
    """Reads and checks events.

    Args:
        messages: rows of the Kafka source (topic, partition, offset, timestamp, key, value) with
            an `ingest_time`.

    Returns:
        One row a message: topic, partition, offset, received_at, the fields of all three kinds of
        event, `minute` (start of the event's minute, in seconds since 1970, UTC), `ingest_time` and
        `reason`.
        `raw`, `key` and `value` are filled for dead letters only.
    """
    return messages.select(_parsed()).select(_typed()).select("*", _reason()).select(_checked())


# The columns of each step. They are made once: to build an expression takes a call to the JVM for
# each of its parts, and there are hundreds.


@cache
def _parsed() -> list[Column]:
    """A message with its `event`, which is null unless the message is one JSON object."""
    text = F.col("value").cast("string")
    document = F.from_json(F.concat(F.lit("["), text, F.lit("]")), _SCHEMA, _JSON_OPTIONS)
    return [
        *map(F.col, (*_ORIGIN, "key", "value")),
        F.col("timestamp").alias("received_at"),
        F.when(F.size(document) == 1, document[0]).alias("event"),
    ]


@cache
def _typed() -> list[Column]:
    """The fields of the event, each null where it is missing or of another type."""
    return [
        *map(F.col, (*_ORIGIN, "received_at", "key", "value")),
        F.col("event").isNotNull().alias("is_json"),
        *(F.col(f"event.{field}").alias(field) for field in (*_TEXT, "schema_version", "raw")),
        parse_time(F.col("event.event_time")).alias("event_time"),
        _money("price").alias("price"),
        _money("amount").alias("amount"),
        _quantity(F.col("event.quantity")).alias("quantity"),
    ]


@cache
def _checked() -> list[Column]:
    """The columns of a row that has its `reason`."""
    is_dead = F.col("reason").isNotNull()
    return [
        *map(F.col, (*_ORIGIN, "received_at", *_TEXT, *_TYPED, "reason")),
        F.unix_seconds(F.date_trunc("minute", "event_time")).alias("minute"),
        # Bytes that are not UTF-8 must not reach a text column: readers reject the whole file.
        F.when(is_dead, F.coalesce("raw", F.expr("decode(value, 'UTF-8')"))).alias("raw"),
        F.when(is_dead, F.col("key")).alias("key"),
        F.when(is_dead, F.col("value")).alias("value"),
    ]


def parse_time(text: Column) -> Column:
    """A point in time, or null. A time without a zone says nothing certain, so it is null too."""
    upper = F.upper(text)
    # The zone of the session is UTC. To find out what `Z` means Spark compiles two regular
    # expressions for each row.
    without_z = F.call_function("rtrim", F.lit("Z"), upper)
    return F.when(upper.rlike(_TIME_WITH_ZONE), without_z.cast("timestamp"))


def parse_money(text: Column) -> Column:
    """An exact amount of money, or null if it is negative or has more than two decimals."""
    return F.when(text.rlike(_PLAIN_MONEY), text.cast(_MONEY_TYPE))


def _money(field: str) -> Column:
    """As `parse_money`, of a field that Spark may have rendered from a JSON number."""
    text = F.col(f"event.{field}")
    return parse_money(text).when(text.rlike(_SCIENTIFIC_NUMBER), _exact_number(field))


def _exact_number(field: str) -> Column:
    """Reads a large JSON number again: the text that Spark made of it went through a double."""
    wide = F.from_json(
        F.col("value").cast("string"), f"{field} decimal(38,20)", _JSON_OPTIONS
    ).getField(field)
    money = wide.cast(_MONEY_TYPE)
    return F.when(wide == money, money)


def _quantity(text: Column) -> Column:
    """A whole number of at least 1 that fits an int, or null."""
    number = F.when(text.rlike(r"^\d{1,10}$"), text.cast("int"))
    return F.when(number >= 1, number)


@cache
def _reason() -> Column:
    """`reason`: every breach of a row in one sentence, or null if there is none."""
    by_topic = F.lit("topic is unknown")
    for topic in TOPICS:
        breaches = F.concat_ws("; ", *_breaches(topic))
        by_topic = F.when(F.col("topic") == topic, F.nullif(breaches, F.lit(""))).otherwise(
            by_topic
        )
    no_json = F.when(~F.col("is_json"), F.lit("message is not a JSON object"))
    return _when_of_unknown_version(no_json).otherwise(by_topic).alias("reason")


def _when_of_unknown_version(cases: Column) -> Column:
    """Further cases: the event is of a version of which nothing else can be said."""
    version = F.col("schema_version")
    known = [str(number) for number in SCHEMA_VERSIONS]
    return cases.when(~version.rlike(_INTEGER), F.lit("schema_version is not an integer")).when(
        ~version.isin(known), F.concat(F.lit("schema_version "), version, F.lit(" is not known"))
    )


def _breaches(topic: str) -> list[Column]:
    """One column for each rule of a topic: the sentence if the rule is broken, else null."""

    def breach(is_broken: Column, sentence: str) -> Column:
        return F.when(is_broken, F.lit(sentence))

    def is_missing(field: str) -> Column:
        return F.col(field).isNull() | (F.trim(field) == "")

    def is_not_one_of(field: str, values: Sequence[str]) -> Column:
        return ~F.coalesce(F.col(field).isin(*values), F.lit(False))

    breaches = [breach(is_missing(field), f"{field} is missing") for field in _REQUIRED_TEXT[topic]]
    breaches.append(
        breach(F.col("event_time").isNull(), "event_time is not an ISO 8601 time with a zone")
    )
    breaches += [
        breach(F.col(field).isNull(), f"{field} is not a decimal of at least 0")
        for field in _REQUIRED_MONEY[topic]
    ]
    if topic == ORDERS:
        breaches.append(
            breach(F.col("quantity").isNull(), "quantity is not an integer of at least 1")
        )
    if topic == CLICKS:
        breaches.append(
            breach(is_not_one_of("action", ACTIONS), f"action is not one of {', '.join(ACTIONS)}")
        )
    if topic == ERRORS:
        breaches.append(
            breach(is_not_one_of("level", LEVELS), f"level is not one of {', '.join(LEVELS)}")
        )
    return breaches
