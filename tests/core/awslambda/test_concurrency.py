"""Who may run at once, on its own; told through the world in test_invocations."""

from dataclasses import dataclass

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.core.awslambda.concurrency import Bound, Concurrency, Obstacle, Seat
from app.core.errors import InvalidParameterValue
from app.core.limits import Limits
from app.core.names import Arn, Scope
from tests.core.stage import NOON, SCOPE

A, B = SCOPE.function_arn("a"), SCOPE.function_arn("b")
SMALL = Limits(account_concurrency=5, unreserved_concurrency=1)


def concurrency(limits: Limits = SMALL, **reserved: int | None) -> Concurrency:
    """Two functions, `a` and `b`, reserved as given."""
    made = Concurrency(limits)
    for name in "ab":
        made.configure(SCOPE.function_arn(name), reserved.get(name), {}, now=NOON)
    return made


def obstacle(made: Concurrency, function: Arn, version: str = "$LATEST", *, at: int = 0) -> Obstacle | None:
    return made.obstacle(function, version, is_synchronous=True, now=NOON + at)


def take(made: Concurrency, function: Arn, count: int = 1, version: str = "$LATEST", *, at: int = 0) -> list[Seat]:
    """Seats for so many calls, each of which had to be free."""
    seats = []
    for _ in range(count):
        assert obstacle(made, function, version, at=at) is None
        seats.append(made.take(function, version, is_synchronous=True, now=NOON + at))
    return seats


def test_a_reservation_is_a_ceiling() -> None:
    made = concurrency(a=2)
    take(made, A, 2)

    assert obstacle(made, A) == Obstacle(Bound.RESERVED, 2, 2)
    assert obstacle(made, A).throttled.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"  # type: ignore[union-attr]


def test_a_reservation_is_a_guarantee_that_others_cannot_use_up() -> None:
    made = concurrency(a=2)
    take(made, B, 3)

    assert obstacle(made, B) == Obstacle(Bound.ACCOUNT, 3, 3)
    take(made, A, 2)


def test_functions_without_a_reservation_share_the_rest() -> None:
    made = concurrency()
    seats = take(made, A, 3)
    take(made, B, 2)

    assert obstacle(made, A) == Obstacle(Bound.ACCOUNT, 5, 5)
    made.give_back(A, seats[0])
    take(made, B)


def test_each_region_of_an_account_has_its_own() -> None:
    made = concurrency()
    elsewhere = Scope(SCOPE.account, "eu-west-1").function_arn("a")
    made.configure(elsewhere, None, {}, now=NOON)
    take(made, A, 5)

    assert obstacle(made, elsewhere) is None


def test_a_reservation_that_comes_and_goes_takes_what_runs_with_it() -> None:
    made = concurrency()
    seats = take(made, A, 2)

    made.configure(A, 2, {}, now=NOON)
    take(made, B, 3)
    full = obstacle(made, B)
    made.configure(A, None, {}, now=NOON)
    for seat in seats:
        made.give_back(A, seat)

    assert full == Obstacle(Bound.ACCOUNT, 3, 3)
    take(made, B, 2)


def test_environments_are_added_at_a_rate_and_kept() -> None:
    made = concurrency(Limits(scaling_environments=10, scaling_interval_ms=10_000))
    seats = take(made, A, 10)
    full = obstacle(made, A)
    take(made, A, at=1_000)
    for seat in seats:
        made.give_back(A, seat)

    assert full == Obstacle(Bound.SCALING, 10, 10)
    assert full.throttled.reason == "ConcurrentInvocationLimitExceeded"
    take(made, A, 10, at=1_000)
    assert obstacle(made, A, at=1_000) == Obstacle(Bound.SCALING, 11, 10)
    take(made, B, 10, at=1_000)


def test_provisioned_environments_are_used_first_and_spill_over() -> None:
    made = concurrency()
    made.configure(A, None, {"1": 2}, now=NOON)

    seats = take(made, A, 3, "1")

    assert seats == [Seat("1", is_provisioned=True)] * 2 + [Seat("1", is_spillover=True)]
    assert take(made, A, version="2") == [Seat("2")]


def test_what_is_provisioned_is_set_apart_from_all_others() -> None:
    made = concurrency()
    made.configure(A, None, {"1": 2}, now=NOON)
    take(made, B, 3)

    assert obstacle(made, B) == Obstacle(Bound.ACCOUNT, 3, 3)
    assert obstacle(made, A, "$LATEST") == Obstacle(Bound.ACCOUNT, 3, 3)
    take(made, A, 2, "1")
    assert obstacle(made, A, "1") == Obstacle(Bound.ACCOUNT, 3, 3)


def test_other_versions_are_throttled_where_all_that_is_reserved_is_provisioned() -> None:
    made = concurrency()
    made.configure(A, 2, {"1": 2}, now=NOON)

    assert obstacle(made, A, "$LATEST") == Obstacle(Bound.RESERVED, 0, 2)
    take(made, A, 2, "1")


def test_provisioned_environments_do_not_wait_for_the_scaling_rate() -> None:
    made = concurrency(Limits(scaling_environments=1))
    made.configure(A, None, {"1": 3}, now=NOON)

    take(made, A, 4, "1")

    assert obstacle(made, A, "1") == Obstacle(Bound.SCALING, 1, 1)


