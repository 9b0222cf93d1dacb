"""Values that are made for every message."""

import gc

import pytest

from app.core.commands import DeleteMessage
from app.core.facts import MessageSent
from tests.core.stage import Stage

MESSAGES = 500


def test_a_value_does_not_change() -> None:
    sent = MessageSent("q", "m", "c", 1)

    with pytest.raises(AttributeError):
        sent.queue = "other"  # type: ignore[misc]


def test_values_with_equal_fields_are_equal_and_told_by_their_fields() -> None:
    assert MessageSent("q", "m", "c", 1) == MessageSent("q", "m", "c", 1) != MessageSent("q", "m", "c", 2)
    assert hash(MessageSent("q", "m", "c", 1)) == hash(MessageSent("q", "m", "c", 1))
    assert repr(MessageSent("q", "m", "c", 1)) == (
        "MessageSent(queue='q', message='m', chain='c', size_bytes=1, delay_s=0)"
    )


def test_the_garbage_collector_looks_at_no_message_nor_at_what_is_told_of_it() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    before = watched()

    for _ in range(MESSAGES):
        stage.send(orders)
    assert len(stage.receive(orders, 10)) == 10
    for delivery in stage.receive(orders, 10):
        stage.submit(DeleteMessage(orders, delivery.receipt_handle))

    assert watched() - before < MESSAGES / 10


def watched() -> int:
    """How many objects the collector would look at."""
    gc.collect()
    return len(gc.get_objects())
