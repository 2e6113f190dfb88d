"""The real events of a shop, if the file is there: https://rees46.com's open data set."""

import csv
import hashlib
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from events import count_kpis
from test_batch import COUNTS, KPIS

FILE = Path(__file__).parents[4] / "shared/data/rees46-2019-10-01.csv"


def read_events() -> list[tuple[str, dict[str, object]]]:
    """The rows as the producer sends them."""
    seen: Counter[tuple[str, ...]] = Counter()
    events = []
    with FILE.open(newline="", encoding="utf-8") as lines:
        for row in csv.reader(list(lines)[1:]):
            seen[tuple(row)] += 1
            identity = "\n".join([*row, str(seen[tuple(row)])])
            time, kind, product, _, category, brand, price, user, session, *_ = [*row, "", ""]
            event: dict[str, object] = {
                "event_id": hashlib.sha256(identity.encode()).hexdigest(),
                "event_time": time,
                "user_id": user,
                "session_id": session,
                "product_id": product,
                "category": category or None,
                "brand": brand or None,
                "price": price,
            }
            if kind == "purchase":
                event |= {"order_id": identity[:24], "quantity": 1, "amount": price}
                events.append(("orders", event))
            else:
                events.append(("clicks", event | {"action": kind}))
    return events


@pytest.mark.skipif(not FILE.exists(), reason=f"{FILE} is not here")
def test_a_real_day_is_counted_exactly(new_writer, topics, rows) -> None:
    events = read_events()
    write = new_writer()

    for number, start in enumerate(range(0, len(events), 6000)):
        write(topics.messages(*events[start : start + 6000]), number)
    new_writer()(topics.messages(*events[3000:9000]), 9)

    assert rows(COUNTS) == [(214, 17_220, 0, 1)]
    assert rows("SELECT count(*) FROM clicks WHERE action = 'cart'") == [(165,)]
    assert rows("SELECT sum(amount) FROM orders") == [(Decimal("59442.63"),)]
    assert rows("SELECT count(DISTINCT event_id) FROM clicks") == [(17_220,)]
    assert rows("SELECT reason FROM dead_letters") == [("session_id is missing",)]
    valid = [(topic, event) for topic, event in events if event["session_id"]]
    kpis = count_kpis((topic, event | {"event_time": _iso(event)}) for topic, event in valid)
    assert rows(KPIS) == kpis
    assert len([row for row in kpis if row[1]]) == 37


def _iso(event: dict[str, object]) -> str:
    return str(event["event_time"]).replace(" UTC", "+00:00")
