"""What the maintenance is told."""

import pytest

from maintenance.settings import SettingsError, read_settings

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


def test_events_of_the_last_hour_are_left_alone_by_default() -> None:
    assert read_settings(KEYS).quiet_minutes == 60


def test_addresses_are_those_of_the_streaming_job() -> None:
    settings = read_settings({**KEYS, "NESSIE_URI": "http://other/api/v2", "QUIET_MINUTES": "5"})

    assert settings.lakehouse.nessie_uri == "http://other/api/v2"
    assert settings.quiet_minutes == 5


@pytest.mark.parametrize("text", ["", "-1", "1.5", "soon"])
def test_other_than_whole_minutes_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="QUIET_MINUTES is"):
        read_settings({**KEYS, "QUIET_MINUTES": text})


def test_missing_keys_are_named() -> None:
    with pytest.raises(SettingsError, match="AWS_ACCESS_KEY_ID is not set"):
        read_settings({})
