"""Which minutes are over, in the time of the data. No Spark in it.

The edge only moves forward. What is older, be it late or a replay beside the live stream, is not
judged: it corrects KPIs and raises nothing. What claims to come from the future moves the edge no
further than to the present. If replayed data are all there is, they are the live edge.
"""

from collections.abc import Iterable

from streaming.detector import MINUTE

#: Seconds by which the time of the data must be past a minute's end.
GRACE = 5
#: Seconds by which clocks may be ahead of this machine's. An event of a later time is taken for a
#: mistake.
CLOCK_TOLERANCE = 3600
#: The longest stretch judged at once. More only comes together where the time of the data leaps:
#: from replayed events to live ones.
LONGEST_STRETCH = 7 * 24 * 60 * MINUTE


class LiveEdge:
    """Follows the time of the data from batch to batch.

    A minute is closed with the batch after the one that first saw it over. Partitions do not
    advance evenly, least of all while a backlog is worked off; the next batch brings what was left
    behind.
    """

    def __init__(self) -> None:
        self._time: int | None = None
        self._over = 0
        self._next = 0

    def start(self, time: int, first: int) -> None:
        """Begins.

        Args:
            time: the time of the data so far, in seconds since 1970.
            first: start of the first minute that has not been closed.
        """
        self._time = time
        self._over = _over(time)
        self._next = first

    def advance(self, times: Iterable[int], now: float) -> range:
        """Takes in a batch.

        Args:
            times: event times in it, in seconds since 1970: at least the newest of each minute.
            now: the time of this machine's clock, beyond which the edge does not move.

        Returns:
            The starts of the minutes that are closed now, each only once; most often none.
        """
        past = [min(time, int(now)) for time in times if time <= now + CLOCK_TOLERANCE]
        if not past:
            return range(0)
        if self._time is None:
            self.start(min(past), min(past) // MINUTE * MINUTE)
        closed = range(max(self._next, self._over - LONGEST_STRETCH), self._over, MINUTE)
        self._next = max(self._next, self._over)
        self._time = max(self._time or 0, *past)
        self._over = _over(self._time)
        return closed


def _over(time: int) -> int:
    """The end of the last minute that is over."""
    return (time - GRACE) // MINUTE * MINUTE
