"""Settings of the server, all from the environment; secrets come from mounted files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .running import Limits

#: The name under which SQL sees the Iceberg catalog, and the namespace that needs no prefix.
CATALOG = "nessie_minio_catalog"
NAMESPACE = "ecommerce_db"
#: The schema of the views that come with the lakehouse.
VIEWS = "lakehouse"


@dataclass(frozen=True)
class Settings:
    """What the server needs to know."""

    #: 0 lets the system choose one.
    port: int
    #: Base address of Nessie; its Iceberg REST catalog lies below ``/iceberg``.
    nessie_uri: str
    s3_endpoint: str
    s3_region: str
    s3_access_key: str
    s3_secret_key: str
    user: str
    password: str
    #: What DuckDB may use before it spills to ``spill_directory``, such as ``256MB``.
    memory_limit: str
    threads: int
    spill_directory: str
    #: Folder with the views' statements, ``<name>.sql``; need not exist.
    views_directory: str
    limits: Limits


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables.

    Raises SystemExit with a message that names every variable that is missing or unreadable.
    """
    problems: list[str] = []

    def text(name: str, default: str | None = None) -> str:
        value = environment.get(name, default)
        if not value:
            problems.append(f"{name} is not set")
        return value or ""

    def secret(name: str) -> str:
        path = text(name)
        try:
            return Path(path).read_text(encoding="utf-8").strip() if path else ""
        except OSError as error:
            problems.append(f"{name}: {path} cannot be read: {error.strerror}")
            return ""

    def number(name: str, default: str) -> int:
        value = text(name, default)
        if not value.isdecimal():
            problems.append(f'{name} must be a whole number, but is "{value}"')
            return 0
        return int(value)

    settings = Settings(
        port=number("PORT", "32010"),
        nessie_uri=text("NESSIE_URI").rstrip("/"),
        s3_endpoint=text("S3_ENDPOINT"),
        s3_region=text("S3_REGION", "us-east-1"),
        s3_access_key=secret("S3_ACCESS_KEY_FILE"),
        s3_secret_key=secret("S3_SECRET_KEY_FILE"),
        user=secret("FLIGHT_USER_FILE"),
        password=secret("FLIGHT_PASSWORD_FILE"),
        memory_limit=text("QUERY_MEMORY_LIMIT", "256MB"),
        threads=number("QUERY_THREADS", "2"),
        spill_directory=text("QUERY_SPILL_DIRECTORY", "/tmp/query-spill"),  # noqa: S108 (of the pod)
        views_directory=text("QUERY_VIEWS", "/opt/query/views"),
        limits=Limits(
            seconds=number("QUERY_TIMEOUT_SECONDS", "60"),
            rows=number("QUERY_MAX_ROWS", "1000000"),
            concurrent=number("QUERY_MAX_CONCURRENT", "4"),
            queue_seconds=number("QUERY_QUEUE_SECONDS", "10"),
        ),
    )
    if problems:
        raise SystemExit("The query engine cannot start:\n  " + "\n  ".join(problems))
    return settings
