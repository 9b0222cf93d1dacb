"""The AWS CLI against the real command: each call as one would type it, and what it prints."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.aws.cli import Aws
from tests.live import Live, live, until
from tests.machine import write

pytestmark = pytest.mark.real

SETTINGS = """
    functions: {echo: {CodeUri: ./code, Handler: echo.handler, Timeout: 10}}
    buckets:
      photos:
        notifications: [{Events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], queue: changes}]
    queues: {changes: {}}
    """

ECHO = """
    def handler(event, context):
        print("echoing")
        return event
    """


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("service")
    write(folder, "code/echo.py", ECHO)
    with live(folder, SETTINGS) as running:
        yield running


def shown(printed: str) -> Any:
    return json.loads(printed)


def test_a_message_is_sent_received_and_deleted(aws: Aws) -> None:
    url = shown(aws("sqs", "create-queue", "--queue-name", "orders"))["QueueUrl"]
    attributes = '{"size": {"DataType": "Number", "StringValue": "7"}}'

    sent = shown(
        aws("sqs", "send-message", "--queue-url", url, "--message-body", "hello", "--message-attributes", attributes)
    )
    (received,) = shown(
        aws(
            "sqs", "receive-message", "--queue-url", url, "--message-attribute-names", "All", "--wait-time-seconds", "2"
        )
    )["Messages"]
    aws("sqs", "delete-message", "--queue-url", url, "--receipt-handle", received["ReceiptHandle"])
    left = shown(aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "All"))["Attributes"]

    assert (received["MessageId"], received["Body"]) == (sent["MessageId"], "hello")
    assert received["MessageAttributes"] == {"size": {"StringValue": "7", "DataType": "Number"}}
    assert (left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_a_queue_that_is_not_there_is_an_error_in_awss_words(aws: Aws, service: Live) -> None:
    said = aws("sqs", "get-queue-url", "--queue-name", "nobody", fails=True)

    assert said == (
        "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation: "
        "The specified queue does not exist."
    )


def test_a_fifo_queue_keeps_the_order_of_a_group_and_takes_no_duplicate(aws: Aws) -> None:
    attributes = "FifoQueue=true,ContentBasedDeduplication=true"
    url = shown(aws("sqs", "create-queue", "--queue-name", "steps.fifo", "--attributes", attributes))["QueueUrl"]
    send = ("sqs", "send-message", "--queue-url", url, "--message-group-id", "g", "--message-body")
    receive = ("sqs", "receive-message", "--queue-url", url, "--max-number-of-messages", "10")

    first, again = shown(aws(*send, "first")), shown(aws(*send, "first"))
    aws(*send, "second")
    attempt = ("--receive-request-attempt-id", "try")
    received = shown(aws(*receive, *attempt, "--message-system-attribute-names", "SequenceNumber"))["Messages"]
    repeated = shown(aws(*receive, *attempt))["Messages"]

    assert (first["MessageId"], first["SequenceNumber"]) == (again["MessageId"], again["SequenceNumber"])
    assert [message["Body"] for message in received] == ["first", "second"]
    assert received[0]["Attributes"]["SequenceNumber"] == first["SequenceNumber"]
    assert [message["ReceiptHandle"] for message in repeated] == [message["ReceiptHandle"] for message in received]


def test_a_move_task_brings_dead_letters_back(aws: Aws) -> None:
    def create(name: str, *more: str) -> str:
        url: str = shown(aws("sqs", "create-queue", "--queue-name", name, *more))["QueueUrl"]
        return url

    dead = "arn:aws:sqs:us-east-1:000000000000:dead"
    create("dead")
    policy = json.dumps({"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})})
    url = create("work", "--attributes", policy)
    aws("sqs", "send-message", "--queue-url", url, "--message-body", "poison")
    receive = ("sqs", "receive-message", "--queue-url", url, "--visibility-timeout", "0")
    aws(*receive)
    aws(*receive)

    handle = shown(aws("sqs", "start-message-move-task", "--source-arn", dead))["TaskHandle"]
    back = shown(aws(*receive, "--wait-time-seconds", "5"))["Messages"]
    (task,) = shown(aws("sqs", "list-message-move-tasks", "--source-arn", dead))["Results"]
    late = aws("sqs", "cancel-message-move-task", "--task-handle", handle, fails=True)

    assert [message["Body"] for message in back] == ["poison"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    assert "TaskHandle" not in task
    assert "(InvalidParameterValue)" in late


def test_a_permission_is_given_and_taken(aws: Aws) -> None:
    url = shown(aws("sqs", "create-queue", "--queue-name", "shared"))["QueueUrl"]
    of_queue = ("--queue-url", url, "--label", "partner")
    policy = ("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "Policy")

    aws("sqs", "add-permission", *of_queue, "--aws-account-ids", "111122223333", "--actions", "SendMessage")
    given = json.loads(shown(aws(*policy))["Attributes"]["Policy"])
    aws("sqs", "remove-permission", *of_queue)
    taken = aws(*policy)

    (statement,) = given["Statement"]
    assert (statement["Sid"], statement["Action"]) == ("partner", "SQS:SendMessage")
    assert statement["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert taken == ""


def test_a_function_is_invoked_in_every_way(aws: Aws, tmp_path: Path) -> None:
    waited = shown(
        aws("lambda", "invoke", "--function-name", "echo", "--payload", '{"a": 1}', "--log-type", "Tail", "out")
    )
    answer = (tmp_path / "out").read_text()
    event = shown(aws("lambda", "invoke", "--function-name", "echo", "--invocation-type", "Event", "none"))
    dry = shown(aws("lambda", "invoke", "--function-name", "echo", "--invocation-type", "DryRun", "none"))

    assert (waited["StatusCode"], waited["ExecutedVersion"]) == (200, "$LATEST")
    assert answer == '{"a": 1}'
    assert waited["LogResult"]
    assert (event["StatusCode"], dry["StatusCode"]) == (202, 204)


def test_objects_come_and_go_and_each_change_is_notified(aws: Aws, service: Live, tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").write_bytes(b"cat")

    aws("s3", "cp", "cat.jpg", "s3://photos/pets/in/cat.jpg")
    listed = aws("s3", "ls", "s3://photos/pets/in/")
    url = aws("s3", "presign", "s3://photos/pets/in/cat.jpg").strip()
    with urlopen(url, timeout=10) as got:  # noqa: S310 the service's own address
        content = got.read()
    aws("s3", "mv", "s3://photos/pets/in/cat.jpg", "s3://photos/pets/out/cat.jpg")
    aws("s3", "rm", "s3://photos/pets", "--recursive")

    assert listed.split()[2:] == ["3", "cat.jpg"]
    assert content == b"cat"
    assert notified(service, "pets/") == [
        ("ObjectCreated:Put", "pets/in/cat.jpg"),
        ("ObjectCreated:Copy", "pets/out/cat.jpg"),
        ("ObjectRemoved:Delete", "pets/in/cat.jpg"),
        ("ObjectRemoved:Delete", "pets/out/cat.jpg"),
    ]


def test_a_large_object_goes_up_in_parts_and_is_one_event(aws: Aws, service: Live, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(bytes(9 * 1024 * 1024))

    aws("s3", "cp", "film.mp4", "s3://photos/films/film.mp4")

    assert notified(service, "films/") == [("ObjectCreated:CompleteMultipartUpload", "films/film.mp4")]


def notified(service: Live, prefix: str) -> list[tuple[str, str]]:
    """Event name and key of each message in the queue about keys that begin so, oldest first."""
    bodies = [json.loads(message["body"]) for message in service.get("queues/changes/messages")]
    # The first was S3's test event, which has no records.
    records = [record for body in bodies for record in body.get("Records", [])]
    told = [(record["eventName"], record["s3"]["object"]["key"]) for record in records]
    return [(name, key) for name, key in told if key.startswith(prefix)]


def test_services_that_only_store_are_there(aws: Aws) -> None:
    trust = '{"Version": "2012-10-17", "Statement": []}'
    made = shown(aws("iam", "create-role", "--role-name", "worker", "--assume-role-policy-document", trust))
    aws("logs", "create-log-group", "--log-group-name", "g")

    assert made["Role"]["Arn"] == "arn:aws:iam::000000000000:role/worker"
    assert shown(aws("sts", "get-caller-identity"))["Account"] == "000000000000"
    assert "g" in [group["logGroupName"] for group in shown(aws("logs", "describe-log-groups"))["logGroups"]]


def test_what_a_function_prints_is_in_its_log_group(aws: Aws) -> None:
    aws("lambda", "invoke", "--function-name", "echo", "out.json")

    # `aws logs tail` of version 2 asks for the same, with the events of all streams interleaved.
    found = shown(aws("logs", "filter-log-events", "--log-group-name", "/aws/lambda/echo", "--interleaved"))

    messages = [event["message"] for event in found["events"]]
    assert "echoing\n" in messages
    assert any("\tBilled Duration: " in message for message in messages)


def test_version_2_follows_a_functions_log(service: Live, aws_2: Aws, tmp_path: Path) -> None:
    service.post("functions/echo/invoke", {"n": 1})
    said = tmp_path / "tail.log"

    with said.open("w") as output:
        # Into a file it would write when it has a block full.
        environ = {**aws_2.environ, "PYTHONUNBUFFERED": "1"}
        command = aws_2.command("logs", "tail", "/aws/lambda/echo", "--follow", "--since", "1m", "--format", "short")
        following = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=output, stderr=subprocess.STDOUT)
        try:
            # Other tests may have called it within the minute.
            until(lambda: said.read_text().count("REPORT RequestId: ") >= 1)
            before = said.read_text().count("echoing")
            service.post("functions/echo/invoke", {"n": 2})
            until(lambda: said.read_text().count("echoing") == before + 1)
            until(lambda: said.read_text().count("REPORT RequestId: ") == before + 1)
        finally:
            following.terminate()
            following.wait(10)
