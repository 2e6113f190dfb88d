"""Merges small files of the lakehouse's tables, beside the streams that write them."""

import logging
import os
import sys

from maintenance.job import run
from maintenance.settings import SettingsError, read_settings

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
        sys.exit(f"The maintenance cannot start: {error}. See its README for the settings.")
    sys.exit(0 if run(settings) else 1)
