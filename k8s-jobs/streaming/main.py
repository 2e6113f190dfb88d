"""Reads orders, clicks and errors from Kafka and keeps the tables and KPIs of the lakehouse."""

from streaming.entry import start
from streaming.job import run
from streaming.settings import read_settings

if __name__ == "__main__":
    start("The streaming job", read_settings, run)
