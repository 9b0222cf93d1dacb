"""What becomes of batches when their mapping, its queue or its function changes under them."""

import json

import pytest

from app.core.awslambda.function import FailAfter, SucceedAfter
from app.core.commands import (
    CreateQueue,
    DeleteEventSourceMapping,
    DeleteFunction,
    DeleteQueue,
    SendMessage,
    SendMessageBatch,
    TagMapping,
    UntagMapping,
    UpdateEventSourceMapping,
)
from app.core.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from app.core.facts import (
    BatchAbandoned,
    BatchFormed,
    InvocationStarted,
    InvocationThrottled,
    MessageDeleted,
    MessageReceived,
    MessageReturned,
)
from app.core.limits import Limits
from app.core.mappings.mapping_state import MappingState
from app.core.names import Arn, Scope
from tests.core.stage import SCOPE, Stage

SLOW = Limits(mapping_transition_ms=5_000)


def send(stage: Stage, queue: Arn, count: int) -> None:
    for start in range(0, count, 10):
        numbers = range(start, min(start + 10, count))
        stage.submit(SendMessageBatch(queue, tuple((str(n), SendMessage(queue, str(n))) for n in numbers)))


def update(stage: Stage, uuid: str, **parameters: object) -> None:
    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, parameters))


# While a batch gathers


def test_an_update_closes_what_was_gathered_under_the_old_parameters() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    worker = stage.function("worker", environments=9)
    uuid = stage.mapping(orders, worker, BatchSize=50, MaximumBatchingWindowInSeconds=60)
    send(stage, orders, 20)

    update(stage, uuid, BatchSize=4)
    send(stage, orders, 4)

    assert stage.story(BatchFormed) == ["worker batch of 20: mapping updated", "worker batch of 4: batch size"]


def test_what_was_gathered_for_one_function_is_not_handed_to_another() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.function("new")
    uuid = stage.mapping(orders, stage.function("old"), BatchSize=50, MaximumBatchingWindowInSeconds=60)
    send(stage, orders, 3)

    update(stage, uuid, FunctionName="new")

    assert [call.function_name for call in stage.calls] == ["old"]


def test_disabling_closes_the_window() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(
        orders, stage.function("worker", SucceedAfter(5)), BatchSize=5, MaximumBatchingWindowInSeconds=60
    )
    send(stage, orders, 3)

    update(stage, uuid, Enabled=False)
    stage.advance("1m")

    assert stage.story(BatchFormed) == ["worker batch of 3: mapping updated"]
    assert len(stage.at(orders)) == 0


def test_a_function_deleted_before_the_window_closes_is_waited_for_until_the_messages_reappear() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="20")
    worker = stage.function("worker")
    stage.mapping(orders, worker, BatchSize=5, MaximumBatchingWindowInSeconds=5)
    send(stage, orders, 1)

    stage.submit(DeleteFunction(worker))
    stage.advance("20s")

    assert stage.timed_story(BatchFormed, BatchAbandoned, MessageReturned) == [
        "12:00:05 worker batch of 1: batching window",
        "12:00:20 m1 back",
        "12:00:20 worker batch of 1 abandoned",
    ]


def test_a_queue_deleted_before_the_window_closes_leaves_the_invocation_and_nothing_to_delete() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", SucceedAfter(5)), BatchSize=5, MaximumBatchingWindowInSeconds=5)
    send(stage, orders, 1)

    stage.submit(DeleteQueue(orders))
    stage.advance("10s")

    assert stage.story(BatchFormed, MessageDeleted) == ["worker batch of 1: batching window"]


# While a batch runs or waits


def test_a_disabled_mapping_finishes_what_runs() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("worker", SucceedAfter(2_000)), BatchSize=1)
    send(stage, orders, 2)

    update(stage, uuid, Enabled=False)
    stage.advance("1m")

    assert stage.story(MessageDeleted) == ["m1 deleted"]
    assert stage.bodies(orders) == ["1"]


