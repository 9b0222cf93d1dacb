"""What a broker answers to ReceiveMessage and GetQueueAttributes, as botocore parses it, read into core values."""

from collections.abc import Mapping
from typing import Any

from app.core.commands import RemoteAttributes
from app.core.names import Arn
from app.core.sqs.checksums import md5_of_body
from app.core.sqs.message import Content, Delivery, MessageAttribute
from app.core.time import Instant

_DEFAULT_VISIBILITY_S = 30


def read_delivery(message: Mapping[str, Any], *, now: Instant) -> Delivery:
    """One member of `Messages`; `now` stands for the times that a broker leaves out. Raises KeyError for one without
    id, receipt handle or body."""
    system: Mapping[str, str] = message.get("Attributes") or {}
    body = message["Body"]
    content = Content(
        message_id=message["MessageId"],
        body=body,
        md5_of_body=message.get("MD5OfBody") or md5_of_body(body),
        sent_at=_instant(system.get("SentTimestamp"), now),
        sender_id=system.get("SenderId", ""),
        attributes={name: _attribute(value) for name, value in (message.get("MessageAttributes") or {}).items()},
        trace_header=system.get("AWSTraceHeader"),
        group_id=system.get("MessageGroupId"),
        deduplication_id=system.get("MessageDeduplicationId"),
        sequence_number=system.get("SequenceNumber"),
    )
    return Delivery(
        content,
        message["ReceiptHandle"],
        receive_count=int(system.get("ApproximateReceiveCount", "1")),
        first_received_at=_instant(system.get("ApproximateFirstReceiveTimestamp"), now),
        source=_arn(system.get("DeadLetterQueueSourceArn")),
    )


def read_attributes(attributes: Mapping[str, str]) -> RemoteAttributes:
    """The `Attributes` of a queue; a broker may leave any of them out."""
    return RemoteAttributes(
        visibility_timeout_s=int(attributes.get("VisibilityTimeout", _DEFAULT_VISIBILITY_S)),
        visible=_count(attributes.get("ApproximateNumberOfMessages")),
        in_flight=_count(attributes.get("ApproximateNumberOfMessagesNotVisible")),
        delayed=_count(attributes.get("ApproximateNumberOfMessagesDelayed")),
    )


def _instant(text: str | None, default: Instant) -> Instant:
    return int(text) if text else default


def _count(text: str | None) -> int | None:
    return int(text) if text is not None else None


def _arn(text: str | None) -> Arn | None:
    return text or None


def _attribute(attribute: Mapping[str, Any]) -> MessageAttribute:
    value = attribute.get("BinaryValue")
    return MessageAttribute(attribute["DataType"], attribute.get("StringValue", "") if value is None else value)
