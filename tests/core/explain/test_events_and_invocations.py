"""What is said of an object event and of an invocation."""

from typing import Any

import pytest

from app.core.awslambda.deployment import Code
from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.function import FailAfter, SucceedAfter
from app.core.awslambda.invocation import InvocationType
from app.core.commands import (
    ChangeObject,
    DeclareBucket,
    DeleteFunction,
    DescribeEnvironments,
    Invoke,
    Origin,
    PutBucketNotification,
)
from app.core.commands.deployments import CreateFunction, PutProvisionedConcurrency
from app.core.explain import About, Conclusion, Explanation, OfInvoke, OfObject, Verdict, explain
from app.core.limits import Limits
from app.core.names import Arn
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from tests.core.stage import SCOPE, Stage


@pytest.fixture
def stage() -> Stage:
    """Bucket `photos` tells `resize` of `in/*.jpg`, and queue `audit` of what is removed."""
    stage = Stage()
    resize, audit = stage.function("resize"), stage.queue("audit")
    stage.submit(DeclareBucket(SCOPE, "photos"))
    rules = (
        NotificationRule("pictures", resize, ("s3:ObjectCreated:*",), "in/", ".jpg"),
        NotificationRule("removals", audit, ("s3:ObjectRemoved:*",)),
    )
    stage.submit(PutBucketNotification("photos", NotificationConfiguration(rules)))
    stage.submit(DeclareBucket(SCOPE, "silent"))
    return stage


def explained(stage: Stage, bucket: str, key: str, event: str, target: Arn | None, trace: str | None) -> Explanation:
    command = ChangeObject(SCOPE, bucket, event, key, origin=Origin(trace))
    return explain(stage.world, OfObject(command, target), now=stage.now)


def put(
    stage: Stage, key: str, *, bucket: str = "photos", event: str = "ObjectCreated:Put", target: Arn | None = None,
    trace: str | None = None,
) -> Conclusion:  # fmt: skip
    return explained(stage, bucket, key, event, target, trace).conclusion


def invoke(stage: Stage, function: str, payload: bytes = b"{}", **more: Any) -> Conclusion:
    return explain(stage.world, OfInvoke(Invoke(SCOPE, function, payload, **more)), now=stage.now).conclusion


def test_the_rule_that_takes_it_and_where_it_leads(stage: Stage) -> None:
    assert put(stage, "in/a.jpg").text == "would fire: s3://photos/in/a.jpg → resize, now"


def test_the_prefix_the_suffix_or_the_event_type_that_says_no(stage: Stage) -> None:
    resize = SCOPE.function_arn("resize")

    for key, event, reason in (
        ("out/a.jpg", "ObjectCreated:Put", "prefix 'in/' does not begin 'out/a.jpg'"),
        ("in/a.png", "ObjectCreated:Put", "suffix '.jpg' does not end 'in/a.png'"),
        ("in/a.jpg", "ObjectTagging:Put", "ObjectTagging:Put is not among s3:ObjectCreated:*"),
    ):
        told = put(stage, key, event=event, target=resize)
        assert (told.verdict, told.about) == (Verdict.NO, About.RULE)
        assert told.text == f"would not fire: rule pictures to 'resize' says no: {reason}"


def test_a_bucket_that_is_not_there_or_tells_nobody(stage: Stage) -> None:
    assert put(stage, "a", bucket="nothing").text == "would not fire: there is no bucket 'nothing'"
    assert put(stage, "a", bucket="silent").text == "would not fire: no rule of bucket 'silent' leads anywhere"
    assert put(stage, "a", target=SCOPE.function_arn("other")).text == (
        "would not fire: no rule of bucket 'photos' leads to 'other'"
    )


def test_an_event_that_s3_does_not_know_is_pointed_out(stage: Stage) -> None:
    told = explained(stage, "photos", "in/a.jpg", "ObjectCreated:Putt", None, None)

    assert "S3 itself sends no event 'ObjectCreated:Putt'" in [step.text for step in told.steps]


def test_a_queue_is_followed_to_its_function(stage: Stage) -> None:
    audit = SCOPE.queue_arn("audit")
    before = put(stage, "a", event="ObjectRemoved:Delete")
    stage.mapping(audit, stage.function("auditor", SucceedAfter()))
    stage.advance("31s")

    after = put(stage, "a", event="ObjectRemoved:Delete")

    assert before.text == "would not fire: no event source mapping reads queue 'audit'"
    assert after.text == "would fire: s3://photos/a → audit → auditor, in a batch of 1, now"


def test_a_target_that_was_deleted(stage: Stage) -> None:
    stage.submit(DeleteFunction(SCOPE.function_arn("resize")))

    assert put(stage, "in/a.jpg").text == "would not fire: there is no function 'resize'"


def test_a_chain_that_comes_round_too_often_is_stopped(stage: Stage) -> None:
    stage.function("resize", environments=16)
    trace = None
    for _ in range(16):
        assert put(stage, "in/a.jpg", trace=trace).verdict is Verdict.YES
        stage.put_object("photos", "in/a.jpg", origin=Origin(trace))
        trace = stage.calls[-1].trace_header

    told = put(stage, "in/a.jpg", trace=trace)

    assert (told.verdict, told.about) == (Verdict.NO, About.LOOP)
    assert told.text == (
        "would not fire: loop detection stops 'resize': the chain has come to it 16 times, the event is dropped"
    )


