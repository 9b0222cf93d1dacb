"""Who may run, who waits, and what an outcome means for a caller."""

import pytest

from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.function import FailEvery, ReportBatchItems, SucceedAfter
from app.core.awslambda.invocation import HandlerFailed, InvocationType, Succeeded, Throttled, Unreachable
from app.core.commands import CancelWait, DescribeEnvironments, Invoke, Invoked, Origin, Waiting
from app.core.errors import (
    InvalidParameterValue,
    InvalidRequestContent,
    RequestTooLarge,
    ResourceNotFound,
    TooManyRequests,
)
from app.core.facts import (
    EnvironmentFound,
    EnvironmentLost,
    InvocationEnded,
    InvocationMoved,
    InvocationStarted,
    MessageSent,
)
from app.core.limits import Limits
from tests.core.stage import SCOPE, Stage

FAILED = HandlerFailed("ValueError", "no", b'{"errorMessage":"no"}')


# Synchronous invocations


def test_a_caller_waits_for_the_outcome() -> None:
    stage = Stage()
    stage.function("work")

    waiting = stage.invoke("work", b'{"a":1}')
    (call,) = stage.calls
    stage.settle(Succeeded(b"42"))

    assert waiting == Waiting(1, request_id=call.request_id, version="$LATEST")
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

    assert repr(stage.world.functions[arn]) == "<Function work: 2 in flight, 2 waiting>"
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

    assert repr(stage.world.functions[arn]) == "<Function work: 1 in flight, 0 waiting>"
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

    assert [function.spec.name for function in stage.world.functions.all()] == ["one"]


# Environments that come and go

REFUSED = Unreachable("http://10.0.0.1: Connection refused", reached_nobody=True)


def describe(stage: Stage, function: str, *why_out: str | None, key: str | None = None) -> None:
    """What the function's endpoint says of its environments: in (None), or why not."""
    states = tuple(EnvironmentState(f"http://10.0.0.{slot}", why, key) for slot, why in enumerate(why_out))
    stage.submit(DescribeEnvironments(function, states))


def test_a_call_that_reached_nobody_goes_to_another_environment_before_all_others() -> None:
    stage = Stage()
    work = stage.function("work", environments=2)
    for number in range(3):
        stage.invoke("work", b"%d" % number)
    lost, other = stage.calls[:2]

    describe(stage, work, "Connection refused", None)
    stage.settle(REFUSED, call=lost)
    stage.settle(call=other)

    assert [(call.request_id, call.environment, call.payload) for call in stage.calls] == [(lost.request_id, 1, b"0")]
    stage.settle()
    assert stage.answers[1].outcome == Succeeded(b"null")
    assert [fact.text for fact in stage.of(EnvironmentLost)] == [
        "work lost environment 0, http://10.0.0.0: Connection refused"
    ]
    assert [fact.environment for fact in stage.of(InvocationMoved)] == [0]


def test_a_call_that_may_have_run_goes_nowhere_else() -> None:
    stage = Stage()
    work = stage.function("work", environments=2)
    stage.invoke("work")

    describe(stage, work, "the connection was closed", None)
    stage.settle(Unreachable("the connection was closed without an answer"))

    assert stage.calls == []
    assert isinstance(stage.answers[1].outcome, Unreachable)


def test_where_all_are_lost_a_call_is_told_so_at_once() -> None:
    stage = Stage()
    work = stage.function("work", environments=2)
    describe(stage, work, "Connection refused", "Connection refused")
    stage.invoke("work")

    stage.settle(REFUSED)

    assert stage.answers[1].outcome == REFUSED


def test_a_call_is_not_handed_round_for_ever() -> None:
    stage = Stage()
    work = stage.function("work", environments=2)
    stage.invoke("work")

    for _ in range(10):
        if not stage.calls:
            break
        here = stage.calls[0].environment
        describe(stage, work, *("refused" if slot == here else None for slot in range(2)))
        stage.settle(REFUSED)

    assert stage.answers[1].outcome == REFUSED
    assert len(stage.of(InvocationMoved)) == 2


def test_an_environment_that_is_new_or_back_takes_who_waits() -> None:
    stage = Stage()
    work = stage.function("work")
    for _ in range(3):
        stage.invoke("work")

    describe(stage, work, None, None, None)

    assert [call.environment for call in stage.calls] == [0, 1, 2]
    assert [fact.text for fact in stage.of(EnvironmentFound)] == [
        "work found environment 1, http://10.0.0.1",
        "work found environment 2, http://10.0.0.2",
    ]


def test_several_environments_with_one_key_tell_a_caller_while_only_one_runs() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    work = stage.function("work")
    describe(stage, work, None, None, key="KEY")
    stage.invoke("work")
    chain = stage.of(InvocationStarted)[0].chain

    stage.send(orders, origin=Origin(access_key_id="KEY"))
    stage.invoke("work")
    stage.send(orders, origin=Origin(access_key_id="KEY"))

    first, second = stage.of(MessageSent)
    assert first.chain == chain
    assert second.chain != chain


def test_what_is_said_of_a_function_that_is_gone_changes_nothing() -> None:
    stage = Stage()

    describe(stage, SCOPE.function_arn("nobody"), None)

    assert stage.facts == []
