"""What topics send: the event of a function, and the envelope that queues and HTTP endpoints get."""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import orjson

from app.core.names import Arn
from app.core.sqs.message import MessageAttribute
from app.core.time import format_instant
from app.core.topics.notification import Confirmation, Notification
from app.wire.events.signing import CERTIFICATE_PATH, sign

_LAMBDA_SIGNATURE_VERSION = "1"
"""Whatever the topic's is, as recorded 2024-01."""

_TEXTS = {
    "SubscriptionConfirmation": (
        "You have chosen to subscribe to the topic {topic}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message."
    ),
    "UnsubscribeConfirmation": (
        "You have chosen to deactivate subscription {subscription}.\n"
        "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
    ),
}
"""Recorded 2023-10."""


def sns_event(notification: Notification, *, subscription: Arn, url: str) -> bytes:
    """`{"Records":[…]}` with its one record; `Subject` is null where there is none."""
    at = format_instant(notification.at)
    signature = sign(_to_sign(notification, at), _LAMBDA_SIGNATURE_VERSION)
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "Sns": {
            "Type": "Notification",
            "MessageId": notification.message_id,
            "TopicArn": notification.topic,
            "Subject": notification.subject,
            "Message": notification.message,
            "Timestamp": at,
            "SignatureVersion": _LAMBDA_SIGNATURE_VERSION,
            "Signature": signature,
            "SigningCertUrl": url + CERTIFICATE_PATH,
            "UnsubscribeUrl": unsubscribe_url(subscription, url),
            "MessageAttributes": {name: _attribute(value) for name, value in notification.attributes.items()},
        },
    }
    return orjson.dumps({"Records": [record]})


def sns_envelope(notification: Notification, *, subscription: Arn, url: str) -> bytes:
    """The JSON around a message, laid out as AWS lays it out. What a FIFO topic sends is not signed."""
    at = format_instant(notification.at)
    members: dict[str, Any] = {"Type": "Notification", "MessageId": notification.message_id}
    if notification.sequence_number is not None:
        members["SequenceNumber"] = notification.sequence_number
    members["TopicArn"] = notification.topic
    if notification.subject is not None:
        members["Subject"] = notification.subject
    members |= {"Message": notification.message, "Timestamp": at}
    if notification.sequence_number is None:
        version = notification.signature_version
        members |= {
            "SignatureVersion": version,
            "Signature": sign(_to_sign(notification, at), version),
            "SigningCertURL": url + CERTIFICATE_PATH,
        }
    members["UnsubscribeURL"] = unsubscribe_url(subscription, url)
    if notification.attributes:
        members["MessageAttributes"] = notification.attributes
    return _laid_out(members)


def sns_confirmation(confirmation: Confirmation, *, url: str) -> bytes:
    """What an endpoint is asked; to visit its `SubscribeURL` confirms."""
    at = format_instant(confirmation.at)
    message = _TEXTS[confirmation.kind].format(topic=confirmation.topic, subscription=confirmation.subscription)
    subscribe_url = f"{url}/?Action=ConfirmSubscription&TopicArn={confirmation.topic}&Token={confirmation.token}"
    signed = {
        "Message": message,
        "MessageId": confirmation.message_id,
        "SubscribeURL": subscribe_url,
        "Timestamp": at,
        "Token": confirmation.token,
        "TopicArn": confirmation.topic,
        "Type": confirmation.kind,
    }
    members = {
        "Type": confirmation.kind,
        "MessageId": confirmation.message_id,
        "Token": confirmation.token,
        "TopicArn": confirmation.topic,
        "Message": message,
        "SubscribeURL": subscribe_url,
        "Timestamp": at,
        "SignatureVersion": confirmation.signature_version,
        "Signature": sign(_lines(signed), confirmation.signature_version),
        "SigningCertURL": url + CERTIFICATE_PATH,
    }
    return _laid_out(members)


def unsubscribe_url(subscription: Arn, url: str) -> str:
    """To visit it ends the subscription."""
    return f"{url}/?Action=Unsubscribe&SubscriptionArn={quote(subscription, safe=':')}"


def _to_sign(notification: Notification, at: str) -> str:
    members = {"Message": notification.message, "MessageId": notification.message_id}
    if notification.subject is not None:
        members["Subject"] = notification.subject
    members |= {"Timestamp": at, "TopicArn": notification.topic, "Type": "Notification"}
    return _lines(members)


def _lines(members: dict[str, str]) -> str:
    """Each name and each value on lines of their own (sns-verify-signature-of-message)."""
    return "".join(f"{name}\n{text}\n" for name, text in members.items())


def _laid_out(members: dict[str, Any]) -> bytes:
    """As AWS writes it: a line a member, blanks around the colon, an attribute a line."""
    lines = []
    for name, member in members.items():
        if name == "MessageAttributes":
            inner = ",\n".join(f"    {_text(key)} : {_compact(_attribute(each))}" for key, each in member.items())
            lines.append(f'  "{name}" : {{\n{inner}\n  }}')
        else:
            lines.append(f'  "{name}" : {_text(member)}')
    return ("{\n" + ",\n".join(lines) + "\n}").encode()


def _attribute(attribute: MessageAttribute) -> dict[str, str]:
    value = attribute.value
    return {"Type": attribute.data_type, "Value": value if isinstance(value, str) else b64encode(value).decode()}


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
