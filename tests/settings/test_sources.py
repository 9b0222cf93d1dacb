"""Queues, buckets and mappings in the settings, and the names they mention."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.names import Scope
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from app.settings import (
    BucketSettings,
    MappingSettings,
    NotificationSettings,
    QueueSettings,
    RedriveSettings,
    RemoteQueueSettings,
    Settings,
    SettingsError,
    attributes_of,
    configuration_of,
    create_parameters_of,
    loads,
    parse_bucket,
    parse_mapping,
    parse_queue,
    parse_remote_queue,
)

SCOPE = Scope("123456789012", "eu-west-1")


def read(text: str) -> Settings:
    return loads(text, {}, folder=Path())


def problems_of(text: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        read(text)
    return [str(problem).removeprefix("triggerfish.yaml:") for problem in raised.value.problems]


# Queues ---------------------------------------------------------------------------------------------


def test_a_queue_has_awss_attributes_as_texts() -> None:
    queue = parse_queue(
        "orders",
        {
            "VisibilityTimeout": 60,
            "SqsManagedSseEnabled": False,
            "Policy": {"Statement": []},
            "RedrivePolicy": {"dead_letter_queue": "orders-dlq", "maxReceiveCount": 3},
            "Tags": {"team": "shop", "version": 2},
        },
    )

    assert queue == QueueSettings(
        name="orders",
        attributes={"VisibilityTimeout": "60", "SqsManagedSseEnabled": "false", "Policy": '{"Statement":[]}'},
        redrive=RedriveSettings("orders-dlq", 3),
        tags={"team": "shop", "version": "2"},
    )


@pytest.mark.parametrize(
    "policy",
    [
        {"dead_letter_queue": "dlq", "maxReceiveCount": 3},
        {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dlq", "maxReceiveCount": "3"},
        '{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dlq", "maxReceiveCount": 3}',
    ],
)
def test_a_redrive_policy_becomes_awss_json(policy: Any) -> None:
    attributes = attributes_of(parse_queue("q", {"RedrivePolicy": policy, "DelaySeconds": 1}), SCOPE)

    assert attributes.pop("DelaySeconds") == "1"
    assert {name: json.loads(text) for name, text in attributes.items()} == {
        "RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dlq", "maxReceiveCount": 3}
    }


def test_an_empty_queue_entry_is_a_queue_with_defaults() -> None:
    assert read("queues:\n  orders:\n").queues == (QueueSettings("orders"),)


def test_a_dead_letter_queue_comes_before_the_queues_that_name_it() -> None:
    settings = read(
        """
        queues:
          a: {RedrivePolicy: {dead_letter_queue: b, maxReceiveCount: 1}}
          other: {}
          b: {RedrivePolicy: {dead_letter_queue: c, maxReceiveCount: 1}}
          c: {}
          d: {RedrivePolicy: {deadLetterTargetArn: "arn:aws:sqs:us-east-1:000000000000:c", maxReceiveCount: 1}}
        """
    )

    assert [queue.name for queue in settings.queues] == ["c", "b", "a", "other", "d"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "queues: {a b: {}}",
            "1: queues.a b: a queue's name has 1 to 80 letters, digits, hyphens and underscores (and may end in .fifo)",
        ),
        (
            "queues: {a: {RedrivePolicy: {maxReceiveCount: 1}}}",
            "1: queues.a.RedrivePolicy: must have either dead_letter_queue, a name, or deadLetterTargetArn",
        ),
        (
            "queues: {a: {RedrivePolicy: {dead_letter_queue: a}}}",
            "1: queues.a.RedrivePolicy: maxReceiveCount is missing",
        ),
        (
            "queues: {a: {}, b: {RedrivePolicy: {dead_letter_queue: a, maxReceiveCount: 1001}}}",
            "1: queues.b.RedrivePolicy.maxReceiveCount: must be from 1 to 1000, not 1001",
        ),
        (
            "queues: {a: {RedrivePolicy: 'x'}}",
            (
                "1: queues.a.RedrivePolicy: is text, but no JSON; "
                "it may be a mapping of dead_letter_queue and maxReceiveCount"
            ),
        ),
        ("queues: {a: {VisibilityTimeout: [1]}}", "1: queues.a.VisibilityTimeout: must be text, not a list"),
        (
            (
                "queues:\n a: {RedrivePolicy: {dead_letter_queue: b, maxReceiveCount: 1}}\n"
                " b: {RedrivePolicy: {dead_letter_queue: a, maxReceiveCount: 1}}"
            ),
            "2: queues.a.RedrivePolicy: dead-letter queues go round in a circle: a → b → a",
        ),
    ],
)
def test_a_wrong_queue_is_told(text: str, problem: str) -> None:
    assert problems_of(text) == [problem]


# Buckets --------------------------------------------------------------------------------------------


def test_a_bucket_has_rules_that_lead_to_a_function_or_a_queue() -> None:
    bucket = parse_bucket(
        "photos",
        {
            "notifications": [
                {"Events": ["s3:ObjectCreated:*"], "prefix": "in/", "suffix": ".jpg", "function": "thumbnail"},
                {"Id": "gone", "Events": ["s3:ObjectRemoved:*"], "queue": "audit"},
            ]
        },
    )

    assert bucket == BucketSettings(
        "photos",
        (
            NotificationSettings("notification-1", ("s3:ObjectCreated:*",), "function", "thumbnail", "in/", ".jpg"),
            NotificationSettings("gone", ("s3:ObjectRemoved:*",), "queue", "audit"),
        ),
    )
    assert configuration_of(bucket, SCOPE) == NotificationConfiguration(
        (
            NotificationRule(
                "notification-1",
                "arn:aws:lambda:eu-west-1:123456789012:function:thumbnail",
                ("s3:ObjectCreated:*",),
                "in/",
                ".jpg",
            ),
            NotificationRule("gone", "arn:aws:sqs:eu-west-1:123456789012:audit", ("s3:ObjectRemoved:*",)),
        )
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "buckets: {Photos: {}}",
            (
                "1: buckets.Photos: a bucket's name has 3 to 63 lower-case letters, digits, hyphens and dots, "
                "no hyphen at its ends"
            ),
        ),
        (
            "buckets: {photos: {notifications: [{Events: [a]}]}}",
            "1: buckets.photos.notifications[0]: must lead to one of a function, a queue and a topic",
        ),
        (
            "queues: {q: }\nbuckets: {photos: {notifications: [{queue: q}]}}",
            "2: buckets.photos.notifications[0]: Events is missing",
        ),
        (
            "queues: {q: }\nbuckets: {photos: {notifications: [{queue: q, Events: []}]}}",
            ('2: buckets.photos.notifications[0].Events: must name at least one event, like "s3:ObjectCreated:*"'),
        ),
        (
            "buckets: {photos: {lifecycle: [soon]}}",
            "1: buckets.photos.lifecycle[0]: must be a lifecycle rule, like {Expiration: {Days: 30}}",
        ),
        (
            "buckets: {photos: {lifecycle: [{Expiration: {Days: soon}}]}}",
            (
                "1: buckets.photos.lifecycle[0]: is no lifecycle rule as PutBucketLifecycleConfiguration takes it, "
                "like {Expiration: {Days: 30}}"
            ),
        ),
        (
            "buckets: {photos: {versioning: often}}",
            "1: buckets.photos.versioning: must be true or false, not 'often'",
        ),
        (
            "buckets: {photos: {notifications: {a: b}}}",
            "1: buckets.photos.notifications: must be a list, not a mapping",
        ),
    ],
)
def test_a_wrong_bucket_is_told(text: str, problem: str) -> None:
    assert problems_of(text) == [problem]


# Mappings -------------------------------------------------------------------------------------------


def test_a_mapping_hands_awss_parameters_on() -> None:
    mapping = parse_mapping(
        {
            "queue": "orders",
            "function": "worker",
            "BatchSize": 100,
            "MaximumBatchingWindowInSeconds": 5,
            "ScalingConfig": {"MaximumConcurrency": 5},
        }
    )

    assert mapping == MappingSettings(
        "orders",
        "worker",
        {"BatchSize": 100, "MaximumBatchingWindowInSeconds": 5, "ScalingConfig": {"MaximumConcurrency": 5}},
    )
    assert create_parameters_of(mapping, SCOPE) == {
        "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:orders",
        "FunctionName": "worker",
        **mapping.parameters,
    }


def test_a_mapping_without_its_ends_is_told() -> None:
    assert problems_of("mappings: [{BatchSiz: 1}]") == [
        "1: mappings[0].BatchSiz: there is no such key; did you mean BatchSize?",
        "1: mappings[0]: queue is missing",
        "1: mappings[0]: function is missing",
    ]


# Names that are mentioned ---------------------------------------------------------------------------


def test_what_is_mentioned_must_be_there() -> None:
    text = (
        "functions: {worker: {script: {fail_every: 2}}}\n"
        "queues:\n"
        "  orders: {RedrivePolicy: {dead_letter_queue: orders-dql, maxReceiveCount: 3}}\n"
        "  orders-dlq: {}\n"
        "buckets: {photos: {notifications: [{Events: [a], function: thumbnail}]}}\n"
        "mappings:\n"
        "  - {queue: order, function: worker}\n"
        "  - {queue: orders, function: wrker}\n"
    )

    assert problems_of(text) == [
        (
            "3: queues.orders.RedrivePolicy.dead_letter_queue: "
            "there is no queue named 'orders-dql'; did you mean orders-dlq?"
        ),
        "5: buckets.photos.notifications[0].function: there is no function named 'thumbnail'",
        "7: mappings[0].queue: there is no queue named 'order'; did you mean orders?",
        "8: mappings[1].function: there is no function named 'wrker'; did you mean worker?",
    ]


def test_a_function_that_is_itself_wrong_is_not_told_a_second_time_as_missing() -> None:
    text = "functions: {worker: {}}\nqueues: {orders: }\nmappings: [{queue: orders, function: worker}]"

    assert [problem.split(":")[0] for problem in problems_of(text)] == ["1"]


def test_what_lies_elsewhere_may_be_mentioned_by_its_arn() -> None:
    text = """
        functions: {worker: {script: {fail_every: 2}}}
        queues: {orders: {}}
        mappings:
          - {queue: "arn:aws:sqs:us-east-1:999999999999:far", function: worker}
          - {queue: orders, function: "arn:aws:lambda:us-east-1:000000000000:function:worker"}
          - {queue: orders, function: "worker:$LATEST"}
        """

    assert len(read(text).mappings) == 3


def test_an_arn_of_this_very_account_must_be_there_too() -> None:
    text = 'mappings: [{queue: "arn:aws:sqs:us-east-1:000000000000:orders", function: "arn:nonsense"}]'

    assert problems_of(text) == [
        "1: mappings[0].function: 'arn:nonsense' is not an ARN",
        "1: mappings[0].queue: there is no queue named 'orders'",
    ]


# Queues at another broker


def test_a_queue_with_an_endpoint_is_kept_elsewhere() -> None:
    text = """
