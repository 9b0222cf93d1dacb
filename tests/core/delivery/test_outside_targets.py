"""Targets that others keep: the calls that a delivery to each is, and what comes of their answers."""

import json
from typing import Any

import pytest

from app.core.delivery.outside_calls import AwsAnswered, AwsCall, AwsRefused, NoAnswer, OutsideAnswer
from app.core.facts import EventDelivered, EventDeliveryFailed
from tests.core.buses.scenes import put, rule
from tests.core.stage import NOON, Stage

ROLE = "arn:aws:iam::000000000000:role/events"
STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"
LOGS = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/all:*"


def staged(arn: str, **more: Any) -> tuple[Stage, str]:
    """A stage on which an event was put for the target, and the event as it was sent."""
    stage = Stage()
    queue = stage.queue("copy")
    rule(stage, "out", {"source": ["shop"]}, {"Arn": arn, "RoleArn": ROLE, **more}, queue)
    put(stage, {"id": "seven"})
    return stage, stage.bodies(queue)[0]


def test_a_stream_gets_the_event_under_the_key_that_a_path_leads_to() -> None:
    stage, event = staged(STREAM, KinesisParameters={"PartitionKeyPath": "$.detail.id"})

    call = stage.settle_outside(AwsAnswered({"ShardId": "0"}))

    assert call == AwsCall(
        "kinesis", "PutRecord", {"StreamName": "clicks", "Data": event.encode(), "PartitionKey": "seven"}
    )
    assert [fact.target for fact in stage.of(EventDelivered)][1:] == [STREAM]


def test_without_a_path_the_partition_key_is_the_event_id() -> None:
    stage, event = staged(STREAM)

    call = stage.settle_outside(AwsAnswered({}))

    assert isinstance(call, AwsCall)
    assert call.parameters["PartitionKey"] == json.loads(event)["id"]


def test_a_log_group_gets_a_log_stream_and_the_event_in_it() -> None:
    stage, event = staged(LOGS)

    create, write = (stage.settle_outside(AwsAnswered({})) for _ in range(2))

    assert isinstance(create, AwsCall)
    assert isinstance(write, AwsCall)
    name = create.parameters["logStreamName"]
    assert create.parameters == {"logGroupName": "/aws/events/all", "logStreamName": name}
    assert write.operation == "PutLogEvents"
    assert write.parameters == {**create.parameters, "logEvents": [{"timestamp": NOON, "message": event}]}


def test_a_template_for_a_log_group_gives_time_and_message() -> None:
    template = {"InputTemplate": '{"timestamp": 5, "message": "hello"}'}
    stage, _ = staged(LOGS, InputTransformer=template)

    stage.settle_outside(AwsAnswered({}))
    write = stage.settle_outside(AwsAnswered({}))

    assert isinstance(write, AwsCall)
    assert write.parameters["logEvents"] == [{"timestamp": 5, "message": "hello"}]


def test_a_delivery_stream_and_a_state_machine_get_the_event() -> None:
    stage, event = staged("arn:aws:firehose:eu-west-1:111122223333:deliverystream/all")
    delivered = stage.settle_outside(AwsAnswered({}))
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:steps"
    other, input_text = staged(machine)
    started = other.settle_outside(AwsAnswered({}))

    assert isinstance(delivered, AwsCall)
    assert isinstance(started, AwsCall)
    assert (delivered.scope.region, delivered.scope.account) == ("eu-west-1", "111122223333")
    assert delivered.parameters == {"DeliveryStreamName": "all", "Record": {"Data": event.encode()}}
    assert (started.service, started.operation) == ("stepfunctions", "StartExecution")
    assert started.parameters == {"stateMachineArn": machine, "input": input_text}


@pytest.mark.parametrize(
    ("answer", "code", "is_retried"),
    [
        (AwsRefused("ResourceNotFoundException", "no stream"), "NO_RESOURCE", False),
        (AwsRefused("AccessDeniedException", "no"), "NO_PERMISSIONS", False),
        (AwsRefused("ProvisionedThroughputExceededException", "slow"), "THROTTLING", True),
        (AwsRefused("ResourceAlreadyExistsException", "there"), "RESOURCE_ALREADY_EXISTS", False),
        (AwsRefused("ValidationException", "bad"), "SDK_CLIENT_ERROR", False),
        (NoAnswer("nobody"), "CONNECTION_FAILURE", True),
    ],
)
def test_a_refusal_is_told_and_perhaps_tried_again(answer: OutsideAnswer, code: str, is_retried: bool) -> None:
    stage, _ = staged(STREAM)

    stage.settle_outside(answer)
    stage.advance("5s")

    (failed,) = stage.of(EventDeliveryFailed)
    assert failed.code == code
    assert (failed.retry_at is not None) is is_retried
    assert bool(stage.outside) is is_retried


def test_an_arn_of_something_else_of_the_service_is_refused() -> None:
    stage, _ = staged("arn:aws:states:us-east-1:000000000000:activity:work")

    assert [fact.code for fact in stage.of(EventDeliveryFailed)] == ["INVALID_PARAMETER"]
    assert stage.outside == []
