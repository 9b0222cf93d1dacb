"""S3 notifications: what a function or a queue receives when an object changes, and the test event."""

from typing import Any

import orjson

from app.core.names import bucket_arn
from app.core.s3.object_event import BY_S3, ObjectEvent, encode_key
from app.core.time import Instant, format_instant

EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"
"""MD5 of nothing: what a delete marker carries."""

_THRESHOLD = "PT15M"
"""Replication Time Control's fifteen minutes; how it is written there is UNCONFIRMED."""

_VERSIONS = (
    ("Replication:", "2.2"),
    ("LifecycleExpiration:", "2.3"),
    ("LifecycleTransition", "2.3"),
    ("IntelligentTiering", "2.3"),
    ("ObjectAcl:", "2.3"),
    ("ObjectTagging:", "2.3"),
    ("ObjectRestore:Delete", "2.3"),
)
"""By the beginning of the event's name; every other is 2.1."""

_WITHOUT_CONTENT = ("ObjectRemoved:", "LifecycleExpiration:", "ObjectRestore:Delete")
_WITHOUT_SIZE = (*_WITHOUT_CONTENT, "ObjectTagging:", "ObjectAcl:")
_WITHOUT_SEQUENCER = ("ObjectTagging:", "ObjectAcl:")


def s3_event(event: ObjectEvent, *, rule_id: str, region: str, now: Instant) -> bytes:
    """`{"Records":[…]}` with the one record of the event, as S3 sends it.

    An event that tells of content but was given none tells of an empty object: handlers rely on the keys.
    """
    record = {
        "eventVersion": _event_version(event.name),
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": format_instant(now),
        "eventName": event.name,
        "userIdentity": {"principalId": BY_S3 if event.is_by_s3 else event.principal_id},
        "requestParameters": {"sourceIPAddress": BY_S3 if event.is_by_s3 else event.source_ip},
        "responseElements": {"x-amz-request-id": event.request_id, "x-amz-id-2": event.host_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule_id,
            "bucket": {
                "name": event.bucket,
                "ownerIdentity": {"principalId": event.owner_id},
                "arn": bucket_arn(event.bucket),
            },
            "object": _object(event),
        },
        **_beside(event, now),
    }
    return orjson.dumps({"Records": [record]})


def s3_test_event(bucket: str, *, request_id: str, host_id: str, now: Instant) -> bytes:
    """What queues receive when a configuration names them. It has no `Records`."""
    return orjson.dumps(
        {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": format_instant(now),
            "Bucket": bucket,
            "RequestId": request_id,
            "HostId": host_id,
        }
    )


def _event_version(name: str) -> str:
    for beginning, version in _VERSIONS:
        if name.startswith(beginning):
            return version
    return "2.1"


def _beside(event: ObjectEvent, now: Instant) -> dict[str, Any]:
    """What some events tell beside `s3` (notification-content-structure; lifecycle and tiering notifications)."""
    details = event.details
    if event.name == "ObjectRestore:Completed" and details.expires_at is not None:
        restore = {
            "lifecycleRestorationExpiryTime": format_instant(details.expires_at),
            "lifecycleRestoreStorageClass": details.storage_class or "GLACIER",
        }
        return {"glacierEventData": {"restoreEventData": restore}}
    if event.name == "LifecycleTransition" and details.destination is not None:
        return {"lifecycleEventData": {"transitionEventData": {"destinationStorageClass": details.destination}}}
    if event.name == "IntelligentTiering" and details.destination is not None:
        return {"intelligentTieringEventData": {"destinationAccessTier": details.destination}}
    if event.name.startswith("Replication:"):
        return {"replicationEventData": _replication(event, now)}
    return {}


def _replication(event: ObjectEvent, now: Instant) -> dict[str, Any]:
    """Nothing replicates here, these events are made believed: what they tell of is a rule that all objects of the
    bucket are copied by (the members are those of S3EventNotification in AWS's SDK for Java; replication-metrics-events
    shows one that failed)."""
    told = {
        "replicationRuleId": "all",
        "destinationBucket": bucket_arn(f"{event.bucket}-copy"),
        "s3Operation": "OBJECT_PUT",
        "requestTime": format_instant(now),
    }
    match event.name.partition(":")[2]:
        case "OperationFailedReplication":
            return {**told, "failureReason": "DstBucketNotFound"}
        case "OperationMissedThreshold":
            return {**told, "threshold": _THRESHOLD}
        case "OperationReplicatedAfterThreshold":
            return {**told, "threshold": _THRESHOLD, "replicationTime": _THRESHOLD}
        case _:
            return told


def _object(event: ObjectEvent) -> dict[str, Any]:
    described: dict[str, Any] = {"key": encode_key(event.key)}
    if not event.name.startswith(_WITHOUT_SIZE):
        described["size"] = event.size or 0
    if event.name.endswith(":DeleteMarkerCreated"):
        described["eTag"] = EMPTY_ETAG
    elif not event.name.startswith(_WITHOUT_CONTENT):
        described["eTag"] = event.etag or EMPTY_ETAG
    if event.version_id not in (None, "null"):
        described["versionId"] = event.version_id
    if event.sequencer is not None and not event.name.startswith(_WITHOUT_SEQUENCER):
        described["sequencer"] = event.sequencer
    return described
