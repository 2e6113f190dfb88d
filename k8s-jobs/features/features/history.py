"""The features of every training event as an Iceberg table, which can be read as it was."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from features.behaviour import FEATURES
from streaming.batch import computed_once
from streaming.snapshots import trim_snapshots
from streaming.tables import SESSION_FEATURES

_TABLE = SESSION_FEATURES.full_name
_CHANGED = "changed_features"


def merge_events(events: DataFrame) -> int:
    """Adds events that are not there yet and sets the counts of their sessions, in one commit.

    Args:
        events: rows with the columns of `FEATURES`, each event_id once, computed already.

    Returns:
        How many rows were added or got another count.
    """
    spark = events.sparkSession
    with computed_once(_changed(events)) as changed:
        bounds = changed.agg(
            F.count("*").alias("rows"),
            F.unix_micros(F.min("event_timestamp")).alias("first"),
            F.unix_micros(F.max("event_timestamp")).alias("last"),
        ).first()
        if bounds.rows == 0:
            return 0
        changed.coalesce(1).createOrReplaceTempView(_CHANGED)
        # The range of time is what Iceberg compares with the bounds of its files.
        spark.sql(
            f"""
            MERGE INTO {_TABLE} AS stored USING {_CHANGED} AS changed
            ON stored.event_id = changed.event_id
              AND stored.event_timestamp = changed.event_timestamp
              AND stored.event_timestamp >= timestamp_micros({bounds.first})
              AND stored.event_timestamp <= timestamp_micros({bounds.last})
            WHEN MATCHED THEN UPDATE SET activity_count = changed.activity_count
            WHEN NOT MATCHED THEN INSERT *
            """
        )
    trim_snapshots(spark, SESSION_FEATURES)
    return bounds.rows


def _changed(events: DataFrame) -> DataFrame:
    """The rows that the table has to get, or to hold with another count than now."""
    stored = events.sparkSession.table(_TABLE)
    sessions = events.select("user_session").distinct()
    fresh = events.join(stored.select("event_id"), "event_id", "left_anti").select(
        *FEATURES, F.lit(None).cast("int").alias("stored_count")
    )
    known = stored.join(sessions, "user_session", "left_semi").select(
        *FEATURES, F.col("activity_count").alias("stored_count")
    )
    count = F.count("*").over(Window.partitionBy("user_session")).cast("int")
    return (
        known.unionAll(fresh)
        .withColumn("activity_count", count)
        .where(~F.col("activity_count").eqNullSafe(F.col("stored_count")))
        .select(*SESSION_FEATURES.columns)
    )
