"""AWS Lambda's REST API: event source mappings, Invoke, and the functions as far as tools look at them."""

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never
from urllib.parse import parse_qs, unquote

import orjson

from app.core import errors as core
from app.core.commands import (
    CreateEventSourceMapping,
    DeleteEventSourceMapping,
    Invoke,
    Invoked,
    PutFunction,
    UpdateEventSourceMapping,
)
from app.core.errors import (
    InvalidRequestContent,
    Refused,
    RequestTooLarge,
    ResourceNotFound,
    TooManyRequests,
    ValidationFailed,
)
from app.core.function import FunctionSpec
from app.core.invocation import (
    Exited,
    HandlerFailed,
    InitFailed,
    InvocationType,
    Outcome,
    Ran,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
    error_payload,
)
from app.core.names import Scope, parse_arn
from app.core.time import Instant
from app.wire import protocol, refusals
from app.wire.calls import Call, Caller, Operation, Params, ReadableWorld, Result
from app.wire.http import HttpAnswer, HttpRequest
from app.wire.protocol import Parsed

JSON_TYPE = "application/json"
MAX_SYNC_PAYLOAD_BYTES = 6_291_456
MAX_ASYNC_PAYLOAD_BYTES = 1_048_576
MAX_CLIENT_CONTEXT_BYTES = 3_583
LOG_TAIL_BYTES = 4_096
MAX_PAGE = 100

