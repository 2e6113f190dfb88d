import duckdb
import pytest

from query.engine import Request
from query.errors import QueryError
from query.statement import TableReference, read_statement


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE ecommerce_db.orders",
        "CREATE TABLE t AS SELECT 1",
        "INSERT INTO ecommerce_db.orders VALUES (1)",
        "DELETE FROM ecommerce_db.orders",
        "UPDATE ecommerce_db.orders SET amount = 0",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "ATTACH '/tmp/other.db'",
        "SET threads = 8",
        "USE other",
        "PRAGMA database_list",
        "INSTALL httpfs",
        "CALL force_checkpoint()",
        "EXPLAIN DROP TABLE ecommerce_db.orders",
        "EXPLAIN ANALYZE INSERT INTO ecommerce_db.orders VALUES (1)",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/out.csv'",
        "WITH gone AS (DELETE FROM ecommerce_db.orders RETURNING 1) SELECT * FROM gone",
    ],
)
def test_only_statements_that_read_are_allowed(engine, sql):
    with pytest.raises(QueryError):
        engine.run(Request(sql))


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('/etc/passwd')",
        "read_text('/etc/passwd')",
        "read_parquet('s3://warehouse/x.parquet')",
        "glob('/*')",
        "'/etc/passwd'",
        "'/etc/hosts.csv'",
        "parquet_metadata('x')",
        "query('SELECT 42')",
        "query_table('orders')",
        "json_execute_serialized_sql('{}')",
        "python_arrow_scan(1, 2, 3)",
        "pandas_scan(1)",
        "duckdb_secrets()",
        "duckdb_logs()",
        "(SELECT * FROM (SELECT * FROM read_text('/etc/passwd')))",
        "range(3) WHERE EXISTS (SELECT 1 FROM read_text('/etc/passwd'))",
    ],
)
@pytest.mark.parametrize("verb", ["", "EXPLAIN ANALYZE ", "SUMMARIZE ", "DESCRIBE "])
def test_nothing_but_tables_is_read(engine, verb, source):
    with pytest.raises(QueryError, match=r"not allowed here|There is no table"):
        engine.run(Request(f"{verb}SELECT * FROM {source}"))


def test_the_database_itself_refuses_files_and_settings(engine):
    # What the check of statements would overlook is still stopped.
    with engine._cursor() as connection:  # noqa: SLF001
        for sql in (
            "SELECT * FROM read_text('/etc/passwd')",
            "COPY (SELECT 1) TO '/tmp/query-test.csv'",
            "ATTACH '/tmp/query-test.db'",
            "SET enable_external_access = true",
            "SET lock_configuration = false",
            "LOAD httpfs",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(sql)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT 1; SELECT 2", "Send one statement at a time, not 2"),
        ("", "Send one statement at a time, not 0"),
        ("-- nothing", "Send one statement at a time, not 0"),
        ("SELEC 1", 'Parser Error: syntax error at or near "SELEC"'),
        ("SELECT * FROM orders AT SNAPSHOT 'x'", "AT SNAPSHOT needs the id of a snapshot, not 'x'"),
        (
            "VACUUM",
            "Only SELECT, WITH, VALUES, SHOW, DESCRIBE, SUMMARIZE and EXPLAIN are allowed here, "
            "not VACUUM",
        ),
        ("SELECT * FROM glob('/*')", "The table function glob is not allowed here"),
    ],
)
def test_a_refused_statement_is_told_why(sql, message):
    with pytest.raises(QueryError) as error:
        read_statement(sql, duckdb.connect())
    assert str(error.value).splitlines()[0] == message


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("FROM a.b", ["a.b"]),
        ("SELECT (SELECT max(x) FROM a.b) FROM c.d JOIN e.f.g ON true;", ["a.b", "c.d", "e.f.g"]),
        ("WITH t AS (FROM a.b) SELECT * FROM t, t AS u", ["a.b"]),
        ("WITH t AS (FROM a.b) SELECT * FROM a.t", ["a.b", "a.t"]),
        ("WITH RECURSIVE t(n) AS (SELECT 1 UNION SELECT n + 1 FROM t WHERE n < 3) FROM t", []),
        ("SELECT 'FROM a.b' -- FROM c.d", []),
        ("SELECT * FROM range(3), unnest([1]), (VALUES (1))", []),
        ("SELECT * FROM orders", ["ecommerce_db.orders"]),
        ('SELECT * FROM "my db"."my.table"', ["my db.my.table"]),
        ("EXPLAIN SELECT * FROM a.b UNION ALL TABLE c.d", ["a.b", "c.d"]),
        ("DESCRIBE a.b", ["a.b"]),
        ("SELECT * FROM information_schema.tables, duckdb_columns()", []),
    ],
)
def test_the_tables_of_a_statement_are_found(sql, names):
    statement = read_statement(sql, duckdb.connect())
    assert sorted(map(str, statement.tables.values())) == names


@pytest.mark.parametrize(
    ("sql", "describes"),
    [
        ("SHOW TABLES", True),
        ("SELECT 1 FROM information_schema.columns", True),
        ("FROM duckdb_views()", True),
        ("SELECT * FROM a.b", False),
        ("DESCRIBE a.b", False),
        ("DESCRIBE SELECT * FROM (SHOW TABLES)", True),
    ],
)
def test_statements_about_the_catalog_are_known(sql, describes):
    assert read_statement(sql, duckdb.connect()).describes_catalog is describes


def test_a_reference_knows_its_catalog():
    assert TableReference("", "a", "b").is_ours
    assert TableReference("Nessie_Minio_Catalog", "a", "b").is_ours
    assert not TableReference("temp", "main", "b").is_ours
