"""Pipes by boto3: made, looked at, listed, and at work."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from app.core.awslambda.function import FunctionSpec, SucceedAfter
from app.core.commands import CreateQueue, PutFunction
from app.core.names import Scope
from tests.web.conftest import Served

SCOPE = Scope()
QUEUE, TARGET, WORKER = SCOPE.queue_arn("orders"), SCOPE.queue_arn("done"), SCOPE.function_arn("worker")
ROLE = "arn:aws:iam::000000000000:role/pipes"


@pytest.fixture
def pipes(served: Served) -> Any:
    served.submit(CreateQueue(QUEUE))
    served.submit(CreateQueue(TARGET))
    served.submit(PutFunction(FunctionSpec(WORKER, script=SucceedAfter(0, b'[{"id": 7}]'))))
    return served.client("pipes")


def test_a_message_goes_through_an_enrichment_to_a_queue(served: Served, pipes: Any) -> None:
    made = pipes.create_pipe(
        Name="through", Source=QUEUE, Target=TARGET, Enrichment=WORKER, RoleArn=ROLE,
        SourceParameters={
            "SqsQueueParameters": {"BatchSize": 1},
            "FilterCriteria": {"Filters": [{"Pattern": '{"body": ["hello"]}'}]},
        },
        TargetParameters={"InputTemplate": '{"order": <$.id>}'}, Tags={"team": "shop"},
    )  # fmt: skip
    served.advance(1)
    sqs = served.client("sqs")

    sqs.send_message(QueueUrl="orders", MessageBody="hello")
    served.advance(10)

    (message,) = sqs.receive_message(QueueUrl="done")["Messages"]
    assert message["Body"] == '{"order":7}'
    assert made["Arn"] == "arn:aws:pipes:us-east-1:000000000000:pipe/through"


def test_it_is_shown_as_it_was_made(served: Served, pipes: Any) -> None:
    pipes.create_pipe(Name="through", Source=QUEUE, Target=TARGET, RoleArn=ROLE, Description="all", Tags={"a": "1"})
    served.advance(1)

    shown = pipes.describe_pipe(Name="through")
    (listed,) = pipes.list_pipes(NamePrefix="thr", CurrentState="RUNNING")["Pipes"]
    stopped = pipes.stop_pipe(Name="through")
    served.advance(1)

    assert (shown["CurrentState"], shown["DesiredState"], shown["Description"]) == ("RUNNING", "RUNNING", "all")
    assert (shown["Tags"], shown["CreationTime"].year) == ({"a": "1"}, 2026)
    assert (listed["Name"], listed["Source"], listed["Target"]) == ("through", QUEUE, TARGET)
    assert stopped["DesiredState"] == "STOPPED"
    assert pipes.list_pipes(CurrentState="RUNNING")["Pipes"] == []


def test_a_list_has_pages(pipes: Any) -> None:
    for name in ("c", "a", "b"):
        pipes.create_pipe(Name=name, Source=QUEUE, Target=TARGET, RoleArn=ROLE)

    first = pipes.list_pipes(Limit=2)
    second = pipes.list_pipes(Limit=2, NextToken=first["NextToken"])

    assert [pipe["Name"] for pipe in [*first["Pipes"], *second["Pipes"]]] == ["a", "b", "c"]
    assert "NextToken" not in second


def test_tags(pipes: Any) -> None:
    arn = pipes.create_pipe(Name="p", Source=QUEUE, Target=TARGET, RoleArn=ROLE, Tags={"a": "1"})["Arn"]

    pipes.tag_resource(resourceArn=arn, tags={"b": "2"})
    pipes.untag_resource(resourceArn=arn, tagKeys=["a"])

    assert pipes.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        (lambda pipes: pipes.describe_pipe(Name="none"), 404, "NotFoundException"),
        (
            lambda pipes: pipes.create_pipe(Name="p", Source=QUEUE, Target=TARGET, RoleArn="r"),
            400,
            "ValidationException",
        ),
        (lambda pipes: pipes.list_pipes(Limit=101), 400, "ValidationException"),
    ],
)
def test_refusals_have_their_names(pipes: Any, call: Any, status: int, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        call(pipes)

    response = refused.value.response
    assert (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]) == (status, code)


def test_a_name_that_is_taken_is_a_conflict(pipes: Any) -> None:
    pipes.create_pipe(Name="p", Source=QUEUE, Target=TARGET, RoleArn=ROLE)

    with pytest.raises(ClientError) as refused:
        pipes.create_pipe(Name="p", Source=QUEUE, Target=TARGET, RoleArn=ROLE)

    assert refused.value.response["Error"]["Code"] == "ConflictException"
