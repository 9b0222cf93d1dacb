"""What can be asked of buckets, and what happens in them."""

from typing import TypeAlias

from app.core.commands.origin import OUTSIDE, Origin
from app.core.names import Scope
from app.core.s3.lifecycle import SMALL_STAY, LifecycleRule
from app.core.s3.notification import NotificationConfiguration, Route
from app.core.s3.object_event import NO_DETAILS, Details
from app.core.value import value


@value(frozen=True, slots=True)
class DeclareBucket:
    """Make the bucket known to the event plane; its objects are the store's business. `versioning` is what it begins
    with: later the store alone knows."""

    scope: Scope
    bucket: str
    versioning: bool = False


@value(frozen=True, slots=True)
class ForgetBucket:
    bucket: str


@value(frozen=True, slots=True)
class PutBucketNotification:
    bucket: str
    configuration: NotificationConfiguration
    skip_destination_validation: bool = False


@value(frozen=True, slots=True)
class PutBucketLifecycle:
    """Replace all lifecycle rules; none takes them away. `small` says what becomes of small objects."""

    bucket: str
    rules: tuple[LifecycleRule, ...]
    small: str = SMALL_STAY


@value(frozen=True, slots=True)
class ChangeObject:
    """Something happened to an object, or is to be believed to have happened. Answers `Routed`.

    `function` skips the bucket's rules and goes straight to that function. `request_id` and `host_id` are those that
    the request was answered with; without them the event has some of its own.
    """

    scope: Scope
    bucket: str
    event_name: str
    key: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    source_ip: str = "127.0.0.1"
    function: str | None = None
    origin: Origin = OUTSIDE
    details: Details = NO_DETAILS
    request_id: str | None = None
    host_id: str | None = None


@value(frozen=True, slots=True)
class Routed:
    routes: tuple[Route, ...] = ()
    chain_id: str = ""


S3Command: TypeAlias = DeclareBucket | ForgetBucket | PutBucketNotification | PutBucketLifecycle | ChangeObject
