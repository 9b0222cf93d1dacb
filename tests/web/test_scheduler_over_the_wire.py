"""EventBridge Scheduler over the wire with boto3: what it keeps, what it refuses in AWS's words, what fires."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.web.conftest import Served

ROLE = "arn:aws:iam::000000000000:role/scheduler"
ORDERS = "arn:aws:sqs:us-east-1:000000000000:orders"
NIGHTLY = "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly"
OFF = {"Mode": "OFF"}


@pytest.fixture
def scheduler(served: Served) -> Any:
    return served.client("scheduler")


@pytest.fixture
def sqs(served: Served) -> Any:
    client = served.client("sqs")
    client.create_queue(QueueName="orders")
    return client


def created(scheduler: Any, name: str = "nightly", expression: str = "cron(0 2 * * ? *)", **more: Any) -> str:
    target = {"Arn": ORDERS, "RoleArn": ROLE, **more.pop("Target", {})}
    arn: str = scheduler.create_schedule(
        Name=name, ScheduleExpression=expression, FlexibleTimeWindow=more.pop("FlexibleTimeWindow", OFF),
        Target=target, **more,
    )["ScheduleArn"]  # fmt: skip
    return arn


def refused(call: Any, *arguments: Any, **parameters: Any) -> tuple[int, str, str]:
    """Status, code and message of the error that the call ends with."""
    with pytest.raises(ClientError) as told:
        call(*arguments, **parameters)
    response = told.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def bodies(sqs: Any) -> list[str]:
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    return [each["Body"] for each in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])]


def test_a_schedule_is_kept_with_its_defaults(scheduler: Any) -> None:
    assert created(scheduler) == NIGHTLY

    told = scheduler.get_schedule(Name="nightly")

    assert told["CreationDate"].isoformat() == told["LastModificationDate"].isoformat()
    shown = {
        name: value
        for name, value in told.items()
        if name not in ("ResponseMetadata", "CreationDate", "LastModificationDate")
    }
    assert shown == {
        "ActionAfterCompletion": "NONE",
        "Arn": NIGHTLY,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "GroupName": "default",
        "Name": "nightly",
        "ScheduleExpression": "cron(0 2 * * ? *)",
        "ScheduleExpressionTimezone": "UTC",
        "State": "ENABLED",
        "Target": {
            "Arn": ORDERS,
            "RoleArn": ROLE,
            "RetryPolicy": {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185},
        },
    }


def test_a_schedule_fires_on_the_clock(served: Served, scheduler: Any, sqs: Any) -> None:
    created(scheduler, Target={"Input": "good night"})

    served.advance(24 * 3_600_000)

    assert bodies(sqs) == ["good night"]


def test_an_update_replaces_all_of_it(scheduler: Any) -> None:
    created(scheduler, Description="the old one", StartDate="2026-12-01T00:00:00Z")

    scheduler.update_schedule(
        Name="nightly", ScheduleExpression="rate(1 hours)", FlexibleTimeWindow={"Mode": "FLEXIBLE",
        "MaximumWindowInMinutes": 5}, Target={"Arn": ORDERS, "RoleArn": ROLE}, State="DISABLED",
    )  # fmt: skip

    told = scheduler.get_schedule(Name="nightly")
    assert "Description" not in told
    assert "StartDate" not in told
    assert told["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}
    assert (told["ScheduleExpression"], told["State"]) == ("rate(1 hours)", "DISABLED")


def test_dates_are_kept_as_they_were_given(scheduler: Any) -> None:
    created(scheduler, StartDate="2026-12-01T00:00:00Z", EndDate="2027-01-01T00:00:00Z")

    told = scheduler.get_schedule(Name="nightly")

    assert told["StartDate"].timestamp() == 1_796_083_200
    assert told["EndDate"].timestamp() == 1_798_761_600


def test_lists_come_in_pages_and_by_group_prefix_and_state(scheduler: Any) -> None:
    scheduler.create_schedule_group(Name="reports")
    for name in ("a", "ab", "b"):
        created(scheduler, name)
    created(scheduler, "a", GroupName="reports", State="DISABLED")

    first = scheduler.list_schedules(MaxResults=3)
    rest = scheduler.list_schedules(MaxResults=3, NextToken=first["NextToken"])

    listed = [(each["GroupName"], each["Name"]) for each in [*first["Schedules"], *rest["Schedules"]]]
    assert listed == [("default", "a"), ("default", "ab"), ("default", "b"), ("reports", "a")]
    assert "NextToken" not in rest
    assert first["Schedules"][0]["Target"] == {"Arn": ORDERS}
    assert [each["Name"] for each in scheduler.list_schedules(NamePrefix="a", GroupName="default")["Schedules"]] == [
        "a", "ab",
    ]  # fmt: skip
    assert [each["GroupName"] for each in scheduler.list_schedules(State="DISABLED")["Schedules"]] == ["reports"]
    assert refused(scheduler.list_schedules, NextToken="é")[:2] == (400, "ValidationException")


def test_groups_are_made_tagged_listed_and_deleted(scheduler: Any) -> None:
    arn = scheduler.create_schedule_group(Name="reports", Tags=[{"Key": "a", "Value": "b"}])["ScheduleGroupArn"]
    scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    scheduler.untag_resource(ResourceArn=arn, TagKeys=["a"])

    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    assert scheduler.get_schedule_group(Name="reports")["State"] == "ACTIVE"
    assert [each["Name"] for each in scheduler.list_schedule_groups()["ScheduleGroups"]] == ["default", "reports"]
    scheduler.delete_schedule_group(Name="reports")
    assert refused(scheduler.get_schedule_group, Name="reports") == (
        404, "ResourceNotFoundException", "Schedule group reports does not exist.",
    )  # fmt: skip


def test_what_is_not_there_or_there_already_is_refused(scheduler: Any) -> None:
    created(scheduler)

    assert refused(created, scheduler) == (409, "ConflictException", "Schedule nightly already exists.")
    assert refused(scheduler.get_schedule, Name="other") == (
        404, "ResourceNotFoundException", "Schedule other does not exist.",
    )  # fmt: skip
    assert refused(scheduler.delete_schedule, Name="other")[:2] == (404, "ResourceNotFoundException")
    assert refused(scheduler.get_schedule, Name="nightly", GroupName="nowhere") == (
        404, "ResourceNotFoundException", "Schedule group nowhere does not exist.",
    )  # fmt: skip


@pytest.mark.parametrize("expression", ["rate(10 seconds)", " rate(10 minutes)", "cron(0 1 * * * *)", "at(2026-11-21)"])
def test_what_is_no_expression_is_refused(scheduler: Any, expression: str) -> None:
    assert refused(created, scheduler, expression=expression) == (
        400, "ValidationException", f"Invalid Schedule Expression {expression}.",
    )  # fmt: skip


def test_what_breaks_the_model_is_refused(scheduler: Any) -> None:
    assert refused(created, scheduler, name="a b") == (
        400,
        "ValidationException",
        (
            "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [0-9a-zA-Z-_.]+"
        ),
    )
    assert refused(created, scheduler, Target={"RetryPolicy": {"MaximumRetryAttempts": 186}}) == (
        400,
        "ValidationException",
        (
            "1 validation error detected: Value '186' at 'target.retryPolicy.maximumRetryAttempts' failed to satisfy "
            "constraint: Member must have value less than or equal to 185"
        ),
    )


@pytest.mark.parametrize(
    ("action", "text", "message"),
    [
        (
            "eks:updateNodegroupConfig",
            "{}",
            ("Invalid RequestJson provided. Reason Request payload is missing the following field(s): ClusterName, "
            "NodegroupName."),
        ),
        ("ecs:runTask", '{"taskDefinition": "t"}',
         "Invalid RequestJson provided. Reason Request payload is missing the following field(s): TaskDefinition."),
        ("sqs:fly", "{}", ("arn:aws:scheduler:::aws-sdk:sqs:fly is not a supported target: there is no such "
         "operation.")),
        ("none:atAll", "{}", ("arn:aws:scheduler:::aws-sdk:none:atAll is not a supported target: there is no such "
         "operation.")),
    ],
)  # fmt: skip
def test_a_universal_target_is_checked_by_the_services_model(
    scheduler: Any, action: str, text: str, message: str
) -> None:
    target = {"Arn": f"arn:aws:scheduler:::aws-sdk:{action}", "Input": text}

    assert refused(created, scheduler, Target=target) == (400, "ValidationException", message)


def test_a_rule_fires_by_its_schedule(served: Served, sqs: Any) -> None:
    events = served.client("events")
    events.put_rule(Name="nightly", ScheduleExpression="cron(0 2 * * ? *)")
    events.put_targets(Rule="nightly", Targets=[{"Id": "1", "Arn": ORDERS}])

    served.advance(24 * 3_600_000)

    (body,) = bodies(sqs)
    assert json.loads(body)["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/nightly"]
