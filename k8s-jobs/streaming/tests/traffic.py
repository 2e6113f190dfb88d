"""Minutes of a made-up shop: daily rhythm, noise, and incidents with known start and end."""

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from streaming.detector import KpiMinute

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
#: A Monday at midnight.
MONDAY = 1_767_571_200


@dataclass(frozen=True)
class Injected:
    """An incident: what it multiplies, from a minute on, for some minutes.

    `metrics` are those that it visibly changes; an alert of any of them finds it.
    """

    start: int
    minutes: int
    metrics: frozenset[str]
    visitors: float = 1.0
    orders: float = 1.0
    price: float = 1.0
    errors: float = 1.0

    @property
    def end(self) -> int:
        return self.start + self.minutes * MINUTE


def error_burst(start: int, minutes: int) -> Injected:
    return Injected(start, minutes, frozenset({"error_rate"}), errors=5)


def checkout_down(start: int, minutes: int) -> Injected:
    return Injected(start, minutes, frozenset({"orders", "revenue"}), orders=0)


def shop_unreachable(start: int, minutes: int) -> Injected:
    metrics = frozenset({"orders", "revenue", "active_users", "clicks", "error_rate"})
    return Injected(start, minutes, metrics, visitors=0.1)


def rush(start: int, minutes: int) -> Injected:
    metrics = frozenset({"orders", "revenue", "active_users", "clicks", "error_rate"})
    return Injected(start, minutes, metrics, visitors=2.5)


def wrong_prices(start: int, minutes: int) -> Injected:
    return Injected(start, minutes, frozenset({"revenue"}), price=4)


def checkout_slow(start: int, minutes: int) -> Injected:
    return Injected(start, minutes, frozenset({"orders", "revenue"}), orders=0.5)


def more_errors(start: int, minutes: int) -> Injected:
    return Injected(start, minutes, frozenset({"error_rate"}), errors=1.6)


def fewer_visitors(start: int, minutes: int) -> Injected:
    metrics = frozenset({"orders", "revenue", "active_users", "clicks", "error_rate"})
    return Injected(start, minutes, metrics, visitors=0.75)


CLEAR = (error_burst, checkout_down, shop_unreachable, rush, wrong_prices)
#: Hard to tell from noise in a single minute.
FAINT = (checkout_slow, more_errors, fewer_visitors)


def traffic(
    seed: int, start: int, minutes: int, incidents: Iterable[Injected] = (), orders: float = 60
) -> Iterator[KpiMinute]:
    """Minutes in order. `orders` is their mean number in an average minute."""
    chance = random.Random(seed)
    incidents = list(incidents)
    for at in range(start, start + minutes * MINUTE, MINUTE):
        # The quietest hour is at four in the morning, with a third of the traffic of the busiest.
        rhythm = 1 - 0.5 * math.cos((at - 4 * HOUR) % DAY / DAY * math.tau)
        happening = [each for each in incidents if each.start <= at < each.end]
        visitors = rhythm * math.prod(each.visitors for each in happening)
        sold = _count(chance, orders * visitors * math.prod(each.orders for each in happening))
        price = math.prod(each.price for each in happening)
        failing = 60 * rhythm * math.prod(each.errors for each in happening)
        yield KpiMinute(
            start=at,
            orders=sold,
            revenue=price * sum(chance.lognormvariate(4.5, 0.9) for _ in range(sold)),
            active_users=_count(chance, 700 * visitors),
            clicks=_count(chance, 2900 * visitors),
            errors=_count(chance, failing),
        )


def _count(chance: random.Random, mean: float) -> int:
    """A Poisson number, by its normal approximation where that is close."""
    if mean > 50:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, product, number = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        number += 1
    return number
