"""Old snapshots are left out of a table's metadata."""

from pyspark.sql import SparkSession

from streaming.snapshots import trim_snapshots
from streaming.tables import ALERTS


def test_only_old_snapshots_go(spark: SparkSession, tables: None) -> None:
    for number in range(4):
        spark.sql(
            f"INSERT INTO {ALERTS.full_name} VALUES "
            f"('{number}', timestamp '2026-01-01', 'anomaly', 'orders', 1, 2, 3, '', NULL)"
        )

    trim_snapshots(spark, ALERTS, maximum=4, kept=2)
    assert spark.table(f"{ALERTS.full_name}.snapshots").count() == 4

    trim_snapshots(spark, ALERTS, maximum=3, kept=2)

    assert spark.table(f"{ALERTS.full_name}.snapshots").count() == 2
    assert spark.table(ALERTS.full_name).count() == 4
    spark.sql(f"DELETE FROM {ALERTS.full_name} WHERE alert_id = '0'")
    assert spark.table(ALERTS.full_name).count() == 3
