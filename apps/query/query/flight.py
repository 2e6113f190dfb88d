"""The Arrow Flight server: SQL text in the descriptor, rows by DoGet, as Dremio does it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyarrow import flight

from .auth import Authenticator, OpenHandshake
from .engine import Engine
from .errors import QueryError, UnavailableError
from .log import log_event


class QueryServer(flight.FlightServerBase):
    """Answers queries until it is shut down. It listens as soon as it is made."""

    def __init__(self, engine: Engine, authenticator: Authenticator, host: str, port: int) -> None:
        """``port`` 0 takes a free one, to be read from the attribute ``port``."""
        super().__init__(
            f"grpc://{host}:{port}",
            auth_handler=OpenHandshake(),
            middleware={"authentication": authenticator},
        )
        self._engine = engine

    def get_flight_info(
        self,
        context: flight.ServerCallContext,  # noqa: ARG002
        descriptor: flight.FlightDescriptor,
    ) -> flight.FlightInfo:
        """The result's columns, and one ticket to be redeemed on the same connection."""
        if descriptor.descriptor_type != flight.DescriptorType.CMD:
            raise flight.FlightServerError(
                "Send the SQL text in the descriptor's cmd, without a path"
            )
        sql = _text(descriptor.command)
        with _answering():
            schema = self._engine.schema(sql)
        # No location means: where this answer came from. That survives any port mapping.
        endpoint = flight.FlightEndpoint(flight.Ticket(sql.encode()), [])
        return flight.FlightInfo(schema, descriptor, [endpoint], -1, -1)

    def get_schema(
        self, context: flight.ServerCallContext, descriptor: flight.FlightDescriptor
    ) -> flight.SchemaResult:
        """The result's columns alone."""
        return flight.SchemaResult(self.get_flight_info(context, descriptor).schema)

    def do_get(
        self,
        context: flight.ServerCallContext,  # noqa: ARG002
        ticket: flight.Ticket,
    ) -> flight.FlightDataStream:
        """Runs the statement; its rows are computed while they are sent."""
        sql = _text(ticket.ticket)
        log = _query_log(sql)
        try:
            with _answering():
                answer = self._engine.run(sql)
        except Exception as error:
            log(0, error)
            raise
        return flight.GeneratorStream(answer.schema, _logged(answer.batches, log))


def _logged(
    batches: Iterator[pa.RecordBatch], log: Callable[[int, BaseException | None], None]
) -> Iterator[pa.RecordBatch]:
    rows, failure = 0, None
    try:
        with _answering():
            for batch in batches:
                rows += batch.num_rows
                yield batch
    except BaseException as error:
        failure = error
        raise
    finally:
        batches.close()
        log(rows, failure)


def _query_log(sql: str) -> Callable[[int, BaseException | None], None]:
    """Gives the function that writes the statement's one line to the log when it has ended."""
    begin = time.perf_counter()

    def log(rows: int, failure: BaseException | None) -> None:
        fields = {"milliseconds": round((time.perf_counter() - begin) * 1000, 1), "rows": rows}
        if isinstance(failure, GeneratorExit):
            fields["cancelled"] = True
        elif failure is not None:
            fields["error"] = str(failure)
        log_event("query", sql=sql[:2000], **fields)

    return log


@contextmanager
def _answering() -> Iterator[None]:
    """Gives each failure the status that tells a client whether trying again can help.

    Flight's own errors only: of others pyarrow sends the Python traceback along.
    """
    try:
        yield
    except QueryError as error:
        raise flight.FlightServerError(str(error)) from error
    except UnavailableError as error:
        raise flight.FlightUnavailableError(str(error)) from error


def _text(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError as error:
        raise flight.FlightServerError("The SQL text is not UTF-8") from error
