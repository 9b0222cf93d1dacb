"""The quota of calls that a FIFO queue takes in a second."""

import pytest

from app.core.commands import DeleteMessage, ReceiveMessage, SendMessage, SendMessageBatch
from app.core.errors import RequestThrottled
from app.core.limits import Limits
from app.core.sqs.call_quota import CallQuota
from tests.core.stage import NOON, SCOPE, Stage

LINE = SCOPE.queue_arn("line.fifo")


def test_each_action_of_each_queue_has_its_own_count() -> None:
    quota = CallQuota(2)

    for queue, action in (("a", "Send"), ("a", "Send"), ("a", "Receive"), ("b", "Send")):
        quota.count(queue, action, NOON)

    with pytest.raises(RequestThrottled):
        quota.count("a", "Send", NOON + 999)


def test_a_new_second_begins_anew() -> None:
    quota = CallQuota(1)
    quota.count("a", "Send", NOON)

    quota.count("a", "Send", NOON + 1_000)

    with pytest.raises(RequestThrottled):
        quota.count("a", "Send", NOON + 1_500)


def test_without_a_quota_nothing_is_counted() -> None:
    quota = CallQuota(0)

    for _ in range(1_000):
        quota.count("a", "Send", NOON)


def line(stage: Stage, **attributes: str) -> None:
    stage.queue("line.fifo", FifoQueue="true", ContentBasedDeduplication="true", **attributes)


def test_a_fifo_queue_refuses_what_is_over_its_quota_and_takes_it_a_second_later() -> None:
    stage = Stage(limits=Limits(fifo_calls_per_s=3))
    line(stage)
    for number in range(2):
        stage.send(LINE, str(number), group_id="g")
    entries = tuple((str(number), SendMessage(LINE, f"b{number}", group_id="g")) for number in range(10))
    stage.submit(SendMessageBatch(LINE, entries))  # one call

    with pytest.raises(RequestThrottled):
        stage.send(LINE, "over", group_id="g")
    refused_at = stage.at(LINE).visible_count
    stage.advance("1s")
    stage.send(LINE, "over", group_id="g")

    assert (refused_at, stage.at(LINE).visible_count) == (12, 13)


def test_receives_and_deletes_count_too() -> None:
    stage = Stage(limits=Limits(fifo_calls_per_s=1))
    line(stage)
    stage.send(LINE, group_id="g")
    (delivery,) = stage.receive(LINE)

    with pytest.raises(RequestThrottled):
        stage.submit(ReceiveMessage(LINE))
    stage.submit(DeleteMessage(LINE, delivery.receipt_handle))

    with pytest.raises(RequestThrottled):
        stage.submit(DeleteMessage(LINE, delivery.receipt_handle))


def test_a_queue_of_high_throughput_has_no_such_quota() -> None:
    stage = Stage(limits=Limits(fifo_calls_per_s=1))
    line(stage, DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")

    for number in range(5):
        stage.send(LINE, str(number), group_id="g")

    assert stage.at(LINE).visible_count == 5


def test_a_standard_queue_has_none() -> None:
    stage = Stage(limits=Limits(fifo_calls_per_s=1))
    orders = stage.queue("orders")

    for _ in range(5):
        stage.send(orders)

    assert stage.at(orders).visible_count == 5
