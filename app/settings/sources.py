"""Queues, buckets and mappings: AWS's settings of each, and to what they lead."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from app.core.errors import MalformedXml
from app.core.names import Scope
from app.core.s3.lifecycle import LifecycleRule
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from app.settings.reading import Field
from app.settings.service import read_account, read_region
from app.settings.values.names import function_arn_of, queue_arn_of, topic_arn_of
from app.settings.values.triggers import (
    BucketSettings,
    MappingSettings,
    NotificationSettings,
    QueueSettings,
    RedriveSettings,
    RemoteQueueSettings,
)
from app.wire.s3_lifecycle import parse_lifecycle_entry

AMAZON_SQS = "aws"
"""The `endpoint` of a queue that Amazon keeps."""

_QUEUE_NAME = re.compile(r"(?=.{1,80}$)[A-Za-z0-9_-]+(\.fifo)?")  # SQS API reference: CreateQueue, QueueName
_BUCKET_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9][a-z0-9.-]*[a-z0-9]")  # S3 user guide: bucket naming rules

_QUEUE_ATTRIBUTES = (
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
    "Policy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
)
"""What CreateQueue takes besides RedrivePolicy (SQS API reference); their ranges are the queue's to check."""

BUCKET_KEYS = ("notifications", "event_bridge", "versioning", "lifecycle")
NOTIFICATION_KEYS = ("Id", "Events", "prefix", "suffix", "function", "queue", "topic")

_MAPPING_PARAMETERS = (
    "Enabled",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FilterCriteria",
    "FunctionResponseTypes",
    "ScalingConfig",
    "ProvisionedPollerConfig",
    "MetricsConfig",
    "KMSKeyArn",
    "DestinationConfig",
    "Tags",
)
"""What CreateEventSourceMapping takes for a queue (spec: Lambda API reference); the mapping checks their values."""


# Queues ---------------------------------------------------------------------------------------------


def read_queue(name: str, field: Field) -> QueueSettings:
    """One entry of `queues`. Attributes may be written as numbers, truths and mappings; AWS's are texts."""
    _check_queue_name(name, field)
    table = field.table((*_QUEUE_ATTRIBUTES, "RedrivePolicy", "Tags"))
    attributes = {
        key: text
        for key in _QUEUE_ATTRIBUTES
        if (entry := table.get(key)) is not None and (text := _attribute_text(entry)) is not None
    }
    return QueueSettings(
        name=name,
        attributes=attributes,
        redrive=table.read("RedrivePolicy", _read_redrive),
        tags=table.text_entries("Tags"),
    )


def is_remote(field: Field) -> bool:
    """Whether an entry of `queues` names a broker that keeps it."""
    return isinstance(field.value, Mapping) and "endpoint" in field.value


def read_remote_queue(name: str, field: Field) -> RemoteQueueSettings | None:
    """One entry of `queues` that another broker keeps, whose attributes are that broker's business."""
    _check_queue_name(name, field)
    table = field.table(("endpoint", "url", "region", "account"))
    endpoint_field = table.must("endpoint")
    if endpoint_field is None:
        return None
    return RemoteQueueSettings(
        name=name,
        endpoint=None if endpoint_field.value == AMAZON_SQS else endpoint_field.url(),
        url=table.read("url", Field.url),
        region=table.read("region", read_region),
        account=table.read("account", read_account),
    )


def _check_queue_name(name: str, field: Field) -> None:
    if not _QUEUE_NAME.fullmatch(name):
        field.wrong("a queue's name has 1 to 80 letters, digits, hyphens and underscores (and may end in .fifo)")


def attributes_of(queue: QueueSettings, scope: Scope) -> dict[str, str]:
    """The attributes as CreateQueue takes them, RedrivePolicy included."""
    attributes = dict(queue.attributes)
    if queue.redrive is not None:
        policy = {
            "deadLetterTargetArn": queue_arn_of(queue.redrive.dead_letter_queue, scope),
            "maxReceiveCount": queue.redrive.max_receive_count,
        }
        attributes["RedrivePolicy"] = json.dumps(policy, separators=(",", ":"))
    return attributes


