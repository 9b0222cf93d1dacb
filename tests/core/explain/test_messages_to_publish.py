"""Explanations of messages to topics: who wants them, and what becomes of them there."""

from typing import Any

from app.core.awslambda.function import SucceedAfter
from app.core.commands import ChangeObject, DeclareBucket, Publish, PutBucketNotification
from app.core.explain import Explanation, OfObject, OfPublish, Verdict, explain
from app.core.names import Arn
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from tests.core.stage import SCOPE, Stage


def explained(
    stage: Stage, topic: Arn, message: str = "hello", function: Arn | None = None, **more: Any
) -> Explanation:
    return explain(stage.world, OfPublish(Publish(topic, message, **more), function), now=stage.now)


def texts(explanation: Explanation) -> list[str]:
    return [f"{step.verdict.value} {step.text}" for step in explanation.steps]


def test_a_function_that_is_subscribed_would_be_invoked() -> None:
    stage = Stage()
    news, resize = stage.topic("news"), stage.function("resize", SucceedAfter())
    stage.subscribe(news, resize)

    explanation = explained(stage, news)

    assert texts(explanation) == [
        "yes topic 'news' is there, with 1 subscription",
        "yes SNS takes the message: 5 of at most 262144 bytes",
        "yes the subscription of resize wants it",
        "yes 0 of 1 environments of 'resize' are busy",
    ]
    assert explanation.conclusion.text == "would fire: topic news → resize, now"
    assert stage.calls == []


def test_the_filter_key_that_says_no_is_named() -> None:
    stage = Stage()
    news = stage.topic("news")
    stage.subscribe(news, stage.function("resize", SucceedAfter()), FilterPolicy='{"kind": ["order"]}')

    explanation = explained(stage, news)

    assert explanation.conclusion.verdict is Verdict.NO
    assert explanation.conclusion.text == (
        "would not fire: the subscription of resize does not want it: kind: wanted 'order'; was absent"
    )


def test_a_queue_behind_it_is_looked_into() -> None:
    stage = Stage()
    news, orders, worker = stage.topic("news"), stage.queue("orders"), stage.function("worker", SucceedAfter())
    stage.mapping(orders, worker)
    stage.subscribe(news, orders)

    explanation = explained(stage, news)

    assert explanation.conclusion.verdict is Verdict.YES
    assert explanation.conclusion.function == worker
    assert explanation.conclusion.text.startswith("would fire: topic news → orders → worker")


def test_of_several_the_one_that_leads_furthest_is_the_conclusion() -> None:
    stage = Stage()
    news = stage.topic("news")
    stage.subscribe(news, SCOPE.function_arn("nobody"))
    stage.subscribe(news, "http://localhost:9/hook")
    stage.subscribe(news, stage.function("resize", SucceedAfter()))

    explanation = explained(stage, news)

    assert explanation.conclusion.verdict is Verdict.YES
    assert "no there is no function 'nobody'" in texts(explanation)
    assert "no the subscription of http http://localhost:9/hook does not want it: it waits to be confirmed" in texts(
        explanation
    )


def test_only_what_concerns_a_function_if_one_is_named() -> None:
    stage = Stage()
    news, resize = stage.topic("news"), stage.function("resize", SucceedAfter())
    stage.subscribe(news, stage.function("other", SucceedAfter()))
    stage.subscribe(news, resize)

    assert explained(stage, news, function=resize).conclusion.function == resize
    assert explained(stage, news, function=SCOPE.function_arn("third")).conclusion.text == (
        "would not fire: nobody 'third' is subscribed to topic 'news'"
    )


def test_what_would_be_refused_and_a_duplicate() -> None:
    stage = Stage()
    line = stage.topic("line.fifo", FifoTopic="true", ContentBasedDeduplication="true")
    first = stage.publish(line, "a", group_id="g")

    assert explained(stage, line, "a").conclusion.text.endswith("MessageGroupId parameter is required for FIFO topics")
    assert first.message_id in explained(stage, line, "a", group_id="g").conclusion.text
    assert explained(stage, SCOPE.topic_arn("nowhere")).conclusion.text == "would not fire: there is no topic 'nowhere'"


def test_an_object_event_is_followed_through_a_topic() -> None:
    stage = Stage()
    news, resize = stage.topic("news"), stage.function("resize", SucceedAfter())
    stage.subscribe(news, resize)
    stage.submit(DeclareBucket(SCOPE, "photos"))
    rule = NotificationRule("in", news, ("s3:ObjectCreated:*",), "in/")
    stage.submit(PutBucketNotification("photos", NotificationConfiguration((rule,))))
    stage.advance("1s")  # the test event that the topic gets

    change = ChangeObject(SCOPE, "photos", "ObjectCreated:Put", "in/cat.jpg", 3)
    explanation = explain(stage.world, OfObject(change), now=stage.now)

    assert explanation.conclusion.text == "would fire: s3://photos/in/cat.jpg → topic news → resize, now"


def test_asking_changes_nothing() -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    stage.subscribe(news, orders)
    stage.story()

    explained(stage, news)

    assert stage.story() == []
    assert stage.bodies(orders) == []
