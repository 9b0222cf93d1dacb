"""Every operation on queues and on mappings, once done and once refused, by each of three clients.

boto3 speaks JSON in query mode; the same with the model of the older protocol speaks that; the AWS CLI brings a
botocore of its own.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.aws.cli import Aws
from tests.conformance.cases import Kept
from tests.conformance.clients import query_model
from tests.live import ROOT, live
from tests.serving import client_at

pytestmark = pytest.mark.real

Ask = Callable[[str, str, Mapping[str, Any]], Any]
"""Asks a service for an operation: what it answers, or the error's code alone."""

SETTINGS = "functions: {worker: {script: {succeed_after: 0s}, Timeout: 10}}"
WORKER = "arn:aws:lambda:us-east-1:000000000000:function:worker"
URL = {"QueueUrl": "<<url:orders>>"}
DEAD = {"QueueUrl": "<<url:orders-dlq>>"}
REDRIVE = '{"deadLetterTargetArn":"<<arn:orders-dlq>>","maxReceiveCount":"3"}'
SIZE = {"size": {"DataType": "Number.int", "StringValue": "7"}}
SENDER = {"Label": "send", "AWSAccountIds": ["111111111111"], "Actions": ["SendMessage"]}
DONE: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = (
    ("CreateQueue", {"QueueName": "orders-dlq", "tags": {"team": "blue"}}, {"QueueUrl": "<<url:orders-dlq>>"}),
    (
        "CreateQueue",
        {"QueueName": "orders", "Attributes": {"VisibilityTimeout": "31", "RedrivePolicy": REDRIVE}},
        {"QueueUrl": "<<url:orders>>"},
    ),
    ("GetQueueUrl", {"QueueName": "orders"}, URL),
    (
        "ListQueues",
        {"QueueNamePrefix": "orders", "MaxResults": 1},
        {"QueueUrls": ["<<url:orders>>"], "NextToken": "<<some:next>>"},
    ),
    (
        "ListQueues",
        {"QueueNamePrefix": "orders", "MaxResults": 1, "NextToken": "<<next>>"},
        {"QueueUrls": ["<<url:orders-dlq>>"]},
    ),
    ("SetQueueAttributes", {**URL, "Attributes": {"DelaySeconds": "0", "MaximumMessageSize": "2048"}}, {}),
    (
        "GetQueueAttributes",
        {**URL, "AttributeNames": ["VisibilityTimeout", "MaximumMessageSize", "RedrivePolicy"]},
        {"Attributes": {"VisibilityTimeout": "31", "MaximumMessageSize": "2048", "RedrivePolicy": "<<some:policy>>"}},
    ),
    ("ListDeadLetterSourceQueues", DEAD, {"queueUrls": ["<<url:orders>>"]}),
    ("TagQueue", {**URL, "Tags": {"stage": "test", "team": "red + blue"}}, {}),
    ("UntagQueue", {**URL, "TagKeys": ["stage"]}, {}),
    ("ListQueueTags", URL, {"Tags": {"team": "red + blue"}}),
    ("AddPermission", {**URL, **SENDER}, {}),
    ("RemovePermission", {**URL, "Label": "send"}, {}),
    (
        "SendMessage",
        {**URL, "MessageBody": "ünö & <1>", "MessageAttributes": SIZE},
        {"MD5OfMessageBody": "31028c8de81aa02391e1ff65bd22e72d"},
    ),
    (
        "SendMessageBatch",
        {**URL, "Entries": [{"Id": "a", "MessageBody": "2"}, {"Id": "b", "MessageBody": "ü" * 1025}]},
        {
            "Successful": [
                {"Id": "a", "MD5OfMessageBody": "c81e728d9d4c2f636f067f89cc14862c", "MessageId": "<<some:id>>"}
            ],
            "Failed": [{"Id": "b", "Code": "InvalidParameterValue", "SenderFault": True, "Message": "<<some:why>>"}],
        },
    ),
    (
        "ReceiveMessage",
        {
            **URL,
            "MaxNumberOfMessages": 10,
            "AttributeNames": ["ApproximateReceiveCount"],
            "MessageAttributeNames": ["All"],
        },
        {
            "Messages": [
                {
                    "Body": "ünö & <1>",
                    "ReceiptHandle": "<<some:first>>",
                    "MessageAttributes": SIZE,
                    "Attributes": {"ApproximateReceiveCount": "1"},
                },
                {"Body": "2", "ReceiptHandle": "<<some:second>>"},
            ]
        },
    ),
    ("ChangeMessageVisibility", {**URL, "ReceiptHandle": "<<first>>", "VisibilityTimeout": 60}, {}),
    (
        "ChangeMessageVisibilityBatch",
        {**URL, "Entries": [{"Id": "a", "ReceiptHandle": "<<second>>", "VisibilityTimeout": 60}]},
        {"Successful": [{"Id": "a"}]},
    ),
    ("DeleteMessage", {**URL, "ReceiptHandle": "<<first>>"}, {}),
    (
        "DeleteMessageBatch",
        {**URL, "Entries": [{"Id": "a", "ReceiptHandle": "<<second>>"}]},
        {"Successful": [{"Id": "a"}]},
    ),
    (
        "SendMessageBatch",
        {**DEAD, "Entries": [{"Id": str(n), "MessageBody": str(n)} for n in range(10)]},
        {"Successful": [{"Id": str(n)} for n in range(10)]},
    ),
    (
        "StartMessageMoveTask",
        {"SourceArn": "<<arn:orders-dlq>>", "DestinationArn": "<<arn:orders>>", "MaxNumberOfMessagesPerSecond": 1},
        {"TaskHandle": "<<some:task>>"},
    ),
    (
        "ListMessageMoveTasks",
        {"SourceArn": "<<arn:orders-dlq>>"},
        {"Results": [{"Status": "RUNNING", "TaskHandle": "<<some:task>>", "ApproximateNumberOfMessagesToMove": 10}]},
    ),
    ("CancelMessageMoveTask", {"TaskHandle": "<<task>>"}, {"ApproximateNumberOfMessagesMoved": "<<some:moved>>"}),
    (
        "CreateEventSourceMapping",
        {"EventSourceArn": "<<arn:orders>>", "FunctionName": "worker", "BatchSize": 5},
        {"UUID": "<<some:mapping>>", "BatchSize": 5, "FunctionArn": WORKER},
    ),
    ("GetEventSourceMapping", {"UUID": "<<mapping>>"}, {"UUID": "<<mapping>>", "EventSourceArn": "<<arn:orders>>"}),
    (
        "UpdateEventSourceMapping",
        {"UUID": "<<mapping>>", "BatchSize": 7, "FunctionResponseTypes": ["ReportBatchItemFailures"]},
        {"BatchSize": 7, "FunctionResponseTypes": ["ReportBatchItemFailures"]},
    ),
    (
        "ListEventSourceMappings",
        {"FunctionName": "worker"},
        {"EventSourceMappings": [{"UUID": "<<mapping>>", "BatchSize": 7}]},
    ),
    ("DeleteEventSourceMapping", {"UUID": "<<mapping>>"}, {"UUID": "<<mapping>>"}),
    ("PurgeQueue", URL, {}),
    ("DeleteQueue", URL, {}),
)
"""Calls in an order in which each succeeds, and what its answer shows, whatever else it has."""

