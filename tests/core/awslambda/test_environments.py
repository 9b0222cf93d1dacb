"""Environments that are there, and when they are recycled."""

from typing import Any

from app.core.awslambda.function import FunctionSpec
from app.core.commands import Invoke, PutFunction, ReportEnvironmentEnded, ReportEnvironmentStarted
from app.core.facts import EnvironmentEnded, EnvironmentStarted
from app.core.time import MINUTE_MS
from tests.core.stage import NOON, SCOPE, Stage

RESIZE = SCOPE.function_arn("resize")
STREAM = "2026/11/21/[$LATEST]0123456789abcdef0123456789abcdef"


def stage_with(**spec: Any) -> Stage:
    stage = Stage()
    stage.submit(PutFunction(FunctionSpec(RESIZE, environments=2, **spec)))
    return stage


def started(slot: int = 0, stream: str = STREAM, *, again: bool = False) -> ReportEnvironmentStarted:
    return ReportEnvironmentStarted(RESIZE, slot, stream, 81.25, again)


def told(stage: Stage) -> list[str]:
    return [f.text for _, f in stage.facts if isinstance(f, EnvironmentStarted | EnvironmentEnded)]


def recycled(stage: Stage) -> list[tuple[str, str]]:
    return [(wish.environment, wish.reason) for wish in stage.recycled]


def test_starts_and_ends_are_told() -> None:
    stage = stage_with()

    stage.submit(started())
    stage.submit(ReportEnvironmentEnded(RESIZE, 0, STREAM, "timed out"))
    stage.submit(started(again=True))

    assert told(stage) == [
        "resize environment 0 started in 81.2 ms",
        "resize environment 0 ended: timed out",
        "resize environment 0 started again, within an invocation, in 81.2 ms",
    ]


def test_without_limits_an_environment_is_kept_for_ever() -> None:
    stage = stage_with()
    stage.submit(started())

    stage.advance("52w")

    assert stage.recycled == []
    assert stage.world.next_wakeup() is None


def test_one_that_is_idle_is_recycled_so_long_after_its_last_invocation() -> None:
    stage = stage_with(idle_timeout_ms=10 * MINUTE_MS)
    stage.submit(Invoke(SCOPE, "resize", b"{}"))
    stage.submit(started())
    stage.advance("1m")
    stage.settle()

    stage.advance("9m")
    before = recycled(stage)
    stage.submit(Invoke(SCOPE, "resize", b"{}"))
    stage.settle()
    stage.advance("9m")
    still_before = recycled(stage)
    stage.advance("1m")

    assert (before, still_before) == ([], [])
    assert recycled(stage) == [(STREAM, "idle")]


def test_one_that_works_is_not_idle_however_long_it_takes() -> None:
    stage = stage_with(idle_timeout_ms=MINUTE_MS)
    stage.submit(Invoke(SCOPE, "resize", b"{}"))
    stage.submit(started())

    stage.advance("10m")
    during = recycled(stage)
    stage.settle()
    stage.advance("1m")

    assert during == []
    assert recycled(stage) == [(STREAM, "idle")]


def test_one_that_is_old_is_recycled_though_it_is_used() -> None:
    stage = stage_with(environment_age_ms=5 * MINUTE_MS)
    stage.submit(started())
    stage.advance("2m")
    stage.submit(started(again=True))

    stage.advance("3m")

    assert recycled(stage) == [(STREAM, "old")]
    assert stage.now == NOON + 5 * MINUTE_MS


def test_each_environment_has_its_own_time() -> None:
    stage = stage_with(idle_timeout_ms=MINUTE_MS)
    stage.submit(started(0, "a"))
    stage.advance("30s")
    stage.submit(started(1, "b"))

    stage.advance("30s")
    first = recycled(stage)
    stage.advance("30s")

    assert first == [("a", "idle")]
    assert recycled(stage) == [("a", "idle"), ("b", "idle")]


def test_what_has_ended_by_itself_is_not_recycled() -> None:
    stage = stage_with(idle_timeout_ms=MINUTE_MS)
    stage.submit(started())
    stage.submit(ReportEnvironmentEnded(RESIZE, 0, STREAM, "exited"))

    stage.advance("1h")

    assert stage.recycled == []


def test_an_idle_environment_is_no_event_to_go_to() -> None:
    stage = stage_with(idle_timeout_ms=MINUTE_MS)

    stage.submit(started())

    assert stage.world.next_wakeup() == NOON + MINUTE_MS
    assert stage.world.next_event() is None
