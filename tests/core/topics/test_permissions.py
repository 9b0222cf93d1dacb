"""Policies of queues and topics: who may send, where permissions are enforced, and what is told where they are not."""

import json

import pytest

from app.core.chain import Cause
from app.core.commands import CreateQueue, CreateTopic, SetQueueAttributes, SetTopicAttribute
from app.core.delivery.targets import Parcel
from app.core.errors import AccessDenied, Refused
from app.core.facts import AccessMissing, NotificationDeadLettered, NotificationDropped
from app.core.names import Arn
from app.core.time import Instant
from tests.core.stage import NOON, SCOPE, Stage
from tests.core.topics.test_topics import redrive


def policy(resource: Arn, action: str, principal: str, source: Arn) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnLike": {"aws:SourceArn": source}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def subscribed(*, enforces: bool, source: Arn | None = None) -> tuple[Stage, Arn, Arn]:
    """A topic and a queue subscribed to it, whose policy names the source, if one is given."""
    stage = Stage(enforces_permissions=enforces)
    news, orders = stage.topic("news"), stage.queue("orders")
    if source is not None:
        allowed = policy(orders, "sqs:SendMessage", "sns.amazonaws.com", source)
        stage.submit(SetQueueAttributes(orders, {"Policy": allowed}))
    stage.subscribe(news, orders)
    return stage, news, orders


def test_a_queue_without_a_policy_gets_nothing_of_a_topic_where_permissions_are_enforced() -> None:
    stage, news, orders = subscribed(enforces=True)

    published = stage.publish(news)

    assert not published.routes[0].is_taken
    assert stage.bodies(orders) == []
    assert len(stage.of(NotificationDropped)) == 1
    assert [fact.text for fact in stage.of(AccessMissing)] == [
        f"the policy of orders allows sns.amazonaws.com no SQS:SendMessage for {news}: blocked"
    ]


@pytest.mark.parametrize("enforces", [True, False])
def test_a_policy_that_allows_the_topic_is_heard(enforces: bool) -> None:
    stage, news, orders = subscribed(enforces=enforces, source=SCOPE.topic_arn("news"))

    stage.publish(news)

    assert len(stage.bodies(orders)) == 1
    assert stage.of(AccessMissing) == []


def test_a_policy_for_another_topic_is_told_once_and_blocks_only_where_it_is_enforced() -> None:
    stage, news, orders = subscribed(enforces=False, source=SCOPE.topic_arn("other"))
    strict, strict_news, strict_orders = subscribed(enforces=True, source=SCOPE.topic_arn("other"))

    for _ in range(2):
        stage.publish(news)
        strict.publish(strict_news)

    assert len(stage.bodies(orders)) == 2
    assert [fact.is_blocked for fact in stage.of(AccessMissing)] == [False]
    assert strict.bodies(strict_orders) == []


def test_a_blocked_delivery_is_not_tried_again_and_ends_in_a_queue_that_allows_it() -> None:
    stage = Stage(enforces_permissions=True)
    news, orders, dlq = stage.topic("news"), stage.queue("orders"), stage.queue("dlq")
    stage.submit(SetQueueAttributes(dlq, {"Policy": policy(dlq, "sqs:*", "sns.amazonaws.com", news)}))
    stage.subscribe(news, orders, RedrivePolicy=redrive(dlq))

    stage.publish(news)

    assert [fact.attempts for fact in stage.of(NotificationDeadLettered)] == [1]
    assert len(stage.bodies(dlq)) == 1


def test_a_queue_of_the_settings_takes_from_everybody() -> None:
    stage = Stage(enforces_permissions=True)
    news = stage.topic("news")
    orders: Arn = stage.submit(CreateQueue(SCOPE.queue_arn("orders"), permits_all=True))
    stage.subscribe(news, orders)

    stage.publish(news)

    assert len(stage.bodies(orders)) == 1


def delivered(stage: Stage, news: Arn) -> Refused | None:
    """What a bucket that publishes to the topic is told."""
    told: list[Refused | None] = []

    def settled(refusal: Refused | None, _: Instant) -> None:
        told.append(refusal)

    parcel = Parcel(news, b"x", Cause("1-a"), "bucket photos", "s3.amazonaws.com", "arn:aws:s3:::photos")
    stage.world.targets.deliver(parcel, NOON, settled)
    return told[0]


def test_a_topic_is_published_to_by_a_service_that_its_policy_allows() -> None:
    stage = Stage(enforces_permissions=True)
    news = stage.topic("news")

    assert isinstance(delivered(stage, news), AccessDenied), "the policy of a new topic is its owner's"
    allowed = policy(news, "SNS:Publish", "s3.amazonaws.com", "arn:aws:s3:::photos")
    stage.submit(SetTopicAttribute(news, "Policy", allowed))
    assert delivered(stage, news) is None


def test_a_new_topic_takes_from_everybody_where_permissions_are_not_enforced() -> None:
    stage = Stage()

    assert delivered(stage, stage.topic("news")) is None


def test_a_topic_of_the_settings_takes_from_everybody() -> None:
    stage = Stage(enforces_permissions=True)
    news: Arn = stage.submit(CreateTopic(SCOPE.topic_arn("news"), permits_all=True))

    assert delivered(stage, news) is None


@pytest.mark.parametrize(
    ("statement", "arrives"),
    [
        ({"Effect": "Deny", "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}}, True),
        ({"Effect": "Deny", "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}}, True),
        ({"Effect": "Deny", "Condition": {"StringNotEquals": {"aws:ResourceAccount": SCOPE.account}}}, True),
        ({"Effect": "Deny"}, False),
        ({"Effect": "Deny", "Resource": "arn:aws:sqs:us-east-1:000000000000:another"}, True),
    ],
)
def test_a_service_comes_over_tls_and_a_statement_about_another_queue_is_not_about_this_one(
    statement: dict[str, object], *, arrives: bool
) -> None:
    stage, news, orders = subscribed(enforces=True)
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    document = {"Statement": [allow, {"Principal": "*", "Action": "sqs:*", "Resource": "*", **statement}]}
    stage.submit(SetQueueAttributes(orders, {"Policy": json.dumps(document)}))

    stage.publish(news)

    assert bool(stage.bodies(orders)) is arrives