GONE = {"QueueUrl": "<<url:gone>>"}
NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"
NO_MAPPING = {"UUID": "11111111-2222-3333-4444-555555555555"}
REFUSED: tuple[tuple[str, Mapping[str, Any], str], ...] = (
    ("CreateQueue", {"QueueName": "no good"}, "InvalidParameterValue"),
    ("GetQueueUrl", {"QueueName": "gone"}, NO_QUEUE),
    ("ListQueues", {"MaxResults": 1001}, "InvalidParameterValue"),
    ("SetQueueAttributes", {**GONE, "Attributes": {"DelaySeconds": "0"}}, NO_QUEUE),
    ("GetQueueAttributes", GONE, NO_QUEUE),
    ("ListDeadLetterSourceQueues", GONE, NO_QUEUE),
    ("TagQueue", {**GONE, "Tags": {"a": "b"}}, NO_QUEUE),
    ("UntagQueue", {**GONE, "TagKeys": ["a"]}, NO_QUEUE),
    ("ListQueueTags", GONE, NO_QUEUE),
    ("AddPermission", {**GONE, **SENDER}, NO_QUEUE),
    ("RemovePermission", {**GONE, "Label": "send"}, NO_QUEUE),
    ("SendMessage", {**DEAD, "MessageBody": ""}, "MissingParameter"),
    ("SendMessageBatch", {**DEAD, "Entries": []}, "AWS.SimpleQueueService.EmptyBatchRequest"),
    ("ReceiveMessage", {**DEAD, "MaxNumberOfMessages": 11}, "InvalidParameterValue"),
    ("ChangeMessageVisibility", {**DEAD, "ReceiptHandle": "none", "VisibilityTimeout": 1}, "ReceiptHandleIsInvalid"),
    (
        "ChangeMessageVisibilityBatch",
        {**GONE, "Entries": [{"Id": "a", "ReceiptHandle": "none", "VisibilityTimeout": 1}]},
        NO_QUEUE,
    ),
    ("DeleteMessage", {**DEAD, "ReceiptHandle": "none"}, "ReceiptHandleIsInvalid"),
    (
        "DeleteMessageBatch",
        {**DEAD, "Entries": [{"Id": "a", "ReceiptHandle": "none"}] * 2},
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    ),
    ("StartMessageMoveTask", {"SourceArn": "<<arn:gone>>"}, "ResourceNotFoundException"),
    ("ListMessageMoveTasks", {"SourceArn": "<<arn:gone>>"}, "ResourceNotFoundException"),
    ("CancelMessageMoveTask", {"TaskHandle": "none"}, "InvalidParameterValue"),
    ("PurgeQueue", GONE, NO_QUEUE),
    ("DeleteQueue", GONE, NO_QUEUE),
    (
        "CreateEventSourceMapping",
        {"EventSourceArn": "<<arn:gone>>", "FunctionName": "worker"},
        "InvalidParameterValueException",
    ),
    ("GetEventSourceMapping", NO_MAPPING, "ResourceNotFoundException"),
    ("UpdateEventSourceMapping", {**NO_MAPPING, "BatchSize": 7}, "ResourceNotFoundException"),
    ("ListEventSourceMappings", {"MaxItems": 10_001}, "ValidationException"),
    ("DeleteEventSourceMapping", NO_MAPPING, "ResourceNotFoundException"),
)
"""Calls of which each is refused, and the code."""


