"""An allowance that fills up again."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.rate import Allowance
from tests.core.stage import NOON


def taken(allowance: Allowance, at: int) -> int:
    """How many could be taken at this instant."""
    count = 0
    while allowance.has_one(at):
        allowance.take_one(at)
        count += 1
    return count


def test_it_begins_full_and_fills_evenly() -> None:
    allowance = Allowance(10, 1_000)

    assert taken(allowance, NOON) == 10
    assert taken(allowance, NOON + 99) == 0
    assert taken(allowance, NOON + 100) == 1
    assert taken(allowance, NOON + 650) == 5


def test_what_is_not_taken_is_not_saved_up() -> None:
    allowance = Allowance(10, 1_000)
    taken(allowance, NOON)

    assert taken(allowance, NOON + 60_000) == 10


@given(st.lists(st.integers(1, 500), max_size=30), st.integers(1, 7))
def test_no_window_of_an_interval_gives_more_than_twice_its_size(steps: list[int], size: int) -> None:
    allowance, now = Allowance(size, 1_000), NOON
    got: list[tuple[int, int]] = []
    for step in steps:
        now += step
        got.append((now, taken(allowance, now)))

    for start, _ in got:
        assert sum(count for at, count in got if start <= at < start + 1_000) <= 2 * size
