"""S3's events through a topic and through the default bus, set up and read with an unmodified boto3."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Serving, serving

SETTINGS = """
clock: {frozen: 2026-11-21T12:00:00Z}
queues: {told: {}}
buckets: {photos: {}}
"""
TOLD = "arn:aws:sqs:us-east-1:000000000000:told"


@pytest.fixture
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


def bodies(service: Serving) -> list[Any]:
    """What came to the queue, taken out of it."""
    service.post("clock/advance", {"duration": "1s"})
    sqs, url = service.client("sqs"), f"{service.url}/000000000000/told"
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in messages]


def test_a_topic_hands_on_the_test_event_and_the_notification(service: Serving) -> None:
    s3, sns = service.client("s3"), service.client("sns")
    topic = sns.create_topic(Name="uploads")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=TOLD)

    s3.put_bucket_notification_configuration(
        Bucket="photos",
        NotificationConfiguration={"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]},
    )
    s3.put_object(Bucket="photos", Key="a b.jpg", Body=b"x")

    test_event, notification = bodies(service)
    assert {test_event["Subject"], notification["Subject"]} == {"Amazon S3 Notification"}
    assert json.loads(test_event["Message"])["Event"] == "s3:TestEvent"
    (record,) = json.loads(notification["Message"])["Records"]
    assert (record["eventName"], record["s3"]["object"]["key"]) == ("ObjectCreated:Put", "a+b.jpg")


def test_a_rule_of_the_default_bus_is_told_of_everything_in_the_bucket(service: Serving) -> None:
    s3, events = service.client("s3"), service.client("events")
    pattern = {"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": "in/"}]}}}
    events.put_rule(Name="photos", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="photos", Targets=[{"Id": "told", "Arn": TOLD}])
    s3.put_bucket_notification_configuration(
        Bucket="photos", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )

    s3.put_object(Bucket="photos", Key="in/a b.jpg", Body=b"x")
    s3.put_object_tagging(Bucket="photos", Key="in/a b.jpg", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.put_object(Bucket="photos", Key="out/a.jpg", Body=b"x")
    s3.delete_object(Bucket="photos", Key="in/a b.jpg")

    told = bodies(service)
    assert [event["detail-type"] for event in told] == ["Object Created", "Object Tags Added", "Object Deleted"]
    assert {event["detail"]["object"]["key"] for event in told} == {"in/a b.jpg"}
    assert (told[0]["source"], told[0]["resources"]) == ("aws.s3", ["arn:aws:s3:::photos"])


def test_a_fired_event_goes_through_the_bus_and_its_rules(service: Serving) -> None:
    events = service.client("events")
    events.put_rule(Name="stopped", EventPattern=json.dumps({"detail": {"state": ["stopped"]}}))
    events.put_targets(Rule="stopped", Targets=[{"Id": "told", "Arn": TOLD}])

    for state in ("running", "stopped"):
        fired = service.post(
            "fire",
            {
                "source": "eventbridge",
                "name": "Ec2StateChange",
                "target": "default",
                "set": {"detail.state": state},
            },
        )
        assert fired["shots"][0]["routes"][0]["taken"]

    (event,) = bodies(service)
    assert event["detail"]["state"] == "stopped"


def test_a_fired_notification_goes_through_the_topic(service: Serving) -> None:
    sns = service.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=TOLD)

    service.post("fire", {"source": "sns", "name": "message-attributes", "target": "news"})

    (notification,) = bodies(service)
    assert (notification["Subject"], notification["Message"]) == ("Order", '{"order": 7}')
    assert notification["MessageAttributes"]["count"] == {"Type": "Number", "Value": "3"}
