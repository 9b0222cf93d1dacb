"""The buckets of the world: what they notify when an object changes."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.awslambda.functions import Functions, parse_function_name
from app.core.chain import Cause
from app.core.commands import (
    OUTSIDE,
    ChangeObject,
    DeclareBucket,
    ForgetBucket,
    Origin,
    PutBucketLifecycle,
    PutBucketNotification,
    Routed,
)
from app.core.delivery.outside import Outside
from app.core.delivery.targets import Parcel, Targets, Teller
from app.core.errors import InvalidArgument, NoSuchBucket, Refused, ResourceNotFound
from app.core.facts import Configured, Effect, NotificationFailed, NotificationSent, ObjectChanged
from app.core.ids import Ids
from app.core.names import Arn, Scope, bucket_arn, parse_arn
from app.core.s3.lifecycle import (
    SMALL_MAY_BE_ARCHIVED,
    SMALL_STAY,
    LifecycleRule,
    NoSuchLifecycleConfiguration,
    Swept,
)
from app.core.s3.lifecycle_rules import checked
from app.core.s3.notification import (
    NotificationConfiguration,
    Route,
    RouteRefused,
    RouteTaken,
    TargetKind,
    kind_of,
    route,
    validate,
    with_ids,
)
from app.core.s3.object_event import ObjectEvent, Sequencers
from app.core.s3.restores import Restored, Restores
from app.core.s3.sweeps import Sweeps
from app.core.shapes import EventShapes
from app.core.time import Instant

_PRINCIPAL = "s3.amazonaws.com"
SUBJECT = "Amazon S3 Notification"
"""Of what topics are told (recorded)."""


@dataclass(slots=True)
class Bucket:
    """A bucket as the event plane knows it; its objects are the store's."""

    name: str
    scope: Scope
    configuration: NotificationConfiguration = field(default_factory=NotificationConfiguration)
    starts_versioned: bool = False
    lifecycle: tuple[LifecycleRule, ...] = ()
    small_objects: str = SMALL_STAY


