"""What happened to invocations and asynchronous events."""

from typing import TypeAlias

from app.core.names import Arn, name_of
from app.core.time import Instant, format_duration, format_instant
from app.core.value import value


@value(frozen=True, slots=True)
class InvocationStarted:
    function: Arn
    request: str
    chain: str
    attempt: int
    source: str
    environment: int
    payload_bytes: int

    @property
    def text(self) -> str:
        again = f", attempt {self.attempt}" if self.attempt > 1 else ""
        return f"{name_of(self.function)} invoked by {self.source}{again} [{self.request}]"


@value(frozen=True, slots=True)
class InvocationEnded:
    """`outcome` is a short word: succeeded, failed, timed out, exited, init failed, throttled, unreachable."""

    function: Arn
    request: str
    chain: str
    outcome: str
    error_type: str | None
    error_message: str | None
    duration_ms: float
    log_tail: str

    @property
    def text(self) -> str:
        why = f": {self.error_type}: {self.error_message}" if self.error_type else ""
        return f"{name_of(self.function)} {self.outcome} after {self.duration_ms:.1f} ms{why} [{self.request}]"


@value(frozen=True, slots=True)
class InvocationThrottled:
    function: Arn
    request: str
    chain: str
    reason: str
    retry_at: Instant | None

    @property
    def text(self) -> str:
        then = f", again at {format_instant(self.retry_at)}" if self.retry_at is not None else ""
        return f"{name_of(self.function)} throttled ({self.reason}){then} [{self.request}]"


@value(frozen=True, slots=True)
class EventAccepted:
    """An asynchronous event was queued."""

    function: Arn
    request: str
    chain: str
    source: str

    @property
    def text(self) -> str:
        return f"{name_of(self.function)} accepted an event from {self.source} [{self.request}]"


@value(frozen=True, slots=True)
class EventRetried:
    function: Arn
    request: str
    chain: str
    attempt: int
    at: Instant
    wait_ms: int

    @property
    def text(self) -> str:
        return (
            f"{name_of(self.function)} will get the event again at {format_instant(self.at)} "
            f"(attempt {self.attempt}, in {format_duration(self.wait_ms)}) [{self.request}]"
        )


@value(frozen=True, slots=True)
class EventDropped:
    """`condition` is AWS's word: RetriesExhausted, EventAgeExceeded, …"""

    function: Arn
    request: str
    chain: str
    condition: str
    attempts: int

    @property
    def text(self) -> str:
        attempts = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        return f"{name_of(self.function)} lost an event after {attempts}: {self.condition} [{self.request}]"


@value(frozen=True, slots=True)
class DestinationTold:
    """An asynchronous event ended at a destination; `role` is OnSuccess, OnFailure or DeadLetterConfig."""

    function: Arn
    request: str
    chain: str
    role: str
    target: Arn
    condition: str

    @property
    def text(self) -> str:
        return f"{name_of(self.function)} told {name_of(self.target)} ({self.role}): {self.condition} [{self.request}]"


@value(frozen=True, slots=True)
class DestinationFailed:
    """A destination could not be told; Lambda counts it (DestinationDeliveryFailures, DeadLetterErrors) and goes on."""

    function: Arn
    request: str
    chain: str
    role: str
    target: Arn
    reason: str

    @property
    def text(self) -> str:
        told = f"{name_of(self.function)} could not tell {name_of(self.target)} ({self.role})"
        return f"{told}: {self.reason} [{self.request}]"


FunctionFact: TypeAlias = (
    InvocationStarted
    | InvocationEnded
    | InvocationThrottled
    | EventAccepted
    | EventRetried
    | EventDropped
    | DestinationTold
    | DestinationFailed
)
