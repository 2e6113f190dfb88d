"""Merges small files of the lakehouse's tables, beside the streams that write them."""

import sys

from maintenance.job import run
from maintenance.settings import read_settings
from streaming.entry import start

if __name__ == "__main__":
    sys.exit(0 if start("The maintenance", read_settings, run) else 1)
