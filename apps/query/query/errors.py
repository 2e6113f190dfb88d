"""Failures that are told to the client. Anything else that is raised is a defect of the server."""


class QueryError(Exception):
    """The statement cannot be answered as it stands; the message says why."""


class UnavailableError(Exception):
    """The catalog or the object storage does not answer at the moment."""
