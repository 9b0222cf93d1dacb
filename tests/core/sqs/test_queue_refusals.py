"""Queues that are told to refuse: which calls, how often, and what comes of it for those who are no clients."""

import pytest

from app.core import errors
from app.core.commands import (
    ChangeMessageVisibility,
    DeleteMessage,
    DeleteQueue,
    ReceiveMessage,
    RefuseQueueCalls,
    SendMessage,
)
from app.core.errors import InvalidParameterValue, KmsThrottled, QueueDoesNotExist, Refused, RequestThrottled
from app.core.explain import OfSend, explain
from app.core.facts import EventDeliveryFailed, MappingBlocked, QueueCallsRefused
from app.core.names import Arn
from app.core.sqs.queue_refusals import REFUSALS, code_of
from tests.core.buses.scenes import put, rule
from tests.core.stage import SCOPE, Stage


def fail(stage: Stage, queue: Arn, code: str = "RequestThrottled", times: int | None = None, **more: str) -> None:
    stage.submit(RefuseQueueCalls(queue, code, times, **more))


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_is_one_of_sqss(code: str) -> None:
    stage = Stage()
    orders = stage.queue("orders")
    fail(stage, orders, code, 1)

    with pytest.raises(getattr(errors, code)) as caught:
        stage.send(orders)

    assert caught.value.message.startswith(REFUSALS[code])
    assert stage.send(orders), "once is once"


def test_every_operation_on_messages_is_refused_and_nothing_comes_of_it() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders)
    stage.send(orders)
    fail(stage, orders)

    for command in (
        SendMessage(orders, "x"),
        ReceiveMessage(orders),
        DeleteMessage(orders, delivery.receipt_handle),
        ChangeMessageVisibility(orders, delivery.receipt_handle, 0),
    ):
        with pytest.raises(RequestThrottled):
            stage.submit(command)

    queue = stage.at(orders)
    assert (queue.visible_count, queue.in_flight_count) == (1, 1)
    fail(stage, orders, times=0)
    stage.delete(orders, delivery)
    assert stage.at(orders).in_flight_count == 0


def test_the_next_so_many_calls_of_one_operation() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    fail(stage, orders, "KmsThrottled", 2, operation="SendMessage", message="slowly")

    assert stage.receive(orders) == ()
    for _ in range(2):
        assert stage.refusal(lambda: stage.send(orders)) == "slowly"

    assert stage.send(orders)
    assert stage.world.queues.refusals.troubled == set()
    assert [fact.text for fact in stage.of(QueueCallsRefused)] == [
        "orders refuses the next 2 SendMessages with KmsThrottled"
    ]


@pytest.mark.parametrize(
    ("times", "operation", "text"),
    [
        (None, None, "orders refuses every call with RequestThrottled"),
        (1, None, "orders refuses the next call with RequestThrottled"),
        (1, "SendMessage", "orders refuses the next SendMessage with RequestThrottled"),
        (0, None, "orders refuses nothing any more"),
    ],
)
def test_it_is_told(times: int | None, operation: str | None, text: str) -> None:
    assert QueueCallsRefused(SCOPE.queue_arn("orders"), "RequestThrottled", times, operation).text == text


def test_what_cannot_be_is_refused() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    assert "KmsThrottled" in stage.refusal(lambda: fail(stage, orders, "NoSuchThing"))
    assert "'TagQueue' cannot be refused" in stage.refusal(lambda: fail(stage, orders, operation="TagQueue"))
    with pytest.raises(InvalidParameterValue):
        fail(stage, orders, times=-1)
    with pytest.raises(QueueDoesNotExist):
        fail(stage, SCOPE.queue_arn("nothing"))


def test_a_queue_that_is_made_again_refuses_nothing() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    fail(stage, orders)
    stage.submit(DeleteQueue(orders))

    stage.queue("orders")

    assert stage.send(orders)


def test_a_mappings_pollers_try_again_a_second_later_and_say_why_they_did_not_receive() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("worker"))
    stage.advance("1s")
    fail(stage, orders, "KmsThrottled", 3, operation="ReceiveMessage")

    stage.send(orders)
    stage.advance("2s")
    assert stage.calls == []
    problem = stage.the_mapping(uuid).view(SCOPE)["LastProcessingResult"]
    assert problem.startswith(
        "PROBLEM: Error occurred while ReceiveMessage. SQS Error Code: KMS.ThrottlingException. SQS Error Message: You "
    )
    stage.advance("1s")

    assert len(stage.calls) == 1
    assert "LastProcessingResult" not in stage.the_mapping(uuid).view(SCOPE)
    assert len(stage.of(MappingBlocked)) == 1


def test_pollers_that_are_always_refused_do_not_drive_the_clock() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"))
    stage.advance("1s")
    fail(stage, orders)
    fail(stage, orders, operation="ReceiveMessage")

    stage.send(orders)

    assert stage.world.next_event() is None
    explained = explain(stage.world, OfSend(SendMessage(orders, "x")), now=stage.now)
    assert "mapping orders → worker does not poll: Error occurred while ReceiveMessage" in explained.conclusion.text
    fail(stage, orders, times=0)
    assert len(stage.calls) == 1


def test_what_a_mapping_may_not_delete_comes_again() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="30")
    stage.mapping(orders, stage.function("worker"))
    stage.advance("1s")
    stage.send(orders)
    fail(stage, orders, "InternalFailure", 1, operation="DeleteMessage")

    stage.settle()
    stage.advance("30s")
    assert len(stage.calls) == 1, "it comes again"
    stage.settle()

    assert not list(stage.world.queues[orders])


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (KmsThrottled(), "KMS.ThrottlingException"),
        (QueueDoesNotExist(), "AWS.SimpleQueueService.NonExistentQueue"),
        (RequestThrottled(), "RequestThrottled"),
    ],
)
def test_lambda_and_move_tasks_call_it_by_its_old_name(refusal: Refused, code: str) -> None:
    assert code_of(refusal) == code


@pytest.mark.parametrize(
    ("code", "arrives"), [("KmsThrottled", True), ("InternalFailure", True), ("KmsDisabled", False)]
)
def test_a_topic_tries_again_what_the_queue_refuses_only_for_now(code: str, *, arrives: bool) -> None:
    stage = Stage()
    orders, news = stage.queue("orders"), stage.topic("news")
    stage.subscribe(news, orders)
    fail(stage, orders, code, 1)

    stage.publish(news)
    stage.advance("1m")

    assert bool(list(stage.world.queues[orders])) is arrives


@pytest.mark.parametrize(
    ("refused_with", "code", "arrives"),
    [
        ("KmsThrottled", "THROTTLING", True),
        ("RequestThrottled", "THROTTLING", True),
        ("InternalFailure", "INTERNAL_ERROR", True),
        ("KmsAccessDenied", "NO_PERMISSIONS", False),
    ],
)
def test_a_rule_does_the_same_by_its_own_names(refused_with: str, code: str, *, arrives: bool) -> None:
    stage = Stage()
    orders = stage.queue("orders")
    rule(stage, "all", {"source": ["shop"]}, orders)
    fail(stage, orders, refused_with, 1)

    put(stage)
    stage.advance("5m")

    assert [fact.code for fact in stage.of(EventDeliveryFailed)] == [code]
    assert bool(list(stage.world.queues[orders])) is arrives
