"""The verbs of event buses, rules and targets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.buses.bus import DEFAULT, Bus
from app.core.buses.deliveries import Deliveries
from app.core.buses.event import BusEvent, envelope, second
from app.core.buses.policy import with_permission, without_permission
from app.core.buses.registry import Registry, bus_arn, rule_names
from app.core.buses.rule import DISABLED, ENABLED, Rule
from app.core.buses.target import RuleTarget
from app.core.chain import Cause
from app.core.commands import (
    CreateEventBus,
    DeleteEventBus,
    DeleteRule,
    Origin,
    PutBusPermission,
    PutRule,
    PutTargets,
    RemoveBusPermission,
    RemoveTargets,
    SetRuleState,
    TagEvents,
    TargetTold,
    UntagEvents,
    UpdateEventBus,
)
from app.core.errors import EventsLimitExceeded, ManagedRule, ResourceAlreadyExists, ResourceNotFound, ValidationFailed
from app.core.facts import Configured, Effect
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.names import Arn, parse_arn
from app.core.pattern import Pattern, compile_pattern
from app.core.time import Instant

_SETTINGS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
_MANAGED = "Rule {name} is managed by an AWS service and cannot be modified or deleted."


@dataclass(slots=True)
class Buses:
    """`is_schedule` says whether a text is a schedule expression; effects go to `outbox`."""

    ids: Ids
    limits: Limits
    outbox: list[Effect]
    registry: Registry
    deliveries: Deliveries
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    is_schedule: Callable[[str], bool]

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            CreateEventBus: self.create,
            UpdateEventBus: self.update,
            DeleteEventBus: self.delete,
            PutBusPermission: self.put_permission,
            RemoveBusPermission: self.remove_permission,
            PutRule: self.put_rule,
            DeleteRule: self.delete_rule,
            SetRuleState: self.set_state,
            PutTargets: self.put_targets,
            RemoveTargets: self.remove_targets,
            TagEvents: self.tag,
            UntagEvents: self.untag,
        }

    # Buses ----------------------------------------------------------------------------------------------

    def create(self, command: CreateEventBus, now: Instant) -> Bus:
        given, name = command.given, str(command.given["Name"])
        source = given.get("EventSourceName")
        if source is not None:
            # Partners make event sources; there are none here to take one from.
            raise ResourceNotFound(f"Event source {source} does not exist.")
        if "/" in name:
            raise ValidationFailed("Event bus name must not contain '/'.")
        arn = command.scope.bus_arn(name)
        if self.registry.find(arn, now) is not None:
            raise ResourceAlreadyExists(f"Event bus {name} already exists.")
        if sum(bus.name != DEFAULT for bus in self.registry.all(command.scope)) >= self.limits.buses:
            raise EventsLimitExceeded
        settings = {key: given[key] for key in _SETTINGS if given.get(key) is not None}
        bus = Bus(arn, name, now, now, settings, tags=_tags(given))
        self.registry.buses[arn] = bus
        self.outbox.append(Configured(f"event bus {name} created"))
        return bus

    def update(self, command: UpdateEventBus, now: Instant) -> Bus:
        bus = self.registry.bus(command.scope, command.given.get("Name"), now)
        bus.given = {key: command.given[key] for key in _SETTINGS if command.given.get(key) is not None}
        bus.modified_at = now
        self.outbox.append(Configured(f"event bus {bus.name} changed"))
        return bus

    def delete(self, command: DeleteEventBus, now: Instant) -> None:
        """A bus that is not there is as good as deleted (API reference)."""
        arn = bus_arn(command.scope, command.name)
        if arn.endswith(":event-bus/default"):
            raise ValidationFailed("Cannot delete event bus default.")
        bus = self.registry.buses.get(arn)
        if bus is None:
            return
        if bus.rules:
            raise ValidationFailed("Event bus can't be deleted since it has rules.")
        del self.registry.buses[arn]
        self.outbox.append(Configured(f"event bus {bus.name} deleted"))

    def put_permission(self, command: PutBusPermission, now: Instant) -> None:
        bus = self.registry.bus(command.scope, command.given.get("EventBusName"), now)
        bus.policy = with_permission(bus.policy, command.given, bus.arn, self.limits.bus_policy_chars)
        bus.modified_at = now
        self.outbox.append(Configured(f"event bus {bus.name}: policy changed"))

    def remove_permission(self, command: RemoveBusPermission, now: Instant) -> None:
        given = command.given
        bus = self.registry.bus(command.scope, given.get("EventBusName"), now)
        bus.policy = without_permission(
            bus.policy, given.get("StatementId"), every=bool(given.get("RemoveAllPermissions"))
        )
        bus.modified_at = now
        self.outbox.append(Configured(f"event bus {bus.name}: policy changed"))

    # Rules ----------------------------------------------------------------------------------------------

    def put_rule(self, command: PutRule, now: Instant) -> Arn:
        given, name = command.given, str(command.given["Name"])
        bus = self.registry.bus(command.scope, given.get("EventBusName"), now)
        pattern, schedule = self._checked(given, bus)
        rule = bus.rules.get(name)
        if rule is None:
            if len(bus.rules) >= self.limits.rules_per_bus:
                raise EventsLimitExceeded
            arn = bus.scope.rule_arn(bus.name, name)
            rule = Rule(arn, name, bus.arn, bus.name, command.scope.account, tags=_tags(given))
            told = "created"
        else:
            _refuse_if_managed(rule)
            told = "changed"
        rule.pattern, rule.schedule = pattern, schedule
        rule.state = str(given.get("State") or ENABLED)
        rule.description, rule.role = given.get("Description"), given.get("RoleArn")
        bus.keep(rule)
        self.outbox.append(Configured(f"rule {rule.label} {told}"))
        self.registry.tell(rule, now)
        return rule.arn

    def delete_rule(self, command: DeleteRule, now: Instant) -> None:
        """A rule that is not there is as good as deleted (recorded)."""
        bus = self.registry.bus(command.scope, command.bus, now)
        rule = bus.rules.get(command.name)
        if rule is None:
            return
        if not command.force:
            _refuse_if_managed(rule)
        if rule.targets:
            raise ValidationFailed("Rule can't be deleted since it has targets.")
        bus.forget(rule)
        rule.state = DISABLED
        self.outbox.append(Configured(f"rule {rule.label} deleted"))
        self.registry.tell(rule, now)

    def set_state(self, command: SetRuleState, now: Instant) -> None:
        rule = self.registry.rule(command.scope, command.name, command.bus, now)
        _refuse_if_managed(rule)
        rule.state = command.state
        self.registry.buses[rule.bus].keep(rule)
        self.outbox.append(Configured(f"rule {rule.label} {command.state.lower()}"))
        self.registry.tell(rule, now)

    def tag(self, command: TagEvents, now: Instant) -> None:
        self.tags_of(command.resource, now).update(command.tags)

    def untag(self, command: UntagEvents, now: Instant) -> None:
        tags = self.tags_of(command.resource, now)
        for key in command.keys:
            tags.pop(key, None)

    def tags_of(self, resource: Arn, now: Instant) -> dict[str, str]:
        """The tags of a rule or a bus. Raises ResourceNotFound, ValidationFailed."""
        try:
            parsed = parse_arn(resource)
        except ValueError:
            parsed = None
        if parsed is None or parsed.service != "events":
            raise ValidationFailed(f"Parameter {resource} is not valid. Reason: Provided Arn is not in correct format.")
        kind, _, name = parsed.resource.partition("/")
        if kind == "event-bus":
            return self.registry.bus(parsed.scope, name, now).tags
        if kind != "rule":
            raise ValidationFailed(f"Parameter {resource} is not valid. Reason: Only rules and event buses have tags.")
        bus, rule = rule_names(resource)
        return self.registry.rule(parsed.scope, rule, bus, now).tags

    # Targets --------------------------------------------------------------------------------------------

    def put_targets(self, command: PutTargets, now: Instant) -> list[dict[str, str]]:
        """All are taken or none: what is wrong with one fails the request, as recorded."""
        rule = self.registry.rule(command.scope, command.rule, command.bus, now)
        _refuse_if_managed(rule)
        scope = parse_arn(rule.arn).scope
        read = [RuleTarget.read(given, scope, self.limits) for given in command.targets]
        targets = {target.id: target for target in read}
        if len({**rule.targets, **targets}) > self.limits.targets_per_rule:
            raise EventsLimitExceeded
        rule.targets.update(targets)
        self.outbox.append(Configured(f"rule {rule.label}: {len(rule.targets)} targets set"))
        return []

    def remove_targets(self, command: RemoveTargets, now: Instant) -> list[dict[str, str]]:
        """An id that no target has fails alone."""
        rule = self.registry.rule(command.scope, command.rule, command.bus, now)
        if not command.force:
            _refuse_if_managed(rule)
        failed = [_no_target(rule, each) for each in command.ids if rule.targets.pop(each, None) is None]
        self.outbox.append(Configured(f"rule {rule.label}: {len(rule.targets)} targets left"))
        return failed

    # Schedules ------------------------------------------------------------------------------------------

    def scheduled(self) -> list[Rule]:
        """The rules that fire by themselves, by bus and name."""
        return [rule for bus in self.registry.all() for rule in bus.rules.values() if rule.schedule is not None]

    def fire_schedule(self, arn: Arn, cause: Cause, now: Instant) -> tuple[TargetTold, ...]:
        """Send each target of the rule its Scheduled Event, whatever the rule's pattern and its state;
        nothing for a rule that is gone."""
        rule = self.registry.rule_of_arn(arn)
        if rule is None:
            return ()
        scope = parse_arn(arn).scope
        document = envelope(
            self.ids.uuid(), "Scheduled Event", "aws.events", {}, account=scope.account, region=scope.region,
            time=second(now), resources=(arn,),
        )  # fmt: skip
        event = BusEvent(str(document["id"]), document, rule.bus, now, cause)
        return tuple(self.deliveries.begin(event, rule, target, now) for target in list(rule.targets.values()))

    # Inside ---------------------------------------------------------------------------------------------

    def _checked(self, given: Any, bus: Bus) -> tuple[Pattern | None, str | None]:
        """The rule's pattern and schedule. Raises ValidationFailed, InvalidEventPattern."""
        pattern, schedule = given.get("EventPattern"), given.get("ScheduleExpression")
        if not pattern and not schedule:
            raise ValidationFailed("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        if schedule:
            if bus.name != DEFAULT:
                raise ValidationFailed("ScheduleExpression is supported only on the default event bus.")
            if not self.is_schedule(str(schedule)):
                raise ValidationFailed("Parameter ScheduleExpression is not valid.")
        compiled = compile_pattern(str(pattern), limits=self.limits) if pattern else None
        return compiled, str(schedule) if schedule else None


def _refuse_if_managed(rule: Rule) -> None:
    if rule.managed_by is not None:
        raise ManagedRule(_MANAGED.format(name=rule.name))


def _no_target(rule: Rule, target_id: str) -> dict[str, str]:
    return {
        "TargetId": target_id,
        "ErrorCode": "ResourceNotFoundException",
        "ErrorMessage": f"Rule {rule.name} does not have a target with the Id {target_id}.",
    }


def _tags(given: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in given.get("Tags") or ()}
