"""Who may run, who waits, and what an outcome means for whom it was for (spec C, D1, E)."""

import itertools

import pytest

from app.core.commands import CancelWait, DeleteFunction, Invoke, Invoked, PutFunction, Waiting
from app.core.errors import InvalidRequestContent, RequestTooLarge, ResourceNotFound, TooManyRequests
from app.core.facts import EventDropped, InvocationEnded, InvocationStarted
from app.core.function import FailAfter, FailEvery, FunctionSpec, RefuseAsThrottled, ReportBatchItems, SucceedAfter
from app.core.functions import parse_function_name
from app.core.invocation import HandlerFailed, InvocationType, Succeeded, Throttled, TimedOut, Unreachable
from app.core.limits import Limits
from app.core.names import Scope
from tests.core.stage import SCOPE, Stage

FAILED = HandlerFailed("ValueError", "no", b'{"errorMessage":"no"}')


# Names


@pytest.mark.parametrize(
    ("text", "arn", "qualifier"),
    [
        ("work", "arn:aws:lambda:us-east-1:000000000000:function:work", None),
        ("work:live", "arn:aws:lambda:us-east-1:000000000000:function:work", "live"),
        ("work:$LATEST", "arn:aws:lambda:us-east-1:000000000000:function:work", "$LATEST"),
        ("function:work", "arn:aws:lambda:us-east-1:000000000000:function:work", None),
        ("123456789012:function:work:1", "arn:aws:lambda:us-east-1:123456789012:function:work", "1"),
        (
            "arn:aws:lambda:eu-west-1:123456789012:function:work",
            "arn:aws:lambda:eu-west-1:123456789012:function:work",
            None,
        ),
    ],
)
def test_a_function_may_be_named_in_every_way_aws_takes(text: str, arn: str, qualifier: str | None) -> None:
    name = parse_function_name(text, Scope())

    assert name is not None
    assert (name.arn, name.qualifier) == (arn, qualifier)
    assert name.as_invoked == (f"{arn}:{qualifier}" if qualifier else arn)


@pytest.mark.parametrize("text", ["", "a b", "work:", "arn:aws:sqs:us-east-1:000000000000:work", "a:b:c"])
def test_other_texts_name_no_function(text: str) -> None:
    assert parse_function_name(text, Scope()) is None


# Synchronous invocations


def test_a_caller_waits_for_the_outcome() -> None:
    stage = Stage()
    stage.function("work")

    waiting = stage.invoke("work", b'{"a":1}')
    stage.settle(Succeeded(b"42"))

    assert waiting == Waiting(1)
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


# Asynchronous invocations


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

    assert stage.world.events_waiting(arn) == 3


# Functions that come, change and go


def test_a_deleted_function_answers_its_callers_and_drops_its_events() -> None:
    stage = Stage()
    arn = stage.function("work")
    stage.invoke("work")
    stage.invoke("work")
    stage.invoke("work", event=True)

    stage.submit(DeleteFunction(arn))

    assert [type(answer) for answer in stage.answers.values()] == [ResourceNotFound, ResourceNotFound]
    assert stage.story()[-1] == "work event dropped after 1: FunctionDeleted"
    with pytest.raises(ResourceNotFound):
        stage.world.function(arn)


def test_an_event_waiting_for_its_retry_is_dropped_with_its_function() -> None:
    stage = Stage()
    arn = stage.function("work", FailAfter(1))
    stage.invoke("work", event=True)
    stage.advance("1s")

    stage.submit(DeleteFunction(arn))
    stage.advance("1h")

    assert stage.story()[-1] == "work event dropped after 1: FunctionDeleted"


def test_the_outcome_of_a_deleted_functions_call_is_let_go() -> None:
    stage = Stage()
    arn = stage.function("work")
    stage.invoke("work")
    stage.submit(DeleteFunction(arn))
    stage.function("work")

    stage.settle()

    assert stage.of(InvocationEnded) == []
    assert stage.world.function(arn).in_flight == 0


def test_a_scripted_call_of_a_deleted_function_ends_for_nobody() -> None:
    stage = Stage()
    arn = stage.function("work", SucceedAfter(1_000))
    stage.invoke("work")
    stage.submit(DeleteFunction(arn))

    stage.advance("5s")

    assert stage.of(InvocationEnded) == []


def test_a_queued_event_runs_under_the_settings_of_its_attempt() -> None:
    stage = Stage()
    arn = stage.function("work", FailAfter(1))
    stage.invoke("work", event=True)
    stage.advance("1s")

    stage.submit(PutFunction(FunctionSpec(arn, script=SucceedAfter(1))))
    stage.advance("2m")

    assert [fact.outcome for fact in stage.of(InvocationEnded)] == ["failed", "succeeded"]


def test_more_environments_let_the_line_in() -> None:
    stage = Stage()
    arn = stage.function("work")
    for _ in range(3):
        stage.invoke("work")

    stage.submit(PutFunction(FunctionSpec(arn, environments=3)))

    assert [call.environment for call in stage.calls] == [0, 1, 2]


def test_fewer_environments_let_what_runs_end() -> None:
    stage = Stage()
    arn = stage.function("work", environments=3)
    for _ in range(4):
        stage.invoke("work")

    stage.submit(PutFunction(FunctionSpec(arn, environments=1)))
    stage.settle(call=stage.calls[2])
    stage.settle(call=stage.calls[1])
    still_waiting = stage.world.function(arn).waiting
    stage.settle()

    assert still_waiting == 1
    assert [call.environment for call in stage.calls] == [0]


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
