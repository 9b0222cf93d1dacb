"""Message operations: parameters to commands, answers to results."""

from typing import Any

import pytest

from app.core.commands import (
    BatchAnswer,
    ChangeMessageVisibility,
    DeleteMessageBatch,
    Origin,
    Received,
    ReceiveMessage,
    SendMessage,
    SendMessageBatch,
    Sent,
)
from app.core.errors import InvalidAttributeName, InvalidParameterValue, MissingParameter, ReceiptHandleIsInvalid
from app.core.names import Scope
from app.core.sqs.message import Content, Delivery, MessageAttribute
from app.wire.calls import Caller
from app.wire.sqs import messages

ORDERS = "arn:aws:sqs:us-east-1:000000000000:orders"
URL = {"QueueUrl": "http://localhost:4566/000000000000/orders"}
CALLER = Caller(Scope(), Origin("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700", "test"), "http://localhost:4566")


def _delivery(**changes: Any) -> Delivery:
    attributes = {
        "color": MessageAttribute("String", "red"),
        "size.width": MessageAttribute("Number", "3"),
        "size.height": MessageAttribute("Number", "4"),
        "blob": MessageAttribute("Binary", b"\x00\xff"),
    }
    content = Content("m-1", "hello", "5d41402abc4b2a76b9719d911017c592", 1_000, "AIDAX", attributes)
    return Delivery(content, "handle", receive_count=2, first_received_at=2_000, **changes)


def _shown(params: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
    result = messages.receive_message(URL | params, CALLER).render(Received((delivery,)))
    message: dict[str, Any] = result["Messages"][0]
    return message


def test_a_send_carries_its_content_and_its_origin() -> None:
    params = URL | {
        "MessageBody": "hi",
        "DelaySeconds": 5,
        "MessageAttributes": {"n": {"DataType": "Number.cents", "StringValue": "1"}},
        "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}},
    }

    call = messages.send_message(params, CALLER)

    assert call.command == SendMessage(
        ORDERS,
        "hi",
        delay_s=5,
        attributes={"n": MessageAttribute("Number.cents", "1")},
        trace_header="Root=1",
        origin=CALLER.origin,
    )


def test_a_binary_attribute_keeps_its_bytes() -> None:
    params = URL | {"MessageBody": "hi", "MessageAttributes": {"b": {"DataType": "Binary.png", "BinaryValue": b"\x89"}}}

    command = messages.send_message(params, CALLER).command

    assert isinstance(command, SendMessage)
    assert command.attributes == {"b": MessageAttribute("Binary.png", b"\x89")}


def test_only_the_trace_header_can_be_sent_as_a_system_attribute() -> None:
    params = URL | {"MessageBody": "hi", "MessageSystemAttributes": {"Foo": {"DataType": "String", "StringValue": "x"}}}

    with pytest.raises(InvalidParameterValue):
        messages.send_message(params, CALLER)


@pytest.mark.parametrize(
    ("operation", "params", "missing"),
    [
        (messages.send_message, {}, "QueueUrl"),
        (messages.send_message, URL, "MessageBody"),
        (messages.receive_message, {}, "QueueUrl"),
        (messages.delete_message, URL, "ReceiptHandle"),
        (messages.change_message_visibility, URL | {"ReceiptHandle": "h"}, "VisibilityTimeout"),
        (
            messages.send_message_batch,
            URL | {"Entries": [{"Id": "a", "MessageBody": "x"}, {"Id": "b"}]},
            "SendMessageBatchRequestEntry.2.MessageBody",
        ),
        (
            messages.delete_message_batch,
            URL | {"Entries": [{"ReceiptHandle": "h"}]},
            "DeleteMessageBatchRequestEntry.1.Id",
        ),
    ],
)
def test_a_missing_parameter_is_named(operation: Any, params: dict[str, Any], missing: str) -> None:
    with pytest.raises(MissingParameter) as refused:
        operation(params, CALLER)

    assert refused.value.message == f"The request must contain the parameter {missing}."


def test_a_batch_without_entries_is_left_to_the_core_to_refuse() -> None:
    assert messages.send_message_batch(URL, CALLER).command == SendMessageBatch(ORDERS, ())
    assert messages.delete_message_batch(URL | {"Entries": []}, CALLER).command == DeleteMessageBatch(ORDERS, ())


def test_a_visibility_timeout_of_zero_is_not_missing() -> None:
    params = URL | {"ReceiptHandle": "h", "VisibilityTimeout": 0}

    assert messages.change_message_visibility(params, CALLER).command == ChangeMessageVisibility(ORDERS, "h", 0)


def test_a_receive_leaves_what_is_not_said_to_the_queue() -> None:
    assert messages.receive_message(URL, CALLER).command == ReceiveMessage(ORDERS, 1, None, None)


def test_an_out_of_range_count_reaches_the_core_as_it_was_asked() -> None:
    assert messages.receive_message(URL | {"MaxNumberOfMessages": 0}, CALLER).command == ReceiveMessage(ORDERS, 0)


def test_an_empty_receive_has_no_messages_member() -> None:
    assert messages.receive_message(URL, CALLER).render(Received()) == {}


def test_a_plain_receive_shows_neither_system_nor_user_attributes() -> None:
    assert _shown({}, _delivery()) == {
        "MessageId": "m-1",
        "ReceiptHandle": "handle",
        "MD5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "Body": "hello",
    }


@pytest.mark.parametrize("member", ["MessageSystemAttributeNames", "AttributeNames"])
def test_all_system_attributes_are_shown_under_either_parameter(member: str) -> None:
    shown = _shown({member: ["All"]}, _delivery(source="arn:aws:sqs:us-east-1:000000000000:first"))

    assert shown["Attributes"] == {
        "SenderId": "AIDAX",
        "SentTimestamp": "1000",
        "ApproximateReceiveCount": "2",
        "ApproximateFirstReceiveTimestamp": "2000",
        "DeadLetterQueueSourceArn": "arn:aws:sqs:us-east-1:000000000000:first",
    }


def test_system_attributes_asked_for_in_both_ways_are_joined() -> None:
    shown = _shown(
        {"AttributeNames": ["SenderId"], "MessageSystemAttributeNames": ["ApproximateReceiveCount"]}, _delivery()
    )

    assert shown["Attributes"] == {"SenderId": "AIDAX", "ApproximateReceiveCount": "2"}


def test_an_unknown_system_attribute_is_refused() -> None:
    with pytest.raises(InvalidAttributeName, match=r"Unknown Attribute Color\."):
        messages.receive_message(URL | {"AttributeNames": ["Color"]}, CALLER)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (["All"], ["color", "size.width", "size.height", "blob"]),
        ([".*"], ["color", "size.width", "size.height", "blob"]),
        (["size.*"], ["size.width", "size.height"]),
        (["color", "blob"], ["color", "blob"]),
        (["size"], []),
    ],
)
def test_message_attributes_are_chosen_by_name_prefix_or_all(asked: list[str], shown: list[str]) -> None:
    message = _shown({"MessageAttributeNames": asked}, _delivery())

    assert list(message.get("MessageAttributes", {})) == shown


