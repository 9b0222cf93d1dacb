"""Deliveries: what is tried again and when, what ends in the dead-letter queue, and order within a group."""

import json
from dataclasses import dataclass, field

import pytest

from app.core.commands import DeleteTopic, Origin, SetSubscriptionAttribute, Unsubscribe
from app.core.delivery.outside_calls import HttpAnswered, HttpCall, NoAnswer
from app.core.delivery.targets import Parcel, Settled
from app.core.errors import Refused, TooManyRequests
from app.core.facts import (
    LoopWarned,
    NotificationDeadLettered,
    NotificationDelivered,
    NotificationDropped,
    NotificationRecorded,
    NotificationRetried,
)
from app.core.names import Arn
from app.core.time import DAY_MS, Instant
from tests.core.stage import SCOPE, Stage, clock_time
from tests.core.topics.test_topics import GROUP, redrive

HOOK = "http://localhost:9/hook"
OK = HttpAnswered(200, {}, b"")


@dataclass
class Throttling:
    """A target that throttles the first `times` deliveries of each body, or as many as it is told."""

    times: int
    taken: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

    def exists(self, arn: Arn) -> bool:
        return True

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        body = parcel.body.decode()
        self.seen[body] = self.seen.get(body, 0) + 1
        refusal: Refused | None = None
        if self.seen[body] <= self.times:
            refusal = TooManyRequests("ConcurrentInvocationLimitExceeded")
        else:
            self.taken.append(body)
        settled(refusal, now)


def throttled(stage: Stage, times: int) -> Throttling:
    """From now on queues throttle."""
    target = Throttling(times)
    stage.world.targets.register("sqs", target)
    return target


def hooked(stage: Stage, topic: Arn, **attributes: str) -> Arn:
    """A confirmed subscription of an HTTP endpoint."""
    subscription = stage.subscribe(topic, HOOK, **attributes)
    call = stage.settle_outside(OK)
    assert isinstance(call, HttpCall)
    token = json.loads(call.body)["Token"]
    stage.confirm(topic, token)
    return subscription


def sent(stage: Stage, *, among: int = 0) -> HttpCall:
    call = stage.outside[among].call
    assert isinstance(call, HttpCall)
    return call


# Endpoints that AWS manages -------------------------------------------------------------------------


def test_a_throttled_delivery_is_tried_again_at_once_then_with_growing_pauses() -> None:
    stage = Stage()
    news = stage.topic("news")
    stage.subscribe(news, SCOPE.queue_arn("orders"))
    throttled(stage, times=1_000)

    stage.publish(news)
    stage.advance("5m")

    waits = [fact.wait_ms for fact in stage.of(NotificationRetried)]
    assert waits[:5] == [0, 0, 0, 1_000, 1_000]
    assert waits[5] == 1_000
    assert waits[5:15] == sorted(waits[5:15])
    assert waits[14:18] == [20_000] * 4
    assert not stage.of(NotificationDropped)


def test_it_arrives_when_the_throttle_ends() -> None:
    stage = Stage()
    news = stage.topic("news")
    stage.subscribe(news, SCOPE.queue_arn("orders"))
    target = throttled(stage, times=5)

    published = stage.publish(news)
    stage.advance("1m")

    assert published.routes[0].is_taken
    assert published.routes[0].reason is not None and "tried again" in published.routes[0].reason
    assert len(target.taken) == 1
    assert [fact.attempt for fact in stage.of(NotificationDelivered)] == [6]


@pytest.mark.slow
def test_it_is_given_up_after_twenty_three_days() -> None:
    stage = Stage()
    news = stage.topic("news")
    stage.subscribe(news, SCOPE.queue_arn("orders"))
    throttled(stage, times=10**9)
    stage.publish(news)
    begun = stage.now

    while not stage.of(NotificationDropped):
        stage.advance("1d")

    dropped_at = next(at for at, fact in stage.facts if isinstance(fact, NotificationDropped))
    assert stage.of(NotificationDropped)[0].attempts == 100_016
    assert 23 * DAY_MS < dropped_at - begun < 24 * DAY_MS