def test_while_it_is_updating_an_enabled_mapping_goes_on_polling_and_a_disabled_one_does_not() -> None:
    stage = Stage(limits=SLOW)
    one, two = stage.queue("one"), stage.queue("two")
    worker = stage.function("worker", environments=9)
    enabled = stage.mapping(one, worker)
    disabled = stage.mapping(two, worker, Enabled=False)
    stage.advance("5s")

    for uuid in (enabled, disabled):
        update(stage, uuid, BatchSize=3)
    for queue in (one, two):
        send(stage, queue, 1)

    assert {stage.the_mapping(uuid).state for uuid in (enabled, disabled)} == {MappingState.UPDATING}
    assert [call.payload.count(b":one") for call in stage.calls] == [1]


def test_the_end_of_a_transition_is_a_modification() -> None:
    stage = Stage(limits=SLOW)
    uuid = stage.mapping(stage.queue("orders"), stage.function("worker"))
    created = stage.the_mapping(uuid).modified_at

    stage.advance("1m")

    assert stage.the_mapping(uuid).modified_at - created == 5_000


def test_deleting_a_mapping_lets_go_of_the_batches_that_do_not_run() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("worker", reserved_concurrency=0))
    send(stage, orders, 1)

    stage.submit(DeleteEventSourceMapping(SCOPE, uuid))
    stage.advance("1m")

    assert stage.timed_story(BatchAbandoned, MessageReturned) == [
        "12:00:00 worker batch of 1 abandoned",
        "12:00:30 m1 back",
    ]


# Concurrency


def test_a_receive_cut_in_two_keeps_to_maximum_concurrency() -> None:
    stage = Stage(limits=Limits(batch_payload_bytes=4_000))
    orders = stage.queue("orders")
    for _ in range(6):
        stage.send(orders, "x" * 1_000)

    stage.mapping(orders, stage.function("worker", environments=9), ScalingConfig={"MaximumConcurrency": 2})
    at_first = len(stage.calls)
    stage.settle()

    assert (at_first, len(stage.calls)) == (2, 2)
    assert stage.at(orders).visible_count == 0


def test_provisioned_pollers_run_ten_invocations_each_from_the_start() -> None:
    stage = Stage(limits=Limits(account_concurrency=10_000))
    orders = stage.queue("orders", VisibilityTimeout="900")
    worker = stage.function("worker", environments=9_999, timeout_s=900)
    pollers = {"MinimumPollers": 2, "MaximumPollers": 110}
    uuid = stage.mapping(orders, worker, BatchSize=1, ProvisionedPollerConfig=pollers)
    send(stage, orders, 1_300)

    counts = [len(stage.calls)]
    for _ in range(2):
        stage.advance("1m")
        counts.append(len(stage.calls))

    assert counts == [20, 1_020, 1_100]
    assert stage.the_mapping(uuid).pollers == 110


@pytest.mark.parametrize(("reports", "in_flight"), [([], 2), (["ReportBatchItemFailures"], 5)])
def test_errors_reduce_concurrency_unless_failures_are_reported_one_by_one(reports: list[str], in_flight: int) -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="900")
    worker = stage.function("worker", FailAfter(1_000), environments=9)
    uuid = stage.mapping(orders, worker, BatchSize=1, FunctionResponseTypes=reports)
    send(stage, orders, 60)

    stage.advance("5500ms")

    assert len(stage.the_mapping(uuid).running) == in_flight


# Which mapping


def test_other_versions_of_a_function_are_other_functions_but_latest_is_the_one_without_a_version() -> None:
    stage = Stage()
    orders, worker = stage.queue("orders"), stage.function("worker")
    first = stage.mapping(orders, worker)
    stage.mapping(orders, stage.alias(worker, "live"))

    with pytest.raises(ResourceConflict) as refusal:
        stage.mapping(orders, f"{worker}:$LATEST")
    with pytest.raises(ResourceConflict) as other:
        stage.mapping(orders, "worker:live")

    assert refusal.value.message.endswith(f"with UUID {first}")
    assert '(" worker:live ")' in other.value.message


