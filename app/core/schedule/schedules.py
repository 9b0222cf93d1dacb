"""The schedules of the world and their groups: what can be asked of them, and their firing in time."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from app.core.agenda import Agenda
from app.core.chain import Cause
from app.core.commands import (
    CreateSchedule,
    CreateScheduleGroup,
    DeleteSchedule,
    DeleteScheduleGroup,
    Fired,
    Origin,
    TagScheduleGroup,
    UntagScheduleGroup,
    UpdateSchedule,
)
from app.core.errors import ResourceNotFound, ScheduleExists, ServiceQuotaExceeded, ValidationFailed
from app.core.facts import Configured, Effect, ScheduleCompleted
from app.core.limits import Limits
from app.core.names import Arn, Scope, parse_arn
from app.core.schedule.executions import Executions
from app.core.schedule.expression import At
from app.core.schedule.schedule import DEFAULT_GROUP, Schedule, ScheduleGroup, SchedulePlan
from app.core.time import Instant, earliest


@dataclass(slots=True)
class Schedules:
    """All groups by ARN; each account and region has the default one without making it. Effects go to `outbox`."""

    limits: Limits
    outbox: list[Effect]
    executions: Executions
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    known_cause: Callable[[Origin, str | None], Cause | None]
    _groups: dict[Arn, ScheduleGroup] = field(default_factory=dict)
    _count: int = 0
    _one_time: Agenda[Schedule] = field(init=False)
    _recurring: Agenda[Schedule] = field(init=False)
    _tokens: OrderedDict[tuple[str, Scope, str], tuple[Any, Any]] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._one_time = Agenda(_due_of, lambda: self._count)
        self._recurring = Agenda(_due_of, lambda: self._count)
        self.executions.ended = self._execution_ended

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            CreateSchedule: self.create,
            UpdateSchedule: self.update,
            DeleteSchedule: self.delete,
            CreateScheduleGroup: self.create_group,
            DeleteScheduleGroup: self.delete_group,
            TagScheduleGroup: self.tag,
            UntagScheduleGroup: self.untag,
        }

    # Reading --------------------------------------------------------------------------------------------

    def get(self, scope: Scope, name: str, group: str | None = None) -> Schedule:
        """Raises ResourceNotFound."""
        found = self._groups.get(scope.schedule_group_arn(group or DEFAULT_GROUP))
        schedule = found.schedules.get(name) if found is not None else None
        if schedule is None:
            raise ResourceNotFound(f"Schedule {name} does not exist.")
        return schedule

    def of_arn(self, arn: Arn) -> Schedule:
        """Raises ResourceNotFound."""
        group, _, name = arn.partition(":schedule/")[2].partition("/")
        return self.get(parse_arn(arn).scope, name, group)

    def all(self, scope: Scope | None = None) -> list[Schedule]:
        """By group and name."""
        groups = sorted(self._groups.values(), key=lambda group: (group.name != DEFAULT_GROUP, group.name))
        wanted = [group for group in groups if scope is None or group.scope == scope]
        return [group.schedules[name] for group in wanted for name in sorted(group.schedules)]

    def group(self, scope: Scope, name: str | None, now: Instant = 0) -> ScheduleGroup:
        """Raises ResourceNotFound. The default group is there before it is used; its first schedule or tag keeps it."""
        name = name or DEFAULT_GROUP
        arn = scope.schedule_group_arn(name)
        group = self._groups.get(arn)
        if group is None and name == DEFAULT_GROUP:
            return ScheduleGroup(arn, name, scope, now, now)
        if group is None:
            raise ResourceNotFound(f"Schedule group {name} does not exist.")
        return group

    def groups(self, scope: Scope, now: Instant = 0) -> list[ScheduleGroup]:
        """By name."""
        default = self.group(scope, DEFAULT_GROUP, now)
        found = {default.arn: default, **{arn: each for arn, each in self._groups.items() if each.scope == scope}}
        return sorted(found.values(), key=lambda each: each.name)

    # Schedules ------------------------------------------------------------------------------------------

    def create(self, command: CreateSchedule, now: Instant) -> Arn:
        given, scope = command.given, command.scope
        if (known := self._answered("CreateSchedule", scope, given)) is not None:
            return str(known)
        group = self.group(scope, given.get("GroupName"), now)
        plan = SchedulePlan.read(given, self.limits, now)
        name = str(given["Name"])
        if name in group.schedules:
            raise ScheduleExists(f"Schedule {name} already exists.")
        if self._count >= self.limits.schedules:
            raise ServiceQuotaExceeded("The maximum number of schedules is reached.")
        arn = scope.schedule_arn(group.name, name)
        schedule = Schedule(arn, name, group.name, scope, plan, now, now, _since(plan, now))
        self._groups[group.arn] = group
        schedule.cause = self._cause_of_one_time(plan, command.origin)
        group.schedules[name] = schedule
        self._count += 1
        self._note(schedule, "created")
        self._remember("CreateSchedule", scope, given, arn)
        self._plan(schedule, now)
        return arn

    def update(self, command: UpdateSchedule, now: Instant) -> Arn:
        """What was fired before goes on as it began."""
        given, scope = command.given, command.scope
        if (known := self._answered("UpdateSchedule", scope, given)) is not None:
            return str(known)
        self.group(scope, given.get("GroupName"), now)
        schedule = self.get(scope, str(given["Name"]), given.get("GroupName"))
        plan = SchedulePlan.read(given, self.limits, now)
        if not plan.runs_as(schedule.plan):
            schedule.since = _since(plan, now)
            schedule.has_fired = schedule.is_told_completed = False
        schedule.plan, schedule.modified_at = plan, now
        schedule.cause = self._cause_of_one_time(plan, command.origin)
        self._note(schedule, "changed")
        self._remember("UpdateSchedule", scope, given, schedule.arn)
        self._plan(schedule, now)
        return schedule.arn

    def delete(self, command: DeleteSchedule, now: Instant) -> None:
        asked = {"Name": command.name, "GroupName": command.group, "ClientToken": command.client_token}
        if self._answered("DeleteSchedule", command.scope, asked) is not None:
            return
        self.group(command.scope, command.group, now)
        schedule = self.get(command.scope, command.name, command.group)
        self._remove(schedule)
        self._note(schedule, "deleted")
        self._remember("DeleteSchedule", command.scope, asked, schedule.arn)

    def fire(self, arn: Arn, now: Instant) -> Fired:
        """Fire it now, whatever its times and its state. Raises ResourceNotFound."""
        schedule = self.of_arn(arn)
        cause = self.cause_of(Origin(), None, now)
        execution = self.executions.begin(schedule, now, cause, now, by_hand=True)
        failures = (execution.reason,) if execution.reason else ()
        return Fired(cause.chain, now, execution.id, failures)

    # Groups ---------------------------------------------------------------------------------------------

    def create_group(self, command: CreateScheduleGroup, now: Instant) -> Arn:
        scope, name = command.scope, command.name
        asked = {"Name": name, "Tags": dict(command.tags), "ClientToken": command.client_token}
        if (known := self._answered("CreateScheduleGroup", scope, asked)) is not None:
            return str(known)
        arn = scope.schedule_group_arn(name)
        if arn in self._groups or name == DEFAULT_GROUP:
            raise ScheduleExists(f"Schedule group {name} already exists.")
        if len(self.groups(scope, now)) >= self.limits.schedule_groups:
            raise ServiceQuotaExceeded("The maximum number of schedule groups is reached.")
        self._groups[arn] = ScheduleGroup(arn, name, scope, now, now, dict(command.tags))
        self.outbox.append(Configured(f"schedule group {name} created"))
        self._remember("CreateScheduleGroup", scope, asked, arn)
        return arn

    def delete_group(self, command: DeleteScheduleGroup, now: Instant) -> None:
        """At AWS it is DELETING until its schedules are gone; here they go at once."""
        asked = {"Name": command.name, "ClientToken": command.client_token}
        if self._answered("DeleteScheduleGroup", command.scope, asked) is not None:
            return
        if command.name == DEFAULT_GROUP:
            # That it cannot be deleted is documented (managing-schedule-group-delete), the text is UNCONFIRMED.
            raise ValidationFailed("The default schedule group cannot be deleted.")
        group = self.group(command.scope, command.name, now)
        for schedule in list(group.schedules.values()):
            self._remove(schedule)
        del self._groups[group.arn]
        self.outbox.append(Configured(f"schedule group {group.name} deleted"))
        self._remember("DeleteScheduleGroup", command.scope, asked, group.arn)

    def tag(self, command: TagScheduleGroup, now: Instant) -> None:
        group = self.group_of_arn(command.group, now)
        self._groups[group.arn] = group
        group.tags.update(command.tags)

    def untag(self, command: UntagScheduleGroup, now: Instant) -> None:
        tags = self.group_of_arn(command.group, now).tags
        for key in command.keys:
            tags.pop(key, None)

    def group_of_arn(self, group: Arn, now: Instant = 0) -> ScheduleGroup:
        """Raises ResourceNotFound."""
        return self.group(parse_arn(group).scope, group.partition(":schedule-group/")[2], now)

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        return earliest(self._one_time.next(), self._recurring.next())

    def next_one_time(self) -> Instant | None:
        """When something fires that does not fire again and again."""
        return self._one_time.next()

    def wake(self, now: Instant) -> None:
        for agenda in (self._one_time, self._recurring):
            for schedule in agenda.due(now):
                self._fire(schedule, now)

    # Inside ---------------------------------------------------------------------------------------------

    def _plan(self, schedule: Schedule, now: Instant) -> None:
        """Note its next time; one that is now has come."""
        schedule.next_at = schedule.first_time(now) if schedule.plan.is_enabled else None
        if schedule.next_at is not None and schedule.next_at <= now:
            self._fire(schedule, now)
        else:
            self._book(schedule)

    def _book(self, schedule: Schedule) -> None:
        if schedule.next_at is not None:
            agenda = self._one_time if isinstance(schedule.plan.expression, At) else self._recurring
            agenda.add(schedule.next_at, schedule)

    def _fire(self, schedule: Schedule, now: Instant) -> None:
        at = schedule.next_at
        assert at is not None, "a schedule that is due has its time"
        # Its next time is there before the target is asked, who may change or delete it.
        schedule.next_at = schedule.time_after(max(at, now))
        self._book(schedule)
        schedule.has_fired = True
        cause = schedule.cause or self.cause_of(Origin(), None, now)
        self.executions.begin(schedule, at, cause, now, by_hand=False)

    def _cause_of_one_time(self, plan: SchedulePlan, origin: Origin) -> Cause | None:
        """The invocation that makes it. Scheduler hands no lineage on: AWS loses sight of the chain here."""
        known = self.known_cause(origin, origin.trace_header) if isinstance(plan.expression, At) else None
        return replace(known, is_seen=False) if known is not None else None

    def _execution_ended(self, schedule: Schedule, now: Instant) -> None:
        """Delete what asked for it once its last execution is over."""
        if schedule.is_gone or not schedule.is_completed or schedule.is_told_completed:
            return
        schedule.is_told_completed = True
        if schedule.plan.is_deleted_after:
            self._remove(schedule)
        self.outbox.append(ScheduleCompleted(schedule.arn, schedule.plan.is_deleted_after))

    def _remove(self, schedule: Schedule) -> None:
        del self._groups[schedule.scope.schedule_group_arn(schedule.group)].schedules[schedule.name]
        schedule.is_gone, schedule.next_at = True, None
        self._count -= 1

    def _note(self, schedule: Schedule, verb: str) -> None:
        self.outbox.append(Configured(f"{schedule.station} {verb}"))

    def _answered(self, operation: str, scope: Scope, given: Any) -> Any:
        """What the same request was answered before, by its client token; None when it is another."""
        token = given.get("ClientToken")
        known = self._tokens.get((operation, scope, token)) if token is not None else None
        return known[1] if known is not None and known[0] == given else None

    def _remember(self, operation: str, scope: Scope, given: Any, answer: Any) -> None:
        token = given.get("ClientToken")
        if token is None:
            return
        self._tokens[operation, scope, token] = (given, answer)
        if len(self._tokens) > self.limits.client_tokens_kept:
            self._tokens.popitem(last=False)


def _due_of(schedule: Schedule) -> Instant | None:
    return None if schedule.is_gone else schedule.next_at


def _since(plan: SchedulePlan, now: Instant) -> Instant:
    return plan.starts_at if plan.starts_at is not None else now
