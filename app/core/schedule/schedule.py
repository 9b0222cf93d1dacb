"""A schedule of EventBridge Scheduler: what it was told, checked, and when it fires next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.chain import Cause
from app.core.errors import ValidationFailed
from app.core.limits import Limits
from app.core.names import Arn, Scope
from app.core.schedule.expression import At, Expression, NotAnExpression, Rate, parse_for_scheduler
from app.core.schedule.occurrences import next_after, zone_of
from app.core.schedule.target import ScheduleTarget
from app.core.time import MINUTE_MS, SECOND_MS, Instant, parse_instant

ENABLED, DISABLED = "ENABLED", "DISABLED"
DEFAULT_GROUP = "default"
_FLEXIBLE = "FLEXIBLE"


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """What a schedule was told. `starts_at` and `ends_at` are None where it was not told, and of no meaning to a
    one-time schedule (CreateSchedule, StartDate)."""

    text: str
    expression: Expression
    zone: str
    starts_at: Instant | None
    ends_at: Instant | None
    is_enabled: bool
    window_minutes: int | None
    target: ScheduleTarget
    is_deleted_after: bool
    description: str | None
    kms_key: Arn | None

    @classmethod
    def read(cls, given: Mapping[str, Any], limits: Limits, now: Instant) -> "SchedulePlan":
        """Raises ValidationFailed in AWS's words, those that are known: see each."""
        text = str(given["ScheduleExpression"])
        try:
            expression = parse_for_scheduler(text)
        except NotAnExpression:
            raise ValidationFailed(f"Invalid Schedule Expression {text}.") from None  # recorded
        zone = str(given.get("ScheduleExpressionTimezone") or "UTC")
        if zone_of(zone) is None:
            # UNCONFIRMED, after the text for expressions.
            raise ValidationFailed(f"Invalid Schedule Expression Timezone {zone}.")
        starts_at, ends_at = _instant(given, "StartDate"), _instant(given, "EndDate")
        if not isinstance(expression, At):
            _check_span(starts_at, ends_at, limits, now)
        return cls(
            text, expression, zone, starts_at, ends_at, (given.get("State") or ENABLED) == ENABLED,
            _window(given["FlexibleTimeWindow"]), ScheduleTarget.read(given["Target"], limits),
            given.get("ActionAfterCompletion") == "DELETE", given.get("Description"), given.get("KmsKeyArn"),
        )  # fmt: skip

    def runs_as(self, other: "SchedulePlan") -> bool:
        """Whether both fire at the same times, so that a rate goes on counting."""
        return (self.text, self.zone, self.starts_at) == (other.text, other.zone, other.starts_at)

    @property
    def state(self) -> str:
        return ENABLED if self.is_enabled else DISABLED

    @property
    def window_ms(self) -> int:
        return (self.window_minutes or 0) * MINUTE_MS