@dataclass(slots=True)
class Buckets:
    """All buckets by name, and the routing of what happens in them."""

    ids: Ids
    shapes: EventShapes
    outbox: list[Effect]
    functions: Functions
    targets: Targets
    outside: Outside
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    all: dict[str, Bucket] = field(default_factory=dict)
    restores: Restores = field(init=False)
    sweeps: Sweeps = field(init=False)
    _sequencers: Sequencers = field(default_factory=Sequencers)

    def __post_init__(self) -> None:
        self.restores = Restores(self._restored)
        self.sweeps = Sweeps(self.outside, self._with_rules, self._swept)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            DeclareBucket: self.declare,
            ForgetBucket: self.forget,
            PutBucketNotification: self.put_notification,
            PutBucketLifecycle: self.put_lifecycle,
            ChangeObject: self.change_object,
        }

    def __getitem__(self, name: str) -> Bucket:
        try:
            return self.all[name]
        except KeyError:
            raise NoSuchBucket from None

    def declare(self, command: DeclareBucket, now: Instant) -> None:
        if command.bucket not in self.all:
            self.all[command.bucket] = Bucket(command.bucket, command.scope, starts_versioned=command.versioning)
            self.outbox.append(Configured(f"bucket {command.bucket} created"))

    def forget(self, command: ForgetBucket, now: Instant) -> None:
        self[command.bucket]
        del self.all[command.bucket]
        self.restores.forget_bucket(command.bucket)
        self.sweeps.rules_changed(now)
        self.outbox.append(Configured(f"bucket {command.bucket} deleted"))

    def put_notification(self, command: PutBucketNotification, now: Instant) -> None:
        """Replace the whole configuration; each queue and topic it names gets the test event."""
        bucket = self[command.bucket]
        configuration = with_ids(command.configuration, self.ids.uuid)
        validate(
            configuration, bucket=bucket.name, exists=self.targets.exists,
            permits=lambda arn: self.targets.lets_in(arn, _PRINCIPAL, bucket_arn(bucket.name)),
            region=bucket.scope.region, skip_destination_validation=command.skip_destination_validation,
        )  # fmt: skip
        bucket.configuration = configuration
        self.outbox.append(Configured(f"bucket {bucket.name}: {len(configuration.rules)} notification rules set"))
        for arn in sorted({rule.target for rule in configuration.rules}):
            if kind_of(arn) is not TargetKind.FUNCTION and self.targets.exists(arn):
                self._send_test_event(bucket, arn, now)

    def put_lifecycle(self, command: PutBucketLifecycle, now: Instant) -> None:
        """Raises NoSuchBucket, MalformedXml, InvalidArgument, InvalidLifecycleRequest."""
        bucket = self[command.bucket]
        if command.small not in (SMALL_STAY, SMALL_MAY_BE_ARCHIVED):
            raise InvalidArgument(
                f"Invalid value for TransitionDefaultMinimumObjectSize: {command.small}",
                {"ArgumentName": "x-amz-transition-default-minimum-object-size", "ArgumentValue": command.small},
            )
        bucket.lifecycle = checked(command.rules, self.ids.uuid) if command.rules else ()
        bucket.small_objects = command.small
        self.sweeps.rules_changed(now)
        self.outbox.append(Configured(f"bucket {bucket.name}: {len(bucket.lifecycle)} lifecycle rules set"))

    def lifecycle_of(self, bucket: str) -> tuple[LifecycleRule, ...]:
        """Raises NoSuchBucket, NoSuchLifecycleConfiguration."""
        rules = self[bucket].lifecycle
        if not rules:
            raise NoSuchLifecycleConfiguration
        return rules

    def change_object(self, command: ChangeObject, now: Instant) -> Routed:
        """Tell everyone who is to be told. A direct `function` gets the event whatever the rules say."""
        if command.function is None:
            bucket = self[command.bucket]
            routes = route(bucket.configuration, command.event_name, command.key, bucket.scope)
            scope = bucket.scope
            self._mind_restores(command, scope)
        else:
            scope = command.scope
            routes = [RouteTaken(self._direct(command.function, scope), "direct")]
        cause = self.cause_of(command.origin, command.origin.trace_header, now)
        self.outbox.append(ObjectChanged(command.bucket, command.key, command.event_name, cause.chain, command.size))
        if not any(isinstance(way, RouteTaken) for way in routes):
            return Routed(tuple(routes), cause.chain)
        request_id, host_id = command.request_id, command.host_id
        if request_id is None or host_id is None:
            request_id, host_id = self._request_ids()
        event = ObjectEvent(
            command.event_name, command.bucket, command.key, command.size, command.etag, command.version_id,
            self._sequencers.next(now), request_id, host_id, command.source_ip, details=command.details,
        )  # fmt: skip
        told = tuple(self._tell(way, event, cause, command.origin.trace_header, scope, now) for way in routes)
        return Routed(told, cause.chain)

    # Inside ---------------------------------------------------------------------------------------------

    def _tell(
        self, way: Route, event: ObjectEvent, cause: Cause, trace_header: str | None, scope: Scope, now: Instant
    ) -> Route:
        if isinstance(way, RouteRefused):
            return way
        if parse_arn(way.target).service == "events":
            payload = self.shapes.s3_bus_event(event, account=scope.account, now=now)
        else:
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
            way.target, payload, cause.via(station_of(event)), f"bucket {event.bucket}", _PRINCIPAL,
            bucket_arn(event.bucket), subject=SUBJECT, trace_header=trace_header,
        )  # fmt: skip
        self.targets.deliver(parcel, now, settled)
        teller.goes_on_later()
        return told

    def _send_test_event(self, bucket: Bucket, target: Arn, now: Instant) -> None:
        request_id, host_id = self._request_ids()
        body = self.shapes.s3_test_event(bucket.name, request_id=request_id, host_id=host_id, now=now)
        cause = self.cause_of(OUTSIDE, None, now)

        def settled(refusal: Refused | None, _: Instant) -> None:
            if refusal is not None:
                self.outbox.append(NotificationFailed(bucket.name, "", target, refusal.message, cause.chain))

        parcel = Parcel(
            target, body, cause.via(bucket.name), f"bucket {bucket.name}", _PRINCIPAL, bucket_arn(bucket.name),
            subject=SUBJECT,
        )  # fmt: skip
        self.targets.deliver(parcel, now, settled)

    def _mind_restores(self, command: ChangeObject, scope: Scope) -> None:
        """A restore begins with the event that tells of it, and ends with the object."""
        name = command.event_name
        if name == "ObjectRestore:Post":
            restored = Restored(
                scope, command.bucket, command.key, command.version_id, command.size, command.etag, command.details
            )
            self.restores.begin(restored)
        elif name.startswith(("ObjectCreated:", "ObjectRemoved:", "LifecycleExpiration:")):
            # A new version has an id that nothing is restored under; where there are no versions, both are None.
            self.restores.forget(command.bucket, command.key, command.version_id)

    def _restored(self, restored: Restored, event_name: str, now: Instant) -> None:
        if restored.bucket in self.all:
            self.change_object(
                ChangeObject(
                    restored.scope, restored.bucket, event_name, restored.key, restored.size, restored.etag,
                    restored.version_id, details=replace(restored.details, by_s3=True),
                ),
                now,
            )  # fmt: skip

    def _swept(self, bucket: str, swept: Swept, now: Instant) -> None:
        """What a lifecycle rule did. The bucket may be gone by now."""
        if bucket in self.all:
            self.change_object(
                ChangeObject(
                    swept.scope, bucket, swept.event_name, swept.key, swept.size, swept.etag, swept.version_id,
                    details=swept.details,
                ),
                now,
            )  # fmt: skip

    def _with_rules(self) -> dict[str, tuple[tuple[LifecycleRule, ...], str]]:
        return {name: (bucket.lifecycle, bucket.small_objects) for name, bucket in self.all.items() if bucket.lifecycle}

    def _direct(self, function: str, scope: Scope) -> Arn:
        name = parse_function_name(function, scope)
        if name is None or self.functions.get(name.as_invoked) is None:
            raise ResourceNotFound(f"there is no function named '{function}'")
        return name.as_invoked

    def _request_ids(self) -> tuple[str, str]:
        """S3's request id is 16 upper-case characters, its host id a long base64 text."""
        return self.ids.hex(16).upper(), f"{self.ids.hex(64)}="


def station_of(event: ObjectEvent) -> str:
    """The place on a loop's path: `photos/in` for `s3://photos/in/cat.jpg`."""
    folder, _, _ = event.key.rpartition("/")
    return f"{event.bucket}/{folder}" if folder else event.bucket
