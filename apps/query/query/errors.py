"""Failures that are told to the client. Anything else that is raised is a defect of the server."""


class QueryError(Exception):
    """The statement cannot be answered as it stands; the message says why."""


class UnavailableError(Exception):
    """The query cannot be answered at the moment, but perhaps when it is asked again."""


class CancelledError(Exception):
    """The client does not want the answer any more."""
