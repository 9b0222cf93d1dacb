"""Every event shape behind the one port the core asks for."""

from dataclasses import dataclass

from app.core.names import Arn
from app.core.s3.object_event import ObjectEvent
from app.core.sqs.message import Delivery
from app.core.time import Instant
from app.core.topics.notification import Confirmation, Notification
from app.wire.events import s3, s3_eventbridge, sns, sqs


@dataclass(frozen=True, slots=True)
class Shapes:
    """`app.core.shapes.EventShapes`, as AWS renders them. `url` is the service's own, for the links in them."""

    url: str = "http://localhost:4566"

    def sqs_record(self, delivery: Delivery, *, queue: Arn, has_window: bool) -> bytes:
        return sqs.sqs_record(delivery, queue=queue, has_window=has_window)

    def records(self, records: list[bytes]) -> bytes:
        return sqs.records(records)

    def s3_event(self, event: ObjectEvent, *, rule_id: str, region: str, now: Instant) -> bytes:
        return s3.s3_event(event, rule_id=rule_id, region=region, now=now)

    def s3_bus_event(self, event: ObjectEvent, *, account: str, now: Instant) -> bytes:
        return s3_eventbridge.s3_bus_event(event, account=account, now=now)

    def s3_test_event(self, bucket: str, *, request_id: str, host_id: str, now: Instant) -> bytes:
        return s3.s3_test_event(bucket, request_id=request_id, host_id=host_id, now=now)

    def sns_event(self, notification: Notification, *, subscription: Arn) -> bytes:
        return sns.sns_event(notification, subscription=subscription, url=self.url)

    def sns_envelope(self, notification: Notification, *, subscription: Arn) -> bytes:
        return sns.sns_envelope(notification, subscription=subscription, url=self.url)

    def sns_confirmation(self, confirmation: Confirmation) -> bytes:
        return sns.sns_confirmation(confirmation, url=self.url)
