"""The pollers' scale: how it grows, falls back, and gives way to errors."""

import pytest

from app.core.limits import DEFAULT_LIMITS
from app.core.mappings.mapping_parameters import MappingParameters, ProvisionedPollers
from app.core.mappings.poller_scale import PollerScale, Rescaling, ScaleRule, scale_rule_of
from app.core.time import MINUTE_MS
from tests.core.stage import NOON


def scale(parameters: MappingParameters | None = None) -> PollerScale:
    return PollerScale(scale_rule_of(parameters or MappingParameters(), DEFAULT_LIMITS), DEFAULT_LIMITS.pollers_idle_ms)


def by_the_minute(pollers: PollerScale, minutes: int) -> list[int]:
    """The limit at noon and each minute after, with work all the time."""
    limits = []
    for minute in range(minutes + 1):
        pollers.observe(NOON + minute * MINUTE_MS, has_messages=True, is_busy=True)
        limits.append(pollers.limit)
    return limits


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        (MappingParameters(), ScaleRule(5, 2, 1_250, 300, 2)),
        (MappingParameters(maximum_concurrency=2), ScaleRule(2, 2, 2, 300, 2)),
        (MappingParameters(maximum_concurrency=400), ScaleRule(5, 2, 400, 300, 5)),
        (MappingParameters(provisioned=ProvisionedPollers(2, 200)), ScaleRule(20, 20, 2_000, 1_000, 20, 10)),
    ],
)
def test_the_rule_follows_from_the_parameters(parameters: MappingParameters, rule: ScaleRule) -> None:
    assert scale_rule_of(parameters, DEFAULT_LIMITS) == rule


def test_only_a_mapping_of_a_standard_queue_idles_with_fewer_than_it_starts_with() -> None:
    assert scale_rule_of(MappingParameters(), DEFAULT_LIMITS, is_fifo=True).idle == 5


def test_three_hundred_come_a_minute_to_the_ceiling() -> None:
    assert by_the_minute(scale(), 6) == [5, 305, 605, 905, 1_205, 1_250, 1_250]


def test_provisioned_pollers_come_a_thousand_a_minute() -> None:
    provisioned = MappingParameters(provisioned=ProvisionedPollers(10, 250))

    assert by_the_minute(scale(provisioned), 3) == [100, 1_100, 2_100, 2_500]


def test_looking_seldom_changes_nothing() -> None:
    often, seldom = scale(), scale()
    by_the_minute(often, 3)
    seldom.observe(NOON, has_messages=True, is_busy=True)

    seldom.observe(NOON + 3 * MINUTE_MS, has_messages=True, is_busy=True)

    assert (often.limit, often.next_growth()) == (seldom.limit, seldom.next_growth())


def test_without_work_it_is_back_at_its_start_and_the_minute_begins_anew() -> None:
    pollers = scale()
    by_the_minute(pollers, 2)

    pollers.observe(NOON + 2 * MINUTE_MS + 1, has_messages=False, is_busy=False)
    pollers.observe(NOON + 3 * MINUTE_MS, has_messages=True, is_busy=True)

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

    pollers.observe(NOON, has_messages=False, is_busy=False)

    assert pollers.limit == 4


@pytest.mark.parametrize(("succeeded", "limit"), [(0, 2), (2, 4), (3, 305)])
def test_a_minute_with_more_errors_than_successes_brings_no_growth(succeeded: int, limit: int) -> None:
    pollers = scale()
    pollers.observe(NOON, has_messages=True, is_busy=True)
    for _ in range(3):
        pollers.stumble()
    for _ in range(succeeded):
        pollers.recover()

    pollers.observe(NOON + MINUTE_MS, has_messages=True, is_busy=True)

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

    pollers.observe(NOON, has_messages=True, is_busy=True)

    assert pollers.next_growth() is None


# Without messages, and without work -----------------------------------------------------------------


def test_batches_in_flight_alone_bring_no_more() -> None:
    pollers = scale()
    pollers.observe(NOON, has_messages=True, is_busy=True)
    pollers.observe(NOON + 1, has_messages=False, is_busy=True)

    pollers.observe(NOON + 3 * MINUTE_MS, has_messages=True, is_busy=True)

    assert (pollers.limit, pollers.next_growth()) == (5, NOON + 4 * MINUTE_MS)


