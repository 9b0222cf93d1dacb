"""The buckets of the world: what they notify when an object changes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from app.core.chain import Cause
from app.core.commands import (
    ChangeObject,
    DeclareBucket,
    ForgetBucket,
    Origin,
    PutBucketNotification,
    Routed,
    SendMessage,
)
from app.core.errors import NoSuchBucket, Refused, ResourceNotFound
from app.core.facts import Configured, Effect, NotificationFailed, NotificationSent, ObjectChanged
from app.core.functions import Functions, parse_function_name
from app.core.ids import Ids
from app.core.names import Arn, Scope, bucket_arn
from app.core.notification import (
    NotificationConfiguration,
    ObjectEvent,
    Route,
    RouteRefused,
    RouteTaken,
    Sequencers,
    TargetKind,
    kind_of,
    route,
    validate,
    with_ids,
)
from app.core.queues import Queues
from app.core.shapes import EventShapes
from app.core.targets import Parcel, Targets, Teller
from app.core.time import Instant


@dataclass(slots=True)
class Bucket:
    """A bucket as the event plane knows it; its objects are the store's."""

    name: str
    scope: Scope
    configuration: NotificationConfiguration = field(default_factory=NotificationConfiguration)


@dataclass(slots=True)
class Buckets:
    """All buckets by name, and the routing of what happens in them."""

    ids: Ids
    shapes: EventShapes
    outbox: list[Effect]
    queues: Queues
    functions: Functions
    targets: Targets
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    all: dict[str, Bucket] = field(default_factory=dict)
    _sequencers: Sequencers = field(default_factory=Sequencers)

    def __getitem__(self, name: str) -> Bucket:
        try:
            return self.all[name]
        except KeyError:
            raise NoSuchBucket from None

    def declare(self, command: DeclareBucket, now: Instant) -> None:
        if command.bucket not in self.all:
            self.all[command.bucket] = Bucket(command.bucket, command.scope)
            self.outbox.append(Configured(f"bucket {command.bucket} created"))

    def forget(self, command: ForgetBucket, now: Instant) -> None:
        self[command.bucket]
        del self.all[command.bucket]
        self.outbox.append(Configured(f"bucket {command.bucket} deleted"))

    def put_notification(self, command: PutBucketNotification, now: Instant) -> None:
        """Replace the whole configuration; each queue it names gets the test event (spec push E.3)."""
        bucket = self[command.bucket]
        configuration = with_ids(command.configuration, self.ids.uuid)
        validate(
            configuration, bucket=bucket.name, exists=self.targets.exists, region=bucket.scope.region,
            skip_destination_validation=command.skip_destination_validation,
        )  # fmt: skip
        bucket.configuration = configuration
        self.outbox.append(Configured(f"bucket {bucket.name}: {len(configuration.rules)} notification rules set"))
        queues = {rule.target for rule in configuration.rules if kind_of(rule.target) is TargetKind.QUEUE}
        for arn in sorted(queues & {queue.arn for queue in self.queues.all()}):
            request_id, host_id = self._request_ids()
            body = self.shapes.s3_test_event(bucket.name, request_id=request_id, host_id=host_id, now=now)
            self.queues.send(SendMessage(arn, body.decode()), now)

    def change_object(self, command: ChangeObject, now: Instant) -> Routed:
        """Tell everyone who is to be told. A direct `function` gets the event whatever the rules say."""
        if command.function is None:
            bucket = self[command.bucket]
            routes = route(bucket.configuration, command.event_name, command.key)
            scope = bucket.scope
        else:
            scope = command.scope
            routes = [RouteTaken(self._direct(command.function, scope), "direct")]
        cause = self.cause_of(command.origin, command.origin.trace_header, now)
        self.outbox.append(ObjectChanged(command.bucket, command.key, command.event_name, cause.chain, command.size))
        if not any(isinstance(way, RouteTaken) for way in routes):
            return Routed(tuple(routes), cause.chain)
        request_id, host_id = self._request_ids()
        event = ObjectEvent(
            command.event_name, command.bucket, command.key, command.size, command.etag, command.version_id,
            self._sequencers.next(now), request_id, host_id, command.source_ip,
        )  # fmt: skip
        told = tuple(self._tell(way, event, cause, command.origin.trace_header, scope, now) for way in routes)
        return Routed(told, cause.chain)

    # Inside ---------------------------------------------------------------------------------------------

    def _tell(
        self, way: Route, event: ObjectEvent, cause: Cause, trace_header: str | None, scope: Scope, now: Instant
    ) -> Route:
        if isinstance(way, RouteRefused):
            return way
        payload = self.shapes.s3_event(event, rule_id=way.rule_id, region=scope.region, now=now)
        told: Route = way
        teller = Teller(self.outbox)

        def settled(refusal: Refused | None, _: Instant) -> None:
            nonlocal told
            if refusal is None:
                teller.tell(NotificationSent(event.bucket, event.key, way.target, way.rule_id, cause.chain))
            else:
                reason = refusal.message
                teller.tell(NotificationFailed(event.bucket, event.key, way.target, reason, cause.chain))
                told = RouteRefused(way.target, way.rule_id, reason)

        parcel = Parcel(
            way.target, payload, cause.via(station_of(event)), f"bucket {event.bucket}", "s3.amazonaws.com",
            bucket_arn(event.bucket), trace_header=trace_header,
        )  # fmt: skip
        self.targets.deliver(parcel, now, settled)
        teller.goes_on_later()
        return told

    def _direct(self, function: str, scope: Scope) -> Arn:
        name = parse_function_name(function, scope)
        if name is None or self.functions.get(name.arn) is None:
            raise ResourceNotFound(f"there is no function named '{function}'")
        return name.as_invoked

    def _request_ids(self) -> tuple[str, str]:
        """S3's request id is 16 upper-case characters, its host id a long base64 text."""
        return self.ids.hex(16).upper(), f"{self.ids.hex(64)}="


def station_of(event: ObjectEvent) -> str:
    """The place on a loop's path: `photos/in` for `s3://photos/in/cat.jpg`."""
    folder, _, _ = event.key.rpartition("/")
    return f"{event.bucket}/{folder}" if folder else event.bucket
