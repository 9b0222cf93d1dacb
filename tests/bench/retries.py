"""Asynchronous events through all their retries into a dead-letter queue, in virtual time, beside as many plain
invocations and sends by hand."""

import time
from pathlib import Path

from app.core.awslambda.function import FailAfter, FunctionSpec
from app.core.awslambda.invocation import InvocationType
from app.core.commands import CreateQueue, Invoke, PutFunction, SendMessage
from app.core.names import Scope
from app.core.time import HOUR_MS, parse_instant
from app.core.world import World
from app.wire.events.shapes import Shapes
from tests.bench.figures import Figure, figure_of, ratio_at_most
from tests.bench.sizes import Sizes

_NOON = parse_instant("2026-11-21T12:00:00Z")
_SCOPE = Scope()
_LETTERS = _SCOPE.queue_arn("letters")
_WORK = _SCOPE.function_arn("work")
_ATTEMPTS = 3
_AT_ONCE = 500
"""Fewer than an account has at once."""


async def measure_retries(sizes: Sizes, folder: Path) -> list[Figure]:
    """Milliseconds for so many events, each in a world of its own round by round."""
    ours: list[float] = []
    by_hand: list[float] = []
    for _ in sizes.each_round():
        ours.append(_events(sizes.events) * 1_000)
        by_hand.append(_by_hand(sizes.events) * 1_000)
    name = f"{sizes.events:,} events, three attempts each, to a dead-letter queue"
    return [figure_of(f"{name}, beside the same by hand", "ms", ours, by_hand, ratio_at_most(2))]


def _events(count: int) -> float:
    world, now = _world(), _NOON
    begin = time.perf_counter()
    for number in range(count):
        if number % _AT_ONCE == 0:
            now += HOUR_MS
            world.wake(now)
        world.handle(Invoke(_SCOPE, _WORK, b'{"id":7}', InvocationType.EVENT), now=now)
    world.wake(now + HOUR_MS)
    seconds = time.perf_counter() - begin
    assert len(world.queues[_LETTERS]) == count, "every event ends in the dead-letter queue"
    return seconds


def _by_hand(count: int) -> float:
    """The same invocations, each asked for by itself, and the same sends."""
    world, now = _world(), _NOON
    begin = time.perf_counter()
    for number in range(count * _ATTEMPTS):
        if number % _AT_ONCE == 0:
            now += HOUR_MS
            world.wake(now)
        world.handle(Invoke(_SCOPE, _WORK, b'{"id":7}'), now=now)
    world.wake(now + HOUR_MS)
    for _ in range(count):
        world.handle(SendMessage(_LETTERS, '{"id":7}'), now=now + HOUR_MS)
    return time.perf_counter() - begin


def _world() -> World:
    world = World(shapes=Shapes())
    world.handle(CreateQueue(_LETTERS, {"MessageRetentionPeriod": "1209600"}), now=_NOON)
    spec = FunctionSpec(_WORK, script=FailAfter(100), environments=_AT_ONCE, dead_letter_target=_LETTERS)
    world.handle(PutFunction(spec), now=_NOON)
    return world
