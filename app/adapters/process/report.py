"""What came of an invocation: its figures, the platform's lines with them, and the outcome that its caller is told."""

from app.adapters.faults import fault_payload, parse_fault, response_too_large
from app.adapters.process.ends import (
    Ended,
    Erred,
    ExtensionFailed,
    InitEnd,
    InitErred,
    Overran,
    Ready,
    Responded,
    ResponseTooLarge,
    RunEnd,
)
from app.adapters.process.environment import Environment
from app.adapters.process.output import InvocationLog
from app.adapters.process.platform import PlatformLog
from app.adapters.process.spec import ProcessSpec
from app.adapters.process.variables import InvalidEntrypoint
from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InitFailed,
    Invocation,
    Outcome,
    Ran,
    Succeeded,
    TimedOut,
)


class Report:
    """The figures of one invocation, and the platform's lines with them."""

    def __init__(
        self, spec: ProcessSpec, invocation: Invocation, log: InvocationLog, platform: PlatformLog,
        environment: Environment, *, spent_ms: float = 0.0,
    ) -> None:  # fmt: skip
        self.invocation = invocation
        self.environment = environment
        self.platform = platform
        self.init_ms: float | None = None
        self.spent_ms = spent_ms
        self.memory_mb = 0
        self._spec = spec
        self._log = log
        self._log_stream = log.stream
        self._duration_ms: float | None = None

    def begin(self) -> None:
        self.platform.started(self.invocation)

    def measure(self) -> None:
        """Note the figures while the process can still be asked."""
        self._duration_ms = self.environment.duration_ms + self.spent_ms
        self.memory_mb = self.environment.max_memory_mb

    def write(self, status: str, error_type: str = "", *, produced_bytes: int | None = None) -> Ran:
        """END and REPORT, and the same figures for the outcome."""
        if self._duration_ms is None:
            self.measure()
        duration_ms = self._duration_ms or 0.0
        aftermath = self.environment.aftermath
        self.platform.runtime_done(
            self.invocation, self.environment.runtime_ms + self.spent_ms, produced_bytes, status, error_type
        )
        if aftermath is not None:
            status, error_type = failure_of(aftermath)
        self.platform.reported(self.invocation, duration_ms, self.init_ms, self.memory_mb, status, error_type)
        return Ran(duration_ms, self.init_ms, self._log.tail, self._log_stream)


def failure_of(end: InitEnd | RunEnd) -> tuple[str, str]:
    """Status and error type, as REPORT and INIT_REPORT tell them."""
    match end:
        case InitErred(error_type=error_type, payload=payload):
            fault = parse_fault(payload)
            return "error", (fault.error_type if fault else "") or error_type or "Runtime.Unknown"
        case Ended():
            return "error", "Runtime.ExitError"
        case ExtensionFailed(error_type=error_type):
            return "error", error_type
        case Overran():
            return "timeout", ""
        case _:
            return "success", ""


def outcome_of(end: InitEnd | RunEnd, report: Report) -> Outcome:
    invocation = report.invocation
    status, error_type = failure_of(end)
    match end:
        case Responded(payload=payload):
            return Succeeded(payload, report.write("success", produced_bytes=len(payload)))
        case ResponseTooLarge():
            return response_too_large(report.write("failure", "Function.ResponseSizeTooLarge"))
        case Erred(error_type=error_type, payload=payload):
            fault = parse_fault(payload)
            message = fault.message if fault else ""
            error_type = (fault.error_type if fault else "") or error_type or "Runtime.Unknown"
            return HandlerFailed(error_type, message, payload, report.write("failure", error_type))
        case InitErred(payload=payload):
            fault = parse_fault(payload)
            return InitFailed(error_type, fault.message if fault else "", payload, report.write(status, error_type))
        case ExtensionFailed(message=message):
            message = f"RequestId: {invocation.request_id} Error: {message}"
            payload = fault_payload(error_type, message)
            return InitFailed(error_type, message, payload, report.write(status, error_type))
        case Ended(status=exit_status):
            return Exited(exit_status, report.write(status, error_type))
        case Overran():
            return TimedOut(invocation.timeout_ms, report.write(status))
        case Ready():
            raise AssertionError("being ready settles nothing")


def entrypoint_failed(
    spec: ProcessSpec, invocation: Invocation, log: InvocationLog, error: InvalidEntrypoint
) -> InitFailed:
    message = f"RequestId: {invocation.request_id} Error: {error}"
    log.write_line(f"{message}\nRuntime.InvalidEntrypoint\n".encode())
    payload = fault_payload("Runtime.InvalidEntrypoint", message)
    return InitFailed("Runtime.InvalidEntrypoint", message, payload, Ran(log_tail=log.tail, environment=spec.name))
