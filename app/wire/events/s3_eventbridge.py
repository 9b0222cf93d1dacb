"""What S3 tells the default event bus of an object: kebab-case, and the key as it is."""

from typing import Any

import orjson

from app.core.names import bucket_arn
from app.core.s3.object_event import BY_S3, ObjectEvent
from app.core.time import Instant, format_instant
from app.wire.events.s3 import EMPTY_ETAG

_DETAIL_TYPES = (
    ("ObjectCreated:", "Object Created"),
    ("ObjectRemoved:", "Object Deleted"),
    ("LifecycleExpiration:", "Object Deleted"),
    ("ObjectRestore:Post", "Object Restore Initiated"),
    ("ObjectRestore:Completed", "Object Restore Completed"),
    ("ObjectRestore:Delete", "Object Restore Expired"),
    ("LifecycleTransition", "Object Storage Class Changed"),
    ("IntelligentTiering", "Object Access Tier Changed"),
    ("ObjectAcl:Put", "Object ACL Updated"),
    ("ObjectTagging:Put", "Object Tags Added"),
    ("ObjectTagging:Delete", "Object Tags Deleted"),
)
"""By the beginning of the event's name (S3 user guide, ev-mapping)."""

_REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
    "LifecycleExpiration:Delete": "Lifecycle Expiration",
    "LifecycleExpiration:DeleteMarkerCreated": "Lifecycle Expiration",
}


def s3_bus_event(event: ObjectEvent, *, account: str, now: Instant) -> bytes:
    """The members that the source gives an event on a bus; what the bus adds (`id`, `account`, …) is the bus's.

    The time has whole seconds, as every AWS service's events on a bus have it.
    """
    seconds = format_instant(now)[:19] + "Z"
    detail = {
        "version": "0",
        "bucket": {"name": event.bucket},
        "object": _object(event),
        "request-id": event.request_id,
        "requester": BY_S3 if event.is_by_s3 else account,
        **({} if event.is_by_s3 else {"source-ip-address": event.source_ip}),
        **_reason(event),
    }
    return orjson.dumps(
        {
            "source": "aws.s3",
            "detail-type": _detail_type(event.name),
            "time": seconds,
            "resources": [bucket_arn(event.bucket)],
            "detail": detail,
        }
    )


def _detail_type(name: str) -> str:
    return next((word for beginning, word in _DETAIL_TYPES if name.startswith(beginning)), name)


def _object(event: ObjectEvent) -> dict[str, Any]:
    name = event.name
    is_gone = name.startswith(("ObjectRemoved:", "LifecycleExpiration:"))
    is_label = name.startswith(("ObjectAcl:", "ObjectTagging:"))
    described: dict[str, Any] = {"key": event.key}
    if not is_gone and not is_label:
        described["size"] = event.size or 0
    if name.endswith(":DeleteMarkerCreated"):
        described["etag"] = EMPTY_ETAG
    elif not is_gone:
        described["etag"] = event.etag or EMPTY_ETAG
    if event.version_id not in (None, "null"):
        described["version-id"] = event.version_id
    if event.sequencer is not None and (is_gone or name.startswith("ObjectCreated:")):
        described["sequencer"] = event.sequencer
    return described


def _reason(event: ObjectEvent) -> dict[str, str]:
    """The members at the end of the detail, which differ from event to event."""
    name, details = event.name, event.details
    told: dict[str, str | None] = {"reason": _REASONS.get(name)}
    if name.startswith(("ObjectRemoved:", "LifecycleExpiration:")):
        is_marker = name.endswith(":DeleteMarkerCreated")
        told["deletion-type"] = "Delete Marker Created" if is_marker else "Permanently Deleted"
    if name.startswith("ObjectRestore:"):
        if name.endswith(":Completed") and details.expires_at is not None:
            told["restore-expiry-time"] = format_instant(details.expires_at)[:19] + "Z"
        told["source-storage-class"] = details.storage_class or "GLACIER"
    if name == "LifecycleTransition":
        told["destination-storage-class"] = details.destination
    if name == "IntelligentTiering":
        told["destination-access-tier"] = details.destination
    return {member: text for member, text in told.items() if text is not None}
