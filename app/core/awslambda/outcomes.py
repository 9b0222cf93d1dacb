"""An outcome in words: for stories, facts and pages."""

from typing import assert_never

from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InitFailed,
    Outcome,
    Ran,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
)


def word_of(outcome: Outcome) -> str:
    """One or two words: `succeeded`, `failed`, `timed out`, …"""
    match outcome:
        case Succeeded():
            return "succeeded"
        case HandlerFailed():
            return "failed"
        case TimedOut():
            return "timed out"
        case Exited():
            return "exited"
        case InitFailed():
            return "init failed"
        case Throttled():
            return "throttled"
        case Unreachable(code=code):
            return "refused" if code else "unreachable"
        case _:
            assert_never(outcome)


def error_of(outcome: Outcome) -> tuple[str | None, str | None]:
    """Its error type and message, as AWS names them; None for a success."""
    match outcome:
        case Succeeded():
            return None, None
        case HandlerFailed(error_type=error_type, message=message) | InitFailed(error_type=error_type, message=message):
            return error_type, message
        case TimedOut(after_ms=after_ms):
            return "Sandbox.Timedout", f"Task timed out after {after_ms / 1_000:.2f} seconds"
        case Exited(status=""):
            return "Runtime.ExitError", "Runtime exited without providing a reason"
        case Exited(status=status):
            return "Runtime.ExitError", f"Runtime exited with error: {status}"
        case Throttled(reason=reason, message=message):
            return reason, message
        case Unreachable(message=message, code=code):
            return code or "Unreachable", message
        case _:
            assert_never(outcome)


def ran_of(outcome: Outcome) -> Ran:
    """What is known of the run; empty when nothing ran."""
    return Ran() if isinstance(outcome, Throttled | Unreachable) else outcome.ran