_INVOKE_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
_LAMBDA_PATH = re.compile(
    r"/20\d\d-\d\d-\d\d/(?:functions|event-source-mappings|tags|layers|layers-by-arn|account-settings"
    r"|code-signing-configs|capacity-providers|durable-executions)(?:/|$)"
)
_FUNCTION_NAME = re.compile(
    r"(?:arn:(?P<partition>aws[a-z-]*):lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):)?"
    r"(?:function:)?(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)


def is_lambda_path(path: str) -> bool:
    """Whether a path is one of Lambda's: an API date and one of its collections."""
    return _LAMBDA_PATH.match(path) is not None


# Invoke, whose body is the payload and whose answer is made of headers ------------------------------


def parse_invoke(request: HttpRequest, caller: Caller) -> Invoke | None:
    """The invocation asked for, with whatever its headers say; None when the request is not an Invoke.

    Raises ValidationFailed, InvalidRequestContent and RequestTooLarge (spec pull C1 to C3).
    """
    match = _INVOKE_PATH.fullmatch(request.path) if request.method == "POST" else None
    if match is None:
        return None
    kind = _invocation_type(request.headers.get("x-amz-invocation-type"))
    payload = request.body or b"{}"
    limit = MAX_ASYNC_PAYLOAD_BYTES if kind is InvocationType.EVENT else MAX_SYNC_PAYLOAD_BYTES
    if len(payload) > limit:
        raise RequestTooLarge(f"Request must be smaller than {limit} bytes for the InvokeFunction operation")
    _check_payload(payload)
    qualifier = parse_qs(request.query).get("Qualifier")
    return Invoke(
        caller.scope,
        unquote(match[1]),
        payload,
        kind,
        qualifier[0] if qualifier else None,
        _client_context(request.headers.get("x-amz-client-context")),
        caller.origin,
    )


def render_invoked(invoked: Invoked, command: Invoke, *, with_log: bool) -> HttpAnswer:
    """The answer to an Invoke; `with_log` is the request's log type Tail. Raises what the endpoint refused."""
    identity = [("x-amz-executed-version", invoked.version), ("x-amzn-remapped-content-length", "0")]
    if invoked.trace_header:
        identity.append(("x-amzn-trace-id", invoked.trace_header))
    if invoked.outcome is None:
        status = 204 if command.type is InvocationType.DRY_RUN else 202
        return HttpAnswer(status, b"", "", tuple(identity))
    payload, ran = _answer_of(invoked.outcome, invoked.request_id)
    if not isinstance(invoked.outcome, Succeeded):
        identity.append(("x-amz-function-error", "Unhandled"))
    if with_log:
        tail = ran.log_tail.encode()[-LOG_TAIL_BYTES:]
        identity.append(("x-amz-log-result", b64encode(tail).decode()))
    return HttpAnswer(200, payload, JSON_TYPE, tuple(identity))


def _answer_of(outcome: Outcome, request_id: str) -> tuple[bytes, Ran]:
    match outcome:
        case Succeeded(payload=payload, ran=ran):
            return payload, ran
        case HandlerFailed() | TimedOut() | Exited() | InitFailed():
            return error_payload(outcome, request_id), outcome.ran
        case Throttled(reason=reason, message=message):
            raise TooManyRequests(reason, message)
        case Unreachable(message=message):
            raise ServiceFailed(message)
        case _:
            assert_never(outcome)


class ServiceFailed(Refused):
    """Nobody's fault but the endpoint's: it did not answer."""


def _invocation_type(text: str | None) -> InvocationType:
    try:
        return InvocationType(text) if text else InvocationType.REQUEST_RESPONSE
    except ValueError:
        raise ValidationFailed(
            f"1 validation error detected: Value '{text}' at 'invocationType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
        ) from None


def _check_payload(payload: bytes) -> None:
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        # Jackson's own words for every mistake are not ours to guess; the frame around them is as recorded.
        raise InvalidRequestContent(
            f"Could not parse request body into json: Could not parse payload into json: {error.msg}\n at [Source: "
            "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); "
            f"line: {error.lineno}, column: {error.colno}]"
        ) from None


def _client_context(header: str | None) -> str | None:
    if header is None:
        return None
    try:
        context = b64decode(header, validate=True)
        json.loads(context)
    except (Base64Error, ValueError):
        raise InvalidRequestContent("Client context must be a valid Base64-encoded JSON object.") from None
    if len(header) > MAX_CLIENT_CONTEXT_BYTES:
        raise InvalidRequestContent(f"Client context must be no more than {MAX_CLIENT_CONTEXT_BYTES} bytes.")
    return context.decode()


# Everything else goes through the general path ------------------------------------------------------


def parse(request: HttpRequest) -> Parsed:
    """What a request asks of Lambda. Raises UnknownOperation, SerializationFailed."""
    return protocol.parse("lambda", request)


def operation_named(name: str) -> Operation:
    """The operation. Raises NotEmulated for those of Lambda that are not there."""
    try:
        return OPERATIONS[name]
    except KeyError:
        raise refusals.NotEmulated(f"Triggerfish does not emulate the Lambda operation {name} yet.") from None


def create_event_source_mapping(params: Params, caller: Caller, world: ReadableWorld, now: Instant) -> Call:
    if "FunctionName" not in params:
        raise ValidationFailed(
            "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: "
            "Member must not be null"
        )
    return Call(CreateEventSourceMapping(caller.scope, params), dict)


def get_event_source_mapping(params: Params, caller: Caller, world: ReadableWorld, now: Instant) -> Result:
    return world.mapping(caller.scope, params["UUID"]).view(caller.scope)


def update_event_source_mapping(params: Params, caller: Caller, world: ReadableWorld, now: Instant) -> Call:
    changes = {name: value for name, value in params.items() if name != "UUID"}
    return Call(UpdateEventSourceMapping(caller.scope, params["UUID"], changes), dict)


def delete_event_source_mapping(params: Params, caller: Caller, world: ReadableWorld, now: Instant) -> Call:
    return Call(DeleteEventSourceMapping(caller.scope, params["UUID"]), dict)


def list_event_source_mappings(params: Params, caller: Caller, world: ReadableWorld, now: Instant) -> Result:
    source = params.get("EventSourceArn")
    function = params.get("FunctionName")
    wanted = _function_arn(function, caller.scope) if function else None
    views = [mapping.view(caller.scope) for mapping in world.mappings(caller.scope)]
    chosen = [
        view
        for view in views
        if (source is None or view.get("EventSourceArn") == source)
        and (wanted is None or _is_of_function(view["FunctionArn"], wanted))
    ]
    page, marker = _page(sorted(chosen, key=lambda view: str(view["UUID"])), "UUID", params)
    return ({"NextMarker": marker} if marker else {}) | {"EventSourceMappings": page}


def list_functions(params: Params, caller: Caller, world: ReadableWorld, now: Instant) -> Result:
    configurations = [_configuration(function.spec) for function in world.functions(caller.scope)]
    page, marker = _page(sorted(configurations, key=lambda each: str(each["FunctionName"])), "FunctionName", params)
    return ({"NextMarker": marker} if marker else {}) | {"Functions": page}


def get_function(params: Params, caller: Caller, world: ReadableWorld, now: Instant) -> Result:
    spec = _spec(params, caller, world)
    result: Result = {"Configuration": _configuration(spec), "Code": {}, "Tags": {}}
    if spec.reserved_concurrency is not None:
        result["Concurrency"] = {"ReservedConcurrentExecutions": spec.reserved_concurrency}
    return result


def get_function_configuration(params: Params, caller: Caller, world: ReadableWorld, now: Instant) -> Result:
    return _configuration(_spec(params, caller, world))


def get_function_recursion_config(params: Params, caller: Caller, world: ReadableWorld, now: Instant) -> Result:
    return {"RecursiveLoop": _spec(params, caller, world).recursive_loop}


def put_function_recursion_config(params: Params, caller: Caller, world: ReadableWorld, now: Instant) -> Call:
    loop = params.get("RecursiveLoop")
    if loop not in ("Allow", "Terminate"):
        raise ValidationFailed(
            f"1 validation error detected: Value '{loop}' at 'recursiveLoop' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Terminate, Allow]"
        )
    changed = replace(_spec(params, caller, world), recursive_loop=loop)
    return Call(PutFunction(changed), lambda answer: {"RecursiveLoop": loop})


OPERATIONS: Mapping[str, Operation] = {
    "CreateEventSourceMapping": create_event_source_mapping,
    "DeleteEventSourceMapping": delete_event_source_mapping,
    "GetEventSourceMapping": get_event_source_mapping,
    "GetFunction": get_function,
    "GetFunctionConfiguration": get_function_configuration,
    "GetFunctionRecursionConfig": get_function_recursion_config,
    "ListEventSourceMappings": list_event_source_mappings,
    "ListFunctions": list_functions,
    "PutFunctionRecursionConfig": put_function_recursion_config,
    "UpdateEventSourceMapping": update_event_source_mapping,
}


def _function_arn(given: str, scope: Scope) -> str:
    """The ARN of a function named in any of Lambda's ways, with its qualifier if it was given."""
    match = _FUNCTION_NAME.fullmatch(given)
    if match is None:
        raise ResourceNotFound(f"Function not found: {given}")
    own = Scope(match["account"] or scope.account, match["region"] or scope.region)
    arn = own.function_arn(match["name"])
    return f"{arn}:{match['qualifier']}" if match["qualifier"] else arn


def _is_of_function(arn: str, wanted: str) -> bool:
    """Whether a mapping's function is the wanted one; a wanted qualifier has to be the mapping's own."""
    return arn == wanted or (":" not in _unqualified_rest(wanted) and arn.startswith(wanted + ":"))


def _unqualified_rest(arn: str) -> str:
    return parse_arn(arn).resource.removeprefix("function:")


def _spec(params: Params, caller: Caller, world: ReadableWorld) -> FunctionSpec:
    arn = _function_arn(params["FunctionName"], caller.scope)
    name = parse_arn(arn).name
    own = parse_arn(arn).scope.function_arn(name)
    try:
        return world.function(own).spec
    except ResourceNotFound:
        raise ResourceNotFound(f"Function not found: {arn}") from None


def _configuration(spec: FunctionSpec) -> Result:
    """What is known of a function; what only a deployment has (role, runtime, code) is left out."""
    return {
        "FunctionName": spec.name,
        "FunctionArn": spec.arn,
        "Description": spec.description,
        "Timeout": spec.timeout_s,
        "MemorySize": spec.memory_mb,
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }


def _page(items: list[dict[str, Any]], key: str, params: Params) -> tuple[list[dict[str, Any]], str | None]:
    """At most 100 items after the marker, which is the key of the last one seen, and the next marker."""
    marker = params.get("Marker") or ""
    size = min(params.get("MaxItems") or MAX_PAGE, MAX_PAGE)
    rest = [item for item in items if item[key] > marker]
    return rest[:size], rest[size - 1][key] if len(rest) > size else None


# Errors ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LambdaError:
    """An error's name, status and how its body spells the message member (spec pull B1, C3)."""

    type: str
    status: int
    member: str = "message"
    fault: str | None = "User"


ERRORS: Mapping[type[Refused], LambdaError] = {
    core.InvalidParameterValue: LambdaError("InvalidParameterValueException", 400),
    core.MissingParameter: LambdaError("InvalidParameterValueException", 400),
    core.ResourceNotFound: LambdaError("ResourceNotFoundException", 404, "Message"),
    core.ResourceConflict: LambdaError("ResourceConflictException", 409),
    core.ResourceInUse: LambdaError("ResourceInUseException", 400, "Message"),
    core.ValidationFailed: LambdaError("ValidationException", 400, fault=None),
    core.InvalidRequestContent: LambdaError("InvalidRequestContentException", 400),
    core.RequestTooLarge: LambdaError("RequestEntityTooLargeException", 413),
    core.TooManyRequests: LambdaError("TooManyRequestsException", 429),
    core.RecursiveInvocation: LambdaError("RecursiveInvocationException", 400, "Message"),
    core.AccessDenied: LambdaError("AccessDeniedException", 403, "Message", fault=None),
    ServiceFailed: LambdaError("ServiceException", 500, "Message", fault="Service"),
    refusals.SerializationFailed: LambdaError("SerializationException", 400, "Message"),
    refusals.UnknownOperation: LambdaError("UnknownOperationException", 404, fault=None),
    refusals.NotEmulated: LambdaError("NotImplementedException", 501, "Message", fault="Service"),
    refusals.BodyTooLarge: LambdaError("RequestEntityTooLargeException", 413),
    refusals.MissingAuthenticationToken: LambdaError("MissingAuthenticationTokenException", 403, fault=None),
    refusals.InvalidClientToken: LambdaError("UnrecognizedClientException", 403, fault=None),
    refusals.SignatureDoesNotMatch: LambdaError("InvalidSignatureException", 403, fault=None),
    refusals.RequestExpired: LambdaError("InvalidSignatureException", 403, fault=None),
    refusals.ContentHashMismatch: LambdaError("InvalidSignatureException", 403, fault=None),
}


def refuse(refused: Refused) -> HttpAnswer:
    """The error as Lambda writes it: a JSON body and `x-amzn-errortype`."""
    error = next(ERRORS[kind] for kind in (*type(refused).__mro__, core.InvalidParameterValue) if kind in ERRORS)
    body: dict[str, str] = {}
    headers = [("x-amzn-errortype", error.type)]
    if isinstance(refused, TooManyRequests):
        body["Reason"] = refused.reason
        headers.append(("retry-after", "1"))
    if error.fault is not None:
        body["Type"] = error.fault
    body[error.member] = refused.message
    return HttpAnswer(error.status, orjson.dumps(body), JSON_TYPE, tuple(headers))