def _attribute_text(field: Field) -> str | None:
    if isinstance(field.value, Mapping):  # a policy
        return json.dumps(field.value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(field.value, bool):  # also when YAML was told `yes`
        return str(field.value).lower()
    return field.any_text()


def _read_redrive(field: Field) -> RedriveSettings | None:
    """The policy as a mapping, or as the JSON text that AWS takes."""
    if isinstance(field.value, str):
        try:
            field = Field(json.loads(field.value), field.place, field.notes)
        except ValueError:
            field.wrong("is text, but no JSON; it may be a mapping of dead_letter_queue and maxReceiveCount")
            return None
    table = field.table(("dead_letter_queue", "deadLetterTargetArn", "maxReceiveCount"))
    if ("dead_letter_queue" in table) == ("deadLetterTargetArn" in table):
        field.wrong("must have either dead_letter_queue, a name, or deadLetterTargetArn")
        return None
    target = table.read("dead_letter_queue", Field.text) or table.read("deadLetterTargetArn", Field.text)
    count_field = table.must("maxReceiveCount")
    if count_field is None or target is None:
        return None
    if isinstance(count_field.value, str) and count_field.value.isdecimal():  # AWS takes both
        count_field = Field(int(count_field.value), count_field.place, count_field.notes)
    count = count_field.integer(1, 1_000)
    return RedriveSettings(target, count) if count is not None else None


# Buckets --------------------------------------------------------------------------------------------


def read_bucket(name: str, field: Field) -> BucketSettings:
    """One entry of `buckets`."""
    if not _BUCKET_NAME.fullmatch(name):
        field.wrong("a bucket's name has 3 to 63 lower-case letters, digits, hyphens and dots, no hyphen at its ends")
    table = field.table(BUCKET_KEYS)
    rules, lifecycle = table.get("notifications"), table.get("lifecycle")
    notifications = [_read_notification(number, rule) for number, rule in enumerate(_items(rules), start=1)]
    lifecycle_rules = [_read_lifecycle_rule(rule) for rule in _items(lifecycle)]
    return BucketSettings(
        name,
        tuple(rule for rule in notifications if rule is not None),
        table.flag("event_bridge", False),
        table.flag("versioning", False),
        tuple(rule for rule in lifecycle_rules if rule is not None),
    )


def _items(field: Field | None) -> Iterable[Field]:
    return field.items() if field is not None else ()


def _read_lifecycle_rule(field: Field) -> LifecycleRule | None:
    """A rule as SDKs take it; what S3 makes of its values is the bucket's to check."""
    if not isinstance(field.value, Mapping):
        field.wrong("must be a lifecycle rule, like {Expiration: {Days: 30}}")
        return None
    try:
        return parse_lifecycle_entry(field.value)
    except MalformedXml:
        field.wrong("is no lifecycle rule as PutBucketLifecycleConfiguration takes it, like {Expiration: {Days: 30}}")
        return None


def configuration_of(bucket: BucketSettings, scope: Scope) -> NotificationConfiguration:
    """The bucket's notification configuration as S3 keeps it."""
    return NotificationConfiguration(
        tuple(
            NotificationRule(
                id=rule.id,
                target=_ARN_OF[rule.to](rule.target, scope),
                events=rule.events,
                prefix=rule.prefix,
                suffix=rule.suffix,
            )
            for rule in bucket.notifications
        ),
        bucket.event_bridge,
    )


_ARN_OF = {"function": function_arn_of, "queue": queue_arn_of, "topic": topic_arn_of}


def _read_notification(number: int, field: Field) -> NotificationSettings | None:
    table = field.table(NOTIFICATION_KEYS)
    events_field = table.must("Events")
    events = events_field.texts() if events_field is not None else ()
    if events_field is not None and events_field.value == []:
        events_field.wrong('must name at least one event, like "s3:ObjectCreated:*"')
    kinds: tuple[Literal["function", "queue", "topic"], ...] = ("function", "queue", "topic")
    named = [kind for kind in kinds if kind in table]
    if len(named) != 1:
        field.wrong("must lead to one of a function, a queue and a topic")
        return None
    to = named[0]
    target = table.read(to, Field.text)
    if target is None:
        return None
    return NotificationSettings(
        id=table.text("Id", f"notification-{number}"),
        events=events,
        to=to,
        target=target,
        prefix=table.read("prefix", Field.any_text) or "",
        suffix=table.read("suffix", Field.any_text) or "",
    )


# Mappings -------------------------------------------------------------------------------------------


def read_mapping(field: Field) -> MappingSettings | None:
    """One entry of `mappings`."""
    table = field.table(("queue", "function", *_MAPPING_PARAMETERS))
    queue_field, function_field = table.must("queue"), table.must("function")
    queue = queue_field.text() if queue_field is not None else None
    function = function_field.text() if function_field is not None else None
    parameters = {key: table.entries[key].value for key in _MAPPING_PARAMETERS if key in table}
    return MappingSettings(queue, function, parameters) if queue and function else None


def create_parameters_of(mapping: MappingSettings, scope: Scope) -> dict[str, Any]:
    """The mapping as CreateEventSourceMapping takes it."""
    return {
        "EventSourceArn": queue_arn_of(mapping.queue, scope),
        "FunctionName": mapping.function,
        **mapping.parameters,
    }
