"""Incidents with known start and end, and the rules of the detector one by one."""

import random
from collections.abc import Callable, Iterable, Sequence

import pytest

from streaming.detector import (
    LONGEST_INCIDENT,
    MAXIMUM_GAP,
    METRICS,
    Detector,
    DetectorSettings,
    Incident,
    KpiMinute,
    Season,
    season_of,
)
from traffic import (
    CLEAR,
    DAY,
    FAINT,
    HOUR,
    MINUTE,
    MONDAY,
    WEEK,
    Injected,
    checkout_down,
    error_burst,
    traffic,
)

SETTINGS = DetectorSettings()


def detect(
    minutes: Iterable[KpiMinute], season: Season | None = None, detector: Detector | None = None
) -> list[Incident]:
    """Every incident, as it was last told of."""
    detector = detector or Detector(SETTINGS)
    found: dict[tuple[str, int], Incident] = {}
    for minute in minutes:
        for change in detector.observe(minute, season or {}):
            found[change.metric, change.first] = change
    return list(found.values())


def steady(*orders: int | None) -> list[KpiMinute]:
    """Minutes with these numbers of orders and much else as ever; None is a missing minute."""
    return [
        KpiMinute(MONDAY + index * MINUTE, count, count * 50.0, 700, 2900, 60)
        for index, count in enumerate(orders)
        if count is not None
    ]


def orders_of(incidents: Sequence[Incident]) -> list[tuple[int, int | None]]:
    """First minute and recovery of the incidents of orders, in minutes since the start."""
    return [
        (
            (each.first - MONDAY) // MINUTE,
            None if each.recovered_at is None else (each.recovered_at - MONDAY) // MINUTE,
        )
        for each in incidents
        if each.metric == "orders"
    ]


def one_hour(seed: int) -> list[Injected]:
    """Four incidents of different kinds in an hour."""
    chance = random.Random(seed)
    start = MONDAY + chance.randrange(24) * HOUR
    kinds = chance.sample(CLEAR, 4)
    return [
        kind(start + (14 + 12 * index) * MINUTE, chance.randrange(2, 5))
        for index, kind in enumerate(kinds)
    ]


def three_days(seed: int, kinds: Sequence[Callable[[int, int], Injected]]) -> list[Injected]:
    """An incident every hour and a half, some of them long."""
    chance = random.Random(seed)
    return [
        kinds[number % len(kinds)](
            MONDAY + 2 * HOUR + number * 90 * MINUTE, chance.choice((2, 5, 10, 40))
        )
        for number in range(46)
    ]


@pytest.mark.parametrize(
    ("title", "runs", "fewest_found", "fewest_right"),
    [
        (
            "40 hours, 4 clear incidents in each",
            [(seed, one_hour(seed), 64) for seed in range(40)],
            1.0,
            0.99,
        ),
        (
            "Twice 3 days, 46 clear incidents in each",
            [(seed, three_days(seed, CLEAR), 3 * 24 * 60) for seed in range(2)],
            1.0,
            0.99,
        ),
        (
            "Twice 3 days, 46 faint incidents in each",
            [(seed, three_days(seed, FAINT), 3 * 24 * 60) for seed in range(2)],
            0.4,
            0.95,
        ),
    ],
    ids=["hours", "days", "faint"],
)
def test_injected_incidents_are_found(
    capsys: pytest.CaptureFixture[str],
    title: str,
    runs: list[tuple[int, list[Injected], int]],
    fewest_found: float,
    fewest_right: float,
) -> None:
    injected = found = alerts = right = doubled = minutes = 0
    for seed, incidents, length in runs:
        start = incidents[0].start - 14 * MINUTE
        told = detect(traffic(seed, start, length, incidents))
        matches = [
            [alert for alert in told if alert.metric in each.metrics and _touches(alert, each)]
            for each in incidents
        ]
        injected += len(incidents)
        found += sum(bool(own) for own in matches)
        alerts += len(told)
        right += len({(alert.metric, alert.first) for own in matches for alert in own})
        # One incident is one alert of a metric.
        doubled += sum(len(own) - len({alert.metric for alert in own}) for own in matches)
        minutes += length

    recall, precision = found / injected, right / alerts
    with capsys.disabled():
        print(
            f"\n{title}: recall {recall:.3f} ({found} of {injected}), precision {precision:.3f} "
            f"({alerts - right} of {alerts} alerts false, {(alerts - right) / minutes * 60:.3f} an "
            f"hour), {doubled} doubled"
        )
    assert recall >= fewest_found
    assert precision >= fewest_right
    assert doubled == 0


