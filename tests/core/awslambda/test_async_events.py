"""Asynchronous events through the world: tried, tried again, dropped."""

import itertools

import pytest

from app.core.awslambda.function import FailAfter, RefuseAsThrottled, SucceedAfter
from app.core.awslambda.invocation import HandlerFailed, TimedOut, Unreachable
from app.core.facts import EventDropped, InvocationEnded, InvocationStarted
from tests.core.stage import Stage

FAILED = HandlerFailed("ValueError", "no", b'{"errorMessage":"no"}')


def test_a_failing_event_is_tried_again_after_one_and_two_minutes_and_then_dropped() -> None:
    stage = Stage()
    stage.function("work", FailAfter(500))

    stage.invoke("work", event=True)
    stage.advance("10m")

    assert stage.timed_story() == [
        "12:00:00 work accepted an event from Invoke",
        "12:00:00 work called by Invoke",
        "12:00:00.500 work failed",
        "12:00:00.500 work tried again at 12:01:00.500",
        "12:01:00.500 work called by Invoke, attempt 2",
        "12:01:01 work failed",
        "12:01:01 work tried again at 12:03:01",
        "12:03:01 work called by Invoke, attempt 3",
        "12:03:01.500 work failed",
        "12:03:01.500 work event dropped after 3: RetriesExhausted",
    ]


def test_all_attempts_keep_the_request_id() -> None:
    stage = Stage()
    stage.function("work", FailAfter(500))

    accepted = stage.invoke("work", event=True)
    stage.advance("10m")

    assert {fact.request for fact in stage.of(InvocationStarted)} == {accepted.request_id}


@pytest.mark.parametrize(("age_s", "attempts"), [(60, 1), (90, 2), (300, 3)])
def test_an_event_is_dropped_at_once_when_its_next_attempt_would_come_too_late(age_s: int, attempts: int) -> None:
    stage = Stage()
    stage.function("work", FailAfter(1), maximum_event_age_s=age_s)

    stage.invoke("work", event=True)
    stage.advance("1h")

    (dropped,) = stage.of(EventDropped)
    assert dropped.attempts == attempts
    assert dropped.condition == ("EventAgeExceeded" if attempts < 3 else "RetriesExhausted")


@pytest.mark.parametrize("retries", [0, 1])
def test_the_function_says_how_often_an_event_is_retried(retries: int) -> None:
    stage = Stage()
    stage.function("work", FailAfter(1), maximum_retry_attempts=retries)

    stage.invoke("work", event=True)
    stage.advance("1h")

    assert stage.story()[-1] == f"work event dropped after {retries + 1}: RetriesExhausted"


@pytest.mark.parametrize("outcome", [TimedOut(3_000), FAILED])
def test_every_function_error_counts(outcome: TimedOut | HandlerFailed) -> None:
    stage = Stage()
    stage.function("work", maximum_retry_attempts=0)
    stage.invoke("work", event=True)

    stage.settle(outcome)

    assert stage.of(EventDropped)[0].condition == "RetriesExhausted"


def test_a_throttled_event_backs_off_and_does_not_count() -> None:
    stage = Stage()
    stage.function("work", RefuseAsThrottled(count=4), maximum_retry_attempts=0)

    stage.invoke("work", event=True)
    stage.advance("1m")

    assert [line for line in stage.timed_story() if "again at" in line] == [
        "12:00:00.001 work throttled, again at 12:00:01.001",
        "12:00:01.002 work throttled, again at 12:00:03.002",
        "12:00:03.003 work throttled, again at 12:00:07.003",
        "12:00:07.004 work throttled, again at 12:00:15.004",
    ]
    assert stage.of(EventDropped) == []
    assert stage.of(InvocationEnded)[-1].outcome == "succeeded"


def test_a_back_off_grows_to_five_minutes_and_ends_with_the_events_age() -> None:
    stage = Stage()
    stage.function("work", RefuseAsThrottled(), maximum_event_age_s=3_600)

    stage.invoke("work", event=True)
    stage.advance("2h")

    (dropped,) = stage.of(EventDropped)
    assert dropped.condition == "EventAgeExceeded"
    starts = [at for at, fact in stage.facts if isinstance(fact, InvocationStarted)]
    pauses = [(later - earlier) // 1_000 for earlier, later in itertools.pairwise(starts)]
    assert pauses[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert max(pauses) == 300


def test_an_unreachable_endpoint_is_a_system_error_that_backs_off() -> None:
    stage = Stage()
    stage.function("work", maximum_retry_attempts=0)
    stage.invoke("work", event=True)

    stage.settle(Unreachable("nobody there"))
    stage.advance("1s")

    assert [call.attempt for call in stage.calls] == [2]
    assert stage.of(EventDropped) == []


def test_reserved_concurrency_of_zero_drops_an_event_at_once() -> None:
    stage = Stage()
    stage.function("work", SucceedAfter(), reserved_concurrency=0)

    accepted = stage.invoke("work", event=True)

    assert accepted.outcome is None, "it is accepted all the same"
    assert stage.story()[-1] == "work event dropped after 0: ZeroReservedConcurrency"


def test_an_event_over_the_reserved_concurrency_waits_its_turn() -> None:
    stage = Stage()
    stage.function("work", SucceedAfter(2_500), reserved_concurrency=1, environments=5)
    for _ in range(2):
        stage.invoke("work", event=True)

    stage.advance("1m")

    assert [fact.outcome for fact in stage.of(InvocationEnded)] == ["succeeded", "succeeded"]
    assert stage.of(EventDropped) == []


def test_events_waiting_can_be_counted() -> None:
    stage = Stage()
    arn = stage.function("work", FailAfter(1))
    for _ in range(3):
        stage.invoke("work", event=True)

    stage.advance("30s")

    assert len(stage.world.invocations.events.waiting_for(arn)) == 3
