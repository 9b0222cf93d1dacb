"""boto3 and event source mappings, with real functions behind them, over both of SQS's protocols."""

import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.live import Live, live, until
from tests.machine import write

ORDERS = "arn:aws:sqs:us-east-1:000000000000:orders"

SETTINGS = """
    functions:
      worker: {CodeUri: ./code, Handler: worker.handler, Timeout: 10}
      slow: {script: {succeed_after: 45s}, Timeout: 60}
    queues:
      orders: {VisibilityTimeout: 30, RedrivePolicy: {dead_letter_queue: orders-dlq, maxReceiveCount: 2}}
      orders-dlq: {}
    """

WORKER = """
    def handler(event, context):
        failed = [record["messageId"] for record in event["Records"] if record["body"] == "poison"]
        print("bodies", sorted(record["body"] for record in event["Records"]))
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
    """


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One for all tests that only have something refused."""
    folder = tmp_path_factory.mktemp("service")
    write(folder, "code/worker.py", WORKER)
    with live(folder, SETTINGS) as running:
        yield running


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Live]:
    write(tmp_path, "code/worker.py", WORKER)
    with live(tmp_path, SETTINGS) as running:
        yield running


def create(service: Live, **parameters: Any) -> dict[str, Any]:
    client = service.client("lambda")
    mapping: dict[str, Any] = client.create_event_source_mapping(
        **{"EventSourceArn": ORDERS, "FunctionName": "worker", **parameters}
    )
    return mapping


def test_a_mapping_is_created_seen_changed_and_deleted(service: Live) -> None:
    client = service.client("lambda")

    uuid = create(service, BatchSize=5)["UUID"]
    listed = client.list_event_source_mappings(EventSourceArn=ORDERS)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=uuid, BatchSize=100, MaximumBatchingWindowInSeconds=1, Enabled=False)
    seen = client.get_event_source_mapping(UUID=uuid)
    client.delete_event_source_mapping(UUID=uuid)

    assert [(mapping["UUID"], mapping["BatchSize"], mapping["State"]) for mapping in listed] == [(uuid, 5, "Enabled")]
    assert (seen["BatchSize"], seen["MaximumBatchingWindowInSeconds"], seen["State"]) == (100, 1, "Disabled")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="The resource you requested does not exist"):
        client.get_event_source_mapping(UUID=uuid)


@pytest.mark.parametrize(
    ("parameters", "code", "message"),
    [
        ({"BatchSize": 11}, "InvalidParameterValueException", "Maximum batch window in seconds must be greater than 0"),
        ({"FunctionName": "slow"}, "InvalidParameterValueException", "less than Function timeout: 60 seconds"),
        ({"FunctionName": "nobody"}, "InvalidParameterValueException", "Function does not exist"),
        ({"EventSourceArn": ORDERS + "-of-nobody"}, "InvalidParameterValueException", "does not exist"),
    ],
    ids=["batch of eleven", "visibility below timeout", "no function", "no queue"],
)
def test_what_aws_refuses_is_refused(untouched: Live, parameters: dict[str, Any], code: str, message: str) -> None:
    client = untouched.client("lambda")

    with pytest.raises(client.exceptions.ClientError) as refused:
        create(untouched, **parameters)

    assert refused.value.response["Error"]["Code"] == code
    assert message in refused.value.response["Error"]["Message"]


def test_the_same_mapping_twice_is_a_conflict(service: Live) -> None:
    create(service)

    with pytest.raises(service.client("lambda").exceptions.ClientError) as refused:
        create(service)

    assert refused.value.response["Error"]["Code"] == "ResourceConflictException"


def test_what_a_function_reports_as_failed_comes_back_and_ends_as_a_dead_letter(service: Live) -> None:
    create(service, FunctionResponseTypes=["ReportBatchItemFailures"])
    sqs = service.client("sqs")

    entries = [{"Id": body, "MessageBody": body} for body in ("good", "poison", "fine")]
    sqs.send_message_batch(QueueUrl=f"{service.url}/000000000000/orders", Entries=entries)
    service.post("clock/advance", {"duration": "5m"})
    (letter,) = service.get("dead-letter-queues/orders-dlq/messages")
    left = service.get("queues/orders")

    assert (letter["body"], letter["receive_count"]) == ("poison", 2)
    assert sum("failed, reported in batchItemFailures" in line for line in letter["story"]) == 2
    assert (left["visible"], left["in_flight"]) == (0, 0)


def test_messages_of_the_query_protocol_reach_the_function(service: Live) -> None:
    create(service)

    answer = query(service, "SendMessage", QueueUrl=f"{service.url}/000000000000/orders", MessageBody="by form")
    until(lambda: "bodies ['by form']" in service.get("functions/worker/logs")["lines"])

    assert re.search("<MD5OfMessageBody>[0-9a-f]{32}</MD5OfMessageBody>", answer)


def test_what_one_protocol_sends_the_other_receives(service: Live) -> None:
    sqs, url = service.client("sqs"), f"{service.url}/000000000000/orders"

    query(service, "SendMessage", QueueUrl=url, MessageBody="by form")
    (received,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
    sqs.send_message(QueueUrl=url, MessageBody="by JSON")
    answer = query(service, "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages="10")

    assert received["Body"] == "by form"
    assert re.findall("<Body>(.*?)</Body>", answer) == ["by JSON"]


def query(service: Live, action: str, **parameters: str) -> str:
    """The answer to a call in the query protocol, as SDKs made it until 2023."""
    form = urlencode({"Action": action, "Version": "2012-11-05", **parameters})
    connection = HTTPConnection("127.0.0.1", service.port, timeout=20)
    connection.request("POST", "/", form, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    response = connection.getresponse()
    answer = response.read().decode()
    connection.close()
    assert response.status == 200, answer
    return answer
