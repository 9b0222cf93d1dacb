"""EventBridge Scheduler and the schedules of rules put together: what the world holds of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.buses import EventBridge, Rule
from app.core.chain import Cause
from app.core.commands import Fired, FireSchedule, Origin
from app.core.delivery.outside import Outside
from app.core.delivery.targets import Targets
from app.core.errors import ResourceNotFound, ValidationFailed
from app.core.facts import Effect
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.machine import Waking
from app.core.names import Arn, parse_arn
from app.core.schedule.executions import Executions
from app.core.schedule.rules import RuleSchedules
from app.core.schedule.schedule import Schedule
from app.core.schedule.schedules import Schedules
from app.core.time import Instant, earliest, format_instant


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A schedule, or a rule that has one, with its next times; `why_not` says in words why there are none, or none
    soon. `target` is an ARN, a rule's are several."""

    arn: Arn
    expression: str
    zone: str
    is_enabled: bool
    targets: tuple[Arn, ...]
    times: tuple[Instant, ...]
    why_not: str | None = None


class Scheduler:
    """Schedules with their executions, and rules with theirs, as one part of the world."""

    def __init__(
        self,
        ids: Ids,
        limits: Limits,
        outbox: list[Effect],
        targets: Targets,
        outside: Outside,
        cause_of: Callable[[Origin, str | None, Instant], Cause],
        known_cause: Callable[[Origin, str | None], Cause | None],
        event_bridge: EventBridge,
    ) -> None:
        self.executions = Executions(ids, limits, outbox, targets, outside)
        self.schedules = Schedules(limits, outbox, self.executions, cause_of, known_cause)
        self.rules = RuleSchedules(outbox, event_bridge.buses.fire_schedule, cause_of)
        self._event_bridge = event_bridge
        event_bridge.registry.changed.append(self.rules.changed)

    @property
    def machines(self) -> tuple[Waking, ...]:
        return (self.rules, self.schedules, self.executions)

    def next_finite(self) -> Instant | None:
        """When something is due that comes to an end: no recurring schedule, but what they left to be tried again."""
        return earliest(self.schedules.next_one_time(), self.executions.next_wakeup())

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {FireSchedule: self.fire, **self.schedules.verbs()}

    def fire(self, command: FireSchedule, now: Instant) -> Fired:
        """Raises ResourceNotFound; ValidationFailed for a rule that has no schedule."""
        if _service_of(command.arn) == "scheduler":
            return self.schedules.fire(command.arn, now)
        rule = self._event_bridge.registry.rule_of_arn(command.arn) if _service_of(command.arn) == "events" else None
        if rule is None:
            raise ResourceNotFound(f"there is no schedule and no rule {command.arn}")
        if rule.schedule is None:
            raise ValidationFailed(f"rule '{rule.name}' has no schedule")
        return self.rules.fire_now(rule.arn, now)

    # Reading --------------------------------------------------------------------------------------------

    def upcoming(self, count: int, now: Instant) -> list[Upcoming]:
        """Every schedule with its next `count` times, then every rule that has one."""
        return self._told(count, now, lambda _: True)

    def upcoming_of(self, name: str, count: int, now: Instant) -> list[Upcoming]:
        """Those of this ARN or name, `group/name` included. Raises ResourceNotFound when there is none."""
        found = self._told(count, now, lambda arn: name in _names_of(arn))
        if not found:
            raise ResourceNotFound(f"there is no schedule named '{name}'")
        return found

    def _told(self, count: int, now: Instant, is_wanted: Callable[[Arn], bool]) -> list[Upcoming]:
        schedules = [schedule for schedule in self.schedules.all() if is_wanted(schedule.arn)]
        rules = [rule for rule in self._event_bridge.buses.scheduled() if is_wanted(rule.arn)]
        of_schedules = [self._of_schedule(schedule, count, now) for schedule in schedules]
        return of_schedules + [self._of_rule(rule, count, now) for rule in rules]

    def _of_schedule(self, schedule: Schedule, count: int, now: Instant) -> Upcoming:
        plan = schedule.plan
        times = _collected(schedule.time_after, schedule.next_at, count) if plan.is_enabled else ()
        return Upcoming(
            schedule.arn, plan.text, plan.zone, plan.is_enabled, (plan.target.arn,), times, _why_not(schedule, now)
        )

    def _of_rule(self, rule: Rule, count: int, now: Instant) -> Upcoming:
        times_of = self.rules.times_of(rule.arn)
        times = _collected(times_of.time_after, times_of.next_at, count) if times_of is not None else ()
        why_not = None
        if not rule.is_enabled:
            why_not = f"the rule is {rule.state}"
        elif times_of is None or times_of.next_at is None:
            why_not = "none of its times is still to come"
        elif not rule.targets:
            why_not = "the rule has no targets"
        arns = tuple(target.arn for target in rule.targets.values())
        return Upcoming(rule.arn, rule.schedule or "", "UTC", rule.is_enabled, arns, times, why_not)


def _why_not(schedule: Schedule, now: Instant) -> str | None:
    plan = schedule.plan
    if not plan.is_enabled:
        return "it is DISABLED"
    if schedule.next_at is None and schedule.has_fired:
        return "its last time is over"
    if schedule.next_at is None and plan.ends_at is not None:
        return f"it has no time before its end at {format_instant(plan.ends_at)}"
    if schedule.next_at is None:
        return "none of its times is still to come"
    if plan.starts_at is not None and plan.starts_at > now:
        return f"it starts at {format_instant(plan.starts_at)}"
    return None


def _collected(
    time_after: Callable[[Instant], Instant | None], first: Instant | None, count: int
) -> tuple[Instant, ...]:
    times: list[Instant] = []
    at = first
    while at is not None and len(times) < count:
        times.append(at)
        at = time_after(at)
    return tuple(times)


def _names_of(arn: Arn) -> tuple[str, ...]:
    """`nightly`, `reports/nightly`, and the ARN itself."""
    name = arn.rsplit(":", 1)[-1].partition("/")[2]
    return (arn, name, name.rpartition("/")[2])


def _service_of(arn: Arn) -> str:
    try:
        return parse_arn(arn).service
    except ValueError:
        return ""
