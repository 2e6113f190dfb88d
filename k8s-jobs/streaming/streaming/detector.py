"""Finds anomalies in the KPIs of one minute after the other. No Spark and no clock in it.

A minute is strange in a metric if it is far from the mean of the last minutes, and, once there is
history of earlier weeks, also far from what is usual in that hour of the week: the moving mean
follows a shop that grows, the season a shop that wakes up. Each strange spell is one incident.
"""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

MINUTE = 60
METRICS = ("error_rate", "orders", "revenue", "active_users", "clicks")

#: Minutes without any event that count as zeros. A longer pause is a stream that was not running:
#: nothing is said of it, and what is normal is learned anew after it.
MAXIMUM_GAP = 15
#: An incident this many windows long is the new normal: it ends, and its level is learned.
LONGEST_INCIDENT = 4
#: Fewest earlier weeks that tell what is usual in an hour of the week.
MINIMUM_WEEKS = 2
#: Fewest minutes with events by which a week tells something of an hour.
MINIMUM_MINUTES_OF_HOUR = 30

# One standard deviation is at least this share of what is expected, so that a series that hardly
# moves raises no alert by moving a little.
_SMALLEST_SPREAD = 0.05
# A strange minute this many times beyond the threshold needs no second one that confirms it.
_CERTAIN = 2
# Fewest orders a minute by which revenue is judged: with fewer it is the price of single products.
_FEWEST_ORDERS = 5
# The standard deviation of a normal distribution by its median absolute deviation.
_DEVIATION_OF_MEDIAN = 1.4826


@dataclass(frozen=True)
class DetectorSettings:
    """What is taken for an anomaly.

    Attributes:
        window_minutes: minutes of the moving mean and standard deviation.
        threshold: standard deviations from what is expected. Two minutes in a row beyond it are an
            incident, or one minute beyond twice of it.
        cooldown_minutes: an incident is over after so many normal minutes in a row; what is strange
            before belongs to the same incident.
        minimum_history_minutes: minutes to be known before any is judged; at most the window.
    """

    window_minutes: int = 60
    threshold: int = 4
    cooldown_minutes: int = 5
    minimum_history_minutes: int = 10


@dataclass(frozen=True)
class KpiMinute:
    """The KPIs of a minute that starts at `start`, in seconds since 1970, UTC.

    `revenue` is None if it is not known; it is a float here, because only its size matters.
    """

    start: int
    orders: int = 0
    revenue: float | None = 0.0
    active_users: int = 0
    clicks: int = 0
    errors: int = 0

    def sample(self, metric: str) -> "Sample | None":
        """The value of a metric, or None if the minute says nothing of it."""
        events = self.orders + self.clicks + self.errors
        match metric:
            case "error_rate":
                return Sample(self.errors / events, events) if events else None
            case "revenue":
                return None if self.revenue is None else Sample(self.revenue, self.orders)
            case _:
                count = getattr(self, metric)
                return Sample(count, count)


@dataclass(frozen=True)
class Sample:
    """A value of a metric, and the number of events or users that it was counted from."""

    value: float
    events: float


@dataclass(frozen=True)
class Level:
    """What is normal for a metric.

    Attributes:
        expected: the usual value.
        spread: its standard deviation.
        events: how many events such a value is usually counted from.
    """

    expected: float
    spread: float
    events: float


@dataclass(frozen=True)
class Incident:
    """A spell of strange minutes of one metric.

    Attributes:
        metric: one of METRICS.
        first: start of its first minute, in seconds since 1970, UTC.
        value: what the metric was in that minute.
        expected: what it would usually have been.
        deviation: the distance of the two in standard deviations, negative if the value is low.
        recovered_at: end of its last strange minute; None while it lasts.
    """

    metric: str
    first: int
    value: float
    expected: float
    deviation: float
    recovered_at: int | None = None


#: The levels of an hour of the week, by metric. A metric that is not in it has no season yet.
Season = Mapping[str, Level]


def moving_level(samples: Sequence[Sample]) -> Level:
    """Mean and standard deviation of at least two samples."""
    mean = fmean(sample.value for sample in samples)
    squares = math.fsum((sample.value - mean) ** 2 for sample in samples)
    spread = math.sqrt(squares / (len(samples) - 1))
    return Level(mean, spread, fmean(sample.events for sample in samples))


