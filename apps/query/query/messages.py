"""The messages of Arrow Flight SQL that the server reads and writes.

They are declared here as far as they are used, so that no compiler of Protocol Buffers is needed.
The numbers are those of Arrow's ``FlightSql.proto`` and ``Flight.proto``:
https://github.com/apache/arrow/tree/main/format
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError, Message

_Field = descriptor_pb2.FieldDescriptorProto
_STRING, _BYTES, _BOOL = _Field.TYPE_STRING, _Field.TYPE_BYTES, _Field.TYPE_BOOL
_INT32, _UINT32 = _Field.TYPE_INT32, _Field.TYPE_UINT32
_SQL = "arrow.flight.protocol.sql"
_FLIGHT = "arrow.flight.protocol"

_OF_TABLE = {"catalog": (1, _STRING), "db_schema": (2, _STRING), "table": (3, _STRING)}

#: Package, message, and the number and type of each field. A list holds the type of repeated ones.
_MESSAGES: dict[str, dict[str, dict]] = {
    _SQL: {
        "CommandStatementQuery": {"query": (1, _STRING), "transaction_id": (2, _BYTES)},
        "CommandPreparedStatementQuery": {"prepared_statement_handle": (1, _BYTES)},
        "CommandGetCatalogs": {},
        "CommandGetDbSchemas": {"catalog": (1, _STRING), "db_schema_filter_pattern": (2, _STRING)},
        "CommandGetTables": {
            "catalog": (1, _STRING),
            "db_schema_filter_pattern": (2, _STRING),
            "table_name_filter_pattern": (3, _STRING),
            "table_types": (4, [_STRING]),
            "include_schema": (5, _BOOL),
        },
        "CommandGetTableTypes": {},
        "CommandGetSqlInfo": {"info": (1, [_UINT32])},
        "CommandGetXdbcTypeInfo": {"data_type": (1, _INT32)},
        "CommandGetPrimaryKeys": _OF_TABLE,
        "CommandGetImportedKeys": _OF_TABLE,
        "CommandGetExportedKeys": _OF_TABLE,
        "CommandGetCrossReference": {
            **{f"pk_{name}": field for name, field in _OF_TABLE.items()},
            **{f"fk_{name}": (number + 3, kind) for name, (number, kind) in _OF_TABLE.items()},
        },
        "TicketStatementQuery": {"statement_handle": (1, _BYTES)},
        "ActionCreatePreparedStatementRequest": {
            "query": (1, _STRING),
            "transaction_id": (2, _BYTES),
        },
        "ActionCreatePreparedStatementResult": {
            "prepared_statement_handle": (1, _BYTES),
            "dataset_schema": (2, _BYTES),
            "parameter_schema": (3, _BYTES),
        },
        "ActionClosePreparedStatementRequest": {"prepared_statement_handle": (1, _BYTES)},
        "DoPutPreparedStatementResult": {"prepared_statement_handle": (1, _BYTES)},
    },
    _FLIGHT: {
        "CancelFlightInfoRequest": {"info": (1, _BYTES)},
        # The status is an enumeration, which is sent as a number is.
        "CancelFlightInfoResult": {"status": (1, _INT32)},
    },
    # What our own handles and tickets hold: the statement itself, so that the server keeps nothing.
    "lakehouse": {
        "Handle": {"query": (1, _STRING), "parameters": (2, _BYTES), "id": (3, _BYTES)},
    },
}


def _declare() -> dict[str, type[Message]]:
    pool = descriptor_pool.DescriptorPool()
    classes: dict[str, type[Message]] = {}
    for package, messages in _MESSAGES.items():
        file = descriptor_pb2.FileDescriptorProto(
            name=f"{package}.proto", package=package, syntax="proto3"
        )
        for message, fields in messages.items():
            declared = file.message_type.add(name=message)
            for name, (number, kind) in fields.items():
                _declare_field(declared, name, number, kind)
        pool.Add(file)
        for message in messages:
            descriptor = pool.FindMessageTypeByName(f"{package}.{message}")
            classes[message] = message_factory.GetMessageClass(descriptor)
    return classes


def _declare_field(
    message: descriptor_pb2.DescriptorProto, name: str, number: int, kind: int | list[int]
) -> None:
    """Optional ones tell whether they were sent: no catalog and an empty one are different."""
    if isinstance(kind, list):
        message.field.add(name=name, number=number, type=kind[0], label=_Field.LABEL_REPEATED)
        return
    message.oneof_decl.add(name=f"_{name}")
    message.field.add(
        name=name,
        number=number,
        type=kind,
        label=_Field.LABEL_OPTIONAL,
        oneof_index=len(message.oneof_decl) - 1,
        proto3_optional=True,
    )


_CLASSES = _declare()


def new(name: str, **fields: object) -> Message:
    """A message with these fields."""
    return _CLASSES[name](**fields)


def parse(name: str, data: bytes) -> Message:
    """The message in these bytes. Raises ValueError if they do not hold it."""
    try:
        return _CLASSES[name].FromString(data)
    except DecodeError as error:
        raise ValueError(f"This is not a {name}") from error


def pack(message: Message) -> bytes:
    """The message with its name around it, as Flight SQL sends all its messages."""
    packed = Any()
    packed.Pack(message)
    return packed.SerializeToString()


def unpack(data: bytes) -> Message | None:
    """The message of Flight SQL in these bytes; None if they are something else, such as SQL.

    Raises ValueError for a message of Flight SQL that is not known here.
    """
    packed = Any()
    try:
        packed.ParseFromString(data)
    except DecodeError:
        return None
    package, _, name = packed.TypeName().rpartition(".")
    if package != _SQL:
        return None
    if name not in _MESSAGES[_SQL]:
        raise ValueError(f"{name} is not supported here")
    return parse(name, packed.value)
