"""Which minutes are closed when."""

import pytest

from streaming.live_edge import CLOCK_TOLERANCE, GRACE, LONGEST_STRETCH, LiveEdge

NOW = 1_800_000_000
#: A whole minute, in the past.
START = 1_767_571_200


def minutes(closed: range) -> list[int]:
    return [(start - START) // 60 for start in closed]


@pytest.mark.parametrize(
    ("batches", "closed"),
    [
        pytest.param([[0], [30], [59]], [[], [], []], id="the minute lasts"),
        pytest.param([[0], [60], [61]], [[], [], []], id="the grace lasts"),
        pytest.param([[0], [60 + GRACE], [67]], [[], [], [0]], id="one batch later"),
        pytest.param([[0], [70], [71], [72]], [[], [], [0], []], id="only once"),
        pytest.param([[0], [70, 10], [75, 30]], [[], [], [0]], id="late events hold nothing up"),
        pytest.param([[0], [310], [320]], [[], [], [0, 1, 2, 3, 4]], id="a backlog, in order"),
        pytest.param([[0, 130], [200]], [[], [0, 1]], id="a first batch of several minutes"),
        pytest.param([[600], [670], [5, 70], [700]], [[], [], [10], []], id="old data"),
        pytest.param(
            [[0], [NOW + CLOCK_TOLERANCE + 1 - START], [10]], [[], [], []], id="the future"
        ),
        pytest.param([[0], [], [70], [], [71]], [[], [], [], [], [0]], id="no events"),
    ],
)
def test_closed_minutes(batches: list[list[int]], closed: list[list[int]]) -> None:
    edge = LiveEdge()
    told = [minutes(edge.advance([START + time for time in batch], NOW)) for batch in batches]
    assert told == closed


def test_a_clock_that_is_ahead_closes_no_minute_before_its_end() -> None:
    edge = LiveEdge()
    told = [
        minutes(edge.advance([START + now + 200], START + now)) for now in (0, 30, 64, 65, 66, 67)
    ]
    assert told == [[], [], [], [], [0], []]


def test_a_replay_beside_a_live_stream_closes_nothing() -> None:
    edge = LiveEdge()
    edge.advance([START], NOW)
    live = [
        minutes(edge.advance([START + second, START - 10**8 + 60 * second], NOW))
        for second in range(1, 200)
    ]
    assert [start for closed in live for start in closed] == [0, 1, 2]


def test_the_leap_from_a_replay_to_a_live_stream_is_no_stretch_of_years() -> None:
    edge = LiveEdge()
    edge.advance([START - 10**8], NOW)
    edge.advance([START], NOW)
    assert len(edge.advance([START + 1], NOW)) == LONGEST_STRETCH // 60
    edge.advance([START + 70], NOW)
    assert minutes(edge.advance([START + 71], NOW)) == [-1, 0]


def test_a_restart_goes_on_at_the_minute_that_it_is_told() -> None:
    edge = LiveEdge()
    edge.start(START + 200, START + 60)
    assert minutes(edge.advance([START + 201], NOW)) == [1, 2]
    assert minutes(edge.advance([START + 250], NOW)) == []
    assert minutes(edge.advance([START + 251], NOW)) == [3]
