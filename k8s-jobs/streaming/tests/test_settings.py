"""What the job can be told."""

import pytest

from streaming.detector import DetectorSettings
from streaming.settings import Settings, SettingsError, read_settings

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


def test_everything_but_the_keys_has_a_default() -> None:
    assert read_settings(KEYS) == Settings()


def test_settings_come_from_the_environment() -> None:
    settings = read_settings(
        KEYS | {"KAFKA_BOOTSTRAP_SERVERS": " broker:9092 ", "MAX_OFFSETS_PER_TRIGGER": "5"}
    )

    assert settings == Settings(kafka_bootstrap_servers="broker:9092", max_offsets_per_trigger=5)


def test_what_an_anomaly_is_comes_from_the_environment() -> None:
    settings = read_settings(
        KEYS
        | {
            "ALERT_WINDOW_MINUTES": "30",
            "ALERT_THRESHOLD": "6",
            "ALERT_COOLDOWN_MINUTES": "2",
            "ALERT_MINIMUM_HISTORY_MINUTES": "20",
        }
    )

    assert settings.detection == DetectorSettings(30, 6, 2, 20)
    assert Settings().detection == DetectorSettings()


def test_every_fault_is_named_and_no_secret() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(
            {"AWS_SECRET_ACCESS_KEY": "s3cret", "TRIGGER": "", "MAX_OFFSETS_PER_TRIGGER": "0"}
        )

    assert str(caught.value) == (
        "AWS_ACCESS_KEY_ID is not set; TRIGGER is empty; "
        "MAX_OFFSETS_PER_TRIGGER is '0', not a whole number of at least 1"
    )
