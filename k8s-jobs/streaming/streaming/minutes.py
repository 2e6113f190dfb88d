"""What the driver remembers of the minutes it has lately seen.

Memory makes a batch cheap, never right: a minute that is not held is read from the tables again,
so a restart, a late event or a full memory cost time and change no number.
"""

from array import array
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from streaming.contract import CLICKS, ERRORS, ORDERS, TOPICS
from streaming.summary import MinuteSummary

#: Hashes of event ids held at most: 8 bytes each.
MAXIMUM_IDS = 6_000_000
#: Users held at most, over all minutes: about 100 bytes each.
MAXIMUM_USERS = 1_000_000
#: Minutes held at most: about 2 kilobytes each without their ids and users.
MAXIMUM_MINUTES = 20_000


@dataclass
class Minute:
    """Everything the tables hold of one minute of event time, as far as batches need it."""

    rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOPICS, 0))
    revenue: Decimal = Decimal(0)
    carts: int = 0
    users: set[str] = field(default_factory=set)
    ids: dict[str, array] = field(default_factory=lambda: {topic: array("q") for topic in TOPICS})

    def add(self, summary: MinuteSummary) -> None:
        """Takes in events that are in the tables now and were not before."""
        self.rows[summary.topic] += summary.rows
        self.revenue += summary.revenue
        self.carts += summary.carts
        self.users |= summary.users
        self.ids[summary.topic].extend(summary.ids)

    @property
    def orders(self) -> int:
        """Rows in orders."""
        return self.rows[ORDERS]

    @property
    def clicks(self) -> int:
        """Rows in clicks, whatever their action."""
        return self.rows[CLICKS]

    @property
    def errors(self) -> int:
        """Rows in errors."""
        return self.rows[ERRORS]

    @property
    def held_ids(self) -> int:
        """Number of hashes held."""
        return sum(len(ids) for ids in self.ids.values())


class MinuteMemory:
    """The minutes held, the longest untouched first."""

    def __init__(
        self,
        maximum_ids: int = MAXIMUM_IDS,
        maximum_users: int = MAXIMUM_USERS,
        maximum_minutes: int = MAXIMUM_MINUTES,
    ) -> None:
        self._maximum_ids = maximum_ids
        self._maximum_users = maximum_users
        self._maximum_minutes = maximum_minutes
        self._minutes: OrderedDict[int, Minute] = OrderedDict()

    def __getitem__(self, minute: int) -> Minute:
        return self._minutes[minute]

    def __contains__(self, minute: int) -> bool:
        return minute in self._minutes

    def hold(self, minutes: Iterable[int], summaries: Iterable[MinuteSummary]) -> None:
        """Starts to hold minutes that are not held.

        Args:
            minutes: the minutes, also those of which the tables have no event.
            summaries: everything that the tables have of them.
        """
        self._minutes.update((minute, Minute()) for minute in minutes)
        for summary in summaries:
            self._minutes[summary.minute].add(summary)

    def add(self, summaries: Iterable[MinuteSummary]) -> None:
        """Takes in events that have been appended. Their minutes must be held."""
        for summary in summaries:
            self._minutes[summary.minute].add(summary)
            self._minutes.move_to_end(summary.minute)

    def repeated(self, summaries: Iterable[MinuteSummary]) -> dict[str, set[int]]:
        """Hashes of ids that may repeat an event of the tables or of the same batch, by topic.

        No repetition escapes. A hash that two different ids share is found too, which is why the
        ids themselves are compared before a row is dropped. Minutes of the batch must be held.
        """
        found: dict[str, set[int]] = {}
        batch: dict[str, Counter[int]] = {}
        for summary in summaries:
            held = self._minutes[summary.minute].ids[summary.topic]
            found.setdefault(summary.topic, set()).update(set(summary.ids).intersection(held))
            batch.setdefault(summary.topic, Counter()).update(summary.ids)
        for topic, times in batch.items():
            if len(times) < times.total():
                found[topic].update(value for value, count in times.items() if count > 1)
        return {topic: hashes for topic, hashes in found.items() if hashes}

    def forget(self) -> None:
        """Lets go of the minutes longest untouched until the rest fits."""
        ids = sum(minute.held_ids for minute in self._minutes.values())
        users = sum(len(minute.users) for minute in self._minutes.values())
        while self._minutes and (
            ids > self._maximum_ids
            or users > self._maximum_users
            or len(self._minutes) > self._maximum_minutes
        ):
            _, oldest = self._minutes.popitem(last=False)
            ids -= oldest.held_ids
            users -= len(oldest.users)
