"""AWS's protocols by way of moto's routing, parsers and serializers over botocore's models.

The general path, complete and slow to load: moto and botocore are imported when a request first needs them. The JSON
requests of SQS that are plain never do (`app.wire.sqs.plain`).
"""

import re
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import orjson

from app.wire.calls import Params, Result
from app.wire.http import HttpAnswer, HttpRequest
from app.wire.query import parser_of
from app.wire.refusals import SerializationFailed, UnknownOperation

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")
_INTEGERS = ("integer", "long")
_FLOATS = ("float", "double")


@dataclass(frozen=True, slots=True)
class Parsed:
    """An operation asked for, and the protocol (`json`, `query`, `rest-json`) to answer in."""

    service: str
    protocol: str
    operation: str
    params: Params


def load(service: str) -> None:
    """Import what this path needs and read the service's model, so that `parse` waits for neither.

    Takes a second the first time. May be called on any thread.
    """
    _moto().get_service_model(service)


def parse(service: str, request: HttpRequest, *, check: Callable[[Any, Params], None] | None = None) -> Parsed:
    """The operation and parameters of a request to a service that botocore knows.

    Raises UnknownOperation when none matches, SerializationFailed when the body does not have the operation's shape,
    and what `check` raises of the operation's shape and the parameters.
    """
    moto = _moto()
    # A Host that is none names no operation: werkzeug would not read it.
    host = request.host if _HOST.fullmatch(request.host) else "localhost"
    url = f"{request.scheme}://{host}{request.path}" + (f"?{request.query}" if request.query else "")
    incoming = moto.Request.from_primitives(request.method, url, dict(request.headers), request.body)
    # Werkzeug decodes the path; the router wants it as it arrived.
    incoming.environ["RAW_URI"] = request.path
    model = moto.get_service_model(service)
    try:
        protocol = moto.determine_request_protocol(model, incoming.content_type)
        operation, uri_params = moto.get_service_router(service).match(incoming)
    except (moto.NotFound, NotImplementedError):
        raise UnknownOperation(_unknown(request, incoming.values.get("Action"))) from None
    if protocol not in ("query", "rest-xml") and not _has_blob_payload(operation):
        check_json(operation.input_shape, request.body)
    parser = moto.PROTOCOL_PARSERS[protocol](operation, timestamp_parser=_as_given)
    try:
        params = parser.parse(
            {
                "method": request.method,
                "values": incoming.values,
                "headers": incoming.headers,
                "body": request.body,
                "url_path": incoming.path,
                "url_params": uri_params,
            }
        )
    except (ValueError, Base64Error) as error:
        raise SerializationFailed(_told(error)) from None
    params = _without_nulls(params)
    if check is not None:
        check(operation.input_shape, params)
    return Parsed(service, protocol, operation.name, params)


def _told(error: Exception) -> str:
    """What could not be read, in the words that AWS's JSON services have for it."""
    if isinstance(error, Base64Error):
        return f"STRING_VALUE can not be converted to {_WANTED['blob']}"
    text = str(error)
    if text.startswith("invalid literal for int()"):
        return f"STRING_VALUE can not be converted to {_WANTED['integer']}"
    if text.startswith("could not convert string to float"):
        return f"STRING_VALUE can not be converted to {_WANTED['double']}"
    return text


def input_of(parsed: Parsed) -> Any:
    """The botocore shape of the operation's parameters."""
    return _moto().get_service_model(parsed.service).operation_model(parsed.operation).input_shape


_NO_CONTENT = 204


def render(parsed: Parsed, result: Result, request_id: str) -> HttpAnswer:
    """The result in the protocol that the request was made in."""
    moto = _moto()
    operation = moto.get_service_model(parsed.service).operation_model(parsed.operation)
    if parsed.protocol == "query" and operation.output_shape is not None:
        _name_elements(operation)
    serializer = moto.serializer(parsed.service, parsed.protocol)
    response = serializer(operation, context=moto.SerializationContext(request_id)).serialize(result)
    status = _status_in(operation.output_shape, result) or response["status_code"]
    # moto writes `{}` where a result is empty; 204 says that there is nothing, and HTTP takes its word.
    body = "" if status == _NO_CONTENT else response["body"]
    headers = dict(response["headers"])
    content_type = _content_type_in(operation.output_shape, result) or headers.pop("Content-Type", "")
    headers.pop("Content-Type", None)
    return HttpAnswer(
        status,
        body.encode() if isinstance(body, str) else body,
        content_type,
        tuple((name.lower(), value) for name, value in headers.items()),
    )


def _status_in(shape: Any, result: Result) -> int | None:
    """The status that a member of the result stands for, where the model has such a member."""
    members = shape.members.items() if shape is not None else ()
    return next(
        (result.get(name) for name, member in members if member.serialization.get("location") == "statusCode"), None
    )


def _content_type_in(shape: Any, result: Result) -> str | None:
    """The media type of a body that is no JSON, where the model has a member for it."""
    members = shape.members.items() if shape is not None else ()
    return next(
        (result.get(name) for name, member in members if member.serialization.get("name") == "Content-Type"), None
    )


