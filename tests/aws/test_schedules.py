"""Schedules by the AWS CLI, against the real command: made, listed, fired on the clock and by hand."""

import json
from collections.abc import Iterator, Mapping

import pytest

from app.core.time import parse_instant
from tests.aws.cli import Aws
from tests.live import Live, live
from tests.machine import write

pytestmark = pytest.mark.real

SETTINGS = """
    clock: {frozen: "2026-11-21T12:00:00Z"}
    functions: {report: {CodeUri: ./code, Handler: report.handler, Timeout: 10}}
    queues: {orders: {}, letters: {}}
    """

REPORT = """
    def handler(event, context):
        print("reporting", event["at"])
        return "done"
    """

ROLE = "arn:aws:iam::000000000000:role/any"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("service")
    write(folder, "code/report.py", REPORT)
    with live(folder, SETTINGS) as running:
        yield running


def create(aws: Aws, name: str, expression: str, target: Mapping[str, object], *more: str) -> str:
    printed = aws(
        "scheduler", "create-schedule", "--name", name, "--schedule-expression", expression,
        "--flexible-time-window", "Mode=OFF", "--target", json.dumps({"RoleArn": ROLE, **target}), *more,
    )  # fmt: skip
    arn: str = json.loads(printed)["ScheduleArn"]
    return arn


def test_a_function_is_reported_to_every_night(aws: Aws, service: Live) -> None:
    target = {
        "Arn": "arn:aws:lambda:us-east-1:000000000000:function:report",
        "Input": '{"at": "<aws.scheduler.scheduled-time>"}',
    }
    arn = create(
        aws, "nightly", "cron(0 2 * * ? *)", target, "--schedule-expression-timezone", "Europe/Berlin"
    )  # fmt: skip

    service.post("clock/advance", {"duration": "2d"})

    assert arn == "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly"
    lines = service.get("functions/report/logs")["lines"]
    assert [line for line in lines if line.startswith("reporting")] == [
        "reporting 2026-11-22T01:00:00Z", "reporting 2026-11-23T01:00:00Z",
    ]  # fmt: skip
    aws("scheduler", "delete-schedule", "--name", "nightly")
    gone = aws("scheduler", "get-schedule", "--name", "nightly", fails=True)
    assert "(ResourceNotFoundException) when calling the GetSchedule operation: Schedule nightly does not" in gone


def test_universal_targets_call_this_service(aws: Aws, service: Live) -> None:
    """A queue by its API, and a stream that moto keeps: both are reached through the service's own endpoint."""
    url = f"{service.url}/000000000000/orders"
    aws("kinesis", "create-stream", "--stream-name", "clicks", "--shard-count", "1")
    sent = json.dumps({"QueueUrl": url, "MessageBody": "<aws.scheduler.execution-id>"})
    create(aws, "send", "rate(1 day)", {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": sent})
    create(
        aws, "put", "rate(1 day)",
        {"Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/clicks", "Input": "a click",
         "KinesisParameters": {"PartitionKey": "k"}},
    )  # fmt: skip
    service.post("clock/advance", {"duration": "1s"})

    (message,) = service.get("queues/orders/messages")
    assert len(message["body"]) == 16
    told = [entry for entry in service.get("journal") if entry["fact"] == "ScheduleDelivered"]
    chains = {entry["schedule"].rpartition("/")[2]: entry["chain"] for entry in told}
    assert chains.keys() >= {"send", "put"}
    caused = [entry["fact"] for entry in service.get(f"chains/{chains['send']}")["entries"]]
    assert caused == ["ScheduleFired", "MessageSent", "ScheduleDelivered"], "what it calls is of its chain"
    for name in ("send", "put"):
        aws("scheduler", "delete-schedule", "--name", name)


def test_what_fails_for_good_goes_to_the_dead_letter_queue(aws: Aws, service: Live) -> None:
    now = parse_instant(service.get("clock")["now"])
    create(
        aws, "once", "at(2030-01-01T00:00:00)",
        {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
         "Input": json.dumps({"QueueUrl": f"{service.url}/000000000000/nothing", "MessageBody": "hello"}),
         "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:letters"}},
    )  # fmt: skip

    fired = service.post("schedules/fire", {"name": "once"})
    service.post("clock/advance", {"duration": "1s"})

    (letter,) = service.get("queues/letters/messages")
    attributes = {name: each["value"] for name, each in letter["attributes"].items()}
    assert json.loads(letter["body"])["MessageBody"] == "hello"
    assert attributes["ERROR_CODE"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert attributes["EXECUTION_ID"] == fired["execution"]
    assert parse_instant(fired["at"]) == now
    aws("scheduler", "delete-schedule", "--name", "once")


def test_groups_hold_schedules_together(aws: Aws) -> None:
    aws("scheduler", "create-schedule-group", "--name", "reports", "--tags", "Key=a,Value=b")
    target = {"Arn": "arn:aws:sqs:us-east-1:000000000000:orders", "Input": "hello"}
    create(aws, "weekly", "cron(0 0 ? * MON *)", target, "--group-name", "reports", "--state", "DISABLED")

    listed = json.loads(aws("scheduler", "list-schedules", "--group-name", "reports"))["Schedules"]

    assert [(each["GroupName"], each["Name"], each["State"]) for each in listed] == [("reports", "weekly", "DISABLED")]
    aws("scheduler", "delete-schedule-group", "--name", "reports")
    assert json.loads(aws("scheduler", "list-schedules"))["Schedules"] == []


def test_what_is_wrong_is_told_in_awss_words(aws: Aws) -> None:
    told = aws(
        "scheduler", "create-schedule", "--name", "wrong", "--schedule-expression", "rate(5 seconds)",
        "--flexible-time-window", "Mode=OFF", "--target", f'{{"Arn": "arn:aws:sqs:::q", "RoleArn": "{ROLE}"}}',
        fails=True,
    )  # fmt: skip

    assert "An error occurred (ValidationException) when calling the CreateSchedule operation" in told
    assert "Invalid Schedule Expression rate(5 seconds)." in told
