"""Alerts in their table: each fatal error and each incident once, whatever is cut off."""

from datetime import datetime

import pytest

from events import Event, click, error, order
from streaming import batch
from streaming.alerts import incident_id, incident_message
from streaming.detector import Incident

FATAL = """
    SELECT e.event_id, cast(a.alert_time AS timestamp_ntz) = cast(e.event_time AS timestamp_ntz),
           a.metric, a.message, a.value, a.recovered_at
    FROM alerts a JOIN errors e ON a.alert_time = e.event_time AND e.level = 'FATAL'
    WHERE a.kind = 'fatal_error' ORDER BY e.event_id"""
ANOMALIES = """
    SELECT metric, cast(alert_time AS timestamp_ntz), cast(recovered_at AS timestamp_ntz), message
    FROM alerts WHERE kind = 'anomaly' ORDER BY alert_time, metric"""
COUNT = "SELECT count(*), count(DISTINCT alert_id) FROM alerts"


def fatal(name: str, second: int, **changes: object) -> tuple[str, Event]:
    time = f"2019-10-01T00:00:{second:02d}.123456Z"
    return "errors", error(event_id=name, level="FATAL", event_time=time, **changes)


def alert(name: str) -> tuple[object, ...]:
    return name, True, "checkout", "E42: refused", None, None


def test_every_fatal_error_is_one_alert_with_its_batch(new_writer, topics, rows) -> None:
    events = [fatal("a", 1), fatal("b", 2), ("errors", error()), ("orders", order())]
    write = new_writer()

    write(topics.messages(*events), 0)
    assert rows(FATAL) == [alert("a"), alert("b")]
    write(topics.messages(fatal("c", 3), ("clicks", click())), 1)
    assert rows(FATAL) == [alert(name) for name in "abc"]
    write(topics.messages(*events, fatal("d", 4)), 2)

    assert rows(FATAL) == [alert(name) for name in "abcd"]
    assert rows(COUNT) == [(4, 4)]


@pytest.mark.parametrize("last_step", ["rows", "alerts"])
def test_no_alert_is_lost_or_doubled_by_a_batch_that_was_cut_off(
    new_writer, topics, rows, monkeypatch, last_step
) -> None:
    new_writer()(topics.messages(fatal("a", 1)), 0)
    messages = topics.messages(fatal("b", 2), fatal("c", 3), ("clicks", click()))

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        if last_step == "rows":
            patch.setattr("streaming.alerts.FatalAlerts.write", die)
        else:
            patch.setattr("streaming.kpis.KpiTable.upsert", die)
        with pytest.raises(SystemExit):
            new_writer()(messages, 1)
    assert rows("SELECT count(*) FROM errors") == [(3,)]

    write = new_writer()
    write(messages, 1)
    write(topics.messages(fatal("d", 4)), 2)

    assert rows(FATAL) == [alert(name) for name in "abcd"]
    assert rows(COUNT) == [(4, 4)]


def test_errors_older_than_the_alerts_get_theirs(new_writer, topics, rows, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(batch.FatalAlerts, "write", lambda *_, **__: None)
        new_writer()(topics.messages(fatal("a", 1), fatal("b", 2)), 0)
    assert rows(COUNT) == [(0, 0)]

    new_writer()(topics.messages(("clicks", click())), 1)

    assert rows(FATAL) == [alert("a"), alert("b")]


def test_an_incident_is_one_alert_across_a_crash_and_its_end_is_recorded(
    new_writer, topics, rows, monkeypatch
) -> None:
    def at(minute: int, second: int = 0, year: int = 2019) -> dict[str, object]:
        return {"event_time": f"{year}-10-01T10:{minute:02d}:{second:02d}Z"}

    def minutes(first: int, last: int, errors: int, year: int = 2019) -> list[tuple[str, Event]]:
        return [
            event
            for minute in range(first, last + 1)
            for event in [
                *(
                    ("clicks", click(**at(minute, 0, year), user_id=str(user)))
                    for user in range(30)
                ),
                *(("errors", error(**at(minute, 0, year))) for _ in range(errors)),
            ]
        ]

    def die(*_: object) -> None:
        raise SystemExit

    first_run = new_writer()
    first_run(topics.messages(*minutes(0, 24, errors=1), *minutes(25, 25, errors=30)), 0)
    first_run(topics.messages(("clicks", click(**at(26, 10)))), 1)
    cut_off = topics.messages(("clicks", click(**at(26, 20))))
    with monkeypatch.context() as patch:
        patch.setattr("streaming.anomalies.write_incidents", die)
        with pytest.raises(SystemExit):
            first_run(cut_off, 2)
    assert rows(ANOMALIES) == []

    second_run = new_writer()
    second_run(cut_off, 2)
    second_run(topics.messages(*minutes(26, 28, errors=1)), 3)
    begun = (
        "error_rate",
        datetime(2019, 10, 1, 10, 25),  # noqa: DTZ001 - as the query gives it
        None,
        "error_rate rose to 50.0% in a minute, expected was 3.2% (20.2 standard deviations)",
    )
    assert rows(ANOMALIES) == [begun]
    # Late events of a minute that is judged, and a replay of a year before, raise nothing.
    late = [*minutes(20, 20, errors=40), *minutes(0, 12, errors=1, year=2018)]
    replay = minutes(13, 13, errors=60, year=2018)
    third_run = new_writer()
    third_run(topics.messages(*minutes(29, 33, errors=1), *late, *replay), 4)
    third_run(topics.messages(("clicks", click(**at(34, 30)))), 5)
    third_run(topics.messages(("clicks", click(**at(34, 40)))), 6)

    ended = datetime(2019, 10, 1, 10, 26)  # noqa: DTZ001
    assert rows(ANOMALIES) == [(*begun[:2], ended, begun[3])]
    assert rows(COUNT) == [(1, 1)]


def test_the_id_of_an_incident_is_that_of_its_first_minute() -> None:
    incident = Incident("orders", 60, 3, 41.6, -5.26)
    assert incident_id(incident) == incident_id(Incident("orders", 60, 0, 0, 0, 120))
    assert incident_id(incident) != incident_id(Incident("orders", 120, 3, 41.6, -5.26))
    assert incident_id(incident) != incident_id(Incident("clicks", 60, 3, 41.6, -5.26))


@pytest.mark.parametrize(
    ("incident", "message"),
    [
        (
            Incident("orders", 60, 3, 41.6, -5.26),
            "orders fell to 3 in a minute, expected was 42 (5.3 standard deviations)",
        ),
        (
            Incident("revenue", 60, 1234.5, 600, 4.0),
            "revenue rose to 1234.50 in a minute, expected was 600.00 (4.0 standard deviations)",
        ),
    ],
)
def test_a_message_says_what_has_happened(incident: Incident, message: str) -> None:
    assert incident_message(incident) == message
