"""Topics and subscriptions in the settings, and the names they mention."""

import json
from pathlib import Path

import pytest

from app.core.names import Scope
from app.settings import SettingsError, SubscriptionSettings, TopicSettings, loads, parse_topic, subscription_parameters

SCOPE = Scope("123456789012", "eu-west-1")

BROKEN = """
topics:
  news:
    Colour: blue
    subscriptions:
      - {queue: order}
      - {function: nobody}
      - {queue: orders, url: "http://localhost:1"}
      - {url: "ftp://localhost"}
      - {queue: orders, dead_letter_queue: nothing}
      - {queue: orders, dead_letter_queue: orders, RedrivePolicy: {}}
queues:
  orders: {}
buckets:
  photos: {notifications: [{Events: ["s3:ObjectCreated:*"], topic: new}]}
"""


def test_a_topic_is_read_with_its_subscriptions() -> None:
    topic = parse_topic(
        "news",
        {
            "DisplayName": "News",
            "DeliveryPolicy": {"http": {}},
            "Tags": {"team": "a"},
            "subscriptions": [
                {"queue": "orders", "RawMessageDelivery": True, "FilterPolicy": {"kind": ["order"]}},
                {"sms": "+15550001"},
            ],
        },
    )

    assert topic == TopicSettings(
        "news",
        {"DisplayName": "News", "DeliveryPolicy": '{"http":{}}'},
        {"team": "a"},
        (
            SubscriptionSettings(
                "queue", "orders", {"RawMessageDelivery": "true", "FilterPolicy": '{"kind":["order"]}'}
            ),
            SubscriptionSettings("sms", "+15550001"),
        ),
    )


def test_the_name_says_that_a_topic_is_fifo() -> None:
    assert parse_topic("line.fifo", {}).attributes == {"FifoTopic": "true"}


@pytest.mark.parametrize(
    ("entry", "protocol", "endpoint"),
    [
        ({"queue": "orders"}, "sqs", "arn:aws:sqs:eu-west-1:123456789012:orders"),
        ({"function": "resize"}, "lambda", "arn:aws:lambda:eu-west-1:123456789012:function:resize"),
        ({"url": "https://example.com/hook"}, "https", "https://example.com/hook"),
        ({"email-json": "ann@example.com"}, "email-json", "ann@example.com"),
    ],
)
def test_an_endpoint_says_its_protocol(entry: dict[str, str], protocol: str, endpoint: str) -> None:
    (subscription,) = parse_topic("news", {"subscriptions": [entry]}).subscriptions

    assert subscription_parameters(subscription, SCOPE) == (protocol, endpoint, {})


def test_a_dead_letter_queue_is_named() -> None:
    entry = {"queue": "orders", "dead_letter_queue": "dlq"}
    (subscription,) = parse_topic("news", {"subscriptions": [entry]}).subscriptions

    attributes = subscription_parameters(subscription, SCOPE)[2]

    assert json.loads(attributes["RedrivePolicy"]) == {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dlq"}


def test_all_that_is_wrong_is_told_with_its_line() -> None:
    with pytest.raises(SettingsError) as raised:
        loads(BROKEN, {}, folder=Path())

    told = [str(problem) for problem in raised.value.problems]
    assert [line.split(": ", 2)[1] for line in told] == [
        "topics.news.Colour",
        "topics.news.subscriptions[0].queue",
        "topics.news.subscriptions[1].function",
        "topics.news.subscriptions[2]",
        "topics.news.subscriptions[3].url",
        "topics.news.subscriptions[4].dead_letter_queue",
        "topics.news.subscriptions[5]",
        "buckets.photos.notifications[0].topic",
    ]
    assert told[1].endswith("there is no queue named 'order'; did you mean orders?")
    assert told[3].endswith("must name one of queue, function, url, email, email-json, sms, firehose")
    assert told[-1].endswith("there is no topic named 'new'; did you mean news?")
