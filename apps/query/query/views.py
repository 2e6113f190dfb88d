"""Views that come with the lakehouse: files of SQL, one SELECT each."""

from collections.abc import Mapping
from pathlib import Path

from .log import log_event


def read_views(folder: str) -> Mapping[str, str]:
    """The statement of each view by its name, from ``<name>.sql``; none if there is no folder.

    They are checked when they are used: a view that is wrong does not keep others from working.
    """
    views = {
        path.stem.lower(): path.read_text(encoding="utf-8")
        for path in sorted(Path(folder).glob("*.sql"))
    }
    if views:
        log_event("views", names=list(views))
    return views
