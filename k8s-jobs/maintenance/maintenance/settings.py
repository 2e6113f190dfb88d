"""What the maintenance can be told, read from environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass

from streaming.settings import Settings as LakehouseSettings
from streaming.settings import SettingsError
from streaming.settings import read_settings as read_lakehouse_settings

__all__ = ["LakehouseSettings", "Settings", "SettingsError", "read_settings"]

_QUIET_MINUTES = "QUIET_MINUTES"
_DEFAULT_QUIET_MINUTES = 60


@dataclass(frozen=True)
class Settings:
    """Where the tables are, and what of them to leave alone.

    Attributes:
        lakehouse: addresses, as the streaming job is told them.
        quiet_minutes: events younger than this are left alone, since their files still come.
    """

    lakehouse: LakehouseSettings
    quiet_minutes: int = _DEFAULT_QUIET_MINUTES


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Reads the settings.

    Raises:
        SettingsError: a variable is missing or cannot be used.
    """
    text = environment.get(_QUIET_MINUTES, str(_DEFAULT_QUIET_MINUTES)).strip()
    if not text.isdecimal():
        raise SettingsError(f"{_QUIET_MINUTES} is {text!r}, not a whole number of at least 0")
    return Settings(read_lakehouse_settings(environment), int(text))
