"""Scripted functions: what each script answers, and when."""

import json

import pytest

from app.core.awslambda.function import (
    FailAfter,
    FailEvery,
    FunctionSpec,
    RefuseAsThrottled,
    ReportBatchItems,
    Script,
    SucceedAfter,
)
from app.core.awslambda.invocation import HandlerFailed, Ran, Succeeded, Throttled, TimedOut
from app.core.awslambda.script import Running, plan
from tests.core.stage import SCOPE

SPEC = FunctionSpec(SCOPE.function_arn("work"), timeout_s=3)


def words(script: Script, count: int) -> list[str]:
    return [type(plan(SPEC, script, b"{}", nth=nth)[1]).__name__ for nth in range(1, count + 1)]


def test_success_takes_its_time_and_has_its_payload() -> None:
    assert plan(SPEC, SucceedAfter(700, b"42"), b"{}", nth=1) == (700, Succeeded(b"42", Ran(duration_ms=700)))


def test_failure_has_the_shape_of_a_raised_error() -> None:
    after_ms, outcome = plan(SPEC, FailAfter(10, "KeyError", "'id'"), b"{}", nth=1)

    assert after_ms == 10
    assert isinstance(outcome, HandlerFailed)
    assert json.loads(outcome.payload) == {"errorType": "KeyError", "errorMessage": "'id'"}


def test_nothing_happens_in_no_time() -> None:
    assert plan(SPEC, SucceedAfter(0), b"{}", nth=1)[0] == 1


def test_the_functions_timeout_holds_for_scripts_too() -> None:
    assert plan(SPEC, SucceedAfter(3_000), b"{}", nth=1)[0] == 3_000
    after_ms, outcome = plan(SPEC, SucceedAfter(3_001), b"{}", nth=1)
    assert (after_ms, type(outcome)) == (3_000, TimedOut)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (FailEvery(1), "HHHH"),
        (FailEvery(2), "HSHS"),
        (FailEvery(3), "HSSH"),
        (RefuseAsThrottled(2), "TTSS"),
        (RefuseAsThrottled(), "TTTT"),
    ],
    ids=str,
)
def test_scripts_that_count_count_invocations(script: Script, expected: str) -> None:
    assert "".join(word[0] for word in words(script, 4)) == expected


def test_throttling_carries_awss_reason() -> None:
    assert plan(SPEC, RefuseAsThrottled(), b"{}", nth=1)[1] == Throttled("ConcurrentInvocationLimitExceeded")


def test_items_are_reported_by_body_and_by_id() -> None:
    records = [{"messageId": "1", "body": "good"}, {"messageId": "2", "body": "a bad one"}, {"messageId": "3"}]
    script = ReportBatchItems(bodies=("bad",), message_ids=("3",))

    _, outcome = plan(SPEC, script, json.dumps({"Records": records}).encode(), nth=1)

    assert isinstance(outcome, Succeeded)
    assert json.loads(outcome.payload) == {"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "3"}]}


def test_running_calls_end_in_order() -> None:
    running = Running()
    running.start("late", Succeeded(b"1"), at=20)
    running.start("early", Succeeded(b"2"), at=10)

    assert running.next_wakeup() == 10
    assert [request for request, _ in running.ended(20)] == ["early", "late"]
    assert running.next_wakeup() is None
