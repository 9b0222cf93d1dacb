"""What became of schedules. `schedule` is the ARN of a schedule, or of a rule that has one."""

from typing import TypeAlias

from app.core.names import Arn
from app.core.time import Instant, format_duration, format_instant
from app.core.value import value


@value(frozen=True, slots=True)
class ScheduleFired:
    """Its time came; a flexible window may lie between `scheduled_at` and now. A rule's firing is no execution."""

    schedule: Arn
    scheduled_at: Instant
    chain: str
    execution: str | None = None
    by_hand: bool = False

    @property
    def text(self) -> str:
        how = "was fired by hand" if self.by_hand else f"fired for {format_instant(self.scheduled_at)}"
        return f"{told(self.schedule)} {how}"


@value(frozen=True, slots=True)
class ScheduleDelivered:
    schedule: Arn
    execution: str
    target: Arn
    attempts: int
    chain: str

    @property
    def text(self) -> str:
        again = f" at attempt {self.attempts}" if self.attempts > 1 else ""
        return f"{told(self.schedule)} delivered to {_target(self.target)}{again}"


@value(frozen=True, slots=True)
class ScheduleRetried:
    """The target refused, and is asked again at `at`."""

    schedule: Arn
    execution: str
    target: Arn
    attempt: int
    at: Instant
    wait_ms: int
    code: str
    reason: str
    chain: str

    @property
    def text(self) -> str:
        return (
            f"{told(self.schedule)} will ask {_target(self.target)} again at {format_instant(self.at)} (attempt "
            f"{self.attempt}, in {format_duration(self.wait_ms)}): {self.code}, {self.reason}"
        )


@value(frozen=True, slots=True)
class ScheduleDropped:
    """The execution is over without the target, and no dead-letter queue has it."""

    schedule: Arn
    execution: str
    target: Arn
    attempts: int
    code: str
    reason: str
    chain: str

    @property
    def text(self) -> str:
        return (
            f"{told(self.schedule)} gave {_target(self.target)} up after {_counted(self.attempts)}: "
            f"{self.code}, {self.reason}"
        )


@value(frozen=True, slots=True)
class ScheduleDeadLettered:
    schedule: Arn
    execution: str
    target: Arn
    queue: Arn
    attempts: int
    code: str
    reason: str
    chain: str

    @property
    def text(self) -> str:
        return (
            f"{told(self.schedule)}: what {_target(self.target)} did not take went to {_target(self.queue)} after "
            f"{_counted(self.attempts)}: {self.code}, {self.reason}"
        )


@value(frozen=True, slots=True)
class ScheduleCompleted:
    """Its last time is over: it stays as it is, or was deleted as it asked for."""

    schedule: Arn
    was_deleted: bool

    @property
    def text(self) -> str:
        return f"{told(self.schedule)} is completed{' and deleted' if self.was_deleted else ''}"


SchedulerFact: TypeAlias = (
    ScheduleFired | ScheduleDelivered | ScheduleRetried | ScheduleDropped | ScheduleDeadLettered | ScheduleCompleted
)


def told(arn: Arn) -> str:
    """`schedule nightly`, `schedule reports/nightly`, `rule nightly`."""
    kind, _, name = arn.rsplit(":", 1)[-1].partition("/")
    return f"{kind} {name.removeprefix('default/')}"


def _target(arn: Arn) -> str:
    return arn.rsplit(":", 1)[-1] if ":aws-sdk:" not in arn else arn.partition(":aws-sdk:")[2]


def _counted(attempts: int) -> str:
    return "1 attempt" if attempts == 1 else f"{attempts} attempts"
