"""Operations on messages: send, receive, delete, change visibility, and their batches."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from app.core.commands import (
    BatchAnswer,
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    DeleteMessage,
    DeleteMessageBatch,
    Received,
    ReceiveMessage,
    SendMessage,
    SendMessageBatch,
    Sent,
)
from app.core.errors import InvalidAttributeName
from app.core.names import Arn
from app.core.sqs.checksums import md5_of_attributes
from app.core.sqs.message import Delivery, MessageAttribute
from app.wire.calls import Call, Caller, Params, Result
from app.wire.sqs.errors import batch_failure
from app.wire.sqs.params import message_attributes, queue_of, required, trace_header

SYSTEM_ATTRIBUTES = (
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "MessageGroupId",
    "MessageDeduplicationId",
    "SequenceNumber",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
)
"""What a receiver may ask for by name."""

_ID_AND_HANDLE: Callable[[Params], tuple[str, str]] = itemgetter("Id", "ReceiptHandle")
_NO_ATTRIBUTES: Mapping[str, MessageAttribute] = MappingProxyType({})


def send_message(params: Params, caller: Caller) -> Call:
    queue = queue_of(params, caller)
    required(params, "MessageBody")
    return Call(_send(params, queue, caller), _sent)


def send_message_batch(params: Params, caller: Caller) -> Call:
    queue = queue_of(params, caller)
    entries = []
    for place, entry in enumerate(params.get("Entries") or (), 1):
        entry_id = entry.get("Id")
        if entry_id is None or entry.get("MessageBody") is None:
            where = f"SendMessageBatchRequestEntry.{place}."
            required(entry, "Id", entry=where)
            required(entry, "MessageBody", entry=where)
        entries.append((entry_id, _send(entry, queue, caller)))
    return Call(SendMessageBatch(queue, tuple(entries)), _sent_batch)


def receive_message(params: Params, caller: Caller) -> Call:
    queue = queue_of(params, caller)
    system_names = _system_names(params)
    attribute_names = params.get("MessageAttributeNames") or ()
    max_messages = params.get("MaxNumberOfMessages")
    command = ReceiveMessage(
        queue,
        1 if max_messages is None else max_messages,
        params.get("VisibilityTimeout"),
        params.get("WaitTimeSeconds"),
        params.get("ReceiveRequestAttemptId"),
    )

    def render(received: Received) -> Result:
        if not received.deliveries:
            return {}
        return {"Messages": [_delivered(delivery, system_names, attribute_names) for delivery in received.deliveries]}

    return Call(command, render)


def delete_message(params: Params, caller: Caller) -> Call:
    return Call(DeleteMessage(queue_of(params, caller), required(params, "ReceiptHandle")), nothing)


def delete_message_batch(params: Params, caller: Caller) -> Call:
    queue, given = queue_of(params, caller), params.get("Entries") or ()
    try:
        entries = tuple(map(_ID_AND_HANDLE, given))
    except KeyError:
        for place, entry in enumerate(given, 1):
            required(entry, "Id", entry=f"DeleteMessageBatchRequestEntry.{place}.")
        # A handle that is missing fails its entry alone, as a blank one does.
        entries = tuple((entry["Id"], entry.get("ReceiptHandle", "")) for entry in given)
    return Call(DeleteMessageBatch(queue, entries), _settled_batch)


def change_message_visibility(params: Params, caller: Caller) -> Call:
    command = ChangeMessageVisibility(
        queue_of(params, caller), required(params, "ReceiptHandle"), required(params, "VisibilityTimeout")
    )
    return Call(command, nothing)


def change_message_visibility_batch(params: Params, caller: Caller) -> Call:
    queue = queue_of(params, caller)
    entries = []
    for place, entry in enumerate(params.get("Entries") or (), 1):
        timeout_s = required(entry, "VisibilityTimeout", entry=f"ChangeMessageVisibilityBatchRequestEntry.{place}.")
        entry_id = required(entry, "Id", entry=f"ChangeMessageVisibilityBatch.{place}.")
        entries.append((entry_id, entry.get("ReceiptHandle") or "", timeout_s))
    return Call(ChangeMessageVisibilityBatch(queue, tuple(entries)), _settled_batch)


def nothing(_answer: object) -> Result:
    """The result of an operation that has none."""
    return {}


def _send(params: Params, queue: Arn, caller: Caller) -> SendMessage:
    attributes, system = params.get("MessageAttributes"), params.get("MessageSystemAttributes")
    return SendMessage(
        queue,
        params["MessageBody"],
        params.get("DelaySeconds"),
        message_attributes(attributes) if attributes else _NO_ATTRIBUTES,
        trace_header(system) if system else None,
        params.get("MessageGroupId"),
        params.get("MessageDeduplicationId"),
        caller.origin,
    )


def _sent(sent: Sent) -> Result:
    result: Result = {"MD5OfMessageBody": sent.md5_of_body}
    if sent.md5_of_attributes is not None:
        result["MD5OfMessageAttributes"] = sent.md5_of_attributes
    if sent.md5_of_system_attributes is not None:
        result["MD5OfMessageSystemAttributes"] = sent.md5_of_system_attributes
    result["MessageId"] = sent.message_id
    if sent.sequence_number is not None:
        result["SequenceNumber"] = sent.sequence_number
    return result


def _sent_entry(entry_id: str, sent: Sent) -> Result:
    # The model puts the id, and then the message's id, before the digests.
    result: Result = {"Id": entry_id, "MessageId": sent.message_id, "MD5OfMessageBody": sent.md5_of_body}
    if sent.md5_of_attributes is None and sent.md5_of_system_attributes is None and sent.sequence_number is None:
        return result
    return result | _sent(sent)


def _sent_batch(answer: BatchAnswer) -> Result:
    return _batch([_sent_entry(entry_id, sent) for entry_id, sent in answer.successful], answer)


def _settled_batch(answer: BatchAnswer) -> Result:
    return _batch([{"Id": entry_id} for entry_id, _ in answer.successful], answer)


def _batch(successful: list[Result], answer: BatchAnswer) -> Result:
    result: Result = {}
    if successful:
        result["Successful"] = successful
    if answer.failed:
        result["Failed"] = [batch_failure(entry_id, refused) for entry_id, refused in answer.failed]
    return result


def _system_names(params: Params) -> frozenset[str]:
    names = {*(params.get("AttributeNames") or ()), *(params.get("MessageSystemAttributeNames") or ())}
    if "All" in names:
        return frozenset(SYSTEM_ATTRIBUTES)
    for name in names:
        if name not in SYSTEM_ATTRIBUTES:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    return frozenset(names)


def _delivered(delivery: Delivery, system_names: frozenset[str], attribute_names: Sequence[str]) -> Result:
    content = delivery.content
    result: Result = {
        "MessageId": content.message_id,
        "ReceiptHandle": delivery.receipt_handle,
        "MD5OfBody": content.md5_of_body,
        "Body": content.body,
    }
    if system_names:
        system = _system_attributes(delivery)
        result["Attributes"] = {name: value for name, value in system.items() if name in system_names}
    if attribute_names and content.attributes:
        chosen = {name: value for name, value in content.attributes.items() if _is_asked_for(name, attribute_names)}
        if chosen:
            result["MD5OfMessageAttributes"] = md5_of_attributes(chosen)
            result["MessageAttributes"] = {name: _shown(value) for name, value in chosen.items()}
    return result


def _system_attributes(delivery: Delivery) -> dict[str, str]:
    content = delivery.content
    attributes = {
        "SenderId": content.sender_id,
        "SentTimestamp": str(content.sent_at),
        "ApproximateReceiveCount": str(delivery.receive_count),
        "ApproximateFirstReceiveTimestamp": str(delivery.first_received_at),
    }
    optional = {
        "MessageGroupId": content.group_id,
        "MessageDeduplicationId": content.deduplication_id,
        "SequenceNumber": content.sequence_number,
        "AWSTraceHeader": content.trace_header,
        "DeadLetterQueueSourceArn": delivery.source,
    }
    return attributes | {name: value for name, value in optional.items() if value is not None}


def _is_asked_for(name: str, asked: Sequence[str]) -> bool:
    """Whether an attribute is named: exactly, by `All`, `*` or `.*` (the three recorded), or by `prefix.*`."""
    return any(
        pattern in ("All", "*", ".*", name) or (pattern.endswith(".*") and name.startswith(pattern[:-2]))
        for pattern in asked
    )


def _shown(attribute: MessageAttribute) -> dict[str, Any]:
    member = "StringValue" if isinstance(attribute.value, str) else "BinaryValue"
    return {member: attribute.value, "DataType": attribute.data_type}
