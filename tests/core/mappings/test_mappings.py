"""Mappings as they are made, listed and shown, and what is refused then."""

from typing import Any

import pytest

from app.core.commands import (
    CreateEventSourceMapping,
)
from app.core.errors import (
    InvalidParameterValue,
    Refused,
    ResourceConflict,
    ResourceNotFound,
    ValidationFailed,
)
from app.core.limits import Limits
from app.core.mappings.mapping_state import MappingState
from app.core.names import Scope
from tests.core.mappings.test_mapping import scene, update
from tests.core.stage import NOON, SCOPE, Stage


def test_the_view_is_awss() -> None:
    stage = Stage()
    orders, worker = stage.queue("orders"), stage.function("worker")

    view = stage.submit(CreateEventSourceMapping(SCOPE, {"EventSourceArn": orders, "FunctionName": "worker:$LATEST"}))

    assert view == {
        "UUID": view["UUID"],
        "EventSourceMappingArn": f"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{view['UUID']}",
        "EventSourceArn": orders,
        "FunctionArn": f"{worker}:$LATEST",
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
        "LastModified": NOON / 1_000,
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
    }


def test_what_was_set_is_shown() -> None:
    stage, uuid = scene(
        Limits(), BatchSize=100, MaximumBatchingWindowInSeconds=3, FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 7},
    )  # fmt: skip

    view = stage.the_mapping(uuid).view(SCOPE)

    assert (view["BatchSize"], view["MaximumBatchingWindowInSeconds"]) == (100, 3)
    assert view["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert view["ScalingConfig"] == {"MaximumConcurrency": 7}


def test_mappings_are_listed_by_scope() -> None:
    stage, uuid = scene()

    assert [mapping.uuid for mapping in stage.world.mappings.all(SCOPE)] == [uuid]
    assert stage.world.mappings.all(Scope("123456789012")) == []
    with pytest.raises(ResourceNotFound):
        stage.world.mappings.get(Scope("123456789012"), uuid)


def refused(stage: Stage, kind: type[Refused], message: str, **parameters: Any) -> None:
    given = {"EventSourceArn": SCOPE.queue_arn("orders"), "FunctionName": "worker", **parameters}

    with pytest.raises(kind) as refusal:
        stage.submit(CreateEventSourceMapping(SCOPE, given))

    assert refusal.value.message == message


def test_a_batch_over_ten_needs_a_window_at_create_and_update() -> None:
    text = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
    stage, uuid = scene(Limits(), BatchSize=20, MaximumBatchingWindowInSeconds=1)
    stage.function("other")

    refused(stage, InvalidParameterValue, text, FunctionName="other", BatchSize=11)
    with pytest.raises(InvalidParameterValue) as refusal:
        update(stage, uuid, MaximumBatchingWindowInSeconds=0)

    assert refusal.value.message == text
    assert stage.the_mapping(uuid).parameters.window_s == 1
    assert stage.the_mapping(uuid).state is MappingState.ENABLED


def test_a_missing_queue_is_refused_in_sqss_words() -> None:
    stage = Stage()
    stage.function("worker")

    refused(
        stage, InvalidParameterValue,
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
        "SQS Error Message: The specified queue does not exist.",
    )  # fmt: skip


def test_a_missing_function_is_refused() -> None:
    stage = Stage()
    stage.queue("orders")

    refused(stage, InvalidParameterValue, "Function does not exist")


@pytest.mark.parametrize(
    "source", [None, "arn:aws:sqs:us-east-1:000000000000:", "arn:aws:sqs:eu-west-1:000000000000:orders"]
)
def test_a_source_that_is_none_or_in_another_region_is_refused(source: str | None) -> None:
    stage = Stage()
    stage.queue("orders")
    stage.function("worker")

    refused(stage, InvalidParameterValue, "Unrecognized event source.", EventSourceArn=source)


def test_a_source_that_is_not_emulated_yet_says_so() -> None:
    stage = Stage()
    stage.function("worker")

    refused(
        stage, InvalidParameterValue, "event sources of kinesis are not emulated yet",
        EventSourceArn="arn:aws:kinesis:us-east-1:000000000000:stream/s",
    )  # fmt: skip


def test_a_second_mapping_of_the_same_pair_is_refused_by_its_uuid() -> None:
    stage, uuid = scene()

    refused(
        stage, ResourceConflict,
        'An event source mapping with SQS arn (" arn:aws:sqs:us-east-1:000000000000:orders ") and function '
        f'(" worker ") already exists. Please update or delete the existing mapping with UUID {uuid}',
    )  # fmt: skip


def test_a_mapping_may_not_be_retargeted_onto_another() -> None:
    stage, uuid = scene(Limits())
    stage.mapping(SCOPE.queue_arn("orders"), stage.function("other"))

    with pytest.raises(ResourceConflict):
        update(stage, uuid, FunctionName="other")


def test_a_queue_that_shows_messages_before_the_function_may_be_done_is_refused() -> None:
    text = "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"
    stage = Stage()
    stage.queue("orders")
    stage.function("worker", timeout_s=60)
    stage.function("quick", timeout_s=30)

    refused(stage, InvalidParameterValue, text)
    uuid = stage.mapping(SCOPE.queue_arn("orders"), SCOPE.function_arn("quick"))
    with pytest.raises(InvalidParameterValue) as refusal:
        update(stage, uuid, FunctionName="worker")

    assert refusal.value.message == text


@pytest.mark.parametrize("enabled", ["true", 0, 1, [], {}])
def test_enabled_is_true_or_false_and_nothing_else(enabled: object) -> None:
    stage, uuid = scene(Limits())

    with pytest.raises(ValidationFailed):
        update(stage, uuid, Enabled=enabled)