def _touches(alert: Incident, injected: Injected) -> bool:
    """Whether the alert begins while the injected incident lasts."""
    return injected.start <= alert.first < injected.end


def test_a_usual_week_raises_at_most_one_alert_a_day() -> None:
    assert len(detect(traffic(1, MONDAY, 7 * 24 * 60))) <= 7


def test_the_start_and_the_end_of_an_incident_are_exact() -> None:
    noon = MONDAY + 12 * HOUR
    incident = checkout_down(noon + 60 * MINUTE, 10)

    told = detect(traffic(2, noon, 120, [incident]))

    assert [(each.metric, each.first, each.recovered_at) for each in told] == [
        (metric, incident.start, incident.end) for metric in ("orders", "revenue")
    ]
    assert told[0].value == 0
    assert 60 < told[0].expected < 120
    assert told[0].deviation < -SETTINGS.threshold


USUAL = [100, 98, 102, 101, 99] * 4
LONG = [10] * (LONGEST_INCIDENT * SETTINGS.window_minutes + 1)


@pytest.mark.parametrize(
    ("orders", "incidents"),
    [
        pytest.param(USUAL, [], id="nothing strange"),
        pytest.param([*USUAL, 10], [(20, None)], id="one minute that is certain"),
        pytest.param([*USUAL, 50], [], id="one doubtful minute"),
        pytest.param([*USUAL, 50, 50], [(20, None)], id="two doubtful minutes"),
        pytest.param([*USUAL, 50, 150], [], id="two that do not confirm each other"),
        pytest.param([*USUAL, 50, 100, 50], [], id="two that are not in a row"),
        pytest.param([*USUAL, 10, *[100] * 5], [(20, 21)], id="over after the cool-down"),
        pytest.param([*USUAL, 10, *[100] * 4], [(20, None)], id="within the cool-down"),
        pytest.param([*USUAL, 10, *[100] * 4, 10, *[100] * 5], [(20, 26)], id="it comes back"),
        pytest.param(
            [*USUAL, 10, *[100] * 5, 10, *[100] * 5], [(20, 21), (26, 27)], id="two incidents"
        ),
        pytest.param([*USUAL, *[10] * 50, *[100] * 5], [(20, 70)], id="never the new normal"),
        pytest.param(
            [*USUAL, *LONG, *[10] * 30], [(20, 20 + len(LONG))], id="but when it is too long"
        ),
        pytest.param([100] * 30 + [105] * 10, [], id="hardly moving"),
        pytest.param([0] * 30 + [3, 3, 0, 2], [], id="hardly any"),
        pytest.param([100] * 9 + [10, 10, 10], [], id="before there is history"),
        pytest.param([1] + [100] * 12 + [10], [(13, None)], id="the first minute is left out"),
        pytest.param([*USUAL, *[None] * 3, 100], [(20, None)], id="a short gap is zeros"),
        pytest.param([*USUAL, *[None] * (MAXIMUM_GAP + 1), 10, 10, 10], [], id="a pause is none"),
        pytest.param([*USUAL, 10, *[None] * (MAXIMUM_GAP + 1), 10], [(20, 21)], id="it ends so"),
    ],
)
def test_rules(orders: list[int | None], incidents: list[tuple[int, int | None]]) -> None:
    assert orders_of(detect(steady(*orders))) == incidents


def test_fewer_errors_are_no_incident() -> None:
    minutes = [
        KpiMinute(MONDAY + index * MINUTE, 100, 5000.0, 700, 2900, 300 if index < 30 else 0)
        for index in range(40)
    ]
    assert detect(minutes) == []


