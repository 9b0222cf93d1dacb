"""Delivery policies: when each retry comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.time import DAY_MS
from app.core.topics.delivery_policy import MANAGED, RetryPolicy


def delays_s(policy: RetryPolicy) -> list[float]:
    delays: list[float] = []
    while (delay_ms := policy.delay_ms(len(delays) + 1)) is not None:
        delays.append(delay_ms / 1_000)
    return delays


def test_queues_and_functions_are_tried_for_twenty_three_days() -> None:
    delays = delays_s(MANAGED)

    assert len(delays) == 100_015
    assert delays[:6] == [0, 0, 0, 1, 1, 1]
    assert delays[14:17] == [20, 20, 20]
    assert 23 * DAY_MS < sum(delays) * 1_000 < 24 * DAY_MS


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [
        ("linear", [10, 20, 30, 40, 50]),
        ("arithmetic", [10, 14, 22, 34, 50]),
        ("geometric", [10, 14.953, 22.361, 33.437, 50]),
        ("exponential", [10, 12.667, 18, 28.667, 50]),
    ],
)
def test_the_third_phase_reaches_from_the_least_delay_to_the_most(backoff: str, delays: list[float]) -> None:
    assert delays_s(RetryPolicy(10, 50, 5, backoff=backoff)) == delays


def test_a_phase_follows_the_other() -> None:
    policy = RetryPolicy(1, 9, 9, max_delay_retries=2, no_delay_retries=1, min_delay_retries=3)

    assert delays_s(policy) == [0, 1, 1, 1, 1, 5, 9, 9, 9]


COUNTS = st.integers(0, 25)


@given(
    st.integers(1, 3_600), st.integers(0, 3_599), COUNTS, COUNTS, COUNTS, COUNTS,
    st.sampled_from(["linear", "arithmetic", "geometric", "exponential"]),
)  # fmt: skip
def test_delays_never_shrink_and_stay_in_their_range(
    least: int, more: int, backing_off: int, at_most: int, at_once: int, at_least: int, backoff: str
) -> None:
    retries = backing_off + at_most + at_once + at_least
    delays = delays_s(RetryPolicy(least, least + more, retries, at_most, at_once, at_least, backoff))

    assert len(delays) == retries
    assert delays == sorted(delays)
    assert all(least <= delay <= least + more for delay in delays[at_once:])
    assert delays[:at_once] == [0] * at_once
