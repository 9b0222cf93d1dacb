"""Which rules of a bus take an event, and what would become of it at their targets."""

from app.core.buses import BusEvent, Rule, RuleTarget
from app.core.buses.routing import verdicts
from app.core.commands import EventEntry, EventPut, SendMessage
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict
from app.core.explain.invoking import explain_event, gone
from app.core.explain.scene import OUTSIDE_CAUSE, STAND_IN_ID, Scene
from app.core.explain.sending import explain_send
from app.core.functions import parse_function_name
from app.core.names import Arn, Scope, name_of

_RULES_TOLD = 20


def explain_put(scene: Scene, entry: EventEntry, scope: Scope, target: Arn | None, trail: Trail) -> Conclusion:
    """Which rules take the event, and what becomes of it there; with `target`, only at the targets that it names."""
    previewed = scene.event_bridge.arrivals.preview(entry, scope, trail.now, STAND_IN_ID)
    if isinstance(previewed, EventPut):
        words = f"refused: {previewed.error_message}"
        return trail.end(Step(Verdict.NO, About.EVENT, words, code=previewed.error_code))
    arn, bus, document = previewed
    if bus is None:
        words = f"there is no event bus '{arn.partition('event-bus/')[2]}': the event would be dropped without a word"
        return trail.end(Step(Verdict.NO, About.BUS, words))
    noun = "rule" if len(bus.rules) == 1 else "rules"
    words = f"event bus '{bus.name}' is there, with {len(bus.rules)} {noun}"
    trail.add(Step(Verdict.YES, About.BUS, words, count=len(bus.rules)))
    event = BusEvent(STAND_IN_ID, document, arn, trail.now, OUTSIDE_CAUSE, entry.trace_header)
    fates: list[Conclusion] = []
    told = verdicts(bus, document)
    for each in told:
        if each.reason is None:
            fates += _at_rule(scene, each.rule, event, target, trail)
        elif len(trail.steps) < _RULES_TOLD:
            words = f"rule '{each.rule.label}' says no: {each.reason}"
            fates.append(trail.end(Step(Verdict.NO, About.RULE, words, rule=each.rule.arn)))
    if not fates:
        where = f" to '{name_of(target)}'" if target and any(each.reason is None for each in told) else ""
        words = f"no rule of event bus '{bus.name}' takes it{where}"
        return trail.end(Step(Verdict.NO, About.RULE, words))
    return max(fates, key=_progress)


def _at_rule(scene: Scene, rule: Rule, event: BusEvent, target: Arn | None, trail: Trail) -> list[Conclusion]:
    wanted = [each for each in rule.targets.values() if target in (None, each.arn)]
    if target is not None and not wanted:
        return []
    trail.add(Step(Verdict.YES, About.RULE, f"rule '{rule.label}' takes it", rule=rule.arn))
    if not wanted:
        return [trail.end(Step(Verdict.NO, About.TARGET, f"rule '{rule.label}' has no targets", rule=rule.arn))]
    return [_at_target(scene, rule, each, event, trail) for each in wanted]


def _at_target(scene: Scene, rule: Rule, target: RuleTarget, event: BusEvent, trail: Trail) -> Conclusion:
    cause = event.cause.via(rule.station)
    branch = Trail(trail.now, (*trail.path, rule.station), trail.steps)
    if target.service == "sqs":
        body = target.input.render(event, rule.arn, rule.name)
        send = SendMessage(target.arn, body, group_id=target.group_id)
        return explain_send(scene, send, None, branch, cause=cause)
    if target.service != "lambda":
        words = f"'{name_of(target.arn)}' would be told; what it does is not looked into here"
        return trail.end(Step(Verdict.NO, About.TARGET, words, rule=rule.arn))
    parsed = parse_function_name(target.arn, Scope())
    function = scene.functions.get(parsed.as_invoked) if parsed else None
    if function is None:
        return trail.end(gone(About.TARGET, target.arn))
    branch.path = (*branch.path, function.spec.name)
    return explain_event(scene, function, cause, branch)


def _progress(fate: Conclusion) -> int:
    """Of several rules, one that leads to an invocation, then one that waits, then one that at least applied."""
    if fate.verdict is Verdict.NO:
        return 0 if fate.about is About.RULE else 1
    return 3 if fate.verdict is Verdict.YES else 2
