"""What other services publish: notifications of buckets, dead letters and records of functions."""

import json
from typing import Any

from app.core.awslambda.function import FailAfter
from app.core.commands import DeclareBucket, PutBucketNotification, PutEventInvokeConfig
from app.core.facts import DestinationFailed, DestinationTold
from app.core.names import Arn
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from tests.core.stage import SCOPE, Stage


def envelopes(stage: Stage, queue: Arn) -> list[dict[str, Any]]:
    return [json.loads(body) for body in stage.bodies(queue)]


def heard() -> tuple[Stage, Arn, Arn]:
    """A topic and the queue that hears all of it."""
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    stage.subscribe(news, orders)
    return stage, news, orders


def test_a_bucket_publishes_its_test_event_and_its_notifications_under_its_subject() -> None:
    stage, news, orders = heard()
    stage.submit(DeclareBucket(SCOPE, "photos"))
    rule = NotificationRule("all", news, ("s3:ObjectCreated:*",))
    stage.submit(PutBucketNotification("photos", NotificationConfiguration((rule,))))

    stage.put_object("photos", "in/cat.jpg")

    test_event, notification = envelopes(stage, orders)
    assert json.loads(test_event["Message"])["Event"] == "s3:TestEvent"
    assert notification["Subject"] == "Amazon S3 Notification"
    assert json.loads(notification["Message"])["Records"][0]["s3"]["object"]["key"] == "in/cat.jpg"


def test_the_dead_letter_of_a_function_is_its_event_with_three_attributes() -> None:
    """As recorded: S:sns/test_sns.py::TestSNSSubscriptionLambda::test_sns_topic_as_lambda_dead_letter_queue."""
    stage, news, orders = heard()
    stage.function("worker", FailAfter(0), dead_letter_target=news, maximum_retry_attempts=0)

    stage.invoke("worker", b'{"raise_error":1}', event=True)
    stage.advance("1s")

    (dead,) = envelopes(stage, orders)
    assert dead["Message"] == '{"raise_error":1}'
    assert {name: value["Type"] for name, value in dead["MessageAttributes"].items()} == {
        "RequestID": "String", "ErrorCode": "Number", "ErrorMessage": "String",
    }  # fmt: skip
    assert dead["MessageAttributes"]["ErrorCode"]["Value"] == "200"


def test_a_destination_gets_the_record_of_the_invocation() -> None:
    stage, news, orders = heard()
    worker = stage.function("worker")
    given = {"DestinationConfig": {"OnSuccess": {"Destination": news}}}
    stage.submit(PutEventInvokeConfig(worker, given))

    stage.invoke("worker", b"{}", event=True)
    stage.settle()

    (told,) = envelopes(stage, orders)
    assert json.loads(told["Message"])["requestContext"]["condition"] == "Success"
    assert len(stage.of(DestinationTold)) == 1


def test_a_record_that_is_too_long_for_a_topic_is_told_as_a_failure_of_the_destination() -> None:
    stage, news, orders = heard()
    worker = stage.function("worker")
    stage.submit(PutEventInvokeConfig(worker, {"DestinationConfig": {"OnSuccess": {"Destination": news}}}))

    stage.invoke("worker", json.dumps("x" * 270_000).encode(), event=True)
    stage.settle()

    assert stage.bodies(orders) == []
    assert [fact.reason for fact in stage.of(DestinationFailed)] == ["Invalid parameter: Message too long"]
