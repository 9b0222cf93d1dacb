"""A function: its settings, its environments and its line of waiting invocations."""

from dataclasses import dataclass
from typing import TypeAlias

from app.core.names import Arn, name_of


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
    `access_key_ids` belong to its environments, by slot: an AWS call signed with the second was made by the
    invocation in slot 1.
    `passes_trace_header` is False where the endpoint drops the header though Lambda would not (classic RIE).
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
    access_key_ids: tuple[str, ...] = ()
    passes_trace_header: bool = True
    description: str = ""

    @property
    def name(self) -> str:
        return name_of(self.arn)

    @property
    def timeout_ms(self) -> int:
        return self.timeout_s * 1_000
