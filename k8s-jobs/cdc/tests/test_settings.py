"""What the job is told."""

import pytest

from cdc.settings import SettingsError, read_settings

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


def test_progress_is_kept_apart_from_the_streaming_job() -> None:
    assert read_settings(KEYS).checkpoint == "s3a://checkpoints/cdc"
    assert read_settings({**KEYS, "CHECKPOINT": "s3a://other"}).checkpoint == "s3a://other"


def test_missing_keys_are_named() -> None:
    with pytest.raises(SettingsError, match="AWS_ACCESS_KEY_ID is not set"):
        read_settings({})
