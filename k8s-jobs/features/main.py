"""Turns objects of the bucket `bronze` into features, for training and for serving."""

from features.job import run
from features.settings import read_settings
from streaming.entry import start

if __name__ == "__main__":
    start("The feature job", read_settings, run)