def test_who_unsubscribed_meanwhile_gets_nothing() -> None:
    stage = Stage()
    news = stage.topic("news")
    subscription = stage.subscribe(news, SCOPE.queue_arn("orders"))
    target = throttled(stage, times=5)
    stage.publish(news)
    stage.submit(Unsubscribe(subscription))

    stage.advance("1m")

    assert target.taken == []
    assert [fact.reason for fact in stage.of(NotificationDropped)] == ["the subscription is gone"]


def test_a_deleted_topic_ends_what_waits() -> None:
    stage = Stage()
    news = stage.topic("news")
    stage.subscribe(news, SCOPE.queue_arn("orders"))
    throttled(stage, times=5)
    stage.publish(news)
    stage.submit(DeleteTopic(news))

    stage.advance("1m")

    assert len(stage.of(NotificationDropped)) == 1
    assert stage.world.next_wakeup() is None


# Order ----------------------------------------------------------------------------------------------


def test_a_group_waits_behind_its_message_that_is_tried_again_and_other_groups_do_not() -> None:
    stage = Stage()
    line = stage.topic("line.fifo", **GROUP)
    stage.subscribe(line, SCOPE.queue_arn("orders.fifo"), RawMessageDelivery="true")
    target = throttled(stage, times=4)
    target.seen = {"b2": 9, "x1": 9, "a2": 9, "a3": 9}

    for group, body in (("a", "a1"), ("a", "a2"), ("b", "b2"), ("a", "a3"), ("x", "x1")):
        stage.publish(line, body, group_id=group)
    stage.advance("1m")

    assert target.taken == ["b2", "x1", "a1", "a2", "a3"]


def test_a_group_goes_on_when_its_first_message_is_dead_lettered() -> None:
    stage = Stage()
    line, dlq = stage.topic("line.fifo", **GROUP), stage.queue("dlq.fifo", FifoQueue="true")
    gone = SCOPE.queue_arn("gone.fifo")
    stage.subscribe(line, gone, RawMessageDelivery="true", RedrivePolicy=redrive(dlq))

    for body in ("a1", "a2", "a3"):
        stage.publish(line, body, group_id="a")

    assert stage.bodies(dlq) == ["a1", "a2", "a3"]
    assert [delivery.content.group_id for delivery in stage.receive(dlq, 3)] == ["a", "a", "a"]


# HTTP endpoints -------------------------------------------------------------------------------------


def test_an_endpoint_is_told_with_the_headers_of_sns() -> None:
    stage = Stage()
    news = stage.topic("news")
    subscription = hooked(stage, news)

    published = stage.publish(news)
    call = sent(stage)
    stage.settle_outside(OK)

    assert published.routes[0].reason == "waits for the endpoint's answer"
    assert (call.method, call.url, call.timeout_ms) == ("POST", HOOK, 15_000)
    assert dict(call.headers) == {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": published.message_id,
        "x-amz-sns-topic-arn": news,
        "x-amz-sns-subscription-arn": subscription,
        "content-type": "text/plain; charset=UTF-8",
        "user-agent": "Amazon Simple Notification Service Agent",
    }
    assert json.loads(call.body)["MessageId"] == published.message_id
    assert len(stage.of(NotificationDelivered)) == 1


def test_an_endpoint_is_told_the_trace_of_the_publisher() -> None:
    """So a function behind its own URL that publishes to the topic again is a loop, and no news each time."""
    stage = Stage()
    news, worker = stage.topic("news"), stage.function("worker")
    hooked(stage, news)
    stage.invoke(worker)

    for _ in range(2):
        stage.publish(news, origin=Origin(trace_header=stage.calls[0].trace_header))
        told = dict(sent(stage).headers)["x-amzn-trace-id"]
        stage.settle_outside(OK)
        stage.settle()
        stage.invoke(worker, origin=Origin(trace_header=told))

    assert [fact.kind for fact in stage.of(LoopWarned)] == ["early"]


