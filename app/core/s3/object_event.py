"""What can happen to an object, and how S3 tells of it: event types, their facts, keys and sequencers."""

from dataclasses import dataclass, field
from urllib.parse import quote_plus

from app.core.time import Instant
from app.core.value import value

EVENT_TYPES = frozenset(
    {
        "s3:ReducedRedundancyLostObject",
        "s3:ObjectCreated:*",
        "s3:ObjectCreated:Put",
        "s3:ObjectCreated:Post",
        "s3:ObjectCreated:Copy",
        "s3:ObjectCreated:CompleteMultipartUpload",
        "s3:ObjectRemoved:*",
        "s3:ObjectRemoved:Delete",
        "s3:ObjectRemoved:DeleteMarkerCreated",
        "s3:ObjectRestore:*",
        "s3:ObjectRestore:Post",
        "s3:ObjectRestore:Completed",
        "s3:ObjectRestore:Delete",
        "s3:Replication:*",
        "s3:Replication:OperationFailedReplication",
        "s3:Replication:OperationNotTracked",
        "s3:Replication:OperationMissedThreshold",
        "s3:Replication:OperationReplicatedAfterThreshold",
        "s3:LifecycleTransition",
        "s3:IntelligentTiering",
        "s3:ObjectAcl:Put",
        "s3:LifecycleExpiration:*",
        "s3:LifecycleExpiration:Delete",
        "s3:LifecycleExpiration:DeleteMarkerCreated",
        "s3:ObjectTagging:*",
        "s3:ObjectTagging:Put",
        "s3:ObjectTagging:Delete",
    }
)
"""The `Event` enumeration of the S3 API (botocore's model, s3 2006-03-01)."""


# What no request asks for (S3 user guide: SupportedNotificationDestinations, replication-metrics-events).
_BY_ITSELF = (
    "Replication:", "ReducedRedundancyLostObject", "LifecycleExpiration:", "LifecycleTransition", "IntelligentTiering",
    "ObjectRestore:Completed", "ObjectRestore:Delete",
)  # fmt: skip
_NOT_FOR_BUSES = ("Replication:", "ReducedRedundancyLostObject")

BY_S3 = "s3.amazonaws.com"
"""Who did it, and from where, when S3 does something by itself (S3 user guide, lifecycle event notifications)."""


@value(frozen=True, slots=True)
class Details:
    """What only some events tell. `storage_class` is the object's, or the one it had; `destination` the class or the
    access tier that it went to. A restore is complete at `restored_at` (None when the copy only stays longer) and its
    copy goes at `expires_at`. `by_s3` is True for what no request asked for."""

    storage_class: str | None = None
    destination: str | None = None
    restored_at: Instant | None = None
    expires_at: Instant | None = None
    by_s3: bool = False


NO_DETAILS = Details()


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """One thing that happened to an object; `name` is without the `s3:` (`ObjectCreated:Put`).

    `key` is as the user wrote it, not encoded. `sequencer` rises per key.
    """

    name: str
    bucket: str
    key: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    sequencer: str | None = None
    request_id: str = ""
    host_id: str = ""
    source_ip: str = "127.0.0.1"
    principal_id: str = "AWS:AIDAQTRIGGERFISHLOCAL"
    owner_id: str = "A1TRIGGERFISH"
    details: Details = field(default_factory=lambda: NO_DETAILS)

    @property
    def is_by_s3(self) -> bool:
        """Whether S3 does it by itself, so that no client and no address stand behind it."""
        return self.details.by_s3 or self.name.startswith(_BY_ITSELF)


def is_event(name: str) -> bool:
    """Whether S3 sends an event of this name, which is without the `s3:`."""
    return f"s3:{name}" in EVENT_TYPES and not name.endswith("*")


def is_told_to_buses(name: str) -> bool:
    """Whether EventBridge is told of the event (S3 user guide, ev-mapping): of all but replication and lost objects."""
    return not name.startswith(_NOT_FOR_BUSES)


def encode_key(key: str) -> str:
    """The key as notifications carry it: form-encoded, slashes kept (`a b@c` is `a+b%40c`)."""
    return quote_plus(key, safe="/")


class Sequencers:
    """Gives every change of an object a text that is greater than those before it, whatever the clock does.

    One count for all keys rises for each of them. S3's documentation has readers pad the shorter of two with zeros
    at the right and compare as text; ours have one length.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def next(self, now: Instant) -> str:
        """Eighteen hexadecimal digits, upper case: milliseconds and a count within them."""
        self._last = max(self._last + 1, now << 20)
        return f"{self._last:018X}"
