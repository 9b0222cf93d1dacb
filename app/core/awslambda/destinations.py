"""Where an asynchronous event ends: the record for a destination, the dead letter of a function."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.core.awslambda.async_invoke import Event
from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InitFailed,
    Outcome,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
    error_payload,
)
from app.core.awslambda.outcomes import error_of
from app.core.chain import Cause
from app.core.delivery.targets import Parcel
from app.core.ids import Ids
from app.core.names import Arn, name_of, parse_arn
from app.core.sqs.message import MessageAttribute
from app.core.time import Instant, format_instant

_ERROR_MESSAGE_BYTES = 1_024


class Role(StrEnum):
    """What a target is to a function; the words are AWS's."""

    ON_SUCCESS = "OnSuccess"
    ON_FAILURE = "OnFailure"
    DEAD_LETTER = "DeadLetterConfig"


@dataclass(frozen=True, slots=True)
class Ending:
    """How an event ended: `condition` is AWS's word; `outcome` is the last attempt's, None if nothing was tried."""

    condition: str
    outcome: Outcome | None


def parcel_for(target: Arn, role: Role, event: Event, ending: Ending, *, ids: Ids, now: Instant) -> Parcel:
    """What the target gets of the event: Lambda hands it over with the function's role, so as no service principal."""
    hop = event.last_hop
    cause = event.cause if hop is None else Cause(hop.chain, hop)
    source = hop.stations[-1] if hop else "destination"
    if role is Role.DEAD_LETTER:
        attributes = dead_letter_attributes(event, ending.outcome)
        return Parcel(target, event.payload, cause, source, source_arn=event.function, attributes=attributes)
    told = record(event, ending, now=now)
    match parse_arn(target).service:
        case "events":
            return Parcel(target, _as_json(_on_bus(target, role, event, told)), cause, source,
                          source_arn=event.function)  # fmt: skip
        case "s3":
            key = _object_key(event.function, ids, now=now)
            return Parcel(target, _as_json(told), cause, source, source_arn=event.function, key=key)
        case _:
            return Parcel(target, _as_json(told), cause, source, source_arn=event.function)


def record(event: Event, ending: Ending, *, now: Instant) -> dict[str, Any]:
    """The destination record. Where nothing ran it has no response members, as recorded for
    `ZeroReservedConcurrency`."""
    told: dict[str, Any] = {
        "version": "1.0",
        "timestamp": format_instant(now),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": _qualified(event.function_arn),
            "condition": ending.condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": _json_or_text(event.payload),
    }
    match ending.outcome:
        case Succeeded(payload=payload):
            told["responseContext"] = {"statusCode": 200, "executedVersion": event.version}
            told["responsePayload"] = _json_or_text(payload)
        case HandlerFailed() | TimedOut() | Exited() | InitFailed() as failure:
            told["responseContext"] = {
                "statusCode": 200,
                "executedVersion": event.version,
                "functionError": "Unhandled",
            }
            told["responsePayload"] = _json_or_text(error_payload(failure, event.request_id))
        case None | Throttled() | Unreachable():
            pass
    return told


def dead_letter_attributes(event: Event, outcome: Outcome | None) -> dict[str, MessageAttribute]:
    """What a function's dead-letter queue gets beside the event itself. `ErrorCode` is 200 for a function error, else
    429 or 500; `ErrorMessage` the first kilobyte of the message."""
    match outcome:
        case HandlerFailed() | TimedOut() | Exited() | InitFailed():
            code = "200"
        case None | Throttled():
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


def _on_bus(bus: Arn, role: Role, event: Event, told: dict[str, Any]) -> dict[str, Any]:
    """The event that a bus gets, as recorded (S:dest/test_invoke_lambda_eventbridge)."""
    result = "Success" if role is Role.ON_SUCCESS else "Failure"
    return {
        "source": "lambda",
        "detail-type": f"Lambda Function Invocation Result - {result}",
        "resources": [bus, _qualified(event.function_arn)],
        "detail": told,
    }


def _object_key(function: Arn, ids: Ids, *, now: Instant) -> str:
    """Where a record is put into a bucket (developer guide, invocation-async-retain-records)."""
    stamp = format_instant(now)
    day, time = stamp[:10], stamp[11:19].replace(":", ".")
    return f"aws/lambda/async/{name_of(function)}/{day.replace('-', '/')}/{day}T{time}-{ids.uuid()}"


def _as_json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode()


def _qualified(function_arn: Arn) -> Arn:
    """Asynchronous records name the version, unlike those of streams."""
    return function_arn if function_arn.count(":") > 6 else f"{function_arn}:$LATEST"


def _json_or_text(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