def season_of(weeks: Iterable[Sequence[KpiMinute]]) -> Season:
    """What is usual in an hour of the week.

    By medians, so that an incident of one week does not count as usual.

    Args:
        weeks: the minutes of that hour in each earlier week, as far as they had events.
    """
    full = [minutes for minutes in weeks if len(minutes) >= MINIMUM_MINUTES_OF_HOUR]
    if len(full) < MINIMUM_WEEKS:
        return {}
    season = {}
    for metric in METRICS:
        samples = [sample for week in full for each in week if (sample := each.sample(metric))]
        if samples:
            expected = median(sample.value for sample in samples)
            distance = median(abs(sample.value - expected) for sample in samples)
            events = median(sample.events for sample in samples)
            season[metric] = Level(expected, _DEVIATION_OF_MEDIAN * distance, events)
    return season


def deviation(metric: str, sample: Sample, level: Level) -> float:
    """How many standard deviations a sample is from a level; 0 if nothing can be said."""
    if metric == "revenue" and level.events < _FEWEST_ORDERS:
        return 0.0
    spread = max(
        level.spread, _counting_noise(metric, sample, level), _SMALLEST_SPREAD * level.expected
    )
    return (sample.value - level.expected) / spread


def _counting_noise(metric: str, sample: Sample, level: Level) -> float:
    """The standard deviation of a metric for no other reason than that events are counted."""
    match metric:
        case "error_rate":
            share = max(level.expected, 1 / sample.events)
            return math.sqrt(share / sample.events)
        case "revenue":
            return level.expected / math.sqrt(level.events)
        case _:
            return math.sqrt(max(level.expected, 1.0))


