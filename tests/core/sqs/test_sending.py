"""Sending messages: what is answered, counted and refused, alone and in batches."""

import pytest

from app.core.commands import (
    BatchAnswer,
    SendMessage,
    SendMessageBatch,
)
from app.core.errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    EmptyValue,
    InvalidBatchEntryId,
    InvalidMessageContents,
    InvalidParameterValue,
    QueueDoesNotExist,
    Refused,
    TooManyEntriesInBatchRequest,
)
from app.core.names import Arn
from app.core.sqs.message import MessageAttribute
from tests.core.sqs.test_queues import refused
from tests.core.stage import SCOPE, Stage


def test_a_send_answers_the_digests() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    sent = stage.submit(
        SendMessage(orders, "hello", attributes={"Foo": MessageAttribute("String", "Bar")}, trace_header="Root=1-a")
    )

    assert sent.md5_of_body == "5d41402abc4b2a76b9719d911017c592"
    assert sent.md5_of_attributes == "ae7155c6026991b6d54b11589678bf9c"
    assert sent.md5_of_system_attributes is not None
    assert stage.submit(SendMessage(orders, "hello")).md5_of_system_attributes is None


def test_a_message_over_the_queues_size_is_refused_with_the_number() -> None:
    stage = Stage()
    orders = stage.queue("orders", MaximumMessageSize="1024")
    stage.send(orders, "ü" * 512)

    refused(
        stage, InvalidParameterValue,
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
        SendMessage(orders, "ü" * 512 + "x"),
    )  # fmt: skip


def test_attributes_count_towards_the_size_and_the_trace_header_does_not() -> None:
    stage = Stage()
    orders = stage.queue("orders", MaximumMessageSize="1024")
    attributes = {"n": MessageAttribute("Binary", b"123456789")}

    stage.send(orders, "x" * 1_008, attributes=attributes, trace_header="Root=1-" + "a" * 2_000)

    with pytest.raises(InvalidParameterValue):
        stage.send(orders, "x" * 1_009, attributes=attributes)


@pytest.mark.parametrize("delay_s", [-1, 901])
def test_a_delay_outside_fifteen_minutes_is_refused(delay_s: int) -> None:
    stage = Stage()
    orders = stage.queue("orders")

    with pytest.raises(InvalidParameterValue, match=f"Value {delay_s} for parameter DelaySeconds is invalid"):
        stage.send(orders, delay_s=delay_s)


def test_a_send_to_no_queue_is_refused() -> None:
    stage = Stage()

    refused(
        stage, QueueDoesNotExist, "The specified queue does not exist.",
        SendMessage(SCOPE.queue_arn("nothing"), "hello"),
    )  # fmt: skip


def batch(queue: Arn, *entries: tuple[str, str]) -> SendMessageBatch:
    return SendMessageBatch(queue, tuple((entry_id, SendMessage(queue, body)) for entry_id, body in entries))


def test_the_good_entries_of_a_batch_are_sent_and_the_bad_ones_told() -> None:
    stage = Stage()
    orders = stage.queue("orders", MaximumMessageSize="1024")

    answer = stage.submit(batch(orders, ("a", "fine"), ("b", ""), ("c", "\x00"), ("d", "x" * 1_025)))

    assert [entry_id for entry_id, _ in answer.successful] == ["a"]
    assert [(entry_id, type(refusal)) for entry_id, refusal in answer.failed] == [
        ("b", EmptyValue),
        ("c", InvalidMessageContents),
        ("d", InvalidParameterValue),
    ]
    assert answer.failed[2][1].message == (
        "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes."
    )
    assert stage.bodies(orders) == ["fine"]


@pytest.mark.parametrize(
    ("entries", "kind", "message"),
    [
        ((), EmptyBatchRequest, "There should be at least one SendMessageBatchRequestEntry in the request."),
        (
            tuple((str(n), "x") for n in range(11)),
            TooManyEntriesInBatchRequest,
            "Maximum number of entries per request are 10. You have sent 11.",
        ),
        ((("a", "x"), ("a", "y")), BatchEntryIdsNotDistinct, "Id a repeated."),
        ((("a b", "x"),), InvalidBatchEntryId, InvalidBatchEntryId.message),
        ((("", "x"),), InvalidBatchEntryId, InvalidBatchEntryId.message),
        ((("a" * 81, "x"),), InvalidBatchEntryId, InvalidBatchEntryId.message),
        (
            (("a", "x" * 1_048_576), ("b", "y")),
            BatchRequestTooLong,
            "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
        ),
    ],
    ids=["empty", "eleven", "twice", "space", "no id", "long id", "too long"],
)
def test_a_batch_that_breaks_a_rule_of_the_whole_is_refused_as_a_whole(
    entries: tuple[tuple[str, str], ...], kind: type[Refused], message: str
) -> None:
    stage = Stage()
    orders = stage.queue("orders")

    refused(stage, kind, message, batch(orders, *entries))


def test_a_batch_answers_as_a_value() -> None:
    assert BatchAnswer() == BatchAnswer((), ())
