"""What happened to invocations and asynchronous events."""

from typing import TypeAlias

from app.core.names import LATEST, Arn, name_of
from app.core.time import Instant, format_duration, format_instant
from app.core.value import Value, value


class InvocationStarted(Value):
    """`concurrent` is how many invocations the function has with this one, `unreserved` how many those functions of the
    account that have no reservation, `of_account` all that the account has. Of the version's `provisioned`
    environments, which were asked for as `qualifier`'s, `provisioned_in_use` are busy; `is_spillover`: all were."""

    function: Arn
    request: str
    chain: str
    attempt: int
    source: str
    environment: int
    payload_bytes: int
    version: str = LATEST
    concurrent: int = 1
    unreserved: int = 1
    provisioned: int = 0
    provisioned_in_use: int = 0
    is_spillover: bool = False
    of_account: int = 1
    qualifier: str = ""

    @property
    def text(self) -> str:
        again = f", attempt {self.attempt}" if self.attempt > 1 else ""
        return f"{name_of(self.function)} invoked by {self.source}{again} [{self.request}]"


class InvocationEnded(Value):
    """`outcome` is a short word: succeeded, failed, timed out, exited, init failed, throttled, refused, unreachable."""

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
    """`was_begun` says that the endpoint throttled it, where a limit usually does so before it is begun."""

    function: Arn
    request: str
    chain: str
    reason: str
    retry_at: Instant | None
    was_begun: bool = False

    @property
    def text(self) -> str:
        then = f", again at {format_instant(self.retry_at)}" if self.retry_at is not None else ""
        return f"{name_of(self.function)} throttled ({self.reason}){then} [{self.request}]"


@value(frozen=True, slots=True)
class InvocationMoved:
    """Nobody was reached in its environment, so that nothing has run: it goes to another one."""

    function: Arn
    request: str
    chain: str
    environment: int
    why: str

    @property
    def text(self) -> str:
        told = f"{name_of(self.function)} was not reached in environment {self.environment}, another one is called"
        return f"{told}: {self.why} [{self.request}]"


@value(frozen=True, slots=True)
class EnvironmentLost:
    """Nothing can run there for the time being; `count` environments are there, of which this is the first."""

    function: Arn
    environment: int
    where: str
    why: str
    count: int = 1

    @property
    def text(self) -> str:
        return f"{name_of(self.function)} lost {_which(self.environment, self.count)}, {self.where}: {self.why}"


@value(frozen=True, slots=True)
class EnvironmentFound:
    """It is new, or back; `count` environments are there, of which this is the first."""

    function: Arn
    environment: int
    where: str
    count: int = 1

    @property
    def text(self) -> str:
        return f"{name_of(self.function)} found {_which(self.environment, self.count)}, {self.where}"


@value(frozen=True, slots=True)
class EnvironmentsProvisioned:
    """Of the environments that were to be warm before they are called, `ready` are; `failure` is why not all."""

    function: Arn
    version: str
    wanted: int
    ready: int
    failure: str | None

    @property
    def text(self) -> str:
        told = f"{name_of(self.function)} has {self.ready} of {self.wanted} provisioned environments of version "
        return told + self.version + (f": {self.failure}" if self.failure else "")


@value(frozen=True, slots=True)
class InvocationsRefused:
    """Somebody has the next `times` invocations refused with `code`; None is all of them, 0 none any more."""

    function: Arn
    code: str
    times: int | None

    @property
    def text(self) -> str:
        if self.times == 0:
            return f"{name_of(self.function)} is invoked again"
        which = "every invocation" if self.times is None else f"the next {self.times} invocations"
        return f"{name_of(self.function)} refuses {which} with {self.code}"


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
class PermissionMissing:
    """A service invoked a function without a permission to; `is_blocked` where permissions are enforced."""

    function: Arn
    principal: str
    source: Arn | None
    is_blocked: bool
    action: str = "lambda:InvokeFunction"

    @property
    def text(self) -> str:
        source = f" for {self.source}" if self.source else ""
        then = "blocked" if self.is_blocked else "AWS would not let it"
        what = "permission to invoke" if self.action == "lambda:InvokeFunction" else f"permission {self.action} for"
        return f"{self.principal} has no {what} {name_of(self.function)}{source}: {then}"


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


def _which(environment: int, count: int) -> str:
    return f"environment {environment}" if count == 1 else f"{count} environments"


FunctionFact: TypeAlias = (
    InvocationStarted
    | InvocationEnded
    | InvocationThrottled
    | InvocationMoved
    | EnvironmentLost
    | EnvironmentFound
    | EnvironmentsProvisioned
    | InvocationsRefused
    | EventAccepted
    | EventRetried
    | EventDropped
    | PermissionMissing
    | DestinationTold
    | DestinationFailed
)
