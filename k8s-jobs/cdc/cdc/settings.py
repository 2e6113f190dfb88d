"""What the job can be told, read from environment variables."""

from collections.abc import Mapping

from streaming.settings import Settings, SettingsError
from streaming.settings import read_settings as read_lakehouse_settings

__all__ = ["Settings", "SettingsError", "read_settings"]

# Progress of its own, whatever the streaming job's is.
_DEFAULTS = {"CHECKPOINT": "s3a://checkpoints/cdc"}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Reads the settings, which are the streaming job's; those of alerts have no effect.

    Raises:
        SettingsError: a variable is missing or cannot be used.
    """
    return read_lakehouse_settings(_DEFAULTS | dict(environment))
