"""Arrow Flight SQL: what its messages ask for, answered by the engine.

Statements have handles that hold the statement itself and the values bound to it. So the server
keeps nothing between two calls, and any replica of it can answer the next.
"""

import secrets
from collections.abc import Callable

import pyarrow as pa
from google.protobuf.message import Message
from pyarrow import flight

from . import messages, metadata
from .engine import Engine, Request
from .errors import QueryError
from .sql_info import sql_info

#: Of CancelFlightInfo: it runs no more; there is nothing to be cancelled.
CANCELLED, NOT_CANCELLABLE = 1, 3

#: Questions about the catalog and the server.
_ANSWERS: dict[str, Callable[[Engine, Message], pa.Table]] = {
    "CommandGetCatalogs": metadata.catalogs,
    "CommandGetDbSchemas": metadata.schemas,
    "CommandGetTables": metadata.tables,
    "CommandGetTableTypes": metadata.table_types,
    "CommandGetSqlInfo": lambda _, command: sql_info(command.info),
    "CommandGetXdbcTypeInfo": metadata.types,
    "CommandGetPrimaryKeys": metadata.primary_keys,
    "CommandGetImportedKeys": metadata.foreign_keys,
    "CommandGetExportedKeys": metadata.foreign_keys,
    "CommandGetCrossReference": metadata.foreign_keys,
}


def answer_of(engine: Engine, command: Message) -> pa.Table:
    """The answer to what ``request_of`` gave as a command."""
    return _ANSWERS[command.DESCRIPTOR.name](engine, command)


def request_of(data: bytes) -> Request | Message:
    """What a descriptor's command or a ticket asks for: a statement, or else the command.

    Raises QueryError when it can be read neither as Flight SQL nor as the text of a statement.
    """
    command = _unpack(data)
    match None if command is None else command.DESCRIPTOR.name:
        case None:
            return Request(_text(data))
        case "CommandStatementQuery":
            return Request(command.query)
        case "CommandPreparedStatementQuery":
            return _of_handle(command.prepared_statement_handle)
        case "TicketStatementQuery":
            return _of_handle(command.statement_handle)
        case name if name in _ANSWERS:
            return command
        case name:
            raise QueryError(f"{name} cannot be asked for here")


def ticket_of(request: Request) -> bytes:
    """A ticket for the statement, with a key by which it can be cancelled."""
    handle = _handle(request, secrets.token_bytes(16))
    return messages.pack(messages.new("TicketStatementQuery", statement_handle=handle))


def prepare(engine: Engine, body: bytes) -> bytes:
    """Answers CreatePreparedStatement: the handle, and the schemas of result and parameters.

    Parameters have no type of their own, which Arrow calls null: any value may be bound.
    """
    command = _unpack(body)
    if command is None or command.DESCRIPTOR.name != "ActionCreatePreparedStatementRequest":
        raise QueryError("This is no request to prepare a statement")
    request = Request(command.query)
    columns = engine.schema(request, needs_values=False)
    parameters = pa.schema([pa.field(name, pa.null()) for name in engine.parameters(command.query)])
    result = messages.new(
        "ActionCreatePreparedStatementResult",
        prepared_statement_handle=_handle(request),
        dataset_schema=columns.serialize().to_pybytes(),
        parameter_schema=parameters.serialize().to_pybytes(),
    )
    return messages.pack(result)


def bind(data: bytes, values: pa.Table) -> bytes:
    """Answers DoPut with values for a prepared statement: the handle of the statement with them."""
    command = _unpack(data)
    if command is None or command.DESCRIPTOR.name != "CommandPreparedStatementQuery":
        raise QueryError("Only values for a prepared statement can be sent; tables are read-only")
    if values.num_rows != 1:
        raise QueryError(f"Bind one row of values to a statement, not {values.num_rows}")
    statement = _of_handle(command.prepared_statement_handle)
    handle = _handle(Request(statement.sql, values))
    result = messages.new("DoPutPreparedStatementResult", prepared_statement_handle=handle)
    return result.SerializeToString()


def cancel(engine: Engine, body: bytes) -> bytes:
    """Answers CancelFlightInfo: ends the query whose FlightInfo the client sends back."""
    try:
        info = flight.FlightInfo.deserialize(messages.parse("CancelFlightInfoRequest", body).info)
        requests = [request_of(endpoint.ticket.ticket) for endpoint in info.endpoints]
    except (ValueError, pa.ArrowException) as error:
        raise QueryError("This is no request to cancel a query") from error
    keys = [request.key for request in requests if isinstance(request, Request)]
    cancelled = [key for key in keys if engine.cancel(key)]
    status = CANCELLED if cancelled else NOT_CANCELLABLE
    return messages.new("CancelFlightInfoResult", status=status).SerializeToString()


def _handle(request: Request, key: bytes = b"") -> bytes:
    handle = messages.new("Handle", query=request.sql, id=key)
    if request.values is not None:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, request.values.schema) as writer:
            writer.write_table(request.values)
        handle.parameters = sink.getvalue().to_pybytes()
    return handle.SerializeToString()


def _of_handle(data: bytes) -> Request:
    try:
        handle = messages.parse("Handle", data)
        values = None
        if handle.HasField("parameters"):
            with pa.ipc.open_stream(handle.parameters) as reader:
                values = reader.read_all()
    except (ValueError, pa.ArrowException) as error:
        raise QueryError("The handle of the statement is not one of this server") from error
    return Request(handle.query, values, handle.id)


def _unpack(data: bytes) -> Message | None:
    try:
        return messages.unpack(data)
    except ValueError as error:
        raise QueryError(str(error)) from error


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise QueryError("The SQL text is not UTF-8") from error
