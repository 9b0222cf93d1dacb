"""What receivers do with messages, in batches."""

from app.core.commands import (
    ChangeMessageVisibilityBatch,
    DeleteMessageBatch,
)
from app.core.errors import (
    EmptyBatchRequest,
    ReceiptHandleIsInvalid,
)
from tests.core.sqs.test_queues import refused
from tests.core.stage import Stage


def test_batches_of_deletes_and_changes_tell_each_entry() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for body in "abc":
        stage.send(orders, body)
    one, two, three = stage.receive(orders, 3)

    deleted = stage.submit(DeleteMessageBatch(orders, (("1", one.receipt_handle), ("2", "garbage"))))
    changed = stage.submit(
        ChangeMessageVisibilityBatch(
            orders, (("1", two.receipt_handle, 0), ("2", three.receipt_handle, 43_201), ("3", one.receipt_handle, 5))
        )
    )

    assert deleted.successful == (("1", None),)
    assert [(entry_id, type(refusal)) for entry_id, refusal in deleted.failed] == [("2", ReceiptHandleIsInvalid)]
    assert changed.successful == (("1", None),)
    assert [entry_id for entry_id, _ in changed.failed] == ["2", "3"]
    assert repr(stage.at(orders)) == "<Queue orders: 1 visible, 1 in flight, 0 delayed>"


def test_an_empty_batch_names_its_own_entry_type() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    refused(
        stage, EmptyBatchRequest, "There should be at least one DeleteMessageBatchRequestEntry in the request.",
        DeleteMessageBatch(orders, ()),
    )  # fmt: skip
    refused(
        stage, EmptyBatchRequest,
        "There should be at least one ChangeMessageVisibilityBatch in the request.",
        ChangeMessageVisibilityBatch(orders, ()),
    )  # fmt: skip
