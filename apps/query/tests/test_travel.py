"""Tables at a branch, tag, commit, snapshot or time."""

import pytest
from sample_lakehouse import orders

from query.errors import QueryError
from query.travel import Version, read_versions

TABLE = "nessie_minio_catalog.ecommerce_db.orders"
HASH = "0123456789abcdef"


@pytest.mark.parametrize(
    ("clause", "version", "asked"),
    [
        ("AT BRANCH dev", Version("BRANCH", "dev"), "orders@dev"),
        ('at branch "my dev"', Version("BRANCH", "my dev"), "orders@my dev"),
        ("AT TAG v1", Version("TAG", "v1"), "orders@v1"),
        ("AT REF dev", Version("REFERENCE", "dev"), "orders@dev"),
        (f'AT COMMIT "{HASH.upper()}"', Version("COMMIT", HASH), f"orders@DETACHED#{HASH}"),
        ("AT SNAPSHOT '12'", Version("SNAPSHOT", "12"), "orders"),
        (
            "AT TIMESTAMP '2026-11-21 10:00:00+01:00'",
            Version("TIMESTAMP", "2026-11-21T09:00:00.000Z"),
            "orders#*2026-11-21T09:00:00.000Z",
        ),
    ],
)
def test_a_clause_names_a_version(lakehouse, ask, clause, version, asked):
    [named] = read_versions(f"SELECT * FROM {TABLE} {clause}")[1].values()
    assert named == (("nessie_minio_catalog", "ecommerce_db", "orders"), version)
    lakehouse.create()
    with pytest.raises(QueryError, match=f"There is no ecommerce_db.orders {version}"):
        ask(f"SELECT * FROM {TABLE} {clause}")
    assert lakehouse.loaded == [asked]


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        (
            "SELECT 'ü', orders.a FROM orders AT BRANCH dev WHERE x",
            "SELECT 'ü', orders.a FROM \"orders AT BRANCH 'dev'\" AS \"orders\" WHERE x",
        ),
        ("FROM a.b /* c */ AT TAG v AS t", "FROM \"a.b AT TAG 'v'\" AS t"),
        ("FROM b AT TAG v t JOIN c ON t.x", "FROM \"b AT TAG 'v'\" t JOIN c ON t.x"),
        ("FROM a AT TAG v, a AT TAG w b;", 'FROM "a AT TAG \'v\'" AS "a", "a AT TAG \'w\'" b;'),
    ],
)
def test_all_else_stays_as_it_was_written(sql, read):
    assert read_versions(sql)[0] == read


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ts AT TIME ZONE 'UTC' AS branch FROM orders",
        "SELECT 'orders AT BRANCH dev' FROM orders -- AT BRANCH dev",
        'SELECT "at branch" FROM orders at',
        "SELECT 1",
    ],
)
def test_what_only_looks_alike_is_left_alone(sql):
    assert read_versions(sql) == (sql, {})


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        ("AT SNAPSHOT main", "AT SNAPSHOT needs the id of a snapshot, not main"),
        ("AT TIMESTAMP 'noon'", "AT TIMESTAMP needs a time such as '2026-11-21 10:00:00' in UTC"),
        ('AT COMMIT "main"', "AT COMMIT needs the hash of a commit of Nessie"),
        ('AT BRANCH ""', 'AT BRANCH needs a name, not ""'),
        ('AT BRANCH "a#b"', 'AT BRANCH needs a name, not "a#b"'),
    ],
)
def test_a_value_of_another_kind_is_refused(clause, message):
    with pytest.raises(QueryError) as error:
        read_versions(f"SELECT * FROM orders {clause}")
    assert str(error.value).startswith(message)


def test_states_of_a_table_can_be_compared(lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    lakehouse.versions["orders@before"] = lakehouse.load()
    table.append(orders(1))
    sql = (
        "SELECT count(*) AS n, count(old.event_id) AS kept FROM orders "
        "LEFT JOIN orders AT TAG before AS old USING (event_id)"
    )
    assert ask(sql) == [{"n": 20, "kept": 10}]
    assert ask("SELECT max(orders.event_id) AS m FROM orders AT TAG before") == [{"m": "event-9"}]
    newest = "SELECT event_id FROM orders AT TAG before ORDER BY event_time DESC LIMIT 1"
    assert ask(newest) == [{"event_id": "event-9"}]
    assert ask("SHOW TABLES") == [{"name": "orders"}]


def test_a_snapshot_has_its_rows_and_its_columns(lakehouse, ask):
    table = lakehouse.create()
    table.append(orders(0))
    first = table.current_snapshot().snapshot_id
    with table.update_schema() as update:
        update.delete_column("tags")
    table.append(orders(1).drop_columns(["tags"]))
    assert ask(f"SELECT count(*) AS n FROM {TABLE} AT SNAPSHOT '{first}'") == [{"n": 10}]
    [row] = ask(f"SELECT * FROM {TABLE} AT SNAPSHOT '{first}' LIMIT 1")
    assert "tags" in row
    with pytest.raises(QueryError) as error:
        ask(f"SELECT * FROM {TABLE} AT SNAPSHOT '1'")
    assert str(error.value) == (
        "There is no ecommerce_db.orders AT SNAPSHOT '1': the table's metadata has 2 snapshots, "
        "and older ones are left out of it. AT TIMESTAMP and AT COMMIT go by Nessie's history, "
        "which has them all"
    )


def test_a_tag_is_no_branch(lakehouse, ask):
    lakehouse.create()
    lakehouse.references |= {"v1": "TAG", "dev": "BRANCH"}
    for clause, kind in (("AT BRANCH 'v1'", "v1 is a tag"), ("AT TAG 'dev'", "dev is a branch")):
        with pytest.raises(QueryError, match=f"There is no ecommerce_db.orders {clause}: {kind}"):
            ask(f"SELECT * FROM orders {clause}")


def test_a_table_that_is_not_there_has_no_version_either(lakehouse, ask):
    lakehouse.create()
    for clause in ("AT BRANCH 'main'", "AT SNAPSHOT '1'"):
        with pytest.raises(QueryError, match=f"There is no .*nope {clause}"):
            ask(f"SELECT * FROM ecommerce_db.nope {clause}")
