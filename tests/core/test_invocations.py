"""Who may run, who waits, and what an outcome means for a caller (spec C, E)."""

import pytest

from app.core.commands import CancelWait, Invoke, Invoked, Waiting
from app.core.errors import (
    InvalidParameterValue,
    InvalidRequestContent,
    RequestTooLarge,
    ResourceNotFound,
    TooManyRequests,
)
from app.core.facts import InvocationEnded, InvocationStarted
from app.core.function import FailEvery, ReportBatchItems, SucceedAfter
from app.core.invocation import HandlerFailed, InvocationType, Succeeded, Throttled
from app.core.limits import Limits
from tests.core.stage import SCOPE, Stage

FAILED = HandlerFailed("ValueError", "no", b'{"errorMessage":"no"}')


# Synchronous invocations


def test_a_caller_waits_for_the_outcome() -> None:
    stage = Stage()
    stage.function("work")

    waiting = stage.invoke("work", b'{"a":1}')
    stage.settle(Succeeded(b"42"))

    assert waiting == Waiting(1, request_id=stage.calls[0].request_id, version="$LATEST")
    answer = stage.answers[1]
    assert isinstance(answer, Invoked)
    assert answer.outcome == Succeeded(b"42")
    assert answer.version == "$LATEST"
    assert answer.trace_header is not None
    assert answer.trace_header.startswith("Root=1-")


def test_the_call_carries_what_an_endpoint_needs() -> None:
    stage = Stage()
    arn = stage.function("work", timeout_s=7)

    stage.submit(Invoke(SCOPE, "work:$LATEST", b"", client_context="{}"))

    (call,) = stage.calls
    assert (call.function_arn, call.function_name) == (f"{arn}:$LATEST", "work")
    assert (call.payload, call.timeout_ms, call.client_context) == (b"{}", 7_000, "{}")
    assert (call.environment, call.attempt, call.version) == (0, 1, "$LATEST")
    assert "Lineage=0:" in call.trace_header


def test_a_function_error_is_an_answer_and_no_refusal() -> None:
    stage = Stage()
    stage.function("work")
    stage.invoke("work")

    stage.settle(FAILED)

    assert stage.answers[1].outcome == FAILED


def test_callers_stand_in_line_for_an_environment() -> None:
    stage = Stage()
    arn = stage.function("work", environments=2)
    for _ in range(4):
        stage.invoke("work")

    assert repr(stage.world.function(arn)) == "<Function work: 2 in flight, 2 waiting>"
    stage.settle()
    assert [call.environment for call in stage.calls] == [1, 0], "the free slot is taken again"


def test_a_caller_that_is_gone_leaves_the_line_but_what_runs_runs_on() -> None:
    stage = Stage()
    arn = stage.function("work")
    for _ in range(3):
        stage.invoke("work")

    stage.submit(CancelWait(2))
    stage.submit(CancelWait(1))
    stage.settle()

    assert repr(stage.world.function(arn)) == "<Function work: 1 in flight, 0 waiting>"
    assert len(stage.of(InvocationStarted)) == 2


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing", "arn:aws:lambda:us-east-1:000000000000:function:nothing:$LATEST"),
        ("work:7", "arn:aws:lambda:us-east-1:000000000000:function:work:7"),
    ],
)
def test_an_unknown_function_or_version_is_refused_with_its_arn(name: str, told: str) -> None:
    stage = Stage()
    stage.function("work")

    with pytest.raises(ResourceNotFound) as refusal:
        stage.invoke(name)

    assert refusal.value.message == f"Function not found: {told}"


def test_reserved_concurrency_refuses_what_is_over_it() -> None:
    stage = Stage()
    stage.function("work", reserved_concurrency=1, environments=5)
    stage.invoke("work")

    with pytest.raises(TooManyRequests) as refusal:
        stage.invoke("work")

    assert refusal.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert refusal.value.message == "Rate Exceeded."


