"""Logs as JSON, one object a line."""

import json
import logging
import sys
import time


def log_json_lines() -> None:
    """Sends every logger's messages to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def log_event(event: str, **fields: object) -> None:
    """Writes one line with the event's name and its fields."""
    logging.getLogger("query").info(event, extra={"fields": fields})


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)
