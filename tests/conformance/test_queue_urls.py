"""Every operation that names a queue, under every style of URL that clients have of one."""

from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest

from app.core.limits import DEFAULT_LIMITS
from tests.conformance.clients import JSON, QUERY, Dialect, Error, ask
from tests.conformance.conftest import Stage

ARN = "arn:aws:sqs:us-east-1:000000000000:orders"
OPERATIONS: Mapping[str, Mapping[str, Any]] = {
    "GetQueueAttributes": {"AttributeNames": ["QueueArn"]},
    "SetQueueAttributes": {"Attributes": {"VisibilityTimeout": "31"}},
    "TagQueue": {"Tags": {"team": "blue"}},
    "ListQueueTags": {},
    "UntagQueue": {"TagKeys": ["team"]},
    "AddPermission": {"Label": "send", "AWSAccountIds": ["111111111111"], "Actions": ["SendMessage"]},
    "RemovePermission": {"Label": "send"},
    "ListDeadLetterSourceQueues": {},
    "SendMessage": {"MessageBody": "one"},
    "SendMessageBatch": {"Entries": [{"Id": "a", "MessageBody": "two"}]},
    "ReceiveMessage": {"MaxNumberOfMessages": 10},
    "ChangeMessageVisibility": {"ReceiptHandle": "0", "VisibilityTimeout": 60},
    "ChangeMessageVisibilityBatch": {"Entries": [{"Id": "a", "ReceiptHandle": "1", "VisibilityTimeout": 60}]},
    "DeleteMessage": {"ReceiptHandle": "0"},
    "DeleteMessageBatch": {"Entries": [{"Id": "a", "ReceiptHandle": "1"}]},
    "PurgeQueue": {},
    "DeleteQueue": {},
}
"""In an order in which each succeeds; a receipt handle is the place of its message in what was received."""
STYLES = (
    "http://localhost:4566/000000000000/orders",
    "http://localhost:4566/000000000000/orders/",
    "http://127.0.0.1:9324/000000000000/orders?of=nothing",
    "http://host.docker.internal/000000000000/orders",
    "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/orders",
    "http://us-east-1.queue.localhost.localstack.cloud:4566/000000000000/orders",
    "https://sqs.us-east-1.amazonaws.com/000000000000/orders",
    "https://us-east-1.queue.amazonaws.com/000000000000/orders",
    "https://queue.amazonaws.com/000000000000/orders",
    "https://vpce-0a1b2c3d.sqs.us-east-1.vpce.amazonaws.com/000000000000/orders",
    "http://localhost:4566/queue/us-east-1/000000000000/orders",
    "http://localhost:9324/queue/orders",
    "/000000000000/orders",
    "orders",
)


@pytest.mark.parametrize("dialect", [JSON, QUERY], ids=["json", "query"])
@pytest.mark.parametrize("url", STYLES)
def test_every_operation_finds_its_queue_under_every_url(stage: Stage, url: str, dialect: Dialect) -> None:
    stage.begin(DEFAULT_LIMITS)
    ask(stage.port, JSON, "CreateQueue", {"QueueName": "orders"})

    answers = _carried_out(stage, dialect, url)

    assert [name for name, answer in answers.items() if isinstance(answer, Error)] == []
    assert answers["GetQueueAttributes"] == {"Attributes": {"QueueArn": ARN}}
    assert answers["ListQueueTags"] == {"Tags": {"team": "blue"}}
    assert [message["Body"] for message in answers["ReceiveMessage"]["Messages"]] == ["one", "two"]
    assert ask(stage.port, JSON, "ListQueues", {}) == {}


def test_the_table_has_every_operation_with_a_queues_url() -> None:
    model = botocore.session.get_session().get_service_model("sqs")
    named = {name for name in model.operation_names if "QueueUrl" in model.operation_model(name).input_shape.members}

    assert set(OPERATIONS) == named


@pytest.mark.parametrize(
    "url",
    [
        "https://sqs.eu-west-1.amazonaws.com/111111111111/orders",
        "https://eu-west-1.queue.amazonaws.com/111111111111/orders",
        "http://sqs.eu-west-1.localhost.localstack.cloud:4566/111111111111/orders",
        "http://localhost:4566/queue/eu-west-1/111111111111/orders",
    ],
)
def test_a_url_leads_to_the_account_and_region_that_it_names(stage: Stage, url: str) -> None:
    stage.begin(DEFAULT_LIMITS)
    ask(stage.port, JSON, "CreateQueue", {"QueueName": "orders"})
    ask(stage.port, JSON, "CreateQueue", {"QueueName": "orders"}, account="111111111111", region="eu-west-1")

    told = ask(stage.port, JSON, "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["QueueArn"]})

    assert told == {"Attributes": {"QueueArn": "arn:aws:sqs:eu-west-1:111111111111:orders"}}


@pytest.mark.parametrize("path", ["/000000000000/orders", "/queue/us-east-1/000000000000/orders", "/queue/orders"])
def test_a_query_can_be_posted_to_a_queues_path(stage: Stage, path: str) -> None:
    stage.begin(DEFAULT_LIMITS)
    ask(stage.port, JSON, "CreateQueue", {"QueueName": "orders"})

    told = ask(stage.port, QUERY, "GetQueueAttributes", {"AttributeNames": ["QueueArn"]}, path=path)

    assert told == {"Attributes": {"QueueArn": ARN}}


def _carried_out(stage: Stage, dialect: Dialect, url: str) -> dict[str, Any]:
    """What each operation answers."""
    answers: dict[str, Any] = {}
    for name, more in OPERATIONS.items():
        received = answers.get("ReceiveMessage", {}).get("Messages", [])
        answers[name] = ask(stage.port, dialect, name, {"QueueUrl": url, **_with_handles(more, received)})
    return answers


def _with_handles(given: Mapping[str, Any], received: list[Any]) -> dict[str, Any]:
    """The parameters with the handles of what was received."""
    params = dict(given)
    if "ReceiptHandle" in params:
        params["ReceiptHandle"] = received[int(params["ReceiptHandle"])]["ReceiptHandle"]
    if received and "Entries" in params:
        params["Entries"] = [_with_handles(entry, received) for entry in params["Entries"]]
    return params
