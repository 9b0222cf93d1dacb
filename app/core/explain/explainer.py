"""Answers a question about the world, in which nothing changes because of it."""

from collections.abc import Sequence
from typing import assert_never

from app.core.explain.events import explain_put
from app.core.explain.explanation import Conclusion, Explanation, Trail
from app.core.explain.invoking import explain_invoke
from app.core.explain.objects import explain_object
from app.core.explain.pipes import explain_pipe
from app.core.explain.publishing import explain_publish
from app.core.explain.questions import (
    OfEvent,
    OfInvoke,
    OfMessage,
    OfObject,
    OfPipe,
    OfPublish,
    OfRequest,
    OfSchedule,
    OfSend,
    Question,
)
from app.core.explain.requests import explain_request
from app.core.explain.schedules import explain_schedule
from app.core.explain.sending import explain_send
from app.core.explain.tracing import explain_message
from app.core.facts import Fact
from app.core.time import Instant
from app.core.world import World


def explain(
    world: World, question: Question, *, now: Instant, history: Sequence[tuple[Instant, Fact]] = ()
) -> Explanation:
    """Step by step, what would happen now, or for a message that was sent, what did and what comes next.

    `history` is what is remembered of that message, oldest first: it alone tells of one that is gone.
    Raises ResourceNotFound for a message, a schedule or a pipe that nobody knows.
    """
    trail = Trail(now)
    conclusion = _explain(world, question, trail, history)
    return Explanation(tuple(trail.steps), conclusion)


def _explain(world: World, question: Question, trail: Trail, history: Sequence[tuple[Instant, Fact]]) -> Conclusion:
    match question:
        case OfSend(command=command, function=function):
            return explain_send(world, command, function, trail)
        case OfPublish(command=command, function=function):
            return explain_publish(world, command, function, trail)
        case OfObject(command=command, target=target):
            return explain_object(world, command, target, trail)
        case OfInvoke(command=command):
            return explain_invoke(world, command, trail)
        case OfEvent(entry=entry, scope=scope, target=target):
            return explain_put(world, entry, scope, target, trail)
        case OfSchedule(name=name):
            return explain_schedule(world, name, trail)
        case OfPipe(pipe=pipe, command=message):
            return explain_pipe(world, pipe, message, trail)
        case OfRequest():
            return explain_request(world, question, trail)
        case OfMessage(message_id=message_id, function=function):
            return explain_message(world, message_id, function, trail, history)
        case _:
            assert_never(question)