def test_what_runs_where_nothing_is_provisioned_any_more_runs_on_demand() -> None:
    made = concurrency()
    made.configure(A, None, {"1": 2}, now=NOON)
    seats = take(made, A, 2, "1")

    made.configure(A, None, {}, now=NOON)

    assert made.use_of(A).on_demand == 2
    take(made, B, 3)
    assert obstacle(made, B) == Obstacle(Bound.ACCOUNT, 5, 5)
    for seat in seats:
        made.give_back(A, seat)
    assert (made.use_of(A).running, made.account_of(A).running) == (0, 3)


def test_calls_a_second_are_counted_where_that_is_asked_for() -> None:
    made = concurrency(Limits(requests_per_execution_s=10), a=1)
    for _ in range(10):
        made.give_back(A, take(made, A)[0])

    full = obstacle(made, A)

    assert full == Obstacle(Bound.RESERVED_RATE, 10, 10)
    assert full.throttled.reason == "ReservedFunctionInvocationRateLimitExceeded"
    assert made.obstacle(A, "$LATEST", is_synchronous=False, now=NOON) is None
    assert obstacle(made, B) is None
    take(made, A, at=100)


def test_a_function_that_is_gone_leaves_nothing_behind() -> None:
    made = concurrency()
    take(made, A, 5)

    made.forget(A)

    take(made, B, 5)
    assert made.account_of(A).running == 5


@pytest.mark.parametrize(
    ("reserved", "provisioned", "words"),
    [
        (
            1,
            2,
            " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].",
        ),
        (
            5,
            0,
            (
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                "below its minimum value of [1]."
            ),
        ),
    ],
    ids=["less than is provisioned", "too much"],
)
def test_a_reservation_that_will_not_do_is_refused(reserved: int, provisioned: int, words: str) -> None:
    made = concurrency()
    made.configure(A, None, {"1": provisioned}, now=NOON)

    with pytest.raises(InvalidParameterValue) as refusal:
        made.check_reserved(A, reserved)

    assert refusal.value.message == words


def test_no_more_is_provisioned_than_is_reserved() -> None:
    made = concurrency(a=2)
    made.configure(A, 2, {"1": 1}, now=NOON)
    made.check_provisioned(A, "1", 2)

    with pytest.raises(InvalidParameterValue, match=r"should not be greater than the reservedConcurrentExecution"):
        made.check_provisioned(A, "2", 2)


def test_provisioning_leaves_the_minimum_unreserved() -> None:
    made = concurrency(b=1)
    made.check_provisioned(A, "1", 3)

    with pytest.raises(InvalidParameterValue, match=r"minimum value of \[1\]"):
        made.check_provisioned(A, "1", 4)


@dataclass(frozen=True)
class Held:
    """A seat that is taken."""

    function: Arn
    seat: Seat


class ConcurrencyMachine(RuleBasedStateMachine):
    """Calls come and go while settings change; every sum is held against the seats that are out."""

    def __init__(self) -> None:
        super().__init__()
        self.made = concurrency(Limits(account_concurrency=8, unreserved_concurrency=1, scaling_environments=6))
        self.now = NOON
        self.held: list[Held] = []

    @rule(function=st.sampled_from([A, B]), version=st.sampled_from(["$LATEST", "1", "2"]))
    def call(self, function: Arn, version: str) -> None:
        if self.made.obstacle(function, version, is_synchronous=True, now=self.now) is not None:
            return
        use, account = self.made.use_of(function), self.made.account_of(function)
        seat = self.made.take(function, version, is_synchronous=True, now=self.now)
        self.held.append(Held(function, seat))

        if seat.is_provisioned:
            assert use.in_provisioned[version] <= use.provisioned[version]
        elif use.reserved is not None:
            assert use.on_demand + use.provisioned_total <= use.reserved
        else:
            assert account.unreserved <= self.made.shared(function)

    @rule(number=st.integers(0, 30))
    def end(self, number: int) -> None:
        if self.held:
            held = self.held.pop(number % len(self.held))
            self.made.give_back(held.function, held.seat)

    @rule(
        function=st.sampled_from([A, B]),
        reserved=st.sampled_from([None, 0, 1, 3]),
        provisioned=st.dictionaries(st.sampled_from(["1", "2"]), st.integers(1, 2)),
    )
    def configure(self, function: Arn, reserved: int | None, provisioned: dict[str, int]) -> None:
        if reserved is None or sum(provisioned.values()) <= reserved:
            self.made.configure(function, reserved, provisioned, now=self.now)

    @rule(function=st.sampled_from([A, B]))
    def replace(self, function: Arn) -> None:
        self.made.forget(function)
        self.made.configure(function, None, {}, now=self.now)
        self.held = [held for held in self.held if held.function != function]

    @rule(ms=st.integers(1, 20_000))
    def pass_time(self, ms: int) -> None:
        self.now += ms

    @invariant()
    def every_seat_is_counted_once(self) -> None:
        for function in (A, B):
            use = self.made.use_of(function)
            assert use.running == len([held for held in self.held if held.function == function])
            assert use.on_demand >= 0
            assert all(count >= 0 for count in use.in_provisioned.values())
            assert use.on_demand <= use.warm
        account = self.made.account_of(A)
        uses = [self.made.use_of(function) for function in (A, B)]
        assert account.running == len(self.held)
        assert account.unreserved == sum(use.on_demand for use in uses if use.reserved is None)
        assert account.reserved == sum(use.reserved or 0 for use in uses)
        assert account.provisioned == sum(use.provisioned_total for use in uses if use.reserved is None)


TestConcurrency = ConcurrencyMachine.TestCase
TestConcurrency.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)
