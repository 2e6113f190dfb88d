"""What the job can be told, read from environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from streaming.detector import DetectorSettings


class SettingsError(ValueError):
    """The environment does not describe a job that can run. The text names every fault."""


@dataclass(frozen=True)
class Settings:
    """Addresses and limits of one run. The environment variable is the field's name in capitals.

    Attributes:
        kafka_bootstrap_servers: brokers to read events from and to send dead letters to.
        nessie_uri: Nessie's native API, ending in its version.
        warehouse: folder of the tables in object storage.
        s3_endpoint: object storage, for tables and checkpoint alike.
        checkpoint: folder of the query's progress. A new folder reads every topic from its start.
        spark_master: where tasks run, as Spark writes a master; empty for what it was submitted to.
        trigger: shortest time from one batch to the next, as Spark writes an interval.
        max_offsets_per_trigger: most messages in one batch; it bounds the memory of a batch.
        alert_window_minutes: minutes of the moving mean that anomalies deviate from.
        alert_threshold: standard deviations from the expected value that make an anomaly.
        alert_cooldown_minutes: normal minutes in a row after which an anomaly is over.
        alert_minimum_history_minutes: minutes to be known before anomalies are looked for; at most
            the window counts.
    """

    kafka_bootstrap_servers: str = "kafka:9092"
    nessie_uri: str = "http://nessie:19120/api/v2"
    warehouse: str = "s3://warehouse/"
    s3_endpoint: str = "http://minio:9000"
    checkpoint: str = "s3a://checkpoints/streaming"
    spark_master: str = ""
    trigger: str = "1 second"
    max_offsets_per_trigger: int = 150_000
    alert_window_minutes: int = DetectorSettings.window_minutes
    alert_threshold: int = DetectorSettings.threshold
    alert_cooldown_minutes: int = DetectorSettings.cooldown_minutes
    alert_minimum_history_minutes: int = DetectorSettings.minimum_history_minutes

    @property
    def detection(self) -> DetectorSettings:
        """What is taken for an anomaly."""
        return DetectorSettings(
            window_minutes=self.alert_window_minutes,
            threshold=self.alert_threshold,
            cooldown_minutes=self.alert_cooldown_minutes,
            minimum_history_minutes=self.alert_minimum_history_minutes,
        )


# Read from the environment by the S3 clients themselves, so that they appear in no configuration.
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Reads the settings.

    Raises:
        SettingsError: a variable is missing or cannot be used.
    """
    faults = [f"{name} is not set" for name in _CREDENTIALS if not environment.get(name)]
    values: dict[str, str | int] = {}
    for field in fields(Settings):
        name = field.name.upper()
        text = environment.get(name)
        if text is None:
            continue
        if not text.strip():
            faults.append(f"{name} is empty")
        elif field.type is not int:
            values[field.name] = text.strip()
        elif text.strip().isdecimal() and int(text) >= 1:
            values[field.name] = int(text)
        else:
            faults.append(f"{name} is {text!r}, not a whole number of at least 1")
    if faults:
        raise SettingsError("; ".join(faults))
    return Settings(**values)
