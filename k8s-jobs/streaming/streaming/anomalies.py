"""Anomalies of the KPIs: the minutes that close, judged as they do."""

import time
from collections.abc import Callable, Iterable

from pyspark.sql import SparkSession

from streaming.alerts import read_incidents, write_incidents
from streaming.detector import (
    LONGEST_INCIDENT,
    MAXIMUM_GAP,
    MINUTE,
    Detector,
    DetectorSettings,
    Incident,
    KpiMinute,
    Season,
    season_of,
)
from streaming.kpis import KpiRow, KpiTable
from streaming.live_edge import LiveEdge
from streaming.summary import MinuteSummary

_HOUR = 3600
_WEEK = 7 * 24
#: How many earlier weeks tell what is usual in an hour of the week.
SEASON_WEEKS = 4


class Anomalies:
    """Watches kpis_per_minute and keeps the anomalies in the table of alerts.

    A new run judges the last window again, as the tables have it: what the last run has told of
    it is in the table of alerts and not told again. A batch that closes no minute costs nothing.
    """

    def __init__(
        self,
        settings: DetectorSettings,
        kpis: KpiTable,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Prepares to watch.

        Args:
            settings: what is taken for an anomaly.
            kpis: where KPIs are written; after each batch `update` is called.
            now: this machine's clock.
        """
        self._window = settings.window_minutes * MINUTE
        self._kpis = kpis
        self._now = now
        self._detector = Detector(settings)
        self._edge = LiveEdge()
        self._is_restored = False

    def restore(self, spark: SparkSession) -> None:
        """Takes up the work of the last run; to be called before the first KPIs are written."""
        if self._is_restored:
            return
        newest = self._kpis.newest(spark, self._now())
        if newest is not None:
            resume = newest - self._window
            oldest = resume - self._window
            learned = self._kpis.rows(spark, range(oldest, resume, MINUTE))
            # No incident that touches these minutes can have begun earlier.
            longest = LONGEST_INCIDENT * self._window + (MAXIMUM_GAP + 1) * MINUTE
            self._detector.restore(
                map(kpi_minute, learned), read_incidents(spark, oldest - longest)
            )
            self._edge.start(min(newest, int(self._now())), resume)
        self._is_restored = True

    def update(self, spark: SparkSession, batch: Iterable[MinuteSummary]) -> bool:
        """Judges the minutes that a batch has closed.

        Args:
            spark: the session.
            batch: the summaries of its events, whose KPIs are written.

        Returns:
            Whether any minute was closed.
        """
        closed = self._edge.advance((each.newest for each in batch), self._now())
        if not closed:
            return False
        rows = self._kpis.rows(spark, closed)
        seasons = self._seasons(spark, {row[0] // _HOUR for row in rows})
        changes: list[Incident] = []
        for row in rows:
            changes += self._detector.observe(kpi_minute(row), seasons[row[0] // _HOUR])
        write_incidents(spark, changes)
        return True

    def _seasons(self, spark: SparkSession, hours: set[int]) -> dict[int, Season]:
        """What is usual in some hours, by the same hour of earlier weeks."""
        earlier = {
            hour: [hour - week * _WEEK for week in range(1, SEASON_WEEKS + 1)] for hour in hours
        }
        self._kpis.hold(spark, {each for weeks in earlier.values() for each in weeks})
        return {
            hour: season_of([self._minutes_of(spark, each) for each in weeks])
            for hour, weeks in earlier.items()
        }

    def _minutes_of(self, spark: SparkSession, hour: int) -> list[KpiMinute]:
        minutes = range(hour * _HOUR, (hour + 1) * _HOUR, MINUTE)
        return [kpi_minute(row) for row in self._kpis.rows(spark, minutes)]


def kpi_minute(row: KpiRow) -> KpiMinute:
    """A row of kpis_per_minute as the detector takes it."""
    start, orders, revenue, active_users, clicks, _, errors = row
    return KpiMinute(
        start, orders, None if revenue is None else float(revenue), active_users, clicks, errors
    )
