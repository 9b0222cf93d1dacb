"""Every event shape behind the one port the core asks for."""

from app.core.message import Delivery
from app.core.names import Arn
from app.core.notification import ObjectEvent
from app.core.time import Instant
from app.wire.events import s3, sqs


class Shapes:
    """`app.core.shapes.EventShapes`, as AWS renders them."""

    def sqs_record(self, delivery: Delivery, *, queue: Arn, has_window: bool) -> bytes:
        return sqs.sqs_record(delivery, queue=queue, has_window=has_window)

    def records(self, records: list[bytes]) -> bytes:
        return sqs.records(records)

    def s3_event(self, event: ObjectEvent, *, rule_id: str, region: str, now: Instant) -> bytes:
        return s3.s3_event(event, rule_id=rule_id, region=region, now=now)

    def s3_test_event(self, bucket: str, *, request_id: str, host_id: str, now: Instant) -> bytes:
        return s3.s3_test_event(bucket, request_id=request_id, host_id=host_id, now=now)