def test_raw_delivery_to_an_endpoint_is_the_message_and_says_so() -> None:
    stage = Stage()
    news = stage.topic("news")
    policy = '{"requestPolicy": {"headerContentType": "text/csv"}}'
    hooked(stage, news, RawMessageDelivery="true", DeliveryPolicy=policy)

    stage.publish(news, "a;b")

    call = sent(stage)
    assert call.body == b"a;b"
    assert dict(call.headers)["x-amz-sns-rawdelivery"] == "true"
    assert dict(call.headers)["content-type"] == "text/csv"


def test_a_failing_endpoint_is_tried_three_times_more_twenty_seconds_apart() -> None:
    stage = Stage()
    news = stage.topic("news")
    hooked(stage, news)
    stage.publish(news)

    at = []
    for _ in range(4):
        at.append(clock_time(stage.now))
        stage.settle_outside(HttpAnswered(503, {}, b""))
        stage.advance("20s")

    assert at == ["12:00:00", "12:00:20", "12:00:40", "12:01:00"]
    assert [fact.reason for fact in stage.of(NotificationDropped)] == ["the endpoint answered 503"]
    assert stage.outside == []


def test_an_endpoint_that_does_not_answer_may_come_back() -> None:
    stage = Stage()
    news = stage.topic("news")
    hooked(stage, news)
    stage.publish(news)

    stage.settle_outside(NoAnswer("Connection refused"))
    stage.advance("20s")
    stage.settle_outside(OK)

    assert [fact.attempt for fact in stage.of(NotificationDelivered)] == [2]


def test_a_client_error_is_for_good() -> None:
    stage = Stage()
    news, dlq = stage.topic("news"), stage.queue("dlq")
    hooked(stage, news, RedrivePolicy=redrive(dlq))
    stage.publish(news)

    stage.settle_outside(HttpAnswered(404, {}, b""))

    assert [fact.reason for fact in stage.of(NotificationDeadLettered)] == ["the endpoint answered 404"]
    assert len(stage.bodies(dlq)) == 1
    assert stage.of(NotificationRetried) == []


def test_a_throttle_is_not_for_good() -> None:
    stage = Stage()
    news = stage.topic("news")
    hooked(stage, news)
    stage.publish(news)

    stage.settle_outside(HttpAnswered(429, {}, b""))

    assert len(stage.of(NotificationRetried)) == 1


def test_a_delivery_policy_changes_how_often_and_when() -> None:
    stage = Stage()
    news = stage.topic("news")
    policy = {
        "healthyRetryPolicy": {"minDelayTarget": 5, "maxDelayTarget": 15, "numRetries": 4, "numNoDelayRetries": 1}
    }
    hooked(stage, news, DeliveryPolicy=json.dumps(policy))
    stage.publish(news)

    while stage.outside:
        stage.settle_outside(HttpAnswered(500, {}, b""))
        stage.advance("20s")

    assert [fact.wait_ms for fact in stage.of(NotificationRetried)] == [0, 5_000, 10_000, 15_000]


def test_retries_to_an_endpoint_end_after_an_hour() -> None:
    stage = Stage()
    news = stage.topic("news")
    policy = {"healthyRetryPolicy": {"minDelayTarget": 900, "maxDelayTarget": 900, "numRetries": 100}}
    hooked(stage, news, DeliveryPolicy=json.dumps(policy))
    stage.publish(news)

    while stage.outside:
        stage.settle_outside(HttpAnswered(500, {}, b""))
        stage.advance("15m")

    assert len(stage.of(NotificationRetried)) == 4
    assert len(stage.of(NotificationDropped)) == 1


def test_a_topic_may_forbid_policies_of_subscriptions() -> None:
    stage = Stage()
    policy = {"http": {"disableSubscriptionOverrides": True, "defaultHealthyRetryPolicy": {"numRetries": 0}}}
    news = stage.topic("news", DeliveryPolicy=json.dumps(policy))
    hooked(stage, news, DeliveryPolicy='{"healthyRetryPolicy": {"numRetries": 50}}')
    stage.publish(news)

    stage.settle_outside(HttpAnswered(500, {}, b""))

    assert stage.of(NotificationRetried) == []
    assert len(stage.of(NotificationDropped)) == 1


