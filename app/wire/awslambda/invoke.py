"""Invoke: its body is the payload and its answer is made of headers."""

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import assert_never
from urllib.parse import parse_qs, unquote

import orjson

from app.core.commands import Invoke, Invoked
from app.core.errors import InvalidRequestContent, RequestTooLarge, TooManyRequests, ValidationFailed
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
from app.wire.awslambda.errors import JSON_TYPE
from app.wire.calls import Caller
from app.wire.http import HttpAnswer, HttpRequest
from app.wire.refusals import ServiceFailed

MAX_SYNC_PAYLOAD_BYTES = 6_291_456
MAX_ASYNC_PAYLOAD_BYTES = 1_048_576
MAX_CLIENT_CONTEXT_BYTES = 3_583
LOG_TAIL_BYTES = 4_096

_INVOKE_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")


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