def test_a_throttle_of_the_endpoint_reaches_the_caller_as_a_refusal() -> None:
    stage = Stage()
    stage.function("work")
    stage.invoke("work")

    stage.settle(Throttled("ConcurrentInvocationLimitExceeded"))

    assert isinstance(stage.answers[1], TooManyRequests)
    assert stage.answers[1].reason == "ConcurrentInvocationLimitExceeded"


@pytest.mark.parametrize("payload", [b"{", b"\xff", b"nope", b"[" * 100_000])
def test_a_payload_that_is_not_json_is_refused(payload: bytes) -> None:
    stage = Stage()
    stage.function("work")

    with pytest.raises(InvalidRequestContent) as refusal:
        stage.invoke("work", payload)

    assert refusal.value.message.startswith("Could not parse request body into json: Could not parse payload into json")


def test_payload_limits_differ_for_callers_and_events() -> None:
    stage = Stage(limits=Limits(sync_payload_bytes=20, async_payload_bytes=10))
    stage.function("work")
    payload = b'"' + b"x" * 10 + b'"'

    waiting = stage.invoke("work", payload)
    with pytest.raises(RequestTooLarge) as refusal:
        stage.invoke("work", payload, event=True)

    assert isinstance(waiting, Waiting)
    assert refusal.value.message == "Request must be smaller than 10 bytes for the InvokeFunction operation"


def test_a_dry_run_runs_nothing() -> None:
    stage = Stage()
    stage.function("work")

    answer = stage.submit(Invoke(SCOPE, "work", b"{}", InvocationType.DRY_RUN))

    assert (answer.outcome, stage.calls) == (None, [])


# Scripts


def test_a_scripted_function_runs_into_its_own_timeout() -> None:
    stage = Stage()
    stage.function("work", SucceedAfter(45_000), timeout_s=30)
    stage.invoke("work")

    stage.advance("1m")

    assert stage.timed_story()[-1] == "12:00:30 work timed out"
    assert stage.answers[1].outcome.after_ms == 30_000


def test_a_script_fails_the_first_of_every_three() -> None:
    stage = Stage()
    stage.function("work", FailEvery(3), environments=9)
    for _ in range(7):
        stage.invoke("work")

    stage.advance("1s")

    words = [fact.outcome for fact in stage.of(InvocationEnded)]
    assert words == ["failed", "succeeded", "succeeded", "failed", "succeeded", "succeeded", "failed"]


@pytest.mark.parametrize(
    "payload", [b"5", b"{}", b'{"Records":5}', b'{"Records":[1,{"body":"bad"},{"body":["bad"],"messageId":"m"}]}']
)
def test_a_script_that_reports_items_takes_any_json(payload: bytes) -> None:
    stage = Stage()
    stage.function("work", ReportBatchItems(bodies=("bad",)))
    stage.invoke("work", payload)

    stage.advance("1s")

    assert isinstance(stage.answers[1].outcome, Succeeded)


# Limits


def test_the_account_has_so_many_executions_and_no_more() -> None:
    stage = Stage(limits=Limits(account_concurrency=3, unreserved_concurrency=0))
    stage.function("work", environments=2)
    stage.function("other")
    for _ in range(3):
        stage.invoke("work")

    with pytest.raises(TooManyRequests) as refusal:
        stage.invoke("other")
    stage.settle()
    stage.invoke("other")

    assert refusal.value.reason == "ConcurrentInvocationLimitExceeded"
    assert [call.function_name for call in stage.calls] == ["work", "work", "other"]


def test_who_waits_in_line_counts_towards_the_reserved_concurrency() -> None:
    stage = Stage()
    stage.function("work", environments=1, reserved_concurrency=2)
    stage.invoke("work")
    waiting = stage.invoke("work")

    with pytest.raises(TooManyRequests):
        stage.invoke("work")
    stage.submit(CancelWait(waiting.waiter))

    stage.invoke("work")


def test_a_reservation_beyond_the_account_is_refused_wherever_it_is_asked_for() -> None:
    stage = Stage()
    stage.function("one", reserved_concurrency=800)

    with pytest.raises(InvalidParameterValue, match=r"below its minimum value of \[100\]"):
        stage.function("two", reserved_concurrency=101)

    assert [function.spec.name for function in stage.world.functions()] == ["one"]
