"""Whether a function would run now: loops, limits, environments (the rules are in `Invocations` and `Concurrency`)."""

from enum import Enum
from typing import assert_never

from app.core.awslambda.concurrency import Bound, Obstacle
from app.core.awslambda.function import Function
from app.core.awslambda.invocation import InvocationType
from app.core.chain import Cause
from app.core.commands import Invoke
from app.core.errors import Refused
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict
from app.core.explain.stand_ins import cause_of
from app.core.names import name_of
from app.core.world import World


class Asker(Enum):
    """Who invokes, which decides what a throttle means."""

    CALLER = "a caller gets the refusal"
    EVENT = "an asynchronous event is tried again, or dropped"
    MAPPING = "a batch is kept and tried again"


def explain_invoke(world: World, command: Invoke, trail: Trail) -> Conclusion:
    """An invocation as a caller would ask for it."""
    try:
        _, function = world.functions.named(command)
    except Refused as refusal:
        return trail.end(refused(About.FUNCTION, refusal))
    trail.add(Step(Verdict.YES, About.FUNCTION, f"function '{function.spec.name}' is there", function=function.arn))
    try:
        world.functions.check_payload(command)
    except Refused as refusal:
        return trail.end(refused(About.PAYLOAD, refusal))
    trail.path = (*trail.path, function.spec.name)
    cause = cause_of(world, command.origin, command.origin.trace_header)
    is_event = command.type is InvocationType.EVENT
    return explain_admission(world, function, cause, Asker.EVENT if is_event else Asker.CALLER, trail)


def explain_event(world: World, function: Function, cause: Cause, trail: Trail) -> Conclusion:
    """An asynchronous event for the function."""
    if events := world.invocations.events.waiting_for(function.arn):
        due = min((event.due_at for event in events if event.due_at is not None), default=None)
        noun = "event waits" if len(events) == 1 else "events wait"
        words = f"{len(events)} other asynchronous {noun} for another attempt"
        trail.add(
            Step(Verdict.NOTE, About.RETRIES, words, function=function.arn, count=len(events), until=due)
        )  # fmt: skip
    return explain_admission(world, function, cause, Asker.EVENT, trail)


def explain_admission(
    world: World, function: Function, cause: Cause, asker: Asker, trail: Trail, *, batch: int | None = None
) -> Conclusion:
    """Whether the invocation begins at once. `batch` is how many messages it would bring."""
    if (lasting := lasting_obstacle(world, function, cause, asker)) is not None:
        return trail.end(lasting)
    if (rehearsed := _rehearsed(function, asker)) is not None:
        return trail.end(rehearsed)
    name, spec = function.spec.name, function.spec
    if (obstacle := world.invocations.concurrency.obstacle(
        function.arn, spec.version, is_synchronous=asker is not Asker.EVENT, now=trail.now
    )) is not None:  # fmt: skip
        then = "the caller gets 429" if asker is Asker.CALLER else "it is tried again"
        verdict = Verdict.NO if asker is Asker.CALLER else Verdict.WAIT
        words = f"{_in_words(obstacle, name)}, {then}"
        return trail.end(
            Step(verdict, About.CONCURRENCY, words, function=function.arn, count=obstacle.used, limit=obstacle.limit,
                 code=obstacle.bound.reason)
        )  # fmt: skip
    _tell_of_provisioned(world, function, trail)
    if function.slots.out:
        trail.add(_lost(function))
    if not function.has_room:
        return trail.end(busy(function))
    words = f"{function.in_flight} of {spec.environments} environments of '{name}' are busy"
    trail.add(
        Step(Verdict.YES, About.ENVIRONMENT, words, function=function.arn, count=function.in_flight,
             limit=spec.environments)
    )  # fmt: skip
    size = f", in a batch of {batch}" if batch is not None else ""
    text = f"would fire: {' → '.join(trail.path)}{size}, now"
    return Conclusion(Verdict.YES, About.ENVIRONMENT, text, trail.now, function=function.arn, batch=batch)