def _without_nulls(value: Any) -> Any:
    """A null is as good as nothing, in AWS's JSON, and at any depth."""
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_nulls(member) for member in value if member is not None]
    return value


# The names that moto's model of the query protocol lacks, those of SQS's move tasks; botocore had them up to 1.31.
_ENTRY_NAMES = {"ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry"}


def _name_elements(operation: Any) -> None:
    """Complete the names of the elements in a result, in the model itself; again is no harm."""
    result = operation.output_shape
    result.serialization.setdefault("resultWrapper", f"{operation.name}Result")
    for shape in result.members.values():
        if shape.name in _ENTRY_NAMES:
            shape.member.serialization.setdefault("locationNameForQueryCompatibility", _ENTRY_NAMES[shape.name])


def check_json(shape: Any, body: bytes) -> None:
    """Raises SerializationFailed unless `body` is JSON of a botocore shape; unknown members are let pass."""
    if not body:
        return
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SerializationFailed(f"Could not parse request body into json: {error}") from None
    if not isinstance(given, dict):
        raise SerializationFailed("Unexpected value at the top level of the request: an object is expected.")
    if shape is not None:
        _check(shape, given)


def _check(shape: Any, value: Any) -> None:
    """The texts are those of AWS's JSON services for a value of another kind than the model's."""
    kind: str = shape.type_name
    if value is None:
        return
    if kind in ("structure", "map"):
        if not isinstance(value, dict):
            raise SerializationFailed(_not_expected(value, "structure or map"))
        for name, member in value.items():
            if kind == "map":
                _check_element(shape.value, member)
            elif name in shape.members:
                _check(shape.members[name], member)
    elif kind == "list":
        if not isinstance(value, list):
            raise SerializationFailed(_not_expected(value, "list"))
        for member in value:
            _check_element(shape.member, member)
    elif isinstance(value, list):
        raise SerializationFailed("Start of list found where not expected")
    elif isinstance(value, dict):
        raise SerializationFailed("Start of structure or map found where not expected.")
    elif not _is_scalar(kind, value):
        raise SerializationFailed(f"{_json_kind(value)} can not be converted to {_WANTED.get(kind, 'a String')}")


def _check_element(shape: Any, value: Any) -> None:
    """A null in a list or a map is nothing that bytes or a time could be made of."""
    if value is None and shape.type_name in ("blob", "timestamp"):
        raise SerializationFailed(f"null can not be converted to {_WANTED[shape.type_name]}")
    _check(shape, value)


_WANTED = {
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "boolean": "a Boolean",
    "blob": "a Blob",
    "timestamp": "a Timestamp",
}


def _is_scalar(kind: str, value: object) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind in _INTEGERS:
        return isinstance(value, int)
    if kind in _FLOATS:
        return isinstance(value, int | float)
    if kind == "timestamp":
        return isinstance(value, int | float | str)
    return isinstance(value, str)


def _json_kind(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    if isinstance(value, int):
        return "NUMBER_VALUE"
    return "DECIMAL_VALUE" if isinstance(value, float) else "STRING_VALUE"


def _not_expected(value: object, wanted: str) -> str:
    if isinstance(value, list):
        return "Start of list found where not expected"
    if isinstance(value, dict):
        return "Start of structure or map found where not expected."
    return f"Unexpected field type: {_json_kind(value)} where a {wanted} is expected"


def _has_blob_payload(operation: Any) -> bool:
    shape = operation.input_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    return payload is not None and shape.members[payload].type_name in ("blob", "string")


def _as_given(timestamp: Any) -> Any:
    return timestamp


def _unknown(request: HttpRequest, action: str | None) -> str:
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    asked = action or target or f"{request.method} {request.path}"
    return f"The action {asked} is not valid for this endpoint."


@cache
def _moto() -> SimpleNamespace:
    """What is used of moto.core; imported here, for it takes a second and 20 MB."""
    from moto.core.parse import PROTOCOL_PARSERS, UNDEFINED
    from moto.core.request import Request, determine_request_protocol
    from moto.core.routing import get_service_router
    from moto.core.serialize import SerializationContext, get_serializer_class
    from moto.core.utils import get_service_model
    from werkzeug.exceptions import NotFound

    return SimpleNamespace(
        PROTOCOL_PARSERS={**PROTOCOL_PARSERS, "query": parser_of(PROTOCOL_PARSERS["query"], UNDEFINED)},
        Request=Request,
        determine_request_protocol=determine_request_protocol,
        NotFound=NotFound,
        get_service_router=get_service_router,
        SerializationContext=SerializationContext,
        get_service_model=cache(get_service_model),
        serializer=cache(lambda service, protocol: _compact(get_serializer_class(service, protocol), protocol)),
    )


def _compact(serializer: Any, protocol: str) -> Any:
    """The serializer, writing JSON as AWS does: UTF-8 and without blanks."""
    if protocol not in ("json", "rest-json"):
        return serializer

    def _serialize_body(_self: Any, body: Mapping[str, Any]) -> str:
        return orjson.dumps(body).decode()

    members: dict[str, Callable[..., Any]] = {"_serialize_body": _serialize_body}
    return type(f"Compact{serializer.__name__}", (serializer,), members)
