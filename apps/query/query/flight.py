"""The Arrow Flight server: SQL text or Flight SQL in the descriptor, rows by DoGet, as Dremio."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pyarrow as pa
from pyarrow import flight

from .auth import Authenticator, OpenHandshake
from .engine import Engine, Request
from .errors import CancelledError, QueryError, UnavailableError
from .flight_sql import answer_of, bind, cancel, prepare, request_of, ticket_of
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
        self, context: flight.ServerCallContext, descriptor: flight.FlightDescriptor
    ) -> flight.FlightInfo:
        """The result's columns, and one ticket to be redeemed on the same connection."""
        if descriptor.descriptor_type != flight.DescriptorType.CMD:
            raise flight.FlightServerError(
                "Send the SQL text in the descriptor's cmd, without a path"
            )
        with _answering():
            request = request_of(descriptor.command)
            if isinstance(request, Request):
                request = replace(request, is_abandoned=context.is_cancelled)
                schema, ticket = self._engine.schema(request), ticket_of(request)
            else:
                schema, ticket = answer_of(self._engine, request).schema, descriptor.command
        # No location means: where this answer came from. That survives any port mapping.
        endpoint = flight.FlightEndpoint(flight.Ticket(ticket), [])
        return flight.FlightInfo(schema, descriptor, [endpoint], -1, -1)

    def get_schema(
        self, context: flight.ServerCallContext, descriptor: flight.FlightDescriptor
    ) -> flight.SchemaResult:
        """The result's columns alone."""
        return flight.SchemaResult(self.get_flight_info(context, descriptor).schema)

    def do_get(
        self, context: flight.ServerCallContext, ticket: flight.Ticket
    ) -> flight.FlightDataStream:
        """Runs the statement; its rows are computed while they are sent."""
        with _answering():
            request = request_of(ticket.ticket)
            if not isinstance(request, Request):
                return flight.RecordBatchStream(answer_of(self._engine, request))
        log = _query_log(request.sql)
        try:
            with _answering():
                answer = self._engine.run(replace(request, is_abandoned=context.is_cancelled))
        except Exception as error:
            log(0, error)
            raise
        return flight.GeneratorStream(answer.schema, _logged(answer.batches, log))

    def do_put(
        self,
        context: flight.ServerCallContext,  # noqa: ARG002
        descriptor: flight.FlightDescriptor,
        reader: flight.MetadataRecordBatchReader,
        writer: flight.FlightMetadataWriter,
    ) -> None:
        """Binds values to a prepared statement; nothing else can be put."""
        with _answering():
            writer.write(bind(descriptor.command or b"", reader.read_all()))

    def list_actions(self, context: flight.ServerCallContext) -> list[tuple[str, str]]:  # noqa: ARG002
        """What ``do_action`` understands."""
        return [
            ("CreatePreparedStatement", "Checks a statement and gives a handle for it"),
            ("ClosePreparedStatement", "Does nothing: handles hold nothing on the server"),
            ("CancelFlightInfo", "Ends the query of a FlightInfo"),
        ]

    def do_action(
        self,
        context: flight.ServerCallContext,  # noqa: ARG002
        action: flight.Action,
    ) -> list[bytes]:
        """Prepared statements of Flight SQL, and cancellation."""
        body = action.body.to_pybytes()
        with _answering():
            match action.type:
                case "CreatePreparedStatement":
                    return [prepare(self._engine, body)]
                case "ClosePreparedStatement":
                    return []
                case "CancelFlightInfo":
                    return [cancel(self._engine, body)]
                case unknown:
                    raise QueryError(f"There is no action {unknown}")


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
        if isinstance(failure, GeneratorExit | CancelledError | flight.FlightCancelledError):
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
    except CancelledError as error:
        raise flight.FlightCancelledError(str(error)) from error
    except UnavailableError as error:
        raise flight.FlightUnavailableError(str(error)) from error
