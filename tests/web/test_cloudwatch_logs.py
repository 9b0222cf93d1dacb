"""What functions print, asked of CloudWatch Logs by boto3 over the loopback."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import write
from tests.serving import Serving, serving

NOON_MS = 1_795_262_400_000
APP = "def handler(event, context):\n    print('got', event)\n    if event == 3: raise ValueError('three')\n"


@pytest.fixture
def talking(tmp_path: Path) -> Iterator[Serving]:
    write(tmp_path / "code", "app.py", APP)
    settings = f"""
clock: {{frozen: 2026-11-21T12:00:00Z}}
functions:
  talk: {{CodeUri: {tmp_path / "code"}, Handler: app.handler}}
  other: {{CodeUri: {tmp_path / "code"}, Handler: app.handler, LoggingConfig: {{LogGroup: /mine}}}}
"""
    with serving(settings) as running:
        yield running


def test_a_function_has_a_group_and_each_environment_a_stream(talking: Serving) -> None:
    logs = talking.client("logs")
    before = logs.describe_log_groups()["logGroups"]
    talking.post("functions/talk/invoke", 1)
    talking.post("functions/other/invoke", 2)

    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    (stream,) = logs.describe_log_streams(logGroupName="/aws/lambda/talk")["logStreams"]

    assert before == []
    assert sorted(groups) == ["/aws/lambda/talk", "/mine"]
    assert re.fullmatch(r"2026/11/21/\[\$LATEST\][0-9a-f]{32}", stream["logStreamName"])
    assert stream["firstEventTimestamp"] == NOON_MS


def test_events_are_lines_on_the_services_clock_and_come_as_they_are_printed(talking: Serving) -> None:
    logs = talking.client("logs")
    request = talking.post("functions/talk/invoke", 1)["request_id"]
    (stream,) = logs.describe_log_streams(logGroupName="/aws/lambda/talk")["logStreams"]
    first = logs.get_log_events(
        logGroupName="/aws/lambda/talk", logStreamName=stream["logStreamName"], startFromHead=True
    )["events"]
    talking.post("clock/advance", {"duration": "1h"})
    talking.post("functions/talk/invoke", 2)
    later = logs.filter_log_events(logGroupName="/aws/lambda/talk", startTime=NOON_MS + 1)["events"]
    matching = logs.filter_log_events(logGroupName="/aws/lambda/talk", filterPattern="got")["events"]

    messages = [event["message"] for event in first]
    assert messages[0].startswith("INIT_START Runtime Version: python:3.")
    assert messages[1:4] == [
        f"START RequestId: {request} Version: $LATEST\n", "got 1\n", f"END RequestId: {request}\n",
    ]  # fmt: skip
    assert messages[4].startswith(f"REPORT RequestId: {request}\tDuration: ")
    assert {event["timestamp"] for event in first} == {NOON_MS}
    assert {event["timestamp"] for event in later} == {NOON_MS + 3_600_000}
    assert [event["message"] for event in matching] == ["got 1\n", "got 2\n"]


def test_what_somebody_else_puts_there_stays(talking: Serving) -> None:
    logs = talking.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/talk")
    logs.put_retention_policy(logGroupName="/aws/lambda/talk", retentionInDays=7)

    talking.post("functions/talk/invoke", 1)

    (group,) = logs.describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 7
    assert len(logs.filter_log_events(logGroupName="/aws/lambda/talk")["events"]) == 5


def test_a_group_that_was_deleted_gets_what_is_printed_after(talking: Serving) -> None:
    logs = talking.client("logs")
    talking.post("functions/talk/invoke", 1)
    logs.delete_log_group(logGroupName="/aws/lambda/talk")
    talking.post("functions/talk/invoke", 2)

    events = logs.filter_log_events(logGroupName="/aws/lambda/talk")["events"]

    assert [event["message"] for event in events if event["message"].startswith("got")] == ["got 2\n"]
