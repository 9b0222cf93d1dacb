"""A bucket as the place where failed events end: an object is put through the S3 API, and what comes of it is told."""

from typing import Any

import pytest

from app.core.awslambda.function import FailAfter
from app.core.commands import DeclareBucket, ForgetBucket
from app.core.delivery.outside_calls import AwsAnswered, AwsCall, AwsRefused, NoAnswer, OutsideAnswer
from app.core.facts import DestinationFailed, DestinationTold
from app.core.names import bucket_arn
from tests.core.stage import SCOPE, Stage

KEY = "aws/lambda/async/worker/2026/11/21/2026-11-21T12.00.00-"


@pytest.fixture
def stage() -> Stage:
    """A worker has failed, and its record is to become an object."""
    stage = Stage()
    stage.submit(DeclareBucket(SCOPE, "failures"))
    stage.function("worker", FailAfter(10), on_failure=bucket_arn("failures"), maximum_retry_attempts=0)
    return stage


def fail(stage: Stage) -> None:
    stage.invoke("worker", event=True)
    stage.advance("1s")


def test_the_record_is_put_under_its_key_in_the_chain_of_the_event(stage: Stage) -> None:
    fail(stage)

    call: Any = stage.settle_outside(AwsAnswered({"ETag": "e"}))

    assert isinstance(call, AwsCall)
    assert (call.service, call.operation, call.scope) == ("s3", "PutObject", SCOPE)
    assert call.parameters["Bucket"] == "failures"
    assert call.parameters["Key"].startswith(KEY)
    assert b'"condition":"RetriesExhausted"' in call.parameters["Body"]
    (told,) = stage.of(DestinationTold)
    assert (told.role, told.target) == ("OnFailure", bucket_arn("failures"))
    assert (call.trace_header or "").startswith(f"Root={told.chain};Parent=")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (AwsRefused("NoSuchBucket", "The specified bucket does not exist"),
         "NoSuchBucket: The specified bucket does not exist"),
        (NoAnswer("nobody"), "nobody"),
    ],
    ids=["refused", "unanswered"],
)  # fmt: skip
def test_what_keeps_the_object_from_being_made_is_told(stage: Stage, answer: OutsideAnswer, reason: str) -> None:
    fail(stage)

    stage.settle_outside(answer)

    assert [fact.reason for fact in stage.of(DestinationFailed)] == [reason]
    assert stage.of(DestinationTold) == []


def test_a_bucket_that_is_gone_is_not_asked(stage: Stage) -> None:
    stage.submit(ForgetBucket("failures"))

    fail(stage)

    assert stage.outside == []
    assert [fact.reason for fact in stage.of(DestinationFailed)] == ["there is no bucket 'failures'"]
