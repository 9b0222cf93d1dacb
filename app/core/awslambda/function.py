"""A function: its settings, its environments and its line of waiting invocations."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from app.core.awslambda.async_invoke import RetryRules
from app.core.awslambda.call import Call
from app.core.awslambda.deployment import Deployment
from app.core.awslambda.event_invoke import EventInvokeConfig
from app.core.awslambda.slots import Slots
from app.core.names import LATEST, Arn, name_of
from app.core.time import Instant

if TYPE_CHECKING:
    from app.core.awslambda.invoke_refusals import Rehearsal


@dataclass(frozen=True, slots=True)
class SucceedAfter:
    """Script: answer `payload` after `after_ms` of virtual time."""

    after_ms: int = 0
    payload: bytes = b"null"


@dataclass(frozen=True, slots=True)
class FailAfter:
    """Script: raise after `after_ms` of virtual time."""

    after_ms: int = 0
    error_type: str = "Exception"
    message: str = "scripted failure"


@dataclass(frozen=True, slots=True)
class FailEvery:
    """Script: fail the first of every `every` invocations, succeed on the others."""

    every: int
    after_ms: int = 0


@dataclass(frozen=True, slots=True)
class ReportBatchItems:
    """Script: succeed, reporting as failed the records whose body contains one of `bodies`
    or whose messageId is one of `message_ids`."""

    bodies: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    after_ms: int = 0


@dataclass(frozen=True, slots=True)
class RefuseAsThrottled:
    """Script: throttle every invocation, `count` times (None: for ever), then succeed."""

    count: int | None = None


Script: TypeAlias = SucceedAfter | FailAfter | FailEvery | ReportBatchItems | RefuseAsThrottled


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """What the core must know of a function.

    `environments` is how many invocations its endpoint can run at once. `script` makes it a scripted
    function that needs no endpoint. `maximum_retry_attempts` and `maximum_event_age_s` are the
    asynchronous queue's; `recursive_loop` is `Terminate` or `Allow`.
    `on_success`, `on_failure` and `dead_letter_target` are the ARNs that asynchronous events end at.
    `access_key_ids` belong to its environments, by slot: an AWS call signed with the second was made by the
    invocation in slot 1.
    `idle_timeout_ms` and `environment_age_ms` say when its environments are recycled; None is never.
    `passes_trace_header` is False where the endpoint drops the header though Lambda would not (classic RIE).
    `arn` is qualified where this is a published version. `deployment` is None where nothing was deployed over the API.
    """

    arn: Arn
    timeout_s: int = 3
    memory_mb: int = 128
    environments: int = 1
    script: Script | None = None
    reserved_concurrency: int | None = None
    recursive_loop: str = "Terminate"
    maximum_retry_attempts: int = 2
    maximum_event_age_s: int = 21_600
    on_success: Arn | None = None
    on_failure: Arn | None = None
    dead_letter_target: Arn | None = None
    access_key_ids: tuple[str, ...] = ()
    passes_trace_header: bool = True
    description: str = ""
    idle_timeout_ms: int | None = None
    environment_age_ms: int | None = None
    deployment: Deployment | None = None

    @property
    def version(self) -> str:
        """`$LATEST`, or the number of a published version."""
        return self.arn.rpartition(":")[2] if self.arn.count(":") > _UNQUALIFIED_COLONS else LATEST

    @property
    def name(self) -> str:
        return name_of(self.arn)

    @property
    def timeout_ms(self) -> int:
        return self.timeout_s * 1_000


@dataclass(frozen=True, slots=True)
class EventSettings:
    """How often and how long an asynchronous event is tried, and where it ends."""

    rules: RetryRules
    on_success: Arn | None
    on_failure: Arn | None


_UNQUALIFIED_COLONS = 6


class Function:
    """A function at work, or a published version of one, which has environments of its own."""

    def __init__(self, spec: FunctionSpec) -> None:
        self.spec = spec
        self.version = spec.version
        """Its spec's, worked out once."""
        self.line: deque[Call] = deque()
        self.running: dict[str, Call] = {}
        self.slots = Slots(spec.environments)
        self._freed_at: dict[int, Instant] = {}
        self.invocations = 0
        self.event_invoke: dict[str, EventInvokeConfig] = {}
        """By version or alias."""
        self.provisioned: dict[str, int] = {}
        """Of the main one: how many environments are to be warm, by version."""
        self.provisioned_as: dict[str, str] = {}
        """Of the main one: by which qualifier they were asked for, by version."""
        self.rehearsal: Rehearsal | None = None
        """Of the main one: how its next invocations are refused."""
        self.is_pending = False
        self.arn: Arn = ":".join(spec.arn.split(":")[: _UNQUALIFIED_COLONS + 1])
        """Unqualified, whichever version this is: what the function is known by."""
        self.main = self
        self.members = [self]
        """Of the main one: all versions at work, which share what is reserved."""

    def __repr__(self) -> str:
        return f"<Function {self.spec.name}: {self.in_flight} in flight, {self.waiting} waiting>"

    def event_settings(self, qualifier: str) -> EventSettings:
        """What holds for an asynchronous event that invokes this version or alias: the function's own settings, where
        its event-invoke config leaves something open."""
        spec, config = self.spec, self.event_invoke.get(qualifier)
        if config is None:
            rules = RetryRules(spec.maximum_retry_attempts, spec.maximum_event_age_s)
            return EventSettings(rules, spec.on_success, spec.on_failure)
        attempts, age_s = config.maximum_retry_attempts, config.maximum_event_age_s
        rules = RetryRules(
            spec.maximum_retry_attempts if attempts is None else attempts,
            spec.maximum_event_age_s if age_s is None else age_s,
        )
        return EventSettings(rules, config.on_success or spec.on_success, config.on_failure or spec.on_failure)

    @property
    def in_flight(self) -> int:
        return len(self.running)

    @property
    def waiting(self) -> int:
        return len(self.line)

    @property
    def has_room(self) -> bool:
        """Whether an environment is free and nobody stands in line for it."""
        return not self.line and self.slots.free > 0

    @property
    def room(self) -> int:
        """How many environments are free for whoever comes next."""
        return max(0, self.slots.free - len(self.line))

    def begin(self, call: Call) -> int:
        """Put the call into the lowest free slot and say which."""
        slot = self.slots.take(call.request_id)
        self.running[call.request_id] = call
        self.invocations += 1
        return slot

    def end(self, request_id: str, now: Instant = 0) -> Call:
        """Free the slot of the call."""
        self._freed_at[self.slots.give_back(request_id)] = now
        return self.running.pop(request_id)

    def next_in_line(self) -> Call | None:
        """Take the next waiting call if an environment is free for it."""
        return self.line.popleft() if self.line and self.slots.free else None

    def change(self, spec: FunctionSpec) -> None:
        """Go on under other settings; running invocations keep their slots to their end."""
        self.slots.resize(spec.environments)
        self.spec = spec

    def freed_at(self, slot: int) -> Instant:
        """When the last call in the slot ended; 0 if there was none."""
        return self._freed_at.get(slot, 0)

    def can_go_elsewhere(self, call: Call) -> bool:
        """Whether the environment that the call is in is lost, and another is not."""
        slots = self.slots
        return slots.slot_of(call.request_id) in slots.out and not slots.is_stranded and call.moves < slots.count

    def call_in(self, slots: Sequence[int]) -> Call | None:
        """The call that runs in one of these slots now; None if there are several, which nothing tells apart."""
        requests = self.slots.requests_in(slots)
        return self.running[requests[0]] if len(requests) == 1 else None
