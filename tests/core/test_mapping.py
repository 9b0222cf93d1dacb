"""A mapping's states, scale and response shape; what it does with messages is in test_mappings."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.batch import Item
from app.core.commands import (
    CreateEventSourceMapping,
    DeleteEventSourceMapping,
    DeleteFunction,
    UpdateEventSourceMapping,
)
from app.core.errors import (
    InvalidParameterValue,
    Refused,
    ResourceConflict,
    ResourceInUse,
    ResourceNotFound,
    ValidationFailed,
)
from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.mapping import Mapping
from app.core.mapping_parameters import MappingParameters
from app.core.mapping_state import MOVES, MappingState
from app.core.message import Attempt, Content, Delivery, Message
from app.core.names import Scope
from app.core.time import Instant
from tests.core.stage import NOON, SCOPE, Stage

SLOW = Limits(mapping_transition_ms=5_000)


def scene(limits: Limits = SLOW, **parameters: Any) -> tuple[Stage, str]:
    stage = Stage(limits=limits)
    return stage, stage.mapping(stage.queue("orders"), stage.function("worker"), **parameters)


def update(stage: Stage, uuid: str, **parameters: Any) -> str:
    """The state that the update answers."""
    state: str = stage.submit(UpdateEventSourceMapping(SCOPE, uuid, parameters))["State"]
    return state


# States


def test_only_the_states_a_mapping_rests_in_allow_anything() -> None:
    rests = {MappingState.ENABLED, MappingState.DISABLED}

    assert set(MOVES) == rests
    assert {move.to for row in MOVES.values() for move in row.values()} == {*rests, None}
    assert rests.isdisjoint(move.through for row in MOVES.values() for move in row.values())


def test_a_mapping_is_creating_then_enabled() -> None:
    stage, uuid = scene()
    states = [stage.the_mapping(uuid).state]

    stage.advance("5s")

    assert [*states, stage.the_mapping(uuid).state] == [MappingState.CREATING, MappingState.ENABLED]


def test_one_created_disabled_is_disabled_at_once_and_receives_nothing() -> None:
    stage, uuid = scene(Enabled=False)
    stage.send(SCOPE.queue_arn("orders"))
    stage.advance("1h")

    assert stage.the_mapping(uuid).state is MappingState.DISABLED
    assert stage.calls == []


def test_nothing_is_received_before_it_is_enabled() -> None:
    stage, _ = scene()
    stage.send(SCOPE.queue_arn("orders"))
    before = len(stage.calls)

    stage.advance("5s")

    assert (before, len(stage.calls)) == (0, 1)


@pytest.mark.parametrize(
    ("parameters", "state", "then"),
    [
        ({"Enabled": False}, "Disabling", MappingState.DISABLED),
        ({"Enabled": True}, "Updating", MappingState.ENABLED),
        ({"BatchSize": 5}, "Updating", MappingState.ENABLED),
    ],
)
def test_an_enabled_mapping_passes_through_a_transition(
    parameters: dict[str, Any], state: str, then: MappingState
) -> None:
    stage, uuid = scene()
    stage.advance("5s")

    answered = update(stage, uuid, **parameters)
    stage.advance("5s")

    assert (answered, stage.the_mapping(uuid).state) == (state, then)


@pytest.mark.parametrize(
    ("parameters", "state", "then"),
    [
        ({"Enabled": True}, "Enabling", MappingState.ENABLED),
        ({"Enabled": False}, "Updating", MappingState.DISABLED),
        ({"BatchSize": 5}, "Updating", MappingState.DISABLED),
    ],
)
def test_a_disabled_mapping_stays_so_unless_it_is_enabled(
    parameters: dict[str, Any], state: str, then: MappingState
) -> None:
    stage, uuid = scene(Enabled=False)

    answered = update(stage, uuid, **parameters)
    stage.advance("5s")

    assert (answered, stage.the_mapping(uuid).state) == (state, then)


def test_a_deleted_mapping_is_deleting_and_then_gone() -> None:
    stage, uuid = scene()
    stage.advance("5s")

    view = stage.submit(DeleteEventSourceMapping(SCOPE, uuid))
    still_there = stage.the_mapping(uuid).state
    stage.advance("5s")

    assert (view["State"], still_there) == ("Deleting", MappingState.DELETING)
    with pytest.raises(ResourceNotFound, match=r"The resource you requested does not exist\."):
        stage.the_mapping(uuid)


def test_in_a_transition_it_is_in_use() -> None:
    stage, uuid = scene()

    with pytest.raises(ResourceInUse) as update_refused:
        update(stage, uuid, BatchSize=5)
    with pytest.raises(ResourceInUse) as delete_refused:
        stage.submit(DeleteEventSourceMapping(SCOPE, uuid))

    assert update_refused.value.message == "Cannot update the event source mapping because it is in use."
    assert delete_refused.value.message == "Cannot delete the event source mapping because it is in use."


def test_by_default_transitions_are_over_in_a_moment() -> None:
    stage, uuid = scene(Limits())

    assert stage.the_mapping(uuid).state is MappingState.ENABLED


def test_a_deleted_function_leaves_its_mapping_enabled() -> None:
    stage, uuid = scene(Limits())

    stage.submit(DeleteFunction(SCOPE.function_arn("worker")))
    stage.send(SCOPE.queue_arn("orders"))
    stage.advance("1h")

    assert stage.the_mapping(uuid).state is MappingState.ENABLED
    assert stage.at(SCOPE.queue_arn("orders")).visible_count == 1


def test_it_may_be_updated_and_deleted_without_its_function() -> None:
    stage, uuid = scene(Limits())
    stage.submit(DeleteFunction(SCOPE.function_arn("worker")))

    update(stage, uuid, BatchSize=5)
    stage.submit(DeleteEventSourceMapping(SCOPE, uuid))

    assert stage.world.mappings.all() == []


# Shape


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


# Refusals


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


# Gathering


def item(record: bytes, available_at: Instant) -> Item:
    content = Content("m-1", "", "", NOON, "sender")
    message = Message(content, 1, available_at, NOON)
    return Item(message, Delivery(content, "handle", 1, NOON), Attempt(1, NOON, "worker"), record)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9)), max_size=6), st.booleans())
def test_what_one_receive_brought_is_gathered_as_one_by_one(brought: list[tuple[int, int]], is_open: bool) -> None:
    limits = replace(DEFAULT_LIMITS, batch_payload_bytes=len(b'{"Records":[]}') + 100)
    at_once, singly = (
        Mapping(
            "u", queue="arn:aws:sqs:us-east-1:1:orders", function="f", function_arn="f",
            parameters=MappingParameters(), is_enabled=True, tags={}, limits=limits, now=NOON,
        )
        for _ in range(2)
    )  # fmt: skip
    items = [item(b"x" * size, NOON + place) for size, place in brought]
    if is_open:
        at_once.gather(item(b"first", NOON), now=NOON)
        singly.gather(item(b"first", NOON), now=NOON)
    closed = [one for one in items if singly.gather(one, now=NOON) is not None]

    was_gathered = at_once.gather_all(items, now=NOON)

    assert was_gathered is (bool(items) and not is_open and not closed)
    if was_gathered:
        assert at_once.gathering == singly.gathering
