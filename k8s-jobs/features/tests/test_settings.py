"""What the job can be told."""

import pytest

from features.settings import LakehouseSettings, Settings, SettingsError, read_settings

NEEDED = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "DATABASE_PASSWORD": "pg",
    "REDIS_PASSWORD": "redis",
}


def test_everything_but_keys_and_passwords_has_a_default() -> None:
    settings = read_settings(NEEDED)

    assert settings == Settings(LakehouseSettings(), "pg", "redis")
    assert "pg'" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("24h", 86_400), ("7d", 604_800), ("none", None)]
)
def test_a_time_to_live_is_a_time_or_none(text, seconds) -> None:
    assert read_settings(NEEDED | {"TIME_TO_LIVE": text}).time_to_live_seconds == seconds


def test_settings_come_from_the_environment() -> None:
    settings = read_settings(
        NEEDED | {"REDIS_ADDRESS": "cache:7", "FETCH_THREADS": "4", "NESSIE_URI": "http://n/api/v2"}
    )

    assert (settings.redis_address, settings.fetch_threads) == ("cache:7", 4)
    assert settings.lakehouse.nessie_uri == "http://n/api/v2"


def test_every_fault_is_named_and_no_secret() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(
            {
                "AWS_SECRET_ACCESS_KEY": "s3cret",
                "DATABASE_PASSWORD": "s3cret",
                "BUCKET": "",
                "DATABASE_ADDRESS": "postgres",
                "TIME_TO_LIVE": "week",
                "FETCH_THREADS": "0",
            }
        )

    assert str(caught.value) == (
        "AWS_ACCESS_KEY_ID is not set; REDIS_PASSWORD is not set; BUCKET is not set; "
        "DATABASE_ADDRESS is 'postgres', not host:port; "
        "TIME_TO_LIVE is 'week', not a time such as 30m, 24h or 7d, or none; "
        "FETCH_THREADS is '0', not a whole number of at least 1"
    )