# Confirmations --------------------------------------------------------------------------------------


def test_an_endpoint_gets_nothing_before_it_has_confirmed() -> None:
    stage = Stage()
    news = stage.topic("news")
    stage.subscribe(news, HOOK)
    call = stage.settle_outside(OK)

    published = stage.publish(news)

    assert isinstance(call, HttpCall)
    question = json.loads(call.body)
    assert dict(call.headers)["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert question["Type"] == "SubscriptionConfirmation"
    assert question["SubscribeURL"].endswith(f"&TopicArn={news}&Token={question['Token']}")
    assert [(route.is_taken, route.reason) for route in published.routes] == [(False, "it waits to be confirmed")]


def test_to_subscribe_again_asks_again() -> None:
    stage = Stage()
    news = stage.topic("news")
    first = stage.subscribe(news, HOOK)

    assert stage.subscribe(news, HOOK) == first
    assert len(stage.outside) == 2


def test_a_token_is_good_for_three_days() -> None:
    stage = Stage()
    news = stage.topic("news")
    stage.subscribe(news, HOOK)
    call = sent(stage)
    token = json.loads(call.body)["Token"]

    stage.advance("71h59m")
    stage.confirm(news, token)
    stage.confirm(news, token)
    stage.advance("1m")

    refusal = stage.refusal(lambda: stage.confirm(news, token))
    assert refusal == "Invalid parameter: Token"


def test_an_endpoint_that_was_unsubscribed_can_come_back() -> None:
    stage = Stage()
    news = stage.topic("news")
    subscription = hooked(stage, news)

    stage.submit(Unsubscribe(subscription))
    call = stage.settle_outside(OK)
    assert stage.publish(news).routes == ()
    assert isinstance(call, HttpCall)
    told = json.loads(call.body)
    stage.confirm(news, told["Token"])

    assert told["Type"] == "UnsubscribeConfirmation"
    assert told["Message"].startswith(f"You have chosen to deactivate subscription {subscription}.\n")
    assert [route.subscription for route in stage.publish(news).routes] == [subscription]


def test_a_token_tells_whose_it_is() -> None:
    stage = Stage()
    news, other = stage.topic("news"), stage.topic("other")
    stage.subscribe(news, HOOK)
    token = json.loads(sent(stage).body)["Token"]

    assert stage.refusal(lambda: stage.confirm(other, token)) == "Invalid parameter: Topic"
    assert stage.refusal(lambda: stage.confirm(news, "0" * 192)) == "Invalid parameter: Token"
    assert stage.refusal(lambda: stage.confirm(news, "made up")) == "Invalid token"


# Endpoints that nothing here can reach --------------------------------------------------------------


def test_what_cannot_be_sent_is_recorded() -> None:
    stage = Stage()
    news = stage.topic("news")
    stage.subscribe(news, "+1-555-0001", "sms")
    stage.subscribe(news, "arn:aws:firehose:us-east-1:000000000000:deliverystream/all", "firehose",
                    SubscriptionRoleArn="arn:aws:iam::000000000000:role/r")  # fmt: skip

    published = stage.publish(news, '{"default": "long", "sms": "short"}', structure="json")

    assert all(route.is_taken for route in published.routes)
    assert [(fact.protocol, fact.content) for fact in stage.of(NotificationRecorded)] == [
        ("sms", "short"), ("firehose", "long"),
    ]  # fmt: skip


def test_an_address_waits_for_its_confirmation_whose_token_is_told() -> None:
    stage = Stage()
    news = stage.topic("news")
    stage.subscribe(news, "ann@example.com", "email")
    (line,) = [line for line in stage.story() if "waits for" in line]

    stage.confirm(news, line.rsplit(" ", 1)[-1])

    assert stage.publish(news).routes[0].is_taken


def test_an_attribute_that_changes_counts_for_what_is_published_from_then_on() -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    subscription = stage.subscribe(news, orders)
    stage.publish(news, "one")

    stage.submit(SetSubscriptionAttribute(subscription, "RawMessageDelivery", "true"))
    stage.publish(news, "two")

    assert stage.bodies(orders)[1] == "two"
