"""Where an asynchronous event ends: the record for a destination, the dead letter of a function (spec D3, D4)."""

import json
from typing import Any

from app.core.async_invoke import Event
from app.core.invocation import Exited, HandlerFailed, InitFailed, Outcome, Succeeded, TimedOut, error_payload
from app.core.message import MessageAttribute
from app.core.names import Arn
from app.core.outcomes import error_of
from app.core.time import Instant, format_instant

_ERROR_MESSAGE_BYTES = 1_024


def record(event: Event, outcome: Outcome | None, condition: str, *, now: Instant) -> bytes:
    """The destination record as JSON. Without an outcome (nothing ever ran) it has no response members, as recorded
    for `ZeroReservedConcurrency`."""
    told: dict[str, Any] = {
        "version": "1.0",
        "timestamp": format_instant(now),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": _qualified(event.function_arn),
            "condition": condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": _json_or_text(event.payload),
    }
    match outcome:
        case Succeeded(payload=payload):
            told["responseContext"] = {"statusCode": 200, "executedVersion": "$LATEST"}
            told["responsePayload"] = _json_or_text(payload)
        case HandlerFailed() | TimedOut() | Exited() | InitFailed():
            told["responseContext"] = {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            }
            told["responsePayload"] = _json_or_text(error_payload(outcome, event.request_id))
        case _:
            pass
    return json.dumps(told, separators=(",", ":")).encode()


def dead_letter_attributes(event: Event, outcome: Outcome | None) -> dict[str, MessageAttribute]:
    """What a function's dead-letter queue gets beside the event itself. `ErrorCode` is 200 for a function error, else
    429 or 500; `ErrorMessage` the first kilobyte of the message."""
    match outcome:
        case HandlerFailed() | TimedOut() | Exited() | InitFailed():
            code = "200"
        case None:
            code = "429"
        case _:
            code = "500"
    message = (error_of(outcome)[1] if outcome is not None else None) or "Rate Exceeded."
    cut = message.encode()[:_ERROR_MESSAGE_BYTES].decode(errors="ignore")
    return {
        "RequestID": MessageAttribute("String", event.request_id),
        "ErrorCode": MessageAttribute("Number", code),
        "ErrorMessage": MessageAttribute("String", cut or "-"),
    }


def _qualified(function_arn: Arn) -> Arn:
    """Asynchronous records name the version, unlike those of streams."""
    return function_arn if function_arn.count(":") > 6 else f"{function_arn}:$LATEST"


def _json_or_text(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
