"""What the job can be told, read from environment variables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from streaming.settings import Settings as LakehouseSettings
from streaming.settings import SettingsError
from streaming.settings import read_settings as read_lakehouse_settings

__all__ = ["LakehouseSettings", "Settings", "SettingsError", "read_settings"]

_ADDRESS = re.compile(r"[^\s:]+:\d{1,5}")
_TIME_TO_LIVE = re.compile(r"([1-9]\d{0,5})([mhd])")
_UNIT_SECONDS = {"m": 60, "h": 3600, "d": 86_400}
_SECRETS = ("database_password", "redis_password")


@dataclass(frozen=True)
class Settings:
    """Addresses and limits of one run. The environment variable is the field's name in capitals.

    Attributes:
        lakehouse: Kafka, the tables and the object storage, as the streaming job is told them.
        database_password: of the role that owns `processed_data`.
        redis_password: of the online store.
        checkpoint: folder of the queries' progress. A new folder reads every notification again.
        trigger: shortest time from one batch to the next, as Spark writes an interval.
        bucket: the bucket whose objects are read; notifications of others are dead letters.
        database_address: `host:port` of Postgres.
        database_name: the database with `processed_data`.
        database_username: the role that owns `processed_data`.
        redis_address: `host:port` of the online store.
        time_to_live: how long a session's features are kept after its last new event: minutes,
            hours or days as in `30m`, `24h`, `7d`, or `none` for ever.
        max_training_objects: most Parquet objects in one batch; it bounds the disk and the memory.
        max_testing_objects: most JSON objects in one batch.
        fetch_threads: objects that are fetched at a time.
        missing_seconds: how long a batch waits for objects that are not there.
        snapshot_quiet_seconds: after so long without new training rows a training snapshot is made.
        kept_snapshots: newest training snapshots that keep their tag.
    """

    lakehouse: LakehouseSettings
    database_password: str = field(repr=False)
    redis_password: str = field(repr=False)
    checkpoint: str = "s3a://checkpoints/features"
    trigger: str = "1 second"
    bucket: str = "bronze"
    database_address: str = "postgres:5432"
    database_name: str = "lakehouse"
    database_username: str = "features"
    redis_address: str = "redis:6379"
    time_to_live: str = "7d"
    max_training_objects: int = 16
    max_testing_objects: int = 2000
    fetch_threads: int = 16
    missing_seconds: int = 10
    snapshot_quiet_seconds: int = 30
    kept_snapshots: int = 20

    @property
    def time_to_live_seconds(self) -> int | None:
        """`time_to_live` in seconds; None for ever."""
        return _seconds(self.time_to_live)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Reads the settings.

    Raises:
        SettingsError: a variable is missing or cannot be used.
    """
    faults: list[str] = []
    lakehouse = None
    try:
        lakehouse = read_lakehouse_settings(environment)
    except SettingsError as error:
        faults.append(str(error))
    values: dict[str, str | int] = {}
    for each in fields(Settings):
        name = each.name.upper()
        text = environment.get(name, "").strip()
        if each.name == "lakehouse":
            continue
        if not text:
            if name in environment or each.name in _SECRETS:
                faults.append(f"{name} is not set")
            continue
        fault = _fault(each.name, each.type, text)
        if fault:
            faults.append(f"{name} is {text!r}, not {fault}")
        else:
            values[each.name] = int(text) if each.type is int else text
    if faults or lakehouse is None:
        raise SettingsError("; ".join(faults))
    return Settings(lakehouse=lakehouse, **values)


def _fault(name: str, kind: object, text: str) -> str | None:
    """What a value ought to be, if it is not."""
    if kind is int:
        is_right = text.isdecimal() and int(text) >= 1
        return None if is_right else "a whole number of at least 1"
    if name.endswith("_address"):
        return None if _ADDRESS.fullmatch(text) else "host:port"
    if name == "time_to_live":
        is_right = text == "none" or _TIME_TO_LIVE.fullmatch(text)
        return None if is_right else "a time such as 30m, 24h or 7d, or none"
    return None


def _seconds(time_to_live: str) -> int | None:
    match = _TIME_TO_LIVE.fullmatch(time_to_live)
    return int(match[1]) * _UNIT_SECONDS[match[2]] if match else None