def test_the_digest_covers_only_the_attributes_returned() -> None:
    content = Content(
        "m", "b", "x", 0, "s", {"Foo": MessageAttribute("String", "Bar"), "x": MessageAttribute("String", "y")}
    )

    message = _shown({"MessageAttributeNames": ["Foo"]}, Delivery(content, "h", 1, 0))

    assert message["MD5OfMessageAttributes"] == "ae7155c6026991b6d54b11589678bf9c"


def test_no_attribute_returned_leaves_no_digest() -> None:
    message = _shown({"MessageAttributeNames": ["nothing"]}, _delivery())

    assert "MD5OfMessageAttributes" not in message
    assert "MessageAttributes" not in message


def test_a_batch_answer_omits_the_list_that_is_empty() -> None:
    call = messages.send_message_batch(URL | {"Entries": [{"Id": "a", "MessageBody": "x"}]}, CALLER)

    assert call.render(BatchAnswer((("a", Sent("m-1", "md5")),))) == {
        "Successful": [{"Id": "a", "MessageId": "m-1", "MD5OfMessageBody": "md5"}]
    }


def test_a_failed_entry_is_told_with_its_query_code_and_whose_fault_it_is() -> None:
    call = messages.delete_message_batch(URL | {"Entries": [{"Id": "a", "ReceiptHandle": "junk"}]}, CALLER)

    assert call.render(BatchAnswer(failed=(("a", ReceiptHandleIsInvalid("bad handle")),))) == {
        "Failed": [{"Id": "a", "SenderFault": True, "Code": "ReceiptHandleIsInvalid", "Message": "bad handle"}]
    }
