"""Applies the changes of the shop's orders, as Debezium tells them, to their Iceberg table."""

import logging
import os
import sys

from cdc.job import run
from cdc.settings import SettingsError, read_settings

if __name__ == "__main__":
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stdout,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("py4j").setLevel(logging.WARNING)
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        sys.exit(f"The job cannot start: {error}. See its README for the settings.")
    run(settings)