def lasting_obstacle(world: World, function: Function, cause: Cause, asker: Asker) -> Step | None:
    """What forbids the invocation whenever it is tried; None if nothing does."""
    name = function.spec.name
    then = {Asker.CALLER: "the caller is told so", Asker.EVENT: "the event is dropped",
            Asker.MAPPING: "the messages stay and each receive counts"}[asker]  # fmt: skip
    if world.invocations.is_loop(function, cause):
        most = world.limits.chain_invocations
        words = f"loop detection stops '{name}': the chain has come to it {most} times, {then}"
        return Step(Verdict.NO, About.LOOP, words, function=function.arn, limit=most, code="RecursiveInvocation")
    if function.main.spec.reserved_concurrency == 0:
        words = f"the reserved concurrency of '{name}' is 0, {then}"
        return Step(Verdict.NO, About.CONCURRENCY, words, function=function.arn, count=function.in_flight, limit=0)
    return None


def _rehearsed(function: Function, asker: Asker) -> Step | None:
    """Somebody has the next invocations refused."""
    rehearsal = function.main.rehearsal
    if rehearsal is None:
        return None
    times = "until it is told otherwise" if rehearsal.left is None else f"{rehearsal.left} more times"
    words = f"'{function.spec.name}' was told to refuse with {rehearsal.code}, {times}; {asker.value}"
    return Step(Verdict.NO, About.FUNCTION, words, function=function.arn, count=rehearsal.left, code=rehearsal.code)


def _tell_of_provisioned(world: World, function: Function, trail: Trail) -> None:
    version, use = function.spec.version, world.invocations.concurrency.use_of(function.arn)
    provisioned = use.provisioned.get(version, 0)
    if provisioned:
        in_use = use.in_provisioned.get(version, 0)
        then = "" if use.has_provisioned_seat(version) else ", this call would be on demand"
        words = f"{in_use} of {provisioned} provisioned environments of version {version} are busy{then}"
        trail.add(Step(Verdict.NOTE, About.CONCURRENCY, words, function=function.arn, count=in_use, limit=provisioned))


def _lost(function: Function) -> Step:
    """The environments that cannot be reached. Where none can, a call tries all the same."""
    slots = function.slots
    slot, why = next(iter(slots.out.items()))
    more = f" and {len(slots.out) - 1} more" if len(slots.out) > 1 else ""
    then = "; a call is tried there all the same" if slots.is_stranded else ""
    words = (
        f"{len(slots.out)} of {slots.count} environments of '{function.spec.name}' are lost: "
        f"{slots.states[slot].where} ({why}){more}{then}"
    )
    return Step(Verdict.NOTE, About.ENVIRONMENT, words, function=function.arn, count=len(slots.out), limit=slots.count)


def _in_words(obstacle: Obstacle, name: str) -> str:
    match obstacle.bound:
        case Bound.RESERVED:
            return f"'{name}' has reached its reserved concurrency of {obstacle.limit}"
        case Bound.ACCOUNT:
            return f"the functions without a reservation have reached the {obstacle.limit} executions that they share"
        case Bound.WHOLE_ACCOUNT:
            return f"the account has reached the {obstacle.limit} executions that it may have"
        case Bound.SCALING:
            return f"'{name}' may not have more environments yet: it gets {obstacle.limit} at most in ten seconds"
        case Bound.RESERVED_RATE:
            return (
                f"'{name}' has been called as often as its reserved concurrency allows: {obstacle.limit} times a second"
            )
        case Bound.RATE:
            return f"functions have been called as often as the account may: {obstacle.limit} times a second"
        case _:
            assert_never(obstacle.bound)


def busy(function: Function) -> Step:
    """The wait for an environment."""
    spec = function.spec
    line = f", with {function.waiting} in line before it" if function.waiting else ""
    words = f"all {spec.environments} environments of '{spec.name}' are busy{line}"
    return Step(Verdict.WAIT, About.ENVIRONMENT, words, function=function.arn, count=function.in_flight,
                limit=spec.environments)  # fmt: skip


def refused(about: About, refusal: Refused) -> Step:
    return Step(Verdict.NO, about, f"refused: {refusal.message}", code=type(refusal).__name__)


def gone(about: About, arn: str) -> Step:
    """A function that is named but not there."""
    return Step(Verdict.NO, about, f"there is no function '{name_of(arn)}'", function=arn)
