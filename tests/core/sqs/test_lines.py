"""Who is next in a fair queue, and in a FIFO queue's group whose messages leave in any order; the rest is told in
test_queue.py and the properties."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from app.core.commands import DeleteMessage, RedriveMessages
from app.core.limits import DEFAULT_LIMITS
from app.core.names import Arn
from app.core.sqs.lines import FairLine
from tests.core.stage import Stage


def bodies(stage: Stage, queue: Arn, count: int = 10) -> list[str]:
    return [delivery.content.body for delivery in stage.receive(queue, count)]


def test_a_head_that_leaves_without_being_received_lets_those_behind_it_through() -> None:
    stage = Stage()
    orders, other = stage.queue("orders"), stage.queue("other")
    head = stage.send(orders, "1", group_id="a")
    stage.send(orders, "2", group_id="a")

    stage.submit(RedriveMessages(orders, (head,), other))

    assert bodies(stage, orders) == ["2"]


def test_a_head_that_expires_lets_those_behind_it_through() -> None:
    stage = Stage()
    orders = stage.queue("orders", MessageRetentionPeriod="60")
    stage.send(orders, "1", group_id="a")
    stage.advance("30s")
    stage.send(orders, "2", group_id="a")
    stage.advance("30s")

    assert bodies(stage, orders) == ["2"]


def test_a_group_whose_messages_are_gone_is_forgotten() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for number in range(100):
        stage.send(orders, group_id=f"tenant-{number}")
        for delivery in stage.receive(orders):
            stage.submit(DeleteMessage(orders, delivery.receipt_handle))

    line = stage.world.queues[orders]._line
    assert isinstance(line, FairLine)
    assert len(line) == 0


def test_a_tenant_with_much_in_flight_is_noisy_as_soon_as_it_sends_again() -> None:
    stage = Stage(limits=replace(DEFAULT_LIMITS, noisy_in_flight=2))
    orders = stage.queue("orders")
    for body in ("noisy 1", "noisy 2"):
        stage.send(orders, body, group_id="noisy")
    stage.receive(orders, 2)

    stage.send(orders, "noisy 3", group_id="noisy")
    stage.send(orders, "quiet", group_id="quiet")

    assert bodies(stage, orders, 1) == ["quiet"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_group_goes_on_in_whatever_order_its_messages_are_deleted(order: Sequence[int]) -> None:
    stage = Stage()
    orders = stage.queue("orders.fifo", FifoQueue="true")
    for body in "abcd":
        stage.send(orders, body, group_id="g", deduplication_id=body)
    received = stage.receive(orders, 3)

    for place in order[:2]:
        stage.submit(DeleteMessage(orders, received[place].receipt_handle))
        assert bodies(stage, orders) == []
    stage.submit(DeleteMessage(orders, received[order[2]].receipt_handle))

    assert bodies(stage, orders) == ["d"]


def test_a_group_that_was_emptied_out_of_order_takes_new_messages() -> None:
    stage = Stage()
    orders = stage.queue("orders.fifo", FifoQueue="true")
    for body in "ab":
        stage.send(orders, body, group_id="g", deduplication_id=body)
    for delivery in reversed(stage.receive(orders, 2)):
        stage.submit(DeleteMessage(orders, delivery.receipt_handle))

    stage.send(orders, "c", group_id="g", deduplication_id="c")

    assert bodies(stage, orders) == ["c"]
