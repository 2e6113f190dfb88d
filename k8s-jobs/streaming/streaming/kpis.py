"""The KPIs of every minute, upserted with each batch."""

from collections import OrderedDict
from collections.abc import Iterable
from decimal import Decimal

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from streaming.local_rows import local_rows
from streaming.minutes import Minute, MinuteMemory
from streaming.ranges import in_ranges
from streaming.tables import KPIS_PER_MINUTE

_HOUR = 3600
#: Hours held at most, each up to 60 rows.
MAXIMUM_HOURS = 500
#: The largest decimal(18,2).
_LARGEST_REVENUE = Decimal("9999999999999999.99")

# A row of KPIs on its way to the table. The rest of the columns follow from these.
KpiRow = tuple[int, int, str | None, int, int, int, int]
_SCHEMA = (
    "minute bigint, orders bigint, revenue decimal(18,2), active_users bigint, "
    "clicks bigint, carts bigint, errors bigint"
)


def kpi_row(start: int, minute: Minute) -> KpiRow:
    """The KPIs of a minute that starts at `start`, in seconds since 1970, UTC."""
    fits = minute.revenue <= _LARGEST_REVENUE
    return (
        start,
        minute.orders,
        str(minute.revenue) if fits else None,
        len(minute.users),
        minute.clicks,
        minute.carts,
        minute.errors,
    )


class KpiTable:
    """Writes kpis_per_minute, of which this job is the only writer.

    The table is partitioned by hour and an upsert replaces the hours it touches, each by one file
    that holds all its minutes. A MERGE does the same with two more jobs.
    """

    def __init__(self) -> None:
        self._hours: OrderedDict[int, dict[int, KpiRow]] = OrderedDict()

    def upsert(self, spark: SparkSession, memory: MinuteMemory, minutes: Iterable[int]) -> None:
        """Writes the KPIs of some minutes, in one commit.

        Args:
            spark: the session.
            memory: where the minutes are held.
            minutes: those whose events have changed, or may have. A minute without any event
                gets no row.
        """
        rows = [
            kpi_row(start, memory[start]) for start in minutes if any(memory[start].rows.values())
        ]
        if not rows:
            return
        touched = {row[0] // _HOUR for row in rows}
        self.hold(spark, touched)
        for row in rows:
            self._hours[row[0] // _HOUR][row[0]] = row
        self._write(spark, touched)

    def forget(self) -> None:
        """Lets go of the hours longest unwritten until the rest fits."""
        while len(self._hours) > MAXIMUM_HOURS:
            self._hours.popitem(last=False)

    def newest(self, spark: SparkSession, now: float) -> int | None:
        """The start of the newest minute in the table that is not of a later hour than now."""
        end = F.timestamp_seconds(F.lit((int(now) // _HOUR + 1) * _HOUR))
        # Whole hours are partitions, so that the answer comes from the bounds of the files alone.
        rows = spark.table(KPIS_PER_MINUTE.full_name).where(F.col("window_start") < end)
        [row] = rows.agg(F.unix_seconds(F.max("window_start"))).collect()
        return row[0]

    def rows(self, spark: SparkSession, minutes: range) -> list[KpiRow]:
        """The rows of a stretch of minutes, oldest first; minutes without an event have none."""
        if not minutes:
            return []
        hours = range(minutes[0] // _HOUR, minutes[-1] // _HOUR + 1)
        self.hold(spark, hours)
        return [
            row
            for hour in hours
            for start, row in sorted(self._hours[hour].items())
            if start in minutes
        ]

    def hold(self, spark: SparkSession, hours: Iterable[int]) -> None:
        """Holds the rows that the table has of some hours, numbered since 1970."""
        unknown = {hour for hour in hours if hour not in self._hours}
        if not unknown:
            return
        self._hours.update((hour, {}) for hour in unknown)
        minute = F.unix_seconds("window_start")
        is_wanted = in_ranges("window_start", (hour * _HOUR for hour in unknown), _HOUR)
        stored = (
            spark.table(KPIS_PER_MINUTE.full_name)
            .where(is_wanted)
            .select(
                minute,
                "orders",
                F.col("revenue").cast("string"),
                "active_users",
                "clicks",
                "carts",
                "errors",
            )
            .collect()
        )
        for row in stored:
            if row[0] // _HOUR in unknown:
                self._hours[row[0] // _HOUR][row[0]] = tuple(row)

    def _write(self, spark: SparkSession, hours: set[int]) -> None:
        """Replaces some hours of the table by what is held of them."""
        rows = []
        for hour in sorted(hours):
            self._hours.move_to_end(hour)
            rows += sorted(self._hours[hour].values())
        total = F.col("orders") + F.col("clicks") + F.col("errors")
        (
            local_rows(spark, _SCHEMA, rows)
            .select(
                F.timestamp_seconds("minute").alias("window_start"),
                F.timestamp_seconds(F.col("minute") + 60).alias("window_end"),
                "orders",
                "revenue",
                "active_users",
                "clicks",
                "carts",
                "errors",
                (F.col("errors") / total).alias("error_rate"),
            )
            .writeTo(KPIS_PER_MINUTE.full_name)
            .overwritePartitions()
        )