def test_naming_its_own_function_again_is_no_conflict() -> None:
    stage = Stage()
    worker = stage.function("worker")
    uuid = stage.mapping(stage.queue("orders"), worker)
    stage.alias(worker, "live")

    update(stage, uuid, FunctionName="worker:live")

    assert stage.the_mapping(uuid).function_arn.endswith(":worker:live")


def test_a_queue_of_another_account_is_taken_and_the_mapping_is_the_functions() -> None:
    stage = Stage()
    stage.function("worker")
    theirs = stage.submit(CreateQueue(Scope("123456789012").queue_arn("orders"), {}))

    uuid = stage.mapping(theirs, SCOPE.function_arn("worker"))
    stage.send(theirs)

    assert stage.the_mapping(uuid).queue == theirs
    assert json.loads(stage.calls[0].payload)["Records"][0]["eventSourceARN"] == theirs


# Tags


def test_tags_are_given_at_creation_added_and_taken_away() -> None:
    stage = Stage()
    uuid = stage.mapping(stage.queue("orders"), stage.function("worker"), Tags={"team": "a", "stage": "test"})

    stage.submit(TagMapping(SCOPE, uuid, {"team": "b", "more": ""}))
    stage.submit(UntagMapping(SCOPE, uuid, ("stage", "unknown")))

    assert stage.the_mapping(uuid).tags == {"team": "b", "more": ""}


def test_only_a_mapping_that_is_there_takes_tags_and_not_more_than_fifty() -> None:
    stage = Stage()
    uuid = stage.mapping(stage.queue("orders"), stage.function("worker"))

    with pytest.raises(ResourceNotFound):
        stage.submit(TagMapping(SCOPE, "unknown", {"a": "b"}))
    with pytest.raises(InvalidParameterValue):
        stage.submit(TagMapping(SCOPE, uuid, {str(number): "" for number in range(51)}))

    assert stage.the_mapping(uuid).tags == {}


def test_a_batch_that_stood_in_line_until_its_messages_were_visible_again_is_let_go() -> None:
    stage = Stage(limits=Limits(batch_payload_bytes=4_000))
    orders = stage.queue("orders", VisibilityTimeout="30")
    for _ in range(4):
        stage.send(orders, "x" * 1_000)
    stage.mapping(orders, stage.function("worker", environments=1), ScalingConfig={"MaximumConcurrency": 2})
    stage.advance("40s")
    stage.story()

    stage.settle()

    assert stage.story(BatchAbandoned, MessageReceived, InvocationStarted) == [
        "worker batch of 2 abandoned",
        "worker received m3 (2)",
        "worker received m4 (2)",
        "worker called by queue orders",
    ]


def test_an_update_may_name_the_function_that_the_mapping_has() -> None:
    stage = Stage()
    orders, worker = stage.queue("orders"), stage.function("worker")
    uuid = stage.mapping(orders, worker, BatchSize=3)

    update(stage, uuid, FunctionName="worker", BatchSize=5)

    assert stage.the_mapping(uuid).parameters.batch_size == 5


# A function that is throttled


def test_the_pauses_of_a_throttled_batch_double_up_to_half_a_minute() -> None:
    stage = Stage()
    orders, worker = stage.queue("orders", VisibilityTimeout="120"), stage.function("worker", reserved_concurrency=0)
    stage.mapping(orders, worker)
    stage.send(orders)

    stage.advance("119s")

    assert stage.timed_story(InvocationThrottled) == [
        "12:00:00 worker throttled, again at 12:00:01",
        "12:00:01 worker throttled, again at 12:00:03",
        "12:00:03 worker throttled, again at 12:00:07",
        "12:00:07 worker throttled, again at 12:00:15",
        "12:00:15 worker throttled, again at 12:00:31",
        "12:00:31 worker throttled, again at 12:01:01",
        "12:01:01 worker throttled, again at 12:01:31",
        "12:01:31 worker throttled, again at 12:02:00",
    ]
