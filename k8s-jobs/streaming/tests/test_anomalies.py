"""The detector on the table of KPIs, without batches."""

from array import array
from collections.abc import Iterable
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from streaming.anomalies import Anomalies
from streaming.detector import METRICS, DetectorSettings, KpiMinute
from streaming.kpis import KpiTable
from streaming.local_rows import local_rows
from streaming.summary import MinuteSummary
from streaming.tables import KPIS_PER_MINUTE
from traffic import HOUR, MINUTE, MONDAY, WEEK, Injected, traffic

#: When the rush begins; the daily rhythm is at its height.
FOUR = MONDAY + 16 * HOUR
ALERTS = "SELECT metric, recovered_at IS NULL FROM alerts ORDER BY metric"


def fill(spark: SparkSession, minutes: Iterable[KpiMinute]) -> None:
    """Puts minutes into kpis_per_minute, as if an earlier run had."""
    schema = (
        "minute bigint, orders bigint, revenue decimal(18,2), active_users bigint, clicks bigint, "
        "errors bigint"
    )
    rows = [
        (
            each.start,
            each.orders,
            f"{each.revenue:.2f}",
            each.active_users,
            each.clicks,
            each.errors,
        )
        for each in minutes
    ]
    (
        local_rows(spark, schema, rows)
        .withColumn("window_start", F.timestamp_seconds("minute"))
        .withColumn("window_end", F.timestamp_seconds(F.col("minute") + MINUTE))
        .withColumn("carts", F.lit(0).cast("bigint"))
        .withColumn("error_rate", F.lit(0.0))
        .select(*KPIS_PER_MINUTE.columns)
        .writeTo(KPIS_PER_MINUTE.full_name)
        .append()
    )


def judge(spark: SparkSession, newest: int) -> None:
    """A new run, whose first two batches have an event each in a minute."""
    anomalies = Anomalies(DetectorSettings(), KpiTable(), now=lambda: newest + HOUR)
    anomalies.restore(spark)
    for second in (20, 30):
        event = MinuteSummary(
            "clicks", newest, 1, Decimal(0), 0, frozenset("a"), array("q", [1]), newest + second
        )
        anomalies.update(spark, [event])


def afternoon(seed: int, monday: int) -> list[KpiMinute]:
    """From two to a quarter to five, with twice as many visitors from four on."""
    rush = Injected(monday + 16 * HOUR, 60, frozenset(METRICS), visitors=2)
    return list(traffic(seed, monday + 14 * HOUR, 165, [rush]))


@pytest.mark.parametrize(
    ("weeks", "is_alert"),
    [
        pytest.param((), True, id="no history"),
        pytest.param((1,), True, id="one week"),
        pytest.param((1, 3), False, id="two weeks"),
        pytest.param((5, 6), True, id="weeks too long ago"),
    ],
)
def test_the_season_comes_from_the_same_hour_of_earlier_weeks(spark, rows, weeks, is_alert) -> None:
    for week in weeks:
        fill(spark, afternoon(week, MONDAY - week * WEEK))
    fill(spark, afternoon(9, MONDAY))

    judge(spark, FOUR + 44 * MINUTE)

    # Orders more than double by chance; what has the least noise is most surely seen.
    assert [row for row in rows(ALERTS) if row[0] == "clicks"] == [("clicks", True)] * is_alert


def test_an_open_incident_is_taken_up_and_not_told_twice(spark, rows) -> None:
    fill(spark, afternoon(9, MONDAY)[:150])
    judge(spark, FOUR + 29 * MINUTE)
    before = rows("SELECT * FROM alerts ORDER BY alert_id")
    assert ("clicks", True) in rows(ALERTS)

    fill(spark, afternoon(9, MONDAY)[150:])
    judge(spark, FOUR + 44 * MINUTE)
    assert rows("SELECT * FROM alerts ORDER BY alert_id") == before

    fill(spark, traffic(9, FOUR + 45 * MINUTE, 30))
    judge(spark, FOUR + 74 * MINUTE)

    assert len(rows(ALERTS)) == len(before)
    assert rows(
        "SELECT DISTINCT unix_seconds(alert_time), unix_seconds(recovered_at) FROM alerts "
        "WHERE metric = 'clicks'"
    ) == [(FOUR, FOUR + 45 * MINUTE)]


def test_kpis_are_read_back_by_stretches_of_minutes(spark, rows) -> None:
    minutes = [*traffic(1, FOUR, 90), *traffic(2, FOUR - WEEK, 60)]
    fill(spark, minutes)
    table = KpiTable()
    now = FOUR + 20 * MINUTE

    assert table.newest(spark, now) == FOUR + 59 * MINUTE
    assert table.newest(spark, FOUR - 2 * WEEK) is None
    table.hold(spark, [FOUR // HOUR, (FOUR - WEEK) // HOUR])
    stretch = range(FOUR - 10 * MINUTE, FOUR + 70 * MINUTE, MINUTE)
    expected = [
        (
            each.start,
            each.orders,
            f"{each.revenue:.2f}",
            each.active_users,
            each.clicks,
            0,
            each.errors,
        )
        for each in minutes[:70]
    ]
    assert table.rows(spark, stretch) == expected
    assert table.rows(spark, range(0)) == []
