"""Time limits of one thing after the other, on a loop whose timers the test calls."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from app.adapters.process.time_limit import TimeLimit


class Timers:
    """The clock and the loop: it stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0
        self.set = 0
        self._timers: list[Timer] = []

    def monotonic(self) -> float:
        return self.now

    def call_later(self, delay_s: float, call: Callable[[], None]) -> "Timer":
        self.set += 1
        self._timers.append(Timer(self.now + delay_s, call))
        return self._timers[-1]

    def go_on(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted((t for t in self._timers if t.at <= end and not t.is_over), key=lambda t: t.at):
            due[0].is_over = True
            self.now = due[0].at
            due[0].call()
        self.now = end


class Timer:
    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at, self.call, self.is_over = at, call, False

    def cancel(self) -> None:
        self.is_over = True


@pytest.fixture
def timers() -> Timers:
    return Timers()


def limit_on(timers: Timers, told: list[float]) -> TimeLimit:
    return TimeLimit(
        cast("asyncio.AbstractEventLoop", cast("Any", timers)), lambda: told.append(timers.now), timers.monotonic
    )


def test_what_does_not_end_overruns_at_its_time(timers: Timers) -> None:
    told: list[float] = []
    limit_on(timers, told).begin(3)

    timers.go_on(10)

    assert told == [103]


def test_what_ends_in_time_does_not_and_a_thousand_set_one_timer(timers: Timers) -> None:
    told: list[float] = []
    limit = limit_on(timers, told)
    for _ in range(1_000):
        limit.begin(3)
        timers.go_on(0.001)
        limit.end()

    timers.go_on(10)

    assert (told, timers.set) == ([], 1)


def test_a_timer_that_is_early_for_the_next_is_set_anew(timers: Timers) -> None:
    told: list[float] = []
    limit = limit_on(timers, told)
    limit.begin(3)
    timers.go_on(2)
    limit.end()
    limit.begin(3)

    timers.go_on(10)

    assert told == [105]


def test_a_shorter_limit_after_a_longer_one_is_kept(timers: Timers) -> None:
    told: list[float] = []
    limit = limit_on(timers, told)
    limit.begin(10)
    limit.end()
    limit.begin(1)

    timers.go_on(20)

    assert told == [101]


def test_after_it_was_closed_nobody_is_told(timers: Timers) -> None:
    told: list[float] = []
    limit = limit_on(timers, told)
    limit.begin(1)
    limit.close()

    timers.go_on(20)

    assert told == []