queues:
  near: {}
  far: {endpoint: "http://localhost:9324/", url: http://localhost:9324/queue/far}
  amazons: {endpoint: aws, region: eu-west-1, account: "123456789012"}
"""

    settings = loads(text, {}, folder=Path())

    assert [queue.name for queue in settings.queues] == ["near"]
    assert settings.remote_queues == (
        RemoteQueueSettings("far", "http://localhost:9324", url="http://localhost:9324/queue/far"),
        RemoteQueueSettings("amazons", None, region="eu-west-1", account="123456789012"),
    )
    assert [queue.arn_in(settings.scope) for queue in settings.remote_queues] == [
        "arn:aws:sqs:us-east-1:000000000000:far",
        "arn:aws:sqs:eu-west-1:123456789012:amazons",
    ]


def test_what_is_its_brokers_business_is_no_key_of_a_queue_elsewhere() -> None:
    with pytest.raises(SettingsError) as refused:
        parse_remote_queue("far", {"endpoint": "localhost:9324", "VisibilityTimeout": 30})

    assert [problem.text for problem in refused.value.problems] == [
        "there is no such key",
        "must be a URL like http://localhost:9000, not 'localhost:9324'",
    ]


def test_an_endpoint_must_be_given() -> None:
    with pytest.raises(SettingsError, match="endpoint is missing"):
        parse_remote_queue("far", {})
