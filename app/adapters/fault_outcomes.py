"""Which outcome an error payload stands for, wherever a Lambda or its emulator answered with it."""

import re

from app.adapters.faults import Fault
from app.core.awslambda.invocation import Exited, HandlerFailed, InitFailed, Outcome, Ran, TimedOut

TIMED_OUT = re.compile(rb"\s*Task timed out after (\d+(?:\.\d+)?) seconds\s*")
_INIT_ERROR_TYPES = frozenset(
    {
        "Runtime.BuiltInModuleConflict",
        "Runtime.HandlerNotFound",
        "Runtime.ImportModuleError",
        "Runtime.InvalidEntrypoint",
        "Runtime.MalformedHandlerName",
        "Runtime.UserCodeSyntaxError",
    }
)
_EXIT_STATUS = re.compile(r"Runtime exited with error: (.+)")
_TIMEOUT_TYPES = frozenset({"Sandbox.Timedout", "Sandbox.Timeout", "Function.Timeout"})
_SECONDS = re.compile(r"Task timed out after (\d+(?:\.\d+)?) seconds")


def outcome_of_fault(fault: Fault, payload: bytes, ran: Ran, *, timeout_ms: int) -> Outcome:
    """The outcome that an error payload stands for, by its type and text (spec: function-error payloads)."""
    if fault.error_type == "Runtime.ExitError":
        found = _EXIT_STATUS.search(fault.message)
        return Exited(found[1] if found else "", ran)
    seconds = _SECONDS.search(fault.message)
    # Older environments gave the timeout's text alone, with no type.
    if fault.error_type in _TIMEOUT_TYPES or (not fault.error_type and seconds):
        return TimedOut(round(float(seconds[1]) * 1_000) if seconds else timeout_ms, ran)
    if fault.error_type in _INIT_ERROR_TYPES:
        return InitFailed(fault.error_type, fault.message, payload, ran)
    return HandlerFailed(fault.error_type, fault.message, payload, ran)
