"""The example notebooks, run cell by cell on tables as the jobs make them."""

import ast
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import matplotlib.pyplot as plt
import psycopg
import pytest
from pyspark.sql import SparkSession

from events import MESSAGE_SCHEMA, click, error, order
from streaming.batch import BatchWriter
from streaming.dead_letters import DeadLetters
from streaming.detector import DetectorSettings
from streaming.minutes import MinuteMemory
from streaming.tables import NAMESPACE

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
MOST_LINES = 12

#: What the feature pipeline writes, to Postgres and to Iceberg alike, as both may be told it.
FEATURES = """
    event_id {text}, event_timestamp {timestamp}, user_id bigint, product_id bigint,
    user_session {text}, price decimal(18,2), brand {text}, category_code_level1 {text},
    category_code_level2 {text}, event_weekday smallint, activity_count integer,
    is_purchased smallint"""


def cells(notebook: Path, kind: str) -> list[dict]:
    return [
        cell
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == kind
    ]


def run(name: str) -> dict[str, object]:
    """Runs the code cells in order and gives what they have left in their names."""
    names: dict[str, object] = {}
    for cell in cells(EXAMPLES / f"{name}.ipynb", "code"):
        tree = ast.parse("".join(cell["source"]), filename=f"{name} {cell['id']}")
        exec(compile(tree, f"{name} {cell['id']}", "exec"), names)  # noqa: S102
    return names


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many lines and bars each chart had when it was shown."""
    shown: list[int] = []

    def show() -> None:
        shown.append(sum(len(axes.lines) + len(axes.patches) for axes in plt.gcf().axes))
        plt.close("all")

    monkeypatch.setattr(plt, "show", show)
    yield shown
    plt.close("all")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda each: each.stem)
def test_an_example_is_committed_without_outputs_in_short_cells(notebook: Path) -> None:
    for cell in cells(notebook, "code"):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)
        assert len(cell["source"]) <= MOST_LINES
    assert cells(notebook, "markdown")[0]["source"][0].startswith("# ")


def test_live_monitoring_shows_kpis_alerts_and_what_they_were(
    spark_session: SparkSession, query_engine: None, drawn: list[int], capsys
) -> None:
    write = BatchWriter(DeadLetters(lambda _: None), MinuteMemory(), DetectorSettings())
    write(messages(spark_session, minutes=5), 0)
    write(messages(spark_session, minutes=7), 1)

    names = run("live-monitoring")

    assert [int(orders) for orders in names["kpis"]["orders"]] == [1] * 7
    assert drawn == [2]
    assert names["alerts"].count() == 1
    output = capsys.readouterr().out
    assert f"{names['oldest'].committed_at}: 5 minutes, 5 orders" in output
    assert "now: 7 minutes, 7 orders" in output
    count = "SELECT count(*) AS minutes FROM ecommerce_db.kpis_per_minute AT TIMESTAMP"
    for moment, minutes in ((names["oldest"].committed_at, 0), (datetime.now(UTC), 7)):
        assert names["query"](f"{count} '{moment}'")["minutes"].tolist() == [minutes]


def messages(spark: SparkSession, minutes: int):
    """An order, a click and an error in each of some minutes, always the same ones."""
    start = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)
    rows = []
    for minute in range(minutes):
        time = (start + timedelta(minutes=minute)).isoformat()
        common = {"event_id": f"e-{minute}", "event_time": time}
        level = "FATAL" if minute == 0 else "WARN"
        of_topics = (
            ("orders", order(**common)),
            ("clicks", click(**common)),
            ("errors", error(**common, level=level)),
        )
        rows += [
            (b"key", json.dumps(event).encode(), topic, 0, minute, start, start)
            for topic, event in of_topics
        ]
    return spark.createDataFrame(rows, MESSAGE_SCHEMA)


def test_features_makes_a_training_set_from_both_stores(
    spark_session: SparkSession, drawn: list[int], capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [feature(number) for number in range(60)]
    columns = FEATURES.format(text="string", timestamp="timestamp")
    table = f"{NAMESPACE}.session_features"
    spark_session.sql(f"DROP TABLE IF EXISTS {table}")
    spark_session.sql(f"CREATE TABLE {table} ({columns}) USING iceberg")
    spark_session.createDataFrame(rows, columns).writeTo(table).append()
    database = duckdb.connect()
    columns = FEATURES.format(text="text", timestamp="timestamptz")
    database.execute(f"CREATE TABLE processed_data ({columns})")
    database.executemany(f"INSERT INTO processed_data VALUES ({', '.join('?' * 12)})", rows)
    for variable in ("POSTGRES_USER_FILE", "POSTGRES_PASSWORD_FILE"):
        monkeypatch.setenv(variable, "/dev/null")
    monkeypatch.setenv("POSTGRES_ADDRESS", "postgres:5432")
    monkeypatch.setenv("POSTGRES_DATABASE", "lakehouse")
    monkeypatch.setattr(psycopg, "connect", lambda **_: database.cursor())

    names = run("features")

    assert 0 < len(names["training"]) < len(rows)
    assert drawn == [4]
    assert [(category, count) for category, count, _ in names["rows"]] == [("appliances", 60)]
    assert "60 rows in Postgres, 60 in Iceberg" in capsys.readouterr().out
    spark_session.sql(f"DROP TABLE {table}")


def feature(number: int) -> tuple[object, ...]:
    """A row of the feature pipeline; every third has no brand, every fourth was bought."""
    return (
        f"e-{number}",
        datetime(2019, 10, 1, 0, number % 60, tzinfo=UTC),
        number,
        1000 + number % 7,
        f"session-{number // 2}",
        Decimal("9.99") + number,
        None if number % 3 == 0 else "samsung",
        "appliances",
        "kitchen",
        2,
        1 + number % 4,
        int(number % 4 == 0),
    )