def _boto3(url: str) -> Ask:
    return _with({service: client_at(url, service) for service in ("sqs", "lambda")})


def _boto3_in_query(url: str, folder: Path) -> Ask:
    model = folder / "models/sqs/2012-11-05/service-2.json"
    model.parent.mkdir(parents=True)
    model.write_text(json.dumps(query_model()), encoding="utf-8")
    session = botocore.session.Session()
    session.set_config_variable("data_path", str(folder / "models"))
    sqs = client_at(url, "sqs", session=session)
    assert sqs.meta.service_model.resolved_protocol == "query"
    return _with({"sqs": sqs, "lambda": client_at(url, "lambda")})


def _with(clients: Mapping[str, Any]) -> Ask:
    def ask(service: str, operation: str, params: Mapping[str, Any]) -> Any:
        try:
            return getattr(clients[service], xform_name(operation))(**params)
        except ClientError as refused:
            return refused.response["Error"]["Code"]

    return ask


@contextmanager
def _cli(aws: Aws) -> Iterator[Ask]:
    """The AWS CLI, started once for all its commands."""
    driver = [ROOT / ".venv-awscli/bin/python", Path(__file__).with_name("cli_driver.py")]
    with subprocess.Popen(
        driver, cwd=aws.folder, env=aws.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        to, back = process.stdin, process.stdout
        assert to is not None
        assert back is not None

        def ask(service: str, operation: str, params: Mapping[str, Any]) -> Any:
            _, *command = aws.command(service, xform_name(operation, "-"), "--cli-input-json", json.dumps(params))
            print(json.dumps([*command, "--no-paginate"]), file=to, flush=True)
            status, out, err = json.loads(back.readline())
            if status == 0:
                return json.loads(out or "{}")
            refused = re.search(r"An error occurred \((.+?)\) when calling the (\w+) operation", err)
            assert refused is not None, err
            return refused[1]

        yield ask


@pytest.fixture(scope="module", params=["boto3", "boto3 in the query protocol", "the AWS CLI"])
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ask, Kept]]:
    """A client of a service of its own."""
    folder = tmp_path_factory.mktemp("service")
    with live(folder, SETTINGS) as service:
        kept = Kept(service.url)
        match request.param:
            case "boto3":
                yield _boto3(service.url), kept
            case "boto3 in the query protocol":
                yield _boto3_in_query(service.url, folder), kept
            case _:
                with _cli(Aws(service, folder)) as ask:
                    yield ask, kept


def test_every_operation_succeeds_by_every_client(asked: tuple[Ask, Kept]) -> None:
    ask, kept = asked
    for place, (operation, params, shows) in enumerate(DONE, 1):
        answer = ask(_service(operation), operation, kept.filled(params))
        kept.check(shows, answer, where=f"{place}, {operation}", is_exact=False)


def test_every_operation_is_refused_by_every_client(asked: tuple[Ask, Kept]) -> None:
    ask, kept = asked
    ask("sqs", "CreateQueue", {"QueueName": "orders-dlq"})

    codes = {operation: ask(_service(operation), operation, kept.filled(params)) for operation, params, _ in REFUSED}

    assert codes == {operation: code for operation, _, code in REFUSED}


@pytest.mark.parametrize("table", [DONE, REFUSED], ids=["done", "refused"])
def test_the_tables_have_every_operation(table: tuple[tuple[str, Any, Any], ...]) -> None:
    model = botocore.session.get_session().get_service_model
    of_mappings = {name for name in model("lambda").operation_names if "EventSourceMapping" in name}

    assert {operation for operation, *_ in table} == {*model("sqs").operation_names, *of_mappings}


def _service(operation: str) -> str:
    return "lambda" if "EventSourceMapping" in operation else "sqs"
