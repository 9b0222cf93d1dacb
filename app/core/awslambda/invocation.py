"""An invocation of a function, and the union of what can come of it."""

import json
from dataclasses import field
from enum import StrEnum
from typing import TypeAlias, assert_never

from app.core.names import Arn
from app.core.value import value


class InvocationType(StrEnum):
    REQUEST_RESPONSE = "RequestResponse"
    EVENT = "Event"
    DRY_RUN = "DryRun"


@value(frozen=True, slots=True)
class Invocation:
    """One call of one function, as an endpoint is asked to make it.

    `payload` is the JSON event, UTF-8. `function_arn` is the ARN as it was invoked: qualified only if the
    caller qualified it. `timeout_ms` is the function's limit. `trace_header` is the value of
    `X-Amzn-Trace-Id` for this invocation, Lineage included; its Parent names this invocation.
    `client_context` is JSON text or None. `attempt` starts at 1 and rises with asynchronous retries,
    which keep `request_id`. `environment` is the slot it runs in, from 0: an endpoint keeps one environment
    a slot, and the core never puts two invocations into one slot at a time.
    """

    request_id: str
    function_arn: Arn
    function_name: str
    payload: bytes
    timeout_ms: int
    trace_header: str
    environment: int = 0
    attempt: int = 1
    client_context: str | None = None
    version: str = "$LATEST"


@value(frozen=True, slots=True)
class Ran:
    """What every outcome of a call that reached an environment tells of it.

    `log_tail` is at most the last 4 KB of what the invocation printed, START, END and REPORT included.
    `environment` names the environment that ran it. Times are real milliseconds.
    """

    duration_ms: float = 0.0
    init_duration_ms: float | None = None
    log_tail: str = ""
    environment: str = ""


@value(frozen=True, slots=True)
class Succeeded:
    """The handler returned; `payload` is its JSON."""

    payload: bytes
    ran: Ran = field(default_factory=Ran)


@value(frozen=True, slots=True)
class HandlerFailed:
    """The handler raised, or its response could not be used; `payload` is the error JSON a caller sees.

    Error types as AWS writes them: the exception's class, `Runtime.UnmarshalError`, `Runtime.MarshalError`,
    `Function.ResponseSizeTooLarge`, …
    """

    error_type: str
    message: str
    payload: bytes
    ran: Ran = field(default_factory=Ran)


@value(frozen=True, slots=True)
class TimedOut:
    """The time limit passed and the environment was stopped (`Sandbox.Timedout`)."""

    after_ms: int
    ran: Ran = field(default_factory=Ran)


@value(frozen=True, slots=True)
class Exited:
    """The runtime process ended during the invocation; `status` is like `exit status 3` or `signal: killed`, or ""."""

    status: str
    ran: Ran = field(default_factory=Ran)


@value(frozen=True, slots=True)
class InitFailed:
    """The environment could not be initialised (an import error, a missing bootstrap, …)."""

    error_type: str
    message: str
    payload: bytes
    ran: Ran = field(default_factory=Ran)


@value(frozen=True, slots=True)
class Throttled:
    """The endpoint refused for want of capacity; `reason` is AWS's word."""

    reason: str
    message: str = "Rate Exceeded."


@value(frozen=True, slots=True)
class Unreachable:
    """Nobody answered at the endpoint, or not in its protocol: a system error, not the function's. `reached_nobody`
    says for certain that nothing has run. `code` is AWS's name of the refusal, where it has a better one than
    ServiceException."""

    message: str
    reached_nobody: bool = False
    code: str = ""


Outcome: TypeAlias = Succeeded | HandlerFailed | TimedOut | Exited | InitFailed | Throttled | Unreachable
FunctionError: TypeAlias = HandlerFailed | TimedOut | Exited | InitFailed
"""The outcomes AWS calls a function error: 200 with `X-Amz-Function-Error`, and a retry if asynchronous."""


def error_payload(outcome: FunctionError, request_id: str) -> bytes:
    """The JSON a caller receives when the function failed: its own words, or Lambda's for a timeout or an exit.

    Texts as recorded for `Sandbox.Timedout` and `Runtime.ExitError`.
    """
    match outcome:
        case HandlerFailed(payload=payload) | InitFailed(payload=payload):
            return payload
        case TimedOut(after_ms=after_ms):
            reason = f"Task timed out after {after_ms / 1_000:.2f} seconds"
            return _lambda_error("Sandbox.Timedout", reason, request_id)
        case Exited(status=""):
            return _lambda_error("Runtime.ExitError", "Runtime exited without providing a reason", request_id)
        case Exited(status=status):
            return _lambda_error("Runtime.ExitError", f"Runtime exited with error: {status}", request_id)
        case _:
            assert_never(outcome)


def _lambda_error(error_type: str, reason: str, request_id: str) -> bytes:
    error = {"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {reason}"}
    return json.dumps(error, separators=(",", ":")).encode()
