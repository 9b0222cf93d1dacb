"""The clock as a dial."""

import pytest

from app.engine.clock import Clock, Way
from tests.core.stage import NOON


class Ticks:
    """A monotonic clock that the test turns."""

    def __init__(self) -> None:
        self.ms = 1_000

    def __call__(self) -> int:
        return self.ms


def test_wall_time_goes_on_by_itself_from_where_it_was_set() -> None:
    ticks = Ticks()
    clock = Clock(Way.WALL, at=NOON, monotonic_ms=ticks)

    ticks.ms += 1_234

    assert clock.now() == NOON + 1_234


@pytest.mark.parametrize("way", [Way.FROZEN, Way.AUTO])
def test_frozen_and_auto_stand_until_they_are_moved(way: Way) -> None:
    ticks = Ticks()
    clock = Clock(way, at=NOON, monotonic_ms=ticks)

    ticks.ms += 1_234
    standing = clock.now()
    clock.jump(NOON + 5)

    assert (standing, clock.now()) == (NOON, NOON + 5)


@pytest.mark.parametrize("way", list(Way))
def test_it_never_goes_back(way: Way) -> None:
    clock = Clock(way, at=NOON, monotonic_ms=Ticks())

    clock.jump(NOON - 1)
    with pytest.raises(ValueError, match=r"cannot go back to 2026-11-21T11:59:59\.999Z"):
        clock.set(Way.WALL, NOON - 1)

    assert (clock.now(), clock.way) == (NOON, way)


def test_wall_time_goes_on_from_a_jump() -> None:
    ticks = Ticks()
    clock = Clock(Way.WALL, at=NOON, monotonic_ms=ticks)
    ticks.ms += 10

    clock.jump(NOON + 1_000)
    ticks.ms += 10

    assert clock.now() == NOON + 1_010


def test_a_clock_that_freezes_keeps_its_instant_and_one_that_thaws_goes_on_from_it() -> None:
    ticks = Ticks()
    clock = Clock(Way.WALL, at=NOON, monotonic_ms=ticks)
    ticks.ms += 10

    clock.set(Way.FROZEN)
    ticks.ms += 1_000
    frozen = clock.now()
    clock.set(Way.WALL)
    ticks.ms += 5

    assert (frozen, clock.now()) == (NOON + 10, NOON + 15)


def test_it_may_be_set_to_a_later_instant() -> None:
    clock = Clock(Way.FROZEN, at=NOON, monotonic_ms=Ticks())

    clock.set(Way.AUTO, NOON + 60_000)

    assert (clock.now(), clock.way) == (NOON + 60_000, Way.AUTO)


def test_without_an_instant_it_starts_at_the_time_of_day() -> None:
    assert Clock().now() > NOON - 365 * 86_400_000
