"""The event a mapping hands to a function for SQS messages."""

from base64 import b64encode
from typing import Any

import orjson

from app.core.names import Arn, parse_arn
from app.core.sqs.checksums import md5_of_attributes
from app.core.sqs.message import Delivery, MessageAttribute


def sqs_record(delivery: Delivery, *, queue: Arn, has_window: bool) -> bytes:
    """One record. Without message attributes `md5OfMessageAttributes` is null when the mapping has a batching window
    and absent when it has none, as in all recorded events (S:esm-sqs)."""
    content = delivery.content
    record: dict[str, Any] = {
        "messageId": content.message_id,
        "receiptHandle": delivery.receipt_handle,
        "body": content.body,
        "attributes": _system_attributes(delivery),
        "messageAttributes": {},
    }
    digest = None
    if content.attributes:
        record["messageAttributes"] = {name: _attribute(value) for name, value in content.attributes.items()}
        digest = md5_of_attributes(content.attributes)
    if digest is not None or has_window:
        record["md5OfMessageAttributes"] = digest
    record["md5OfBody"] = content.md5_of_body
    record["eventSource"] = "aws:sqs"
    record["eventSourceARN"] = queue
    record["awsRegion"] = parse_arn(queue).region
    return orjson.dumps(record)


def records(rendered: list[bytes]) -> bytes:
    """The event around records that are rendered already."""
    return b'{"Records":[' + b",".join(rendered) + b"]}"


def _system_attributes(delivery: Delivery) -> dict[str, str]:
    """All values are texts; the order is that of the recordings."""
    content = delivery.content
    attributes = {"ApproximateReceiveCount": str(delivery.receive_count)}
    if content.trace_header is not None:
        attributes["AWSTraceHeader"] = content.trace_header
    attributes["SentTimestamp"] = str(content.sent_at)
    if content.sequence_number is not None:
        attributes["SequenceNumber"] = content.sequence_number
    if content.group_id is not None:
        attributes["MessageGroupId"] = content.group_id
    attributes["SenderId"] = content.sender_id
    if content.deduplication_id is not None:
        attributes["MessageDeduplicationId"] = content.deduplication_id
    attributes["ApproximateFirstReceiveTimestamp"] = str(delivery.first_received_at)
    if delivery.source is not None:
        attributes["DeadLetterQueueSourceArn"] = delivery.source
    return attributes


def _attribute(attribute: MessageAttribute) -> dict[str, Any]:
    """The lists are reserved by SQS and always empty."""
    value = attribute.value
    named = {"stringValue": value} if isinstance(value, str) else {"binaryValue": b64encode(value).decode()}
    return {**named, "stringListValues": [], "binaryListValues": [], "dataType": attribute.data_type}
