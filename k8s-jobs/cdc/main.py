"""Applies the changes of the shop's orders, as Debezium tells them, to their Iceberg table."""

from cdc.job import run
from cdc.settings import read_settings
from streaming.entry import start

if __name__ == "__main__":
    start("The job", read_settings, run)
