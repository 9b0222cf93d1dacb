"""The asynchronous queue on its own; told through the world in test_async_events."""

import pytest

from app.core.awslambda.async_invoke import Again, AsyncQueue, Done, Event, GivenUp, RetryRules
from app.core.awslambda.invocation import HandlerFailed, Outcome, Succeeded, Throttled, Unreachable
from app.core.chain import Cause
from app.core.limits import DEFAULT_LIMITS
from tests.core.stage import NOON, SCOPE

ARN = SCOPE.function_arn("work")
RULES = RetryRules(2, 21_600)
FAILED = HandlerFailed("Exception", "no", b"{}")


def event(name: str = "r1") -> Event:
    return Event(name, ARN, ARN, b"{}", "test", Cause("1-a"), NOON)


def test_success_is_the_end() -> None:
    queue = AsyncQueue(DEFAULT_LIMITS)

    assert queue.settle(event(), Succeeded(b""), RULES, now=NOON) == Done()
    assert queue.next_wakeup() is None


def test_function_errors_wait_one_minute_and_then_two() -> None:
    queue, one = AsyncQueue(DEFAULT_LIMITS), event()

    first = queue.settle(one, FAILED, RULES, now=NOON)
    taken = list(queue.due(NOON + 60_000))
    second = queue.settle(one, FAILED, RULES, now=NOON + 60_000)
    list(queue.due(NOON + 180_000))
    third = queue.settle(one, FAILED, RULES, now=NOON + 180_000)

    assert (first, second, third) == (Again(NOON + 60_000), Again(NOON + 180_000), GivenUp("RetriesExhausted"))
    assert taken == [one]


@pytest.mark.parametrize("outcome", [Throttled("Limit"), Unreachable("nobody")])
def test_throttles_and_system_errors_never_use_up_the_retries(outcome: Outcome) -> None:
    queue, one = AsyncQueue(DEFAULT_LIMITS), event()

    for _ in range(10):
        assert isinstance(queue.settle(one, outcome, RetryRules(0, 21_600), now=NOON), Again)
        queue.drop(one)

    assert one.failures == 0


def test_an_attempt_exactly_at_the_age_limit_would_come_too_late() -> None:
    queue = AsyncQueue(DEFAULT_LIMITS)

    assert queue.settle(event(), FAILED, RetryRules(2, 60), now=NOON) == GivenUp("EventAgeExceeded")
    assert queue.settle(event(), FAILED, RetryRules(2, 61), now=NOON) == Again(NOON + 60_000)
    assert queue.settle(event(), FAILED, RetryRules(2, 60), now=NOON + 1) == GivenUp("EventAgeExceeded")


def test_events_of_one_function_can_be_counted_and_dropped() -> None:
    queue, one = AsyncQueue(DEFAULT_LIMITS), event()
    queue.settle(one, FAILED, RULES, now=NOON)

    assert queue.waiting_for(ARN) == [one]
    queue.drop(one)
    assert (queue.waiting_for(ARN), queue.next_wakeup()) == ([], None)
