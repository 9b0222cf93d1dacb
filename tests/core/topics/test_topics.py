"""Topics: who gets a message, who does not and why, and what becomes of it where it cannot be delivered."""

import json

import pytest

from app.core.awslambda.function import SucceedAfter
from app.core.chain import Cause
from app.core.commands import DeleteTopic, Origin, Published, SetSubscriptionAttribute, Unsubscribe
from app.core.delivery.targets import Parcel
from app.core.errors import InvalidParameter, Refused, TopicDoesNotExist
from app.core.facts import (
    LoopWarned,
    MessageSent,
    NotificationDeadLettered,
    NotificationDelivered,
    NotificationDropped,
    NotificationFiltered,
)
from app.core.names import Arn
from app.core.time import Instant
from tests.core.stage import NOON, SCOPE, Stage

GROUP = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}


def redrive(queue: Arn) -> str:
    return json.dumps({"deadLetterTargetArn": queue})


def routes(published: Published) -> list[tuple[str, bool, str | None]]:
    return [(route.endpoint.rsplit(":", 1)[-1], route.is_taken, route.reason) for route in published.routes]


def test_every_subscription_gets_the_message() -> None:
    stage = Stage()
    orders, audit, resize = stage.queue("orders"), stage.queue("audit"), stage.function("resize", SucceedAfter())
    news = stage.topic("news")
    for endpoint in (orders, audit, resize):
        stage.subscribe(news, endpoint)

    published = stage.publish(news)
    stage.advance("1s")

    assert routes(published) == [("orders", True, None), ("audit", True, None), ("resize", True, None)]
    assert stage.story() == [
        f"news got {published.message_id} (5 bytes)",
        f"news delivered {published.message_id} to orders",
        "orders got m1",
        f"news delivered {published.message_id} to audit",
        "audit got m2",
        f"news delivered {published.message_id} to resize",
        "resize accepted an event from topic news",
        "resize called by topic news",
        "resize succeeded",
    ]


def test_a_filter_policy_says_which_key_did_not_match() -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    stage.subscribe(news, orders, FilterPolicy='{"kind": ["order"]}')

    published = stage.publish(news)

    assert routes(published) == [("orders", False, "kind: wanted 'order'; was absent")]
    assert stage.bodies(orders) == []
    assert [fact.reason for fact in stage.of(NotificationFiltered)] == ["kind: wanted 'order'; was absent"]


def test_a_deleted_queue_is_no_reason_to_try_again_and_the_dead_letter_queue_gets_the_envelope() -> None:
    stage = Stage()
    news, dlq = stage.topic("news"), stage.queue("dlq")
    stage.subscribe(news, SCOPE.queue_arn("gone"), RedrivePolicy=redrive(dlq))

    published = stage.publish(news)

    assert routes(published) == [("gone", False, "The specified queue does not exist.; it is in dlq")]
    (body,) = stage.bodies(dlq)
    assert json.loads(body)["MessageId"] == published.message_id
    assert [fact.attempts for fact in stage.of(NotificationDeadLettered)] == [1]


def test_the_dead_letter_of_a_function_is_an_envelope_too() -> None:
    stage = Stage()
    news, dlq = stage.topic("news"), stage.queue("dlq")
    stage.subscribe(news, SCOPE.function_arn("nobody"), RedrivePolicy=redrive(dlq))

    stage.publish(news, "for nobody")

    assert json.loads(stage.bodies(dlq)[0])["Message"] == "for nobody"


def test_without_a_dead_letter_queue_the_message_is_lost_and_that_is_told() -> None:
    stage = Stage()
    news = stage.topic("news")
    stage.subscribe(news, SCOPE.queue_arn("gone"))

    stage.publish(news)

    assert [fact.reason for fact in stage.of(NotificationDropped)] == ["The specified queue does not exist."]


def test_what_fails_for_one_subscription_is_nothing_to_the_others() -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    stage.subscribe(news, SCOPE.queue_arn("gone"))
    stage.subscribe(news, orders)

    stage.publish(news)

    assert len(stage.bodies(orders)) == 1


def test_a_message_for_each_protocol() -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    stage.subscribe(news, orders, RawMessageDelivery="true")

    stage.publish(news, '{"default": "for all", "sqs": "for queues"}', structure="json")
    stage.publish(news, '{"default": "for all", "email": "for people"}', structure="json")

    assert stage.bodies(orders) == ["for queues", "for all"]


def test_a_subscription_that_ended_gets_nothing() -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    subscription = stage.subscribe(news, orders)
    stage.submit(Unsubscribe(subscription))

    assert stage.publish(news).routes == ()
    assert stage.bodies(orders) == []


def test_a_deleted_topic_takes_nothing_and_its_subscriptions_are_gone() -> None:
    stage = Stage()
    news = stage.topic("news")
    subscription = stage.subscribe(news, stage.queue("orders"))
    stage.submit(DeleteTopic(news))

    with pytest.raises(TopicDoesNotExist):
        stage.publish(news)
    with pytest.raises(Refused, match="Subscription does not exist"):
        stage.submit(SetSubscriptionAttribute(subscription, "RawMessageDelivery", "true"))


