"""Starts JupyterLab, after what it needs is in place.

The root filesystem is read-only. Spark's configuration goes to a folder that ends with the pod, and
the examples to the volume, where people change them.
"""

import os
import shutil
import sys
from pathlib import Path

from streaming.session import iceberg_catalog
from streaming.settings import Settings, SettingsError, read_settings
from streaming.tables import CATALOG

#: What comes with the image: the examples, and the configuration of the server.
_ASSETS = Path(__file__).parents[1]


def spark_defaults(settings: Settings) -> dict[str, str]:
    """Spark's configuration in a notebook: the streaming job's catalog, one small process."""
    return iceberg_catalog(settings) | {
        # `ecommerce_db.orders` then needs no catalog before it, as in the query engine.
        "spark.sql.defaultCatalog": CATALOG,
        # Others write the tables: each look at one is a new one.
        f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        # Not beside the notebooks: the folder of a catalog that nobody uses.
        "spark.sql.warehouse.dir": "/tmp/spark-warehouse",  # noqa: S108 - the pod's own
        # Each notebook that is open has a JVM of its own.
        "spark.master": "local[2]",
        "spark.driver.memory": "640m",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def write_spark_configuration(settings: Settings, folder: Path) -> None:
    """Puts Spark's configuration where SPARK_CONF_DIR points.

    Args:
        settings: where the catalog and the object store are.
        folder: the new folder; an old one is replaced.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lines = [f"{name} {value}\n" for name, value in spark_defaults(settings).items()]
    (folder / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")


def copy_examples(folder: Path) -> None:
    """Puts each example that is not there into the folder; those that are may have been changed."""
    folder.mkdir(parents=True, exist_ok=True)
    for example in sorted((_ASSETS / "examples").glob("*.ipynb")):
        if not (folder / example.name).exists():
            shutil.copyfile(example, folder / example.name)


def main() -> None:
    """Makes ready and becomes the server."""
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        sys.exit(f"The notebook cannot start: {error}. See its README for the settings.")
    write_spark_configuration(settings, Path(os.environ["SPARK_CONF_DIR"]))
    copy_examples(Path(os.environ["HOME"]) / "examples")
    config = _ASSETS / "jupyter_server_config.py"
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", f"--config={config}"])  # noqa: S606


if __name__ == "__main__":
    main()