def test_what_is_not_known_is_not_judged() -> None:
    minutes = [
        KpiMinute(MONDAY + index * MINUTE, 100, 5000.0 if index < 30 else None, 700, 2900, 60)
        for index in range(40)
    ]
    assert detect(minutes) == []


def test_a_usual_rush_is_no_incident_once_weeks_have_shown_it() -> None:
    """Every Monday at ten the newsletter doubles the traffic from one minute to the next."""

    def monday(seed: int, start: int) -> list[KpiMinute]:
        rush = Injected(start + 10 * HOUR, 60, frozenset(METRICS), visitors=2)
        return list(traffic(seed, start + 9 * HOUR, 120, [rush]))

    def seasons(weeks: int) -> list[Season]:
        past = [monday(week, MONDAY - week * WEEK) for week in range(1, weeks + 1)]
        return [season_of([own[at : at + 60] for own in past]) for at in (0, 60)]

    def told(weeks: int, today: list[KpiMinute]) -> set[str]:
        before, after = seasons(weeks)
        detector = Detector(SETTINGS)
        incidents = detect(today[:60], before, detector) + detect(today[60:], after, detector)
        return {each.metric for each in incidents}

    assert "clicks" in told(1, monday(9, MONDAY))
    assert told(2, monday(9, MONDAY)) == set()
    outage = checkout_down(MONDAY + 10 * HOUR, 5)
    assert told(2, list(traffic(9, MONDAY + 9 * HOUR, 120, [outage]))) == {"orders", "revenue"}


def test_an_incident_of_one_week_is_not_taken_for_usual() -> None:
    weeks = [list(traffic(week, MONDAY - week * WEEK, 60)) for week in (1, 2, 3)]
    weeks[0] = list(traffic(1, MONDAY - WEEK, 60, [checkout_down(MONDAY - WEEK, 60)]))

    orders = season_of(weeks)["orders"]

    assert orders.expected > 20
    assert season_of([*weeks[:1], weeks[1][:29]]) == {}


@pytest.mark.parametrize("end", range(50, 140, 3))
def test_a_restart_at_any_minute_tells_nothing_twice_and_forgets_nothing(end: int) -> None:
    noon = MONDAY + 12 * HOUR
    incidents = [checkout_down(noon + 70 * MINUTE, 12), error_burst(noon + 110 * MINUTE, 9)]
    minutes = list(traffic(5, noon, 160, incidents))
    expected = detect(minutes)
    assert len(expected) == 3

    before = detect(minutes[:end])
    resume = max(0, end - SETTINGS.window_minutes)
    second = Detector(SETTINGS)
    second.restore(minutes[max(0, resume - SETTINGS.window_minutes) : resume], before)
    after = detect(minutes[resume:], detector=second)

    stored = {(each.metric, each.first): each for each in before}
    assert not [each for each in after if each == stored.get((each.metric, each.first))]
    stored |= {(each.metric, each.first): each for each in after}
    assert sorted(stored.values(), key=_order) == sorted(expected, key=_order)


def _order(incident: Incident) -> tuple[int, str]:
    return incident.first, incident.metric


def test_corrected_minutes_do_not_double_a_known_incident() -> None:
    minutes = steady(*[100] * 40, 10, 10, 10, *[100] * 10)
    [known] = [each for each in detect(minutes[:43]) if each.metric == "orders"]
    corrected = steady(*[100] * 39, 10, 10, 10, 10, *[100] * 10)
    second = Detector(SETTINGS)
    second.restore(corrected[:20], [known])

    told = [each for each in detect(corrected[20:], detector=second) if each.metric == "orders"]

    assert [(each.first, each.recovered_at) for each in told] == [
        (known.first, MONDAY + 43 * MINUTE)
    ]


def test_the_traffic_of_the_tests_has_a_daily_rhythm() -> None:
    day = list(traffic(3, MONDAY, DAY // MINUTE))
    by_hour = [sum(each.clicks for each in day[at : at + 60]) for at in range(0, len(day), 60)]
    assert max(by_hour) > 2.5 * min(by_hour)
