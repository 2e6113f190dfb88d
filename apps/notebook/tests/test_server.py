"""What the server's start puts in place."""

from pathlib import Path

import pytest

from lakehouse import server
from streaming.settings import Settings

SETTINGS = Settings(nessie_uri="http://nessie:1/api/v2", s3_endpoint="http://minio:2")


def test_spark_is_configured_for_the_catalog(tmp_path: Path) -> None:
    folder = tmp_path / "conf"

    for _ in range(2):
        server.write_spark_configuration(SETTINGS, folder)

    lines = (folder / "spark-defaults.conf").read_text().splitlines()
    defaults = dict(line.split(" ", 1) for line in lines)
    catalog = "spark.sql.catalog.nessie_minio_catalog"
    assert defaults["spark.sql.defaultCatalog"] == "nessie_minio_catalog"
    assert defaults[f"{catalog}.uri"] == "http://nessie:1/api/v2"
    assert defaults[f"{catalog}.s3.endpoint"] == "http://minio:2"
    assert defaults[f"{catalog}.cache-enabled"] == "false"
    assert defaults["spark.master"] == "local[2]"


def test_examples_are_copied_once_so_that_changes_to_them_stay(tmp_path: Path) -> None:
    folder = tmp_path / "examples"
    server.copy_examples(folder)
    assert [each.name for each in sorted(folder.iterdir())] == [
        "features.ipynb",
        "live-monitoring.ipynb",
    ]
    (folder / "features.ipynb").write_text("mine")
    (folder / "live-monitoring.ipynb").unlink()

    server.copy_examples(folder)

    assert (folder / "features.ipynb").read_text() == "mine"
    assert (folder / "live-monitoring.ipynb").stat().st_size > 0


def test_what_is_missing_is_named_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit, match="cannot start: AWS_ACCESS_KEY_ID is not set"):
        server.main()