def test_after_five_minutes_without_work_there_are_two() -> None:
    pollers = scale()
    pollers.observe(NOON, has_messages=False, is_busy=False)

    rests_at = pollers.next_rest()
    pollers.observe(NOON + 5 * MINUTE_MS - 1, has_messages=False, is_busy=False)
    before = pollers.limit
    pollers.observe(NOON + 5 * MINUTE_MS, has_messages=False, is_busy=False)

    assert (rests_at, before, pollers.limit, pollers.next_rest()) == (NOON + 5 * MINUTE_MS, 5, 2, None)


def test_work_in_between_begins_the_five_minutes_anew() -> None:
    pollers = scale()
    pollers.observe(NOON, has_messages=False, is_busy=False)
    pollers.observe(NOON + 4 * MINUTE_MS, has_messages=False, is_busy=True)
    pollers.observe(NOON + 4 * MINUTE_MS + 1, has_messages=False, is_busy=False)

    assert pollers.next_rest() == NOON + 9 * MINUTE_MS + 1


def test_from_two_each_success_gives_one_back_and_the_minute_three_hundred() -> None:
    pollers = scale()
    pollers.observe(NOON, has_messages=False, is_busy=False)
    pollers.observe(NOON + 5 * MINUTE_MS, has_messages=False, is_busy=False)

    pollers.observe(NOON + 6 * MINUTE_MS, has_messages=True, is_busy=False)
    at_first = pollers.limit
    pollers.recover()
    pollers.observe(NOON + 7 * MINUTE_MS, has_messages=True, is_busy=True)

    assert (at_first, pollers.limit) == (2, 303)


@pytest.mark.parametrize(
    "parameters",
    [MappingParameters(maximum_concurrency=7), MappingParameters(provisioned=ProvisionedPollers(3, 5))],
    ids=["MaximumConcurrency", "provisioned"],
)
def test_with_a_maximum_concurrency_or_provisioned_there_are_never_fewer(parameters: MappingParameters) -> None:
    pollers = scale(parameters)
    pollers.observe(NOON, has_messages=False, is_busy=False)
    before = pollers.limit

    pollers.observe(NOON + 60 * MINUTE_MS, has_messages=False, is_busy=False)

    assert (pollers.limit, pollers.next_rest()) == (before, None)


def test_one_that_does_not_poll_begins_from_the_start_again() -> None:
    pollers = scale()
    by_the_minute(pollers, 2)

    pollers.stop()

    assert (pollers.limit, pollers.next_growth(), pollers.next_rest()) == (5, None, None)


# What is told ---------------------------------------------------------------------------------------


def test_growth_and_rest_are_told_with_their_reasons() -> None:
    pollers = scale()
    by_the_minute(pollers, 1)
    pollers.observe(NOON + 2 * MINUTE_MS - 1, has_messages=False, is_busy=False)
    pollers.observe(NOON + 8 * MINUTE_MS, has_messages=False, is_busy=False)

    assert pollers.take_changes() == [
        Rescaling(5, 305, "messages are left after a minute"),
        Rescaling(305, 5, "the queue is empty"),
        Rescaling(5, 2, "there was nothing to do for a while"),
    ]
    assert pollers.take_changes() == []


def test_of_errors_the_last_step_is_told_and_of_successes_the_last_step_back() -> None:
    pollers = scale()
    for _ in range(4):
        pollers.stumble()
    for _ in range(4):
        pollers.recover()

    assert pollers.take_changes() == [
        Rescaling(5, 2, "invocations fail or are throttled"),
        Rescaling(2, 5, "invocations succeed"),
    ]


def test_provisioned_pollers_are_told_as_pollers_which_run_ten_batches_each() -> None:
    pollers = scale(MappingParameters(provisioned=ProvisionedPollers(2, 200)))
    by_the_minute(pollers, 1)

    assert pollers.take_changes() == [Rescaling(2, 102, "messages are left after a minute")]
