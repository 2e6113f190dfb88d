"""The table of alerts: fatal errors and anomalies, each once."""

import hashlib
from collections.abc import Iterable

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from streaming.contract import ERRORS, FATAL
from streaming.detector import Incident
from streaming.local_rows import local_rows
from streaming.ranges import in_ranges
from streaming.rows import rows_of
from streaming.summary import MinuteSummary
from streaming.tables import ALERTS, ROW_TABLES

FATAL_ERROR = "fatal_error"
ANOMALY = "anomaly"

_MINUTE = 60
_COLUMNS = list(ALERTS.columns)


class FatalAlerts:
    """Makes an alert of every FATAL error, after its row is written.

    A run that ended between the two leaves rows without their alerts. The next run repeats the
    batch, so that in its first batch the rows are compared with the alerts.
    """

    def __init__(self) -> None:
        self._is_first_batch = True

    def write(
        self,
        fresh: DataFrame,
        added: Iterable[MinuteSummary],
        batch: Iterable[MinuteSummary],
        is_repeating: bool,
    ) -> None:
        """Writes the alerts that the tables lack now.

        Args:
            fresh: the events whose rows this batch has written.
            added: their summaries.
            batch: summaries of all events of the batch.
            is_repeating: whether some of them were in the tables before.
        """
        if self._is_first_batch or is_repeating:
            self._write_missing(fresh.sparkSession, {each.minute for each in batch if each.fatal})
        elif any(each.fatal for each in added):
            is_error = F.col("reason").isNull() & (F.col("topic") == ERRORS)
            _append(fatal_alerts(fresh.where(is_error)))
        self._is_first_batch = False

    def _write_missing(self, spark: SparkSession, minutes: set[int]) -> None:
        """Compares rows and alerts of some minutes; all of them while there is no such alert."""
        if not (minutes or self._is_first_batch):
            return
        stored = spark.table(ALERTS.full_name).where(F.col("kind") == FATAL_ERROR)
        if self._is_first_batch and stored.isEmpty():
            # A platform that is new, or older than its alerts.
            rows = spark.table(ROW_TABLES[ERRORS].full_name)
        else:
            rows = rows_of(spark, ERRORS, minutes)
            stored = stored.where(in_ranges("alert_time", minutes, _MINUTE))
        known = F.broadcast(stored.select("alert_id"))
        missing = fatal_alerts(rows).join(known, "alert_id", "left_anti")
        if not missing.isEmpty():
            _append(missing)


def fatal_alerts(errors: DataFrame) -> DataFrame:
    """The alerts of the FATAL ones among some errors.

    The id is made of what tells events apart: the event_id and the minute of its time.
    """
    minute = F.unix_seconds(F.date_trunc("minute", "event_time")).cast("string")
    return errors.where(F.col("level") == FATAL).select(
        F.sha2(F.concat_ws("\n", F.lit(FATAL_ERROR), "event_id", minute), 256).alias("alert_id"),
        F.col("event_time").alias("alert_time"),
        F.lit(FATAL_ERROR).alias("kind"),
        F.col("service").alias("metric"),
        *(F.lit(None).cast("double").alias(name) for name in ("value", "expected", "deviation")),
        F.concat("code", F.lit(": "), "message").alias("message"),
        F.lit(None).cast("timestamp").alias("recovered_at"),
    )


def read_incidents(spark: SparkSession, since: int) -> list[Incident]:
    """The incidents that the table has from a time on, in seconds since 1970."""
    rows = (
        spark.table(ALERTS.full_name)
        .where(F.col("alert_time") >= F.timestamp_seconds(F.lit(since)))
        .where(F.col("kind") == ANOMALY)
        .select(
            "metric",
            F.unix_seconds("alert_time").alias("first"),
            "value",
            "expected",
            "deviation",
            F.unix_seconds("recovered_at").alias("recovered_at"),
        )
        .collect()
    )
    return [Incident(**row.asDict()) for row in rows]


def write_incidents(spark: SparkSession, changes: Iterable[Incident]) -> None:
    """Writes what a detector has told: incidents that have begun, and those that have ended."""
    # Of one that began and ended in the same batch both are told.
    newest: dict[str, Incident] = {}
    begun: set[str] = set()
    for change in changes:
        newest[incident_id(change)] = change
        if change.recovered_at is None:
            begun.add(incident_id(change))
    if begun:
        _append(_incident_rows(spark, {name: newest[name] for name in begun}))
    for name in newest.keys() - begun:
        ended = newest[name]
        spark.sql(
            f"UPDATE {ALERTS.full_name} "  # noqa: S608 - numbers and a hash
            f"SET recovered_at = timestamp_seconds({ended.recovered_at}) "
            f"WHERE alert_time = timestamp_seconds({ended.first}) AND alert_id = '{name}'"
        )


def incident_id(incident: Incident) -> str:
    """The alert_id of an incident: the same in every run."""
    return hashlib.sha256(
        "\n".join((ANOMALY, incident.metric, str(incident.first))).encode()
    ).hexdigest()


def incident_message(incident: Incident) -> str:
    """What an incident is, for people."""
    verb = "rose" if incident.deviation > 0 else "fell"
    return (
        f"{incident.metric} {verb} to {_readable(incident.metric, incident.value)} in a minute, "
        f"expected was {_readable(incident.metric, incident.expected)} "
        f"({abs(incident.deviation):.1f} standard deviations)"
    )


def _readable(metric: str, value: float) -> str:
    match metric:
        case "error_rate":
            return f"{value:.1%}"
        case "revenue":
            return f"{value:.2f}"
        case _:
            return f"{value:.0f}"


def _incident_rows(spark: SparkSession, incidents: dict[str, Incident]) -> DataFrame:
    schema = (
        "alert_id string, first bigint, metric string, value double, expected double, "
        "deviation double, message string, recovered bigint"
    )
    rows = [
        (
            name,
            each.first,
            each.metric,
            each.value,
            each.expected,
            each.deviation,
            incident_message(each),
            each.recovered_at,
        )
        for name, each in incidents.items()
    ]
    return (
        local_rows(spark, schema, rows)
        .withColumn("alert_time", F.timestamp_seconds("first"))
        .withColumn("kind", F.lit(ANOMALY))
        .withColumn("recovered_at", F.timestamp_seconds("recovered"))
    )


def _append(alerts: DataFrame) -> None:
    alerts.select(_COLUMNS).coalesce(1).writeTo(ALERTS.full_name).append()
