"""When a schedule fires next, or why it does not, and what would become of it at its targets."""

from dataclasses import replace

from app.core.awslambda.functions import parse_function_name
from app.core.commands import SendMessage
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict
from app.core.explain.invoking import explain_event, gone
from app.core.explain.sending import explain_send
from app.core.explain.stand_ins import OUTSIDE_CAUSE
from app.core.facts.scheduler import told
from app.core.names import Arn, name_of, parse_arn
from app.core.schedule import local_time
from app.core.schedule.scheduler import Upcoming
from app.core.time import Instant, format_instant
from app.core.world import World


def explain_schedule(world: World, name: str, trail: Trail) -> Conclusion:
    """A schedule, or a rule that has one. Raises ResourceNotFound."""
    fates = [_of_one(world, each, trail) for each in world.scheduler.upcoming_of(name, 1, trail.now)]
    return max(fates, key=_progress)


def _of_one(world: World, timed: Upcoming, trail: Trail) -> Conclusion:
    name = told(timed.arn)
    trail.add(Step(Verdict.YES, About.SCHEDULE, f"{name} is there: {timed.expression} in {timed.zone}"))
    if not timed.times or not timed.targets:
        return trail.end(Step(Verdict.NO, About.SCHEDULE, f"{name} does not fire: {timed.why_not}"))
    at = timed.times[0]
    words = f"{name} fires next when its clock shows {local_time(at, timed.zone)}"
    if timed.why_not is not None:
        words += f": {timed.why_not}"
    trail.add(Step(Verdict.WAIT, About.SCHEDULE, words, until=at))
    fates = [_at_target(world, timed, target, at, Trail(trail.now, (name,), trail.steps)) for target in timed.targets]
    return max(fates, key=_progress)


def _at_target(world: World, timed: Upcoming, target: Arn, at: Instant, trail: Trail) -> Conclusion:
    """What would become of it if it fired now: the only present that can be looked into."""
    service, cause = parse_arn(target).service, OUTSIDE_CAUSE.via(told(timed.arn))
    if service == "sqs":
        return _later(explain_send(world, SendMessage(target, "{}"), None, trail, cause=cause), at)
    if service == "lambda":
        parsed = parse_function_name(target, parse_arn(timed.arn).scope)
        function = world.functions.get(parsed.as_invoked) if parsed is not None else None
        if function is None:
            return trail.end(gone(About.TARGET, target))
        trail.path = (*trail.path, function.spec.name)
        return _later(explain_event(world, function, cause, trail), at)
    words = f"'{name_of(target)}' would be told; what comes of it there is not looked into here"
    trail.add(Step(Verdict.NOTE, About.TARGET, words))
    text = f"fires at {format_instant(at)}: {' → '.join((*trail.path, name_of(target)))}"
    return Conclusion(Verdict.WAIT, About.SCHEDULE, text, at)


def _later(fate: Conclusion, at: Instant) -> Conclusion:
    """What would be so now will be so then, as far as anybody can know."""
    if fate.verdict is Verdict.NO:
        return fate
    then = fate.text.removeprefix("would fire: ").removesuffix(", now")
    return replace(fate, verdict=Verdict.WAIT, at=at, text=f"fires at {format_instant(at)}: {then}")


def _progress(fate: Conclusion) -> int:
    return 0 if fate.verdict is Verdict.NO else 1