def test_a_topic_is_a_target_of_other_services() -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    stage.subscribe(news, orders)
    told: list[Refused | None] = []

    def settled(refusal: Refused | None, now: Instant) -> None:
        told.append(refusal)

    targets = stage.world.targets
    parcel = Parcel(news, b'{"id": 7}', Cause("1-a"), "bucket photos", "s3.amazonaws.com", subject="Amazon S3")
    targets.deliver(parcel, NOON, settled)
    targets.deliver(Parcel(SCOPE.topic_arn("nowhere"), b"x", Cause("1-a"), "bucket photos"), NOON, settled)

    assert [type(refusal) for refusal in told] == [type(None), TopicDoesNotExist]
    body = json.loads(stage.bodies(orders)[0])
    assert (body["Message"], body["Subject"]) == ('{"id": 7}', "Amazon S3")
    assert targets.exists(news)
    assert not targets.exists(SCOPE.topic_arn("nowhere"))


# FIFO -----------------------------------------------------------------------------------------------


def test_a_fifo_topic_delivers_a_message_once_in_five_minutes() -> None:
    stage = Stage()
    line, orders = stage.topic("line.fifo", **GROUP), stage.queue("orders.fifo", FifoQueue="true")
    stage.subscribe(line, orders, RawMessageDelivery="true")

    first = stage.publish(line, "a", group_id="g")
    again = stage.publish(line, "a", group_id="g")
    stage.advance("5m")
    later = stage.publish(line, "a", group_id="g")

    assert (again.message_id, again.sequence_number) == (first.message_id, first.sequence_number)
    assert again.is_duplicate
    assert not later.is_duplicate
    assert stage.bodies(orders) == ["a", "a"]


def test_a_group_may_be_the_scope_of_deduplication() -> None:
    stage = Stage()
    line, orders = (
        stage.topic("line.fifo", FifoThroughputScope="MessageGroup", **GROUP),
        stage.queue("orders.fifo", FifoQueue="true", DeduplicationScope="messageGroup"),
    )
    stage.subscribe(line, orders, RawMessageDelivery="true")

    for group in ("g", "h", "g"):
        stage.publish(line, "a", group_id=group)

    assert stage.bodies(orders) == ["a", "a"]


def test_a_standard_queue_of_a_fifo_topic_gets_no_group() -> None:
    stage = Stage()
    line, orders = stage.topic("line.fifo", **GROUP), stage.queue("orders")
    stage.subscribe(line, orders)

    stage.publish(line, "a", group_id="g")

    (delivery,) = stage.receive(orders)
    assert (delivery.content.group_id, delivery.content.deduplication_id) == (None, None)


def test_a_standard_topic_hands_on_the_group_for_the_fairness_of_its_queues() -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    stage.subscribe(news, orders)

    stage.publish(news, group_id="tenant")

    assert stage.receive(orders)[0].content.group_id == "tenant"


# Chains ---------------------------------------------------------------------------------------------


def test_the_trace_header_of_the_outside_reaches_the_queue() -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    stage.subscribe(news, orders)
    header = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"

    stage.publish(news, origin=Origin(trace_header=header))

    assert stage.receive(orders)[0].content.trace_header == header


def test_a_topic_that_comes_back_to_itself_through_a_queue_and_a_function_is_found_and_named() -> None:
    stage = Stage()
    news, orders, worker = stage.topic("news"), stage.queue("orders"), stage.function("worker")
    stage.subscribe(news, orders)
    stage.mapping(orders, worker)
    stage.publish(news)

    for _ in range(20):
        if not stage.calls:
            break
        stage.publish(news, origin=Origin(trace_header=stage.calls[0].trace_header))
        stage.settle()

    early, stopped = stage.of(LoopWarned)[:2]
    assert early.path == ("topic news", "orders", "worker", "topic news", "orders", "worker")
    assert stopped.kind == "stopped"
    assert len({fact.chain for fact in stage.of(MessageSent)}) == 1


def test_a_topic_that_comes_back_to_itself_through_two_others_is_named_with_all_three_and_stopped() -> None:
    stage = Stage()
    topics = {name: stage.topic(name) for name in ("one", "two", "three")}
    for name, topic in topics.items():
        stage.subscribe(topic, stage.function(f"after-{name}"))
    onwards = {"after-one": topics["two"], "after-two": topics["three"], "after-three": topics["one"]}
    stage.publish(topics["one"])

    rounds = 0
    while stage.calls:
        call = stage.calls[0]
        stage.publish(onwards[call.function_name], origin=Origin(trace_header=call.trace_header))
        stage.settle()
        rounds += 1

    early, *_, stopped = stage.of(LoopWarned)
    assert early.path == (
        "topic one", "after-one", "topic two", "after-two", "topic three", "after-three", "topic one", "after-one",
    )  # fmt: skip
    assert (stopped.kind, stopped.times, rounds) == ("stopped", 17, 3 * 16)


def test_a_topic_that_comes_back_through_a_function_alone_is_stopped_after_sixteen() -> None:
    stage = Stage()
    news, worker = stage.topic("news"), stage.function("worker")
    stage.subscribe(news, worker)
    stage.publish(news)

    rounds = 0
    while stage.calls:
        stage.publish(news, origin=Origin(trace_header=stage.calls[0].trace_header))
        stage.settle()
        rounds += 1

    assert rounds == 16
    assert len(stage.of(NotificationDelivered)) == 17, "the event is delivered; Lambda drops it"
    assert [fact.kind for fact in stage.of(LoopWarned)] == ["early", "stopped"]


def test_nothing_is_half_done_when_a_publish_is_refused() -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    stage.subscribe(news, orders)
    stage.story()

    with pytest.raises(InvalidParameter):
        stage.publish(news, "")

    assert stage.story() == []
    assert stage.bodies(orders) == []