def test_events_that_wait_for_another_attempt_are_mentioned(stage: Stage) -> None:
    stage.function("resize", FailAfter(1_000))
    stage.put_object("photos", "in/a.jpg")
    stage.advance("5s")

    told = explained(stage, "photos", "in/a.jpg", "ObjectCreated:Put", None, None)

    assert "1 other asynchronous event waits for another attempt, until 2026-11-21T12:01:01.000Z" in [
        step.text for step in told.steps
    ]


def test_an_invocation_is_refused_in_awss_words(stage: Stage) -> None:
    assert invoke(stage, "nothing").text.startswith("would not fire: refused: Function not found: arn:aws:lambda:")
    assert invoke(stage, "resize", b"{").about is About.PAYLOAD


def test_an_invocation_now_and_one_that_waits_for_an_environment(stage: Stage) -> None:
    stage.function("resize", SucceedAfter(2_000))

    free = invoke(stage, "resize")
    stage.invoke("resize")
    stage.invoke("resize")

    assert free.text == "would fire: resize, now"
    assert invoke(stage, "resize").text == "waits: all 1 environments of 'resize' are busy, with 1 in line before it"


def test_a_reserved_concurrency_refuses_a_caller_keeps_an_event_and_drops_it_at_zero(stage: Stage) -> None:
    stage.function("one", SucceedAfter(2_000), environments=5, reserved_concurrency=1)
    stage.function("none", reserved_concurrency=0)
    stage.invoke("one")

    told = [invoke(stage, "one"), invoke(stage, "one", type=InvocationType.EVENT),
            invoke(stage, "none", type=InvocationType.EVENT)]  # fmt: skip

    assert [each.verdict for each in told] == [Verdict.NO, Verdict.WAIT, Verdict.NO]
    assert {each.about for each in told} == {About.CONCURRENCY}


@pytest.mark.parametrize(
    ("limits", "words", "code"),
    [
        (
            Limits(account_concurrency=1, unreserved_concurrency=0),
            "the functions without a reservation have reached the 1 executions that they share, the caller gets 429",
            "ConcurrentInvocationLimitExceeded",
        ),
        (
            Limits(scaling_environments=1),
            "'work' may not have more environments yet: it gets 1 at most in ten seconds, the caller gets 429",
            "ConcurrentInvocationLimitExceeded",
        ),
        (
            Limits(account_concurrency=2, unreserved_concurrency=0, requests_per_execution_s=1),
            "functions have been called as often as the account may: 2 times a second, the caller gets 429",
            "FunctionInvocationRateLimitExceeded",
        ),
    ],
    ids=["account", "scaling", "rate"],
)
def test_a_limit_that_is_reached_is_named(limits: Limits, words: str, code: str) -> None:
    stage = Stage(limits=limits)
    stage.function("work", environments=10)
    stage.invoke("work")
    if limits.requests_per_execution_s:
        stage.settle()
        stage.invoke("work")
        stage.settle()

    explanation = explain(stage.world, OfInvoke(Invoke(SCOPE, "work", b"{}")), now=stage.now)

    step = explanation.steps[-1]
    assert (step.text, step.code) == (words, code)


def test_environments_that_are_lost_are_named() -> None:
    stage = Stage()
    work = stage.function("work", environments=2)
    one_out = EnvironmentState("http://10.0.0.1:8080", "Connection refused"), EnvironmentState("http://10.0.0.2:8080")
    stage.submit(DescribeEnvironments(work, one_out))

    explanation = explain(stage.world, OfInvoke(Invoke(SCOPE, "work", b"{}")), now=stage.now)

    (note,) = [step for step in explanation.steps if step.verdict is Verdict.NOTE]
    assert note.text == ("1 of 2 environments of 'work' are lost: http://10.0.0.1:8080 (Connection refused)")
    assert explanation.conclusion.verdict is Verdict.YES


def test_where_all_environments_are_lost_a_call_is_said_to_be_tried_all_the_same() -> None:
    stage = Stage()
    work = stage.function("work")
    stage.submit(DescribeEnvironments(work, (EnvironmentState("http://10.0.0.1:8080", "Connection refused"),)))

    explanation = explain(stage.world, OfInvoke(Invoke(SCOPE, "work", b"{}")), now=stage.now)

    assert any("a call is tried there all the same" in step.text for step in explanation.steps)


def test_provisioned_environments_and_what_spills_over_are_told() -> None:
    stage = Stage()
    work = SCOPE.function_arn("work")
    given = {"Runtime": "python3.13", "Role": "arn:aws:iam::000000000000:role/r", "Handler": "app.handler"}
    stage.submit(CreateFunction(work, {**given, "Publish": True}, Code("one", 10)))
    stage.submit(PutProvisionedConcurrency(work, "1", 1))
    stage.warm()
    before = explain(stage.world, OfInvoke(Invoke(SCOPE, "work:1", b"{}")), now=stage.now)
    stage.invoke("work:1")

    after = explain(stage.world, OfInvoke(Invoke(SCOPE, "work:1", b"{}")), now=stage.now)

    notes = [step.text for explanation in (before, after) for step in explanation.steps if step.verdict is Verdict.NOTE]
    assert notes == [
        "0 of 1 provisioned environments of version 1 are busy",
        "1 of 1 provisioned environments of version 1 are busy, this call would be on demand",
    ]
