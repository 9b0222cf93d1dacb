"""The one thing the core needs of the wire: how an event looks, so that it can be counted and kept."""

from typing import Protocol

from app.core.names import Arn
from app.core.s3.object_event import ObjectEvent
from app.core.sqs.message import Delivery
from app.core.time import Instant
from app.core.topics.notification import Confirmation, Notification


class EventShapes(Protocol):
    """Renders what a handler receives as UTF-8 JSON. Pure: equal arguments give equal bytes."""

    def sqs_record(self, delivery: Delivery, *, queue: Arn, has_window: bool) -> bytes:
        """One record of an SQS event. `has_window` decides `md5OfMessageAttributes` null or absent."""
        ...

    def records(self, records: list[bytes]) -> bytes:
        """The event around rendered records: `{"Records":[…]}`."""
        ...

    def s3_event(self, event: ObjectEvent, *, rule_id: str, region: str, now: Instant) -> bytes:
        """An S3 notification with its one record."""
        ...

    def s3_bus_event(self, event: ObjectEvent, *, account: str, now: Instant) -> bytes:
        """The same for an event bus: `source`, `detail-type`, `resources`, `time` and `detail`."""
        ...

    def s3_test_event(self, bucket: str, *, request_id: str, host_id: str, now: Instant) -> bytes:
        """What a queue receives when a notification configuration names it."""
        ...

    def sns_event(self, notification: Notification, *, subscription: Arn) -> bytes:
        """What a function gets of a topic."""
        ...

    def sns_envelope(self, notification: Notification, *, subscription: Arn) -> bytes:
        """What queues and HTTP endpoints get of a topic."""
        ...

    def sns_confirmation(self, confirmation: Confirmation) -> bytes:
        """What an HTTP endpoint is asked before it is subscribed, and after it was unsubscribed."""
        ...
