"""A receive of a FIFO queue that is asked for again by its attempt id, where it is not plain."""

from app.core.commands import ChangeMessageVisibility, Received, ReceiveMessage, Waiting
from tests.core.stage import Stage


def test_an_attempt_is_spoilt_when_somebody_else_received_in_the_same_instant() -> None:
    stage = Stage()
    orders = stage.queue("orders.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    stage.send(orders, group_id="g")
    (first,) = stage.receive(orders, attempt_id="a")
    stage.submit(ChangeMessageVisibility(orders, first.receipt_handle, 0))
    (second,) = stage.receive(orders)

    again = stage.receive(orders, attempt_id="a")

    assert (second.receive_count, again) == (2, ())


def test_what_a_long_poll_brought_is_had_again_by_its_attempt() -> None:
    stage = Stage()
    orders = stage.queue("orders.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    waiting = stage.submit(ReceiveMessage(orders, wait_time_s=20, attempt_id="a"))
    assert isinstance(waiting, Waiting)
    stage.send(orders, group_id="g")

    again = stage.receive(orders, attempt_id="a")

    assert stage.answers[waiting.waiter] == Received(again)
    assert [delivery.receive_count for delivery in again] == [1]
