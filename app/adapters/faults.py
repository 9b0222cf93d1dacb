"""The JSON in which a runtime tells an error, and how to know it from a result."""

import json
from dataclasses import dataclass

from app.adapters.limits import RESPONSE_MAX_BYTES
from app.core.awslambda.invocation import HandlerFailed, Ran

_TRACE_MEMBERS = ("stackTrace", "trace", "requestId")
_MEMBERS = {"errorType", "errorMessage", *_TRACE_MEMBERS, "cause"}


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as a runtime tells it: `{"errorType", "errorMessage", …}`."""

    error_type: str
    message: str


def parse_fault(payload: bytes) -> Fault | None:
    """The error in a payload known to be one; None when it is not in a runtime's form."""
    try:
        body = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    error_type, message = body.get("errorType"), body.get("errorMessage")
    if not isinstance(error_type, str) and not isinstance(message, str):
        return None
    return Fault(str(error_type or ""), str(message or ""))


def recognise_fault(payload: bytes) -> Fault | None:
    """The error in an answer that may as well be a result, told by its shape alone (classic RIE says no more).

    Both members must be there, and either a trace or request id beside them (Python, Node, Java, Ruby, .NET)
    or nothing else at all (Rust, Go and the emulator itself).
    """
    if b'"errorType"' not in payload or b'"errorMessage"' not in payload:
        return None
    try:
        body = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    error_type, message = body.get("errorType"), body.get("errorMessage")
    if not isinstance(error_type, str) or not isinstance(message, str):
        return None
    if not any(member in body for member in _TRACE_MEMBERS) and not body.keys() <= _MEMBERS:
        return None
    return Fault(error_type, message)


def fault_payload(error_type: str, message: str) -> bytes:
    """The error as JSON, in the order in which Lambda writes its own."""
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()


def failed(error_type: str, message: str, ran: Ran) -> HandlerFailed:
    """A failure in our own words, with its payload."""
    return HandlerFailed(error_type, message, fault_payload(error_type, message), ran)


def response_too_large(ran: Ran) -> HandlerFailed:
    """The answer is over 6 MB (spec: function-error payloads)."""
    message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_MAX_BYTES} bytes)."
    return failed("Function.ResponseSizeTooLarge", message, ran)
