"""The clock that is a dial: one integer of milliseconds, used for stamps and timers alike."""

import time
from collections.abc import Callable
from enum import StrEnum

from app.core.time import Instant, format_instant


class Way(StrEnum):
    """How the clock moves."""

    WALL = "wall"
    FROZEN = "frozen"
    AUTO = "auto"


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Clock:
    """Wall: goes on by itself. Frozen: stands until it is moved. Auto: stands too, and the driver moves it to the next
    wake-up whenever nothing real is in flight.

    It never goes back: wall time is counted on the monotonic clock from where it was set.
    """

    def __init__(
        self,
        way: Way = Way.WALL,
        *,
        at: Instant | None = None,
        monotonic_ms: Callable[[], int] = _monotonic_ms,
    ) -> None:
        self._monotonic_ms = monotonic_ms
        self._base = _wall_ms() if at is None else at
        self._base_monotonic = monotonic_ms()
        self.way = way

    def now(self) -> Instant:
        if self.way is not Way.WALL:
            return self._base
        return self._base + self._monotonic_ms() - self._base_monotonic

    def jump(self, instant: Instant) -> None:
        """Be at `instant`, if that is not in the past; in wall time go on from there."""
        self._base = max(instant, self.now())
        self._base_monotonic = self._monotonic_ms()

    def set(self, way: Way, at: Instant | None = None) -> None:
        """Move in another way from now on, or from the instant `at`. Raises ValueError when that is in the past."""
        now = self.now()
        if at is not None and at < now:
            raise ValueError(f"the clock is at {format_instant(now)} and cannot go back to {format_instant(at)}")
        self._base = now if at is None else at
        self._base_monotonic = self._monotonic_ms()
        self.way = way
