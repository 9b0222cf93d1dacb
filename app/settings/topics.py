"""Topics and their subscriptions: AWS's settings of each, and whom they tell."""

import json
from collections.abc import Mapping
from typing import Any

from app.core.names import Scope
from app.settings.reading import Field
from app.settings.values.names import function_arn_of, queue_arn_of
from app.settings.values.triggers import SubscriptionSettings, TopicSettings

TOPIC_ATTRIBUTES = (
    "DisplayName",
    "Policy",
    "DeliveryPolicy",
    "FifoTopic",
    "ContentBasedDeduplication",
    "FifoThroughputScope",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
    "ArchivePolicy",
)
"""What CreateTopic takes of what is looked at or shown here (SNS API reference); the topic checks their values."""

SUBSCRIPTION_ATTRIBUTES = (
    "RawMessageDelivery",
    "FilterPolicy",
    "FilterPolicyScope",
    "RedrivePolicy",
    "DeliveryPolicy",
    "SubscriptionRoleArn",
)
"""What Subscribe takes (SNS API reference); the subscription checks their values."""

TOPIC_KEYS = ("subscriptions",)
ENDPOINTS = ("queue", "function", "url", "email", "email-json", "sms", "firehose")
"""A subscription names one of these."""


def read_topic(name: str, field: Field) -> TopicSettings:
    """One entry of `topics`. Attributes may be written as truths and mappings; AWS's are texts."""
    table = field.table((*TOPIC_ATTRIBUTES, "Tags", *TOPIC_KEYS))
    attributes = _texts(table.entries, TOPIC_ATTRIBUTES)
    if name.endswith(".fifo"):
        # The name says it already.
        attributes.setdefault("FifoTopic", "true")
    listed = table.get("subscriptions")
    read = [_read_subscription(each) for each in listed.items()] if listed is not None else []
    return TopicSettings(name, attributes, table.text_entries("Tags"), tuple(each for each in read if each is not None))


def subscription_parameters(subscription: SubscriptionSettings, scope: Scope) -> tuple[str, str, dict[str, str]]:
    """Protocol, endpoint and attributes as Subscribe takes them."""
    attributes = dict(subscription.attributes)
    if subscription.dead_letter_queue is not None:
        target = queue_arn_of(subscription.dead_letter_queue, scope)
        attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": target}, separators=(",", ":"))
    endpoint = subscription.endpoint
    match subscription.to:
        case "queue":
            return "sqs", queue_arn_of(endpoint, scope), attributes
        case "function":
            return "lambda", function_arn_of(endpoint, scope), attributes
        case "url":
            return endpoint.partition(":")[0], endpoint, attributes
        case protocol:
            return protocol, endpoint, attributes


def _read_subscription(field: Field) -> SubscriptionSettings | None:
    table = field.table((*ENDPOINTS, *SUBSCRIPTION_ATTRIBUTES, "dead_letter_queue"))
    named = [kind for kind in ENDPOINTS if kind in table]
    if len(named) != 1:
        field.wrong(f"must name one of {', '.join(ENDPOINTS)}")
        return None
    if "dead_letter_queue" in table and "RedrivePolicy" in table:
        field.wrong("must have either dead_letter_queue, a name, or RedrivePolicy")
        return None
    to = named[0]
    endpoint = table.read(to, Field.url if to == "url" else Field.any_text)
    if endpoint is None:
        return None
    return SubscriptionSettings(
        to, endpoint, _texts(table.entries, SUBSCRIPTION_ATTRIBUTES), table.read("dead_letter_queue", Field.text)
    )


def _texts(entries: Mapping[str, Field], names: tuple[str, ...]) -> dict[str, str]:
    texts = {name: _attribute_text(entries[name]) for name in names if name in entries}
    return {name: text for name, text in texts.items() if text is not None}


def _attribute_text(field: Field) -> str | None:
    value: Any = field.value
    if isinstance(value, Mapping):  # a policy
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, bool):  # also when YAML was told `yes`
        return str(value).lower()
    return field.any_text()
