"""How a job starts, whichever it is."""

import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

from streaming.settings import SettingsError

S = TypeVar("S")
R = TypeVar("R")


def start(name: str, read_settings: Callable[[Mapping[str, str]], S], run: Callable[[S], R]) -> R:
    """Runs a job with the settings of its environment, and its log on standard output.

    Args:
        name: the job in a sentence about it, such as `The streaming job`.
        read_settings: raises SettingsError where the environment cannot be used, which ends the
            process with the reason.
        run: does the work.

    Returns:
        What `run` returns.
    """
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stdout,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("py4j").setLevel(logging.WARNING)
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        sys.exit(f"{name} cannot start: {error}. See its README for the settings.")
    return run(settings)