@dataclass(slots=True, eq=False)
class Schedule:
    """`since` is what a rate counts from. `next_at` is when it fires next, None when it does not any more, or is
    disabled. `open` are its executions that are not over. `has_fired` tells one that is completed from one whose only
    time had passed before it came to be. `cause` is the invocation that made a one-time schedule, which is a message to
    later; a recurring one begins a chain each time."""

    arn: Arn
    name: str
    group: str
    scope: Scope
    plan: SchedulePlan
    created_at: Instant
    modified_at: Instant
    since: Instant
    next_at: Instant | None = None
    open: int = 0
    has_fired: bool = False
    is_gone: bool = False
    is_told_completed: bool = False
    cause: Cause | None = None

    def __repr__(self) -> str:
        return f"<Schedule {self.group}/{self.name}: {self.plan.text}, {self.plan.state}, next {self.next_at}>"

    @property
    def station(self) -> str:
        """The place on a loop's path."""
        name = self.name if self.group == DEFAULT_GROUP else f"{self.group}/{self.name}"
        return f"schedule {name}"

    @property
    def is_completed(self) -> bool:
        """Whether its last time is over, and what it fired then."""
        return self.has_fired and self.plan.is_enabled and self.next_at is None and not self.open

    def time_after(self, after: Instant) -> Instant | None:
        """Its first time later than `after`, whatever its state; none is before its start or behind its end."""
        plan = self.plan
        if isinstance(plan.expression, At):
            return next_after(plan.expression, after, since=self.since, zone=plan.zone)
        begin = after if plan.starts_at is None else max(after, plan.starts_at - 1)
        at = next_after(plan.expression, begin, since=self.since, zone=plan.zone, includes_start=True)
        return None if at is None or (plan.ends_at is not None and at > plan.ends_at) else at

    def first_time(self, now: Instant) -> Instant | None:
        """When it fires first, made at `now`. A rate without a start begins at once (schedule-types)."""
        begins_now = isinstance(self.plan.expression, Rate) and self.since == now
        return self.time_after(now - 1 if begins_now else now)

    def view(self) -> dict[str, Any]:
        """As GetSchedule has it; times in epoch seconds."""
        plan = self.plan
        window: dict[str, Any] = {"Mode": "OFF"}
        if plan.window_minutes is not None:
            window = {"MaximumWindowInMinutes": plan.window_minutes, "Mode": _FLEXIBLE}
        told = {
            "ActionAfterCompletion": "DELETE" if plan.is_deleted_after else "NONE",
            "Arn": self.arn,
            "CreationDate": self.created_at / SECOND_MS,
            "Description": plan.description,
            "EndDate": plan.ends_at / SECOND_MS if plan.ends_at is not None else None,
            "FlexibleTimeWindow": window,
            "GroupName": self.group,
            "KmsKeyArn": plan.kms_key,
            "LastModificationDate": self.modified_at / SECOND_MS,
            "Name": self.name,
            "ScheduleExpression": plan.text,
            "ScheduleExpressionTimezone": plan.zone,
            "StartDate": plan.starts_at / SECOND_MS if plan.starts_at is not None else None,
            "State": plan.state,
            "Target": plan.target.view(),
        }
        return {name: value for name, value in told.items() if value is not None}

    def summary(self) -> dict[str, Any]:
        """As ListSchedules has it."""
        return {
            "Arn": self.arn,
            "CreationDate": self.created_at / SECOND_MS,
            "GroupName": self.group,
            "LastModificationDate": self.modified_at / SECOND_MS,
            "Name": self.name,
            "State": self.plan.state,
            "Target": {"Arn": self.plan.target.arn},
        }


@dataclass(slots=True, eq=False)
class ScheduleGroup:
    arn: Arn
    name: str
    scope: Scope
    created_at: Instant
    modified_at: Instant
    tags: dict[str, str] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)

    def view(self) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "CreationDate": self.created_at / SECOND_MS,
            "LastModificationDate": self.modified_at / SECOND_MS,
            "Name": self.name,
            "State": "ACTIVE",
        }


def _instant(given: Mapping[str, Any], name: str) -> Instant | None:
    value = given.get(name)
    if value is None:
        return None
    try:
        return parse_instant(value) if isinstance(value, str) else round(value * SECOND_MS)
    except ValueError:
        raise ValidationFailed(f"{name} is not a valid timestamp.") from None  # UNCONFIRMED: SDKs let none through


def _check_span(starts_at: Instant | None, ends_at: Instant | None, limits: Limits, now: Instant) -> None:
    if starts_at is not None and starts_at < now - limits.schedule_start_late_ms:
        raise ValidationFailed("The StartDate you specify cannot be earlier than 5 minutes ago.")
    # The other two are UNCONFIRMED, after the first.
    if ends_at is not None and ends_at <= now:
        raise ValidationFailed("The EndDate you specify must be in the future.")
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise ValidationFailed("The EndDate you specify must be later than the StartDate.")


def _window(given: Mapping[str, Any]) -> int | None:
    """How many minutes a flexible window has; None without one. The texts are UNCONFIRMED."""
    minutes: int | None = given.get("MaximumWindowInMinutes")
    if given.get("Mode") != _FLEXIBLE:
        if minutes is not None:
            raise ValidationFailed("MaximumWindowInMinutes must not be set when the flexible time window mode is OFF.")
        return None
    if minutes is None:
        raise ValidationFailed("MaximumWindowInMinutes must be set when the flexible time window mode is FLEXIBLE.")
    return minutes
