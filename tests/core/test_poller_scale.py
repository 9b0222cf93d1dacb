"""The pollers' scale: how it grows, falls back, and gives way to errors (spec B5)."""

import pytest

from app.core.limits import DEFAULT_LIMITS
from app.core.mapping_parameters import MappingParameters, ProvisionedPollers
from app.core.poller_scale import PollerScale, ScaleRule, scale_rule_of
from app.core.time import MINUTE_MS
from tests.core.stage import NOON


def scale(parameters: MappingParameters | None = None) -> PollerScale:
    return PollerScale(scale_rule_of(parameters or MappingParameters(), DEFAULT_LIMITS))


def by_the_minute(pollers: PollerScale, minutes: int) -> list[int]:
    """The limit at noon and each minute after, with work all the time."""
    limits = []
    for minute in range(minutes + 1):
        pollers.observe(NOON + minute * MINUTE_MS, is_busy=True)
        limits.append(pollers.limit)
    return limits


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        (MappingParameters(), ScaleRule(5, 2, 1_250, 300)),
        (MappingParameters(maximum_concurrency=2), ScaleRule(2, 2, 2, 300)),
        (MappingParameters(maximum_concurrency=400), ScaleRule(5, 2, 400, 300)),
        (MappingParameters(provisioned=ProvisionedPollers(2, 200)), ScaleRule(20, 20, 2_000, 1_000)),
    ],
)
def test_the_rule_follows_from_the_parameters(parameters: MappingParameters, rule: ScaleRule) -> None:
    assert scale_rule_of(parameters, DEFAULT_LIMITS) == rule


def test_three_hundred_come_a_minute_to_the_ceiling() -> None:
    assert by_the_minute(scale(), 6) == [5, 305, 605, 905, 1_205, 1_250, 1_250]


def test_provisioned_pollers_come_a_thousand_a_minute() -> None:
    provisioned = MappingParameters(provisioned=ProvisionedPollers(10, 250))

    assert by_the_minute(scale(provisioned), 3) == [100, 1_100, 2_100, 2_500]


def test_looking_seldom_changes_nothing() -> None:
    often, seldom = scale(), scale()
    by_the_minute(often, 3)
    seldom.observe(NOON, is_busy=True)

    seldom.observe(NOON + 3 * MINUTE_MS, is_busy=True)

    assert (often.limit, often.next_growth()) == (seldom.limit, seldom.next_growth())


def test_without_work_it_is_back_at_its_start_and_the_minute_begins_anew() -> None:
    pollers = scale()
    by_the_minute(pollers, 2)

    pollers.observe(NOON + 2 * MINUTE_MS + 1, is_busy=False)
    pollers.observe(NOON + 3 * MINUTE_MS, is_busy=True)

    assert (pollers.limit, pollers.next_growth()) == (5, NOON + 4 * MINUTE_MS)


def test_each_error_takes_one_away_down_to_two_and_each_success_gives_one_back_up_to_five() -> None:
    pollers = scale()

    down, up = [], []
    for _ in range(5):
        pollers.stumble()
        down.append(pollers.limit)
    for _ in range(5):
        pollers.recover()
        up.append(pollers.limit)

    assert (down, up) == ([4, 3, 2, 2, 2], [3, 4, 5, 5, 5])


def test_idleness_does_not_make_up_for_errors() -> None:
    pollers = scale()
    pollers.stumble()

    pollers.observe(NOON, is_busy=False)

    assert pollers.limit == 4


@pytest.mark.parametrize(("succeeded", "limit"), [(0, 2), (2, 4), (3, 305)])
def test_a_minute_with_more_errors_than_successes_brings_no_growth(succeeded: int, limit: int) -> None:
    pollers = scale()
    pollers.observe(NOON, is_busy=True)
    for _ in range(3):
        pollers.stumble()
    for _ in range(succeeded):
        pollers.recover()

    pollers.observe(NOON + MINUTE_MS, is_busy=True)

    assert pollers.limit == limit


def test_provisioned_pollers_are_never_fewer_than_their_minimum() -> None:
    pollers = scale(MappingParameters(provisioned=ProvisionedPollers(2, 3)))

    pollers.stumble()

    assert pollers.limit == 20


def test_new_parameters_bound_it_at_once() -> None:
    pollers = scale()
    by_the_minute(pollers, 1)

    pollers.follow(scale_rule_of(MappingParameters(maximum_concurrency=7), DEFAULT_LIMITS))
    bound = pollers.limit
    pollers.follow(scale_rule_of(MappingParameters(provisioned=ProvisionedPollers(3, 5)), DEFAULT_LIMITS))

    assert (bound, pollers.limit) == (7, 30)


def test_at_its_ceiling_it_waits_for_nothing() -> None:
    pollers = scale(MappingParameters(maximum_concurrency=2))

    pollers.observe(NOON, is_busy=True)

    assert pollers.next_growth() is None
