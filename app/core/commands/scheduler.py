"""What can be asked of EventBridge Scheduler. `given` has AWS's member names and JSON values; times are epoch seconds
or ISO 8601 texts."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from app.core.commands.origin import OUTSIDE, Origin
from app.core.names import Arn, Scope
from app.core.time import Instant
from app.core.value import value


@value(frozen=True, slots=True)
class CreateSchedule:
    """Answers the schedule's ARN. `origin` tells whether an invocation makes it: a one-time one is of its chain."""

    scope: Scope
    given: Mapping[str, Any]
    origin: Origin = OUTSIDE


@value(frozen=True, slots=True)
class UpdateSchedule:
    """Replaces all of it: what is not given goes back to its default. Answers the schedule's ARN."""

    scope: Scope
    given: Mapping[str, Any]
    origin: Origin = OUTSIDE


@value(frozen=True, slots=True)
class DeleteSchedule:
    scope: Scope
    name: str
    group: str | None = None
    client_token: str | None = None


@value(frozen=True, slots=True)
class CreateScheduleGroup:
    """Answers the group's ARN."""

    scope: Scope
    name: str
    tags: Mapping[str, str]
    client_token: str | None = None


@value(frozen=True, slots=True)
class DeleteScheduleGroup:
    """Its schedules go with it."""

    scope: Scope
    name: str
    client_token: str | None = None


@value(frozen=True, slots=True)
class TagScheduleGroup:
    group: Arn
    tags: Mapping[str, str]


@value(frozen=True, slots=True)
class UntagScheduleGroup:
    group: Arn
    keys: tuple[str, ...]


@value(frozen=True, slots=True)
class FireSchedule:
    """Fire a schedule, or a rule that has one, now, whatever its times and its state. Answers `Fired`."""

    arn: Arn


@value(frozen=True, slots=True)
class Fired:
    """The chain that it began; `execution` is a schedule's. `failures` say in words what refused at once."""

    chain: str | None
    at: Instant
    execution: str | None = None
    failures: tuple[str, ...] = ()


SchedulerCommand: TypeAlias = (
    CreateSchedule
    | UpdateSchedule
    | DeleteSchedule
    | CreateScheduleGroup
    | DeleteScheduleGroup
    | TagScheduleGroup
    | UntagScheduleGroup
    | FireSchedule
)