class Detector:
    """Takes the minutes of a stream in order and tells which incidents begin and end."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._series = {metric: _Series(metric, settings) for metric in METRICS}
        self._last: int | None = None

    def restore(self, minutes: Iterable[KpiMinute], incidents: Iterable[Incident]) -> None:
        """Takes up the work of an earlier run.

        Args:
            minutes: what that run has judged, ascending, as far as the window reaches.
            incidents: those it has told of, if they may touch these minutes or later ones. They
                are not told of again when `observe` is given their minutes again.
        """
        for incident in incidents:
            self._series[incident.metric].known.append(incident)
        for minute in minutes:
            for each in self._with_gap(minute):
                for metric, series in self._series.items():
                    series.learn(each.start, each.sample(metric))

    def observe(self, minute: KpiMinute, season: Season) -> list[Incident]:
        """Judges the next minute.

        Args:
            minute: a minute later than all before it.
            season: what is usual in its hour of the week.

        Returns:
            Incidents that have begun (`recovered_at` is None) and incidents that have ended.
        """
        changes: list[Incident] = []
        for each in self._with_gap(minute, changes):
            for metric, series in self._series.items():
                changes += series.observe(each.start, each.sample(metric), season.get(metric))
        return changes

    def _with_gap(
        self, minute: KpiMinute, changes: list[Incident] | None = None
    ) -> list[KpiMinute]:
        """The minute, with the empty ones before it.

        Nothing if the series begins with it: what was seen of that minute may be its end only.
        """
        last, self._last = self._last, minute.start
        if last is not None and minute.start - last <= (MAXIMUM_GAP + 1) * MINUTE:
            gap = range(last + MINUTE, minute.start, MINUTE)
            return [*(KpiMinute(start) for start in gap), minute]
        for series in self._series.values():
            ended = series.end(last + MINUTE if last is not None else minute.start)
            if changes is not None:
                changes += ended
        return []


class _Series:
    """One metric: what is normal, and the incident that lasts."""

    def __init__(self, metric: str, settings: DetectorSettings) -> None:
        self._metric = metric
        self._settings = settings
        self._samples: deque[Sample] = deque(maxlen=settings.window_minutes)
        self._suspect: tuple[Incident, Sample] | None = None
        self._incident: Incident | None = None
        self._last_strange = 0
        # Normal minutes of the incident since the last strange one.
        self._calm: list[Sample] = []
        #: Incidents of an earlier run whose minutes have not been seen yet.
        self.known: list[Incident] = []

    def learn(self, start: int, sample: Sample | None) -> None:
        """Takes a minute into what is normal, unless it is part of a known incident."""
        if sample is not None and self._known_at(start, is_strange=False) is None:
            self._samples.append(sample)

    def observe(self, start: int, sample: Sample | None, season: Level | None) -> list[Incident]:
        """Judges a minute; returns the incident if one begins or ends."""
        if sample is None:
            return []
        expected, distance = self._judge(sample, season)
        is_strange = abs(distance) >= self._settings.threshold
        if self._incident is None:
            known = self._known_at(start, is_strange)
            if known is None:
                minute = Incident(self._metric, start, sample.value, expected, distance)
                return self._begin(minute, sample) if is_strange else self._accept(sample)
            self.known.remove(known)
            self._suspect = None
            self._open(known, start)
        return self._go_on(start, sample, is_strange)

    def end(self, at: int) -> list[Incident]:
        """Forgets what is normal. An incident that lasts is over."""
        self._samples.clear()
        self._suspect = None
        if self._incident is None:
            return []
        return self._close(min(at, self._last_strange + MINUTE))

    def _judge(self, sample: Sample, season: Level | None) -> tuple[float, float]:
        """The expected value, and the distance from it in standard deviations.

        Of the two levels that by which the sample is less strange.
        """
        minimum = min(self._settings.minimum_history_minutes, self._settings.window_minutes)
        if len(self._samples) < max(minimum, 2):
            return sample.value, 0.0
        levels = [moving_level(self._samples)] + ([season] if season else [])
        judged = [(level.expected, deviation(self._metric, sample, level)) for level in levels]
        expected, distance = min(judged, key=lambda one: abs(one[1]))
        is_one_sided = len({math.copysign(1, each) for _, each in judged}) == 1
        # Nobody is to be woken because errors have become fewer.
        is_good = self._metric == "error_rate" and distance < 0
        return (expected, distance) if is_one_sided and not is_good else (expected, 0.0)

    def _begin(self, minute: Incident, sample: Sample) -> list[Incident]:
        """Opens an incident, or waits for one more minute to confirm it."""
        suspect, self._suspect = self._suspect, None
        is_confirmed = suspect is not None and suspect[0].deviation * minute.deviation > 0
        if is_confirmed or abs(minute.deviation) >= _CERTAIN * self._settings.threshold:
            first = suspect[0] if is_confirmed else minute
            if suspect is not None and not is_confirmed:
                self._samples.append(suspect[1])
            self._open(first, minute.first)
            return [first]
        if suspect is not None:
            self._samples.append(suspect[1])
        self._suspect = (minute, sample)
        return []

    def _accept(self, sample: Sample) -> list[Incident]:
        """Takes a normal minute in, and the one before if nothing has confirmed it."""
        if self._suspect is not None:
            self._samples.append(self._suspect[1])
            self._suspect = None
        self._samples.append(sample)
        return []

    def _open(self, incident: Incident, last_strange: int) -> None:
        self._incident = incident
        self._last_strange = last_strange
        self._calm = []

    def _go_on(self, start: int, sample: Sample, is_strange: bool) -> list[Incident]:
        """Goes on with an incident; returns it if it ends."""
        incident = self._incident
        if incident is None:
            raise ValueError("there is no incident")
        if is_strange:
            self._last_strange = start
            self._calm = []
            longest = LONGEST_INCIDENT * self._settings.window_minutes * MINUTE
            return self.end(start + MINUTE) if start - incident.first >= longest else []
        self._calm.append(sample)
        if len(self._calm) < self._settings.cooldown_minutes:
            return []
        self._samples.extend(self._calm)
        return self._close(self._last_strange + MINUTE)

    def _close(self, at: int) -> list[Incident]:
        incident, self._incident = self._incident, None
        if incident is None or incident.recovered_at == at:
            return []
        return [replace(incident, recovered_at=at)]

    def _known_at(self, start: int, is_strange: bool) -> Incident | None:
        """The incident of an earlier run that a minute belongs to.

        A strange minute within the cool-down of it belongs to it too: numbers that late events have
        corrected may move its ends.
        """
        margin = self._settings.cooldown_minutes * MINUTE if is_strange else 0
        for incident in self.known:
            end = math.inf if incident.recovered_at is None else incident.recovered_at
            if incident.first - margin <= start < end + margin:
                return incident
        return None
