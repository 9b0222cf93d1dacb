"""Invoke: its body is the payload and its answer is made of headers."""

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from functools import lru_cache
from typing import assert_never
from urllib.parse import parse_qs, unquote

import orjson

from app.core.awslambda.invocation import (
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
from app.core.commands import Invoke, Invoked
from app.core.errors import (
    InvalidParameterValue,
    InvalidRequestContent,
    InvocationRefused,
    RequestTooLarge,
    TooManyRequests,
    ValidationFailed,
)
from app.wire.awslambda.errors import JSON_TYPE
from app.wire.calls import Caller
from app.wire.http import HttpAnswer, HttpRequest
from app.wire.refusals import ServiceFailed

MAX_SYNC_PAYLOAD_BYTES = 6_291_456
MAX_ASYNC_PAYLOAD_BYTES = 1_048_576
MAX_CLIENT_CONTEXT_BYTES = 3_583
LOG_TAIL_BYTES = 4_096

MAX_OLD_ASYNC_PAYLOAD_BYTES = 262_144

_INVOKE_ASYNC_PATH = re.compile(r"/2014-11-13/functions/([^/]+)/invoke-async/?")
_NAME_MOST = 170
_NAME_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"
    r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
_NAME = re.compile(_NAME_PATTERN.replace(r"(:(\$LATEST", r"(:(?P<qualifier>\$LATEST"))
_QUALIFIER = re.compile(r"\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9$_-]{0,128}")
_INVOKE_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")


def parse_invoke(request: HttpRequest, caller: Caller) -> Invoke | None:
    """The invocation asked for, with whatever its headers say; None when the request is not an Invoke.

    Raises ValidationFailed, InvalidRequestContent and RequestTooLarge.
    """
    return parse_invoke_at(_INVOKE_PATH, request, caller)


def parse_invoke_async(request: HttpRequest, caller: Caller) -> Invoke | None:
    """The same of InvokeAsync, which is as old as Lambda, and always asynchronous."""
    match = _INVOKE_ASYNC_PATH.fullmatch(request.path) if request.method == "POST" else None
    if match is None:
        return None
    payload = request.body or b"{}"
    if len(payload) > MAX_OLD_ASYNC_PAYLOAD_BYTES:
        raise RequestTooLarge(
            f"Request must be smaller than {MAX_OLD_ASYNC_PAYLOAD_BYTES} bytes for the InvokeAsync operation"
        )
    _check_payload(payload)
    return Invoke(caller.scope, _function_name(match[1]), payload, InvocationType.EVENT, origin=caller.origin)


def parse_invoke_at(path: re.Pattern[str], request: HttpRequest, caller: Caller) -> Invoke | None:
    """An invocation at a path whose first group is the function."""
    match = path.fullmatch(request.path) if request.method == "POST" else None
    if match is None:
        return None
    kind = _invocation_type(request.headers.get("x-amz-invocation-type"))
    _check_log_type(request.headers.get("x-amz-log-type"))
    payload = request.body or b"{}"
    limit = MAX_ASYNC_PAYLOAD_BYTES if kind is InvocationType.EVENT else MAX_SYNC_PAYLOAD_BYTES
    if len(payload) > limit:
        raise RequestTooLarge(f"Request must be smaller than {limit} bytes for the InvokeFunction operation")
    _check_payload(payload)
    function = _function_name(match[1])
    return Invoke(
        caller.scope,
        function,
        payload,
        kind,
        _qualifier(function, parse_qs(request.query).get("Qualifier")) if request.query else None,
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
    payload, ran, is_error = answer_of(invoked.outcome, invoked.request_id)
    if is_error:
        identity.append(("x-amz-function-error", "Unhandled"))
    if with_log:
        tail = ran.log_tail.encode()[-LOG_TAIL_BYTES:]
        identity.append(("x-amz-log-result", b64encode(tail).decode()))
    return HttpAnswer(200, payload, JSON_TYPE, tuple(identity))


def answer_of(outcome: Outcome, request_id: str) -> tuple[bytes, Ran, bool]:
    """The payload of the answer, what is known of the run, and whether it is a function error.

    Raises what the endpoint refused.
    """
    match outcome:
        case Succeeded(payload=payload, ran=ran):
            return payload, ran, False
        case HandlerFailed() | TimedOut() | Exited() | InitFailed():
            return error_payload(outcome, request_id), outcome.ran, True
        case Throttled(reason=reason, message=message):
            raise TooManyRequests(reason, message)
        case Unreachable(message=message, code=code) if code:
            raise InvocationRefused(code, message)
        case Unreachable(message=message):
            raise ServiceFailed(message)
        case _:
            assert_never(outcome)


def _invocation_type(text: str | None) -> InvocationType:
    try:
        return InvocationType(text) if text else InvocationType.REQUEST_RESPONSE
    except ValueError:
        raise ValidationFailed(
            f"1 validation error detected: Value '{text}' at 'invocationType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
        ) from None


def _check_log_type(text: str | None) -> None:
    if text not in (None, "None", "Tail"):
        raise ValidationFailed(
            f"1 validation error detected: Value '{text}' at 'logType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [None, Tail]"
        )


@lru_cache(maxsize=1024)
def _function_name(text: str) -> str:
    """Raises ValidationFailed for what is none, by the service's model."""
    name = unquote(text)
    broken = [
        rule
        for rule, is_kept in (
            (f"Member must have length less than or equal to {_NAME_MOST}", len(name) <= _NAME_MOST),
            (f"Member must satisfy regular expression pattern: {_NAME_PATTERN}", _NAME.fullmatch(name) is not None),
        )
        if not is_kept
    ]
    if broken:
        told = [f"Value '{name}' at 'functionName' failed to satisfy constraint: {rule}" for rule in broken]
        count = "1 validation error" if len(told) == 1 else f"{len(told)} validation errors"
        raise ValidationFailed(f"{count} detected: {'; '.join(told)}")
    return name


def _qualifier(function: str, given: list[str] | None) -> str | None:
    """Raises ValidationFailed for what is none, InvalidParameterValue where the name has another."""
    if not given:
        return None
    asked = given[0]
    if not _QUALIFIER.fullmatch(asked):
        raise ValidationFailed(
            f"1 validation error detected: Value '{asked}' at 'qualifier' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {_QUALIFIER.pattern}"
        )
    derived = (_NAME.fullmatch(function) or {"qualifier": None})["qualifier"]
    if derived and asked and derived != asked:
        raise InvalidParameterValue(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return asked or None


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
