"""Schedules in the settings, and what they lead to."""

from pathlib import Path
from typing import Any

import pytest

from app.core.names import Scope
from app.settings import ScheduleSettings, SettingsError, loads, parse_schedule, schedule_parameters

SCOPE = Scope("123456789012", "eu-west-1")
FUNCTIONS = "functions: {report: {script: {succeed_after: 1s}}}\n"


def problems_of(text: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        loads(text, {}, folder=Path())
    return [str(problem).removeprefix("triggerfish.yaml:") for problem in raised.value.problems]


def parameters(entry: dict[str, Any], name: str = "nightly") -> dict[str, Any]:
    return schedule_parameters(parse_schedule(name, entry), SCOPE)


def test_a_schedule_leads_to_what_it_names() -> None:
    assert parameters({"ScheduleExpression": "rate(5 minutes)", "function": "report"}) == {
        "Name": "nightly",
        "ScheduleExpression": "rate(5 minutes)",
        "State": "ENABLED",
        "ActionAfterCompletion": "NONE",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:report",
            "RoleArn": "arn:aws:iam::123456789012:role/scheduler",
        },
    }
    for kind, arn in (("queue", SCOPE.queue_arn("x")), ("topic", SCOPE.topic_arn("x"))):
        entry = {"ScheduleExpression": "rate(5 minutes)", kind: "x"}
        assert parameters(entry)["Target"]["Arn"] == arn
    universal = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
    entry = {"ScheduleExpression": "rate(5 minutes)", "target": universal}
    assert parameters(entry)["Target"]["Arn"] == universal


def test_everything_else_is_as_aws_has_it() -> None:
    told = parameters(
        {
            "ScheduleExpression": "cron(0 2 * * ? *)",
            "ScheduleExpressionTimezone": "Europe/Berlin",
            "StartDate": "2026-12-01T00:00:00Z",
            "EndDate": "2027-12-01T00:00:00Z",
            "State": "DISABLED",
            "Description": "the nightly report",
            "GroupName": "reports",
            "ActionAfterCompletion": "DELETE",
            "FlexibleTimeWindow": "15m",
            "queue": "line.fifo",
            "Input": {"job": 7},
            "RetryPolicy": {"MaximumRetryAttempts": 3},
            "SqsParameters": {"MessageGroupId": "g"},
            "RoleArn": "arn:aws:iam::123456789012:role/own",
            "dead_letter_queue": "letters",
        }
    )

    assert told == {
        "Name": "nightly",
        "ScheduleExpression": "cron(0 2 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "StartDate": "2026-12-01T00:00:00Z",
        "EndDate": "2027-12-01T00:00:00Z",
        "State": "DISABLED",
        "Description": "the nightly report",
        "GroupName": "reports",
        "ActionAfterCompletion": "DELETE",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        "Target": {
            "Arn": SCOPE.queue_arn("line.fifo"),
            "RoleArn": "arn:aws:iam::123456789012:role/own",
            "Input": '{"job": 7}',
            "RetryPolicy": {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 3},
            "SqsParameters": {"MessageGroupId": "g"},
            "DeadLetterConfig": {"Arn": SCOPE.queue_arn("letters")},
        },
    }


def test_a_window_may_be_awss_structure() -> None:
    for window, read in (
        ({"Mode": "OFF"}, {"Mode": "OFF"}),
        ({"MaximumWindowInMinutes": 5}, {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}),
    ):
        entry = {"ScheduleExpression": "rate(5 minutes)", "queue": "x", "FlexibleTimeWindow": window}
        assert parameters(entry)["FlexibleTimeWindow"] == read


def test_the_file_has_schedules_by_name() -> None:
    settings = loads(
        FUNCTIONS + 'schedules:\n  nightly: {ScheduleExpression: "rate(1 day)", function: report}', {}, folder=Path()
    )

    (schedule,) = settings.schedules
    assert isinstance(schedule, ScheduleSettings)
    assert (schedule.name, schedule.to, schedule.target) == ("nightly", "function", "report")


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{function: report}", "schedules.nightly: ScheduleExpression is missing"),
        (
            '{ScheduleExpression: "rate(5 seconds)", function: report}',
            ("schedules.nightly.ScheduleExpression: 'rate(5 seconds)' is no schedule expression: a rate is a number "
             "and minute(s), hour(s) or day(s)"),
        ),
        (
            '{ScheduleExpression: "rate(1 day)"}',
            "schedules.nightly: must lead to one of a function, a queue, a topic and a target, which is an ARN",
        ),
        (
            '{ScheduleExpression: "rate(1 day)", function: reprot}',
            "schedules.nightly.function: there is no function named 'reprot'; did you mean report?",
        ),
        (
            '{ScheduleExpression: "rate(1 day)", function: report, ScheduleExpressionTimezone: Mars}',
            "schedules.nightly.ScheduleExpressionTimezone: 'Mars' is no time zone; write it like Europe/Berlin",
        ),
        (
            '{ScheduleExpression: "rate(1 day)", function: report, FlexibleTimeWindow: 2d}',
            "schedules.nightly.FlexibleTimeWindow: must be from 1m to 24h",
        ),
        (
            '{ScheduleExpression: "rate(1 day)", function: report, dead_letter_queue: letters}',
            "schedules.nightly.dead_letter_queue: there is no queue named 'letters'",
        ),
        (
            '{ScheduleExpression: "rate(1 day)", function: report, RetryPolicy: {MaximumRetryAttempts: 186}}',
            "schedules.nightly.RetryPolicy.MaximumRetryAttempts: must be from 0 to 185, not 186",
        ),
        (
            '{ScheduleExpression: "rate(1 day)", function: report, State: OFF}',
            "schedules.nightly.State: must be ENABLED or DISABLED, not false",
        ),
        (
            '{ScheduleExpression: "rate(1 day)", function: report, Timezone: UTC}',
            "schedules.nightly.Timezone: there is no such key",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(entry: str, problem: str) -> None:
    told = problems_of(f"{FUNCTIONS}schedules:\n  nightly: {entry}")

    assert [each.partition(": ")[2] for each in told] == [problem] or told[0].endswith(problem)
    assert told[0].startswith("3")


def test_a_name_that_aws_would_not_take_is_told() -> None:
    assert "a schedule's name has 1 to 64" in problems_of(
        FUNCTIONS + 'schedules:\n  "a b": {ScheduleExpression: "rate(1 day)", function: report}'
    )[0]  # fmt: skip
