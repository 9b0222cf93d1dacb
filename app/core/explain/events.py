"""Which rules of a bus take an event, and what would become of it at their targets."""

from app.core.awslambda.functions import parse_function_name
from app.core.buses import Bus, BusEvent, Rule, RuleTarget
from app.core.buses.deliveries import PRINCIPAL, hop_too_many
from app.core.buses.routing import verdicts
from app.core.chain import Cause
from app.core.commands import EventEntry, EventPut, Origin, Publish, SendMessage
from app.core.delivery.targets import Parcel
from app.core.errors import Refused
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict, progress
from app.core.explain.invoking import explain_event, gone, refused
from app.core.explain.publishing import explain_publish
from app.core.explain.sending import explain_send
from app.core.explain.stand_ins import STAND_IN_ID, cause_of
from app.core.names import Arn, Scope, name_of
from app.core.world import World

_RULES_TOLD = 20


def explain_put(world: World, entry: EventEntry, scope: Scope, target: Arn | None, trail: Trail) -> Conclusion:
    """Which rules take the event, and what becomes of it there; with `target`, only at the targets that it names."""
    previewed = world.event_bridge.arrivals.preview(entry, scope, trail.now, STAND_IN_ID)
    if isinstance(previewed, EventPut):
        words = f"refused: {previewed.error_message}"
        return trail.end(Step(Verdict.NO, About.EVENT, words, code=previewed.error_code))
    arn, bus, document = previewed
    if bus is None:
        words = f"there is no event bus '{arn.partition('event-bus/')[2]}': the event would be dropped without a word"
        return trail.end(Step(Verdict.NO, About.BUS, words))
    cause = cause_of(world, Origin(), entry.trace_header)
    event = BusEvent(STAND_IN_ID, document, arn, trail.now, cause, entry.trace_header)
    return _on_bus(world, bus, event, target, trail)


def explain_arrival_on_bus(world: World, parcel: Parcel, trail: Trail) -> Conclusion:
    """The same of what a service or a rule sends to a bus; the parcel's body has an `id`."""
    try:
        bus, event = world.event_bridge.arrivals.received(parcel, trail.now)
    except Refused as refusal:
        return trail.end(refused(About.BUS, refusal))
    return _on_bus(world, bus, event, None, trail)


def _on_bus(world: World, bus: Bus, event: BusEvent, target: Arn | None, trail: Trail) -> Conclusion:
    noun = "rule" if len(bus.rules) == 1 else "rules"
    words = f"event bus '{bus.name}' is there, with {len(bus.rules)} {noun}"
    trail.add(Step(Verdict.YES, About.BUS, words, count=len(bus.rules)))
    fates: list[Conclusion] = []
    told = verdicts(bus, event.document)
    for each in told:
        if each.reason is None:
            fates += _at_rule(world, each.rule, event, target, trail)
        elif len(trail.steps) < _RULES_TOLD:
            words = f"rule '{each.rule.label}' says no: {each.reason}"
            fates.append(trail.end(Step(Verdict.NO, About.RULE, words, rule=each.rule.arn)))
    if not fates:
        where = f" to '{name_of(target)}'" if target and any(each.reason is None for each in told) else ""
        words = f"no rule of event bus '{bus.name}' takes it{where}"
        return trail.end(Step(Verdict.NO, About.RULE, words))
    return max(fates, key=progress)


def _at_rule(world: World, rule: Rule, event: BusEvent, target: Arn | None, trail: Trail) -> list[Conclusion]:
    wanted = [each for each in rule.targets.values() if target in (None, each.arn)]
    if target is not None and not wanted:
        return []
    trail.add(Step(Verdict.YES, About.RULE, f"rule '{rule.label}' takes it", rule=rule.arn))
    if not wanted:
        return [trail.end(Step(Verdict.NO, About.TARGET, f"rule '{rule.label}' has no targets", rule=rule.arn))]
    return [_at_target(world, rule, each, event, trail) for each in wanted]


def _at_target(world: World, rule: Rule, target: RuleTarget, event: BusEvent, trail: Trail) -> Conclusion:
    cause = event.cause.via(rule.station)
    branch = Trail(trail.now, (*trail.path, rule.station), trail.steps)
    body = target.input.render(event, rule.arn, rule.name)
    match target.service:
        case "sqs":
            return explain_send(
                world, SendMessage(target.arn, body, group_id=target.group_id), None, branch, cause=cause
            )
        case "sns":
            return explain_publish(world, Publish(target.arn, body), None, branch, cause=cause)
        case "events" if ":event-bus/" in target.arn:
            if (failure := hop_too_many(event, target.arn)) is not None:
                words = f"it is not sent on to '{name_of(target.arn)}': {failure.message}"
                return trail.end(Step(Verdict.NO, About.TARGET, words, rule=rule.arn, code=failure.code))
            parcel = Parcel(
                target.arn, body.encode(), cause, f"rule {rule.name}", PRINCIPAL, rule.arn,
                through=(*event.through, event.bus),
            )  # fmt: skip
            return explain_arrival_on_bus(world, parcel, branch)
        case "lambda":
            return _at_function(world, target, cause, branch)
        case _:
            words = f"'{name_of(target.arn)}' would be told; what it does is not looked into here"
            return trail.end(Step(Verdict.NO, About.TARGET, words, rule=rule.arn))


def _at_function(world: World, target: RuleTarget, cause: Cause, branch: Trail) -> Conclusion:
    parsed = parse_function_name(target.arn, Scope())
    function = world.functions.get(parsed.as_invoked) if parsed else None
    if function is None:
        return branch.end(gone(About.TARGET, target.arn))
    branch.path = (*branch.path, function.spec.name)
    return explain_event(world, function, cause, branch)
