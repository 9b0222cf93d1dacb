"""Routes of buckets: their notifications, and object events to be believed without an object."""

from dataclasses import replace
from difflib import get_close_matches

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.commands import ChangeObject, PutBucketNotification, Routed
from app.core.names import name_of, parse_arn
from app.core.s3.notification import NotificationConfiguration, NotificationRule, Route, RouteRefused
from app.core.s3.object_event import EVENT_TYPES, is_event
from app.engine.driver import Engine
from app.web.control.errors import BadRequest
from app.web.control.models import Entry, Name, Taken
from app.web.control.parts import ControlParts


class Notification(Taken):
    """One rule of a bucket: exactly one of `function`, `queue` and `topic`."""

    Id: str | None = None
    Events: list[str] = Field(min_length=1, examples=[["s3:ObjectCreated:*"]])
    prefix: str = ""
    suffix: str = ""
    function: str | None = None
    queue: str | None = None
    topic: str | None = None


class NotificationView(BaseModel):
    Id: str
    Events: list[str]
    prefix: str
    suffix: str
    function: str | None = None
    queue: str | None = None
    topic: str | None = None
    target: str


class BucketView(BaseModel):
    name: str
    notifications: list[NotificationView]
    event_bridge: bool = Field(description="Whether the default bus is told of everything.")
    lifecycle_rules: int = Field(description="How many rules are carried out at midnight UTC.")


class FakeObject(Taken):
    """An object event to be believed: no object is stored or looked for."""

    bucket: Name
    key: str = Field(min_length=1, max_length=1024)
    size: int | None = Field(default=None, ge=0)
    etag: str | None = None
    event: str | None = Field(default=None, examples=["ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated"])
    version_id: str | None = Field(default=None, max_length=1024)
    function: str | None = Field(default=None, description="Go straight to this function, past the bucket's rules.")


class RouteView(BaseModel):
    target: str
    name: str
    rule_id: str
    taken: bool
    reason: str | None = Field(description="Why the rule did not apply; null when it did.")


class RoutedView(BaseModel):
    chain: str = Field(description="The chain this event began.")
    routes: list[RouteView]


def bucket_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(tags=["buckets"])

    @router.get("/buckets", summary="Every bucket and its notifications")
    async def list_buckets() -> list[BucketView]:
        return [_bucket_view(engine, name) for name in sorted(engine.world.buckets.all)]

    @router.post("/buckets", status_code=201, summary="Create a bucket; an entry as in the settings file")
    async def create_bucket(entry: Entry) -> BucketView:
        try:
            await parts.add_bucket(entry.name, entry.settings())
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return _bucket_view(engine, entry.name)

    @router.get("/buckets/{name}/notifications", summary="Which events of the bucket go where")
    async def show_notifications(name: str) -> list[NotificationView]:
        return _bucket_view(engine, name).notifications

    @router.put("/buckets/{name}/notifications", summary="Replace the bucket's notifications")
    async def put_notifications(name: str, wanted: list[Notification]) -> list[NotificationView]:
        rules = tuple(_rule(notification, parts, index) for index, notification in enumerate(wanted))
        configuration = replace(engine.world.buckets[name].configuration, rules=rules)
        engine.submit(PutBucketNotification(name, configuration))
        return _bucket_view(engine, name).notifications

    @router.post("/put", tags=["events"], summary="Believe that an object was put: same event, same routes")
    async def put_object(wanted: FakeObject) -> RoutedView:
        return _believe(engine, parts, wanted, "ObjectCreated:Put")

    @router.post("/delete", tags=["events"], summary="Believe that an object was deleted")
    async def delete_object(wanted: FakeObject) -> RoutedView:
        return _believe(engine, parts, wanted, "ObjectRemoved:Delete")

    return router


def _bucket_view(engine: Engine, name: str) -> BucketView:
    configuration: NotificationConfiguration = engine.world.buckets[name].configuration
    return BucketView(
        name=name,
        notifications=[notification_view(rule) for rule in configuration.rules],
        event_bridge=configuration.event_bridge,
        lifecycle_rules=len(engine.world.buckets[name].lifecycle),
    )


def _rule(wanted: Notification, parts: ControlParts, index: int) -> NotificationRule:
    named = [
        arn_of(name)
        for name, arn_of in (
            (wanted.function, parts.function_arn),
            (wanted.queue, parts.queue_arn),
            (wanted.topic, parts.topic_arn),
        )
        if name is not None
    ]
    if len(named) != 1:
        raise BadRequest(f"{index}: a notification has either a function, a queue or a topic")
    (target,) = named
    return NotificationRule(wanted.Id or "", target, tuple(wanted.Events), wanted.prefix, wanted.suffix)


def _believe(engine: Engine, parts: ControlParts, wanted: FakeObject, default_event: str) -> RoutedView:
    event_name = (wanted.event or default_event).removeprefix("s3:")
    if not is_event(event_name):
        near = get_close_matches(f"s3:{event_name}", [name for name in EVENT_TYPES if not name.endswith("*")], 1, 0.5)
        guess = f"; did you mean '{near[0].removeprefix('s3:')}'?" if near else ""
        raise BadRequest(f"S3 sends no event '{event_name}'{guess}")
    command = ChangeObject(
        parts.scope, wanted.bucket, event_name, wanted.key, wanted.size, wanted.etag, wanted.version_id,
        function=wanted.function,
    )  # fmt: skip
    routed = engine.submit(command)
    assert isinstance(routed, Routed), f"an object event was answered with {routed!r}"
    return RoutedView(chain=routed.chain_id, routes=[route_view(route) for route in routed.routes])


def route_view(route: Route) -> RouteView:
    reason = route.reason if isinstance(route, RouteRefused) else None
    return RouteView(
        target=route.target, name=name_of(route.target), rule_id=route.rule_id, taken=reason is None, reason=reason
    )


def notification_view(rule: NotificationRule) -> NotificationView:
    kind = parse_arn(rule.target).service
    return NotificationView(
        Id=rule.id,
        Events=list(rule.events),
        prefix=rule.prefix,
        suffix=rule.suffix,
        function=name_of(rule.target) if kind == "lambda" else None,
        queue=name_of(rule.target) if kind == "sqs" else None,
        topic=name_of(rule.target) if kind == "sns" else None,
        target=rule.target,
    )
