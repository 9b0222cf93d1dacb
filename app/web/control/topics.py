"""Routes of topics: whom they tell, and publishing to one with an answer for each of its subscriptions."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.commands import ConfirmSubscription, DeleteTopic, Publish, Published, SubscriptionRoute, Unsubscribe
from app.core.facts.sns import told
from app.core.topics.subscription import Subscription
from app.core.topics.topic import Topic
from app.engine.driver import Engine
from app.web.control.errors import BadRequest
from app.web.control.models import Attribute, Entry, Taken
from app.web.control.parts import ControlParts
from app.web.control.queues import message_attribute


class SubscriptionView(BaseModel):
    arn: str
    protocol: str
    endpoint: str
    name: str = Field(description="The endpoint for people.")
    pending: bool = Field(description="Whether it waits for its endpoint to confirm it.")
    attributes: dict[str, str] = Field(description="As GetSubscriptionAttributes shows them.")


class TopicView(BaseModel):
    name: str
    arn: str
    subscriptions: list[SubscriptionView]
    attributes: dict[str, str] = Field(description="As GetTopicAttributes shows them.")
    tags: dict[str, str]


class PublishMessage(Taken):
    """A message to a topic, as Publish takes it."""

    topic: str = Field(min_length=1, description="A name or an ARN.")
    message: str
    subject: str | None = None
    structure: str | None = Field(default=None, description='"json": the message has one for each protocol.')
    attributes: dict[str, Attribute] = Field(default={})
    group_id: str | None = None
    deduplication_id: str | None = None


class SubscriptionRouteView(BaseModel):
    subscription: str
    protocol: str
    endpoint: str
    name: str
    taken: bool
    reason: str | None = Field(description="Why it was not taken or not delivered, or what it waits for.")


class PublishedView(BaseModel):
    message_id: str
    sequence_number: str | None
    duplicate: bool = Field(description="A FIFO topic had it within five minutes; nothing was delivered again.")
    chain: str
    routes: list[SubscriptionRouteView]


class Confirm(Taken):
    token: str


class ConfirmedView(BaseModel):
    subscription: str


def topic_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(tags=["topics"])

    @router.get("/topics", summary="Every topic and whom it tells")
    async def list_topics() -> list[TopicView]:
        return [_view(topic) for topic in engine.world.topics.all()]

    @router.post("/topics", status_code=201, summary="Create a topic; an entry as in the settings file")
    async def create_topic(entry: Entry) -> TopicView:
        try:
            await parts.add_topic(entry.name, entry.settings())
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return _view(engine.world.topics[parts.topic_arn(entry.name)])

    @router.get("/topics/{name}", summary="One topic, by name or ARN")
    async def show_topic(name: str) -> TopicView:
        return _view(engine.world.topics[parts.topic_arn(name)])

    @router.delete("/topics/{name}", status_code=204, summary="Delete a topic and its subscriptions")
    async def delete_topic(name: str) -> None:
        engine.submit(DeleteTopic(engine.world.topics[parts.topic_arn(name)].arn))

    @router.post("/topics/{name}/confirm", summary="Confirm a subscription by its token, as its endpoint would")
    async def confirm(name: str, wanted: Confirm) -> ConfirmedView:
        return ConfirmedView(subscription=engine.submit(ConfirmSubscription(parts.topic_arn(name), wanted.token)))

    @router.delete("/subscriptions/{arn}", status_code=204, summary="End a subscription")
    async def unsubscribe(arn: str) -> None:
        engine.submit(Unsubscribe(engine.world.topics.subscription(arn).arn))

    @router.post("/publish", tags=["events"], summary="Publish to a topic, and see what each subscription did with it")
    async def publish(wanted: PublishMessage) -> PublishedView:
        attributes = {name: message_attribute(name, value) for name, value in wanted.attributes.items()}
        command = Publish(
            parts.topic_arn(wanted.topic), wanted.message, wanted.subject, wanted.structure, attributes,
            wanted.group_id, wanted.deduplication_id,
        )  # fmt: skip
        published = engine.submit(command)
        assert isinstance(published, Published), f"a publish was answered with {published!r}"
        return PublishedView(
            message_id=published.message_id,
            sequence_number=published.sequence_number,
            duplicate=published.is_duplicate,
            chain=published.chain,
            routes=[_route_view(route) for route in published.routes],
        )

    return router


def _view(topic: Topic) -> TopicView:
    return TopicView(
        name=topic.name,
        arn=topic.arn,
        subscriptions=[_subscription_view(each, topic) for each in topic.subscriptions.values()],
        attributes=topic.view(),
        tags=topic.tags,
    )


def _subscription_view(subscription: Subscription, topic: Topic) -> SubscriptionView:
    return SubscriptionView(
        arn=subscription.arn,
        protocol=subscription.protocol,
        endpoint=subscription.shown_endpoint,
        name=told(subscription.protocol, subscription.endpoint),
        pending=subscription.is_pending,
        attributes=subscription.view(topic.delivery_policy),
    )


def _route_view(route: SubscriptionRoute) -> SubscriptionRouteView:
    shown: dict[str, Any] = {"name": told(route.protocol, route.endpoint), "taken": route.is_taken}
    return SubscriptionRouteView(
        subscription=route.subscription, protocol=route.protocol, endpoint=route.endpoint, reason=route.reason, **shown
    )
