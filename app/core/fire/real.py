"""Events of sources that are emulated as a whole, on their real way: what a template becomes where a bucket, a queue,
a topic or a bus is named."""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any, TypeAlias
from urllib.parse import unquote_plus

from app.core.commands import ChangeObject, FireEvent, SendMessage
from app.core.errors import InvalidParameterValue
from app.core.fire.templates import Template
from app.core.names import Arn, Scope
from app.core.s3.object_event import Details, is_event
from app.core.sqs.message import MessageAttribute
from app.core.time import parse_instant

Wish: TypeAlias = ChangeObject | SendMessage | FireEvent

_BUS_MEMBERS = ("source", "detail-type", "detail", "resources", "time")


class NotOfItsShape(InvalidParameterValue):
    """What was set in the event took away what its source needs."""


def bucket_events(event: Any, bucket: str, scope: Scope) -> Iterator[Wish]:
    """The object event that the notification's record tells of, in the bucket. Raises NotOfItsShape."""
    for record in _records(event):
        if not is_event(_member(record, "eventName", str)):
            raise NotOfItsShape(f"S3 sends no event '{record['eventName']}'")
        told = _member(record, "s3", dict).get("object") or {}
        glacier = (record.get("glacierEventData") or {}).get("restoreEventData") or {}
        expiry = glacier.get("lifecycleRestorationExpiryTime")
        transition = (record.get("lifecycleEventData") or {}).get("transitionEventData") or {}
        tiering = record.get("intelligentTieringEventData") or {}
        yield ChangeObject(
            scope,
            bucket,
            record["eventName"],
            unquote_plus(_member(told, "key", str)),
            told.get("size"),
            told.get("eTag"),
            told.get("versionId"),
            source_ip=(record.get("requestParameters") or {}).get("sourceIPAddress", "127.0.0.1"),
            details=Details(
                glacier.get("lifecycleRestoreStorageClass"),
                transition.get("destinationStorageClass") or tiering.get("destinationAccessTier"),
                expires_at=parse_instant(expiry) if isinstance(expiry, str) else None,
                by_s3=(record.get("userIdentity") or {}).get("principalId") == "s3.amazonaws.com",
            ),
        )


def queue_messages(event: Any, queue: Arn) -> Iterator[Wish]:
    """Each record's body and attributes as a message. Raises NotOfItsShape."""
    for record in _records(event):
        system = record.get("attributes") or {}
        yield SendMessage(
            queue,
            _member(record, "body", str),
            attributes={
                name: _attribute(told, "dataType", "stringValue", "binaryValue")
                for name, told in (record.get("messageAttributes") or {}).items()
            },
            group_id=system.get("MessageGroupId"),
            deduplication_id=system.get("MessageDeduplicationId"),
        )


def topic_messages(template: Template, event: Any, topic: Arn) -> Iterator[Wish]:
    """Each record's message, subject and attributes, published. Raises NotOfItsShape."""
    for record in _records(event):
        told = _member(record, "Sns", dict)
        yield FireEvent(
            topic,
            _member(told, "Message", str).encode(),
            template.title,
            subject=told.get("Subject"),
            attributes={
                name: _attribute(value, "Type", "Value", "Value")
                for name, value in (told.get("MessageAttributes") or {}).items()
            },
        )


def bus_events(template: Template, event: Any, bus: Arn) -> Iterator[Wish]:
    """The envelope without what the bus itself gives it. Raises NotOfItsShape."""
    if not isinstance(event, dict):
        raise NotOfItsShape("an event on a bus is an object")
    _member(event, "detail-type", str)
    members = {name: event[name] for name in _BUS_MEMBERS if name in event}
    yield FireEvent(bus, json.dumps(members, ensure_ascii=False).encode(), template.title)


def _records(event: Any) -> list[dict[str, Any]]:
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise NotOfItsShape("the event has no list of Records")
    return records


def _member(record: dict[str, Any], name: str, kind: type) -> Any:
    value = record.get(name)
    if not isinstance(value, kind):
        raise NotOfItsShape(f"the event has no {name}")
    return value


def _attribute(told: Any, kind: str, text: str, binary: str) -> MessageAttribute:
    if not isinstance(told, dict) or not isinstance(told.get(kind), str):
        raise NotOfItsShape("a message attribute has no type")
    if not told[kind].startswith("Binary"):
        return MessageAttribute(told[kind], str(told.get(text)))
    try:
        return MessageAttribute(told[kind], base64.b64decode(str(told.get(binary)), validate=True))
    except binascii.Error:
        raise NotOfItsShape("a binary message attribute is no base64") from None
