"""A month of schedules on a clock that is moved, and what schedules that wait cost everybody else."""

import gc
import time
from pathlib import Path

from app.core.commands import CreateQueue, CreateSchedule, SendMessage
from app.core.facts import ScheduleFired
from app.core.names import Scope
from app.core.time import DAY_MS, Instant, parse_instant
from app.core.world import World
from app.wire.events.shapes import Shapes
from tests.bench.figures import Figure, at_most, figure_of, ratio_at_least, ratio_at_most
from tests.bench.sizes import Sizes

_NOON = parse_instant("2026-11-21T12:00:00Z")
_MONTH_MS = 30 * DAY_MS
_SCOPE = Scope()
_QUEUE = _SCOPE.queue_arn("orders")
_TARGET = {"Arn": _QUEUE, "RoleArn": "arn:aws:iam::000000000000:role/scheduler", "Input": "hello"}
_EXPRESSIONS = (
    *(f"cron({minute} {minute % 24} * * ? *)" for minute in range(24)),
    "cron(0 * * * ? *)", "cron(30 8-18 ? * MON-FRI *)", "cron(0 0 LW * ? *)", "rate(1 hour)", "rate(90 minutes)",
    "rate(1 day)",
)  # fmt: skip
"""What a project of some size may have: two dozen nightly jobs, a few by the hour, one by the month."""


async def measure_schedules(sizes: Sizes, folder: Path) -> list[Figure]:
    """Milliseconds for a month of thirty schedules, in a world of its own each round."""
    ours: list[float] = []
    by_hand: list[float] = []
    instants: list[Instant] = []
    for _ in sizes.each_round():
        seconds, instants = _month_of_schedules()
        ours.append(seconds * 1_000)
        by_hand.append(_sent_by_hand(instants) * 1_000)
    name = f"a month of {len(_EXPRESSIONS)} schedules, {len(instants):,} firings"
    return [
        figure_of(name, "ms", ours, by_hand, at_most(1_000)),
        figure_of("the same beside sending the same messages by hand", "ms", ours, by_hand, ratio_at_most(4)),
        _sends_beside_many(sizes),
    ]


def _sends_beside_many(sizes: Sizes) -> Figure:
    """Messages a second into a world in which many schedules wait, beside one without any."""
    full, empty = _world(), _world()
    for number in range(sizes.mapped):
        given = {
            "Name": f"job-{number}", "ScheduleExpression": "cron(0 2 * * ? *)", "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": _TARGET,
        }  # fmt: skip
        full.handle(CreateSchedule(_SCOPE, given), now=_NOON)
    # As the service does at its start: what there is is not looked at by the garbage collector again and again.
    gc.collect()
    gc.freeze()
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in sizes.each_round():
        for world, found in zip((full, empty), rates, strict=True):
            begin = time.perf_counter()
            for _ in range(sizes.sends):
                world.handle(SendMessage(_QUEUE, "hello"), now=_NOON)
            found.append(sizes.sends / (time.perf_counter() - begin))
    gc.unfreeze()
    name = f"SendMessage beside {sizes.mapped:,} schedules"
    return figure_of(name, "messages/s", *rates, ratio_at_least(0.9))


def _month_of_schedules() -> tuple[float, list[Instant]]:
    world = _world()
    for number, expression in enumerate(_EXPRESSIONS):
        given = {
            "Name": f"job-{number}", "ScheduleExpression": expression, "FlexibleTimeWindow": {"Mode": "OFF"},
            "ScheduleExpressionTimezone": ("UTC", "Europe/Berlin")[number % 2], "Target": _TARGET,
        }  # fmt: skip
        world.handle(CreateSchedule(_SCOPE, given), now=_NOON)
    begin = time.perf_counter()
    effects = world.wake(_NOON + _MONTH_MS)
    seconds = time.perf_counter() - begin
    return seconds, [fact.scheduled_at for fact in effects if isinstance(fact, ScheduleFired)]


def _sent_by_hand(instants: list[Instant]) -> float:
    world = _world()
    begin = time.perf_counter()
    for at in instants:
        world.wake(at)
        world.handle(SendMessage(_QUEUE, "hello"), now=at)
    world.wake(_NOON + _MONTH_MS)
    return time.perf_counter() - begin


def _world() -> World:
    world = World(shapes=Shapes())
    world.handle(CreateQueue(_QUEUE, {"MessageRetentionPeriod": "1209600"}), now=_NOON)
    return world
