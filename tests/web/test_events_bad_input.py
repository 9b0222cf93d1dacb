"""Bad input to buses, schedules, topics and pipes by boto3: AWS's error, no crash, and nothing half applied."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.serving import Serving, serving

ROLE = "arn:aws:iam::000000000000:role/any"
ORDERS = "arn:aws:sqs:us-east-1:000000000000:orders"
SETTINGS = """
    clock: {frozen: 2026-11-21T12:00:00Z}
    functions: {worker: {script: {succeed_after: 0s}}}
    queues: {orders: {}, dlq: {}}
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


@pytest.fixture(autouse=True)
def still_serves(service: Serving) -> Iterator[None]:
    """Whatever was asked, the service goes on: nothing failed within."""
    yield
    assert service.get("status")["clock"]["way"] == "frozen"


def refused(call: Callable[[], Any]) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as error:
        call()
    response = error.value.response
    told = response["Error"]
    return response["ResponseMetadata"]["HTTPStatusCode"], told["Code"], told.get("Message", "")


# Patterns -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    [
        '{"a":' * 600 + '["x"]' + "}" * 599,
        "[" * 3_000,
        '{"a": [{"anything-but": {"anything-but": {"prefix": "x"}}}]}',
        '{"$or": [{"$or": [{"a": 1}]}]}',
        '{"a": [{"numeric": [">", "x"]}]}',
        '{"a": [[["x"]]]}',
        '{"a": {"b": {"c": {}}}}',
        '{"a": [{"wildcard": "a**b"}]}',
        '{"a": [{"cidr": "999.0.0.0/8"}]}',
        '{"a": ["\\ud800"',
        "null",
        "",
        "{",
    ],
)
def test_patterns_of_nested_nonsense(service: Serving, pattern: str) -> None:
    events = service.client("events")
    events.put_rule(Name="kept", EventPattern='{"source": ["kept"]}')

    if not pattern:
        status, code, _ = refused(lambda: events.put_rule(Name="new", EventPattern=pattern))
        assert (status, code) == (400, "ValidationException")
    else:
        for name in ("new", "kept"):
            status, code, message = refused(partial(events.put_rule, Name=name, EventPattern=pattern))
            assert (status, code) == (400, "InvalidEventPatternException")
            assert message.startswith("Event pattern is not valid. Reason: ")
        event = json.dumps(
            {"id": "1", "account": "1", "source": "s", "time": "t", "region": "r", "detail-type": "d", "detail": {}}
        )
        assert refused(lambda: events.test_event_pattern(Event=event, EventPattern=pattern))[1] == (
            "InvalidEventPatternException"
        )

    assert events.describe_rule(Name="kept")["EventPattern"] == '{"source": ["kept"]}'
    assert [rule["Name"] for rule in events.list_rules(NamePrefix="new")["Rules"]] == []


# Templates ------------------------------------------------------------------------------------------


def test_a_template_that_makes_broken_json_fails_for_a_function_and_is_sent_to_a_queue_as_it_is(
    service: Serving,
) -> None:
    events = service.client("events")
    events.put_rule(Name="broken", EventPattern='{"source": ["broken"]}')
    transformer = {"InputPathsMap": {"v": "$.detail.v"}, "InputTemplate": '{"v": "<v>"'}
    dead = {"DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:dlq"}}
    targets: list[dict[str, Any]] = [
        {"Id": "1", "Arn": "arn:aws:lambda:us-east-1:000000000000:function:worker", **dead},
        {"Id": "2", "Arn": ORDERS},
    ]
    told = events.put_targets(Rule="broken", Targets=[{**each, "InputTransformer": transformer} for each in targets])

    detail = json.dumps({"v": 'say "hi"'})
    put = events.put_events(Entries=[{"Source": "broken", "DetailType": "d", "Detail": detail}])
    service.post("clock/advance", {"duration": "1s"})

    sqs = service.client("sqs")
    (message,) = sqs.receive_message(QueueUrl="orders")["Messages"]
    (letter,) = sqs.receive_message(QueueUrl="dlq", MessageAttributeNames=["All"])["Messages"]
    assert (told["FailedEntryCount"], put["FailedEntryCount"]) == (0, 0)
    assert message["Body"] == '{"v": "say "hi""'
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "INVALID_JSON"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            {"InputTransformer": {"InputPathsMap": {}, "InputTemplate": '{"v": <nobody>}'}},
            "InputTemplate for target 1 contains invalid placeholder nobody.",
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"AWSx": "$.detail"}, "InputTemplate": "<AWSx>"}},
            "AWS",
        ),
        ({"Input": "{broken"}, "JSON"),
        ({"InputPath": "detail"}, "1"),
        (
            {"Input": "{}", "InputPath": "$.detail"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target 1.",
        ),
    ],
)
def test_inputs_that_are_none_are_refused_and_the_target_is_not_there(
    service: Serving, target: dict[str, Any], message: str
) -> None:
    events = service.client("events")
    events.put_rule(Name="inputs", EventPattern='{"source": ["x"]}')

    status, code, told = refused(
        lambda: events.put_targets(Rule="inputs", Targets=[{"Id": "1", "Arn": ORDERS, **target}])
    )

    assert (status, code) == (400, "ValidationException")
    assert message in told
    assert events.list_targets_by_rule(Rule="inputs")["Targets"] == []


def test_one_wrong_target_of_two_leaves_neither(service: Serving) -> None:
    events = service.client("events")
    events.put_rule(Name="two", EventPattern='{"source": ["x"]}')
    wrong = {"Id": "2", "Arn": ORDERS, "Input": "{broken"}

    refused(lambda: events.put_targets(Rule="two", Targets=[{"Id": "1", "Arn": ORDERS}, wrong]))

    assert events.list_targets_by_rule(Rule="two")["Targets"] == []


# Schedules ------------------------------------------------------------------------------------------


def test_a_cron_of_2199_is_taken_and_listed_and_one_of_2200_is_not(service: Serving) -> None:
    events, scheduler = service.client("events"), service.client("scheduler")
    events.put_rule(Name="late", ScheduleExpression="cron(0 0 1 1 ? 2199)")
    events.put_targets(Rule="late", Targets=[{"Id": "1", "Arn": ORDERS}])
    target, off = {"Arn": ORDERS, "RoleArn": ROLE}, {"Mode": "OFF"}
    scheduler.create_schedule(
        Name="late", ScheduleExpression="cron(0 0 1 1 ? 2199)", Target=target, FlexibleTimeWindow=off
    )

    rule, schedule = (
        refused(lambda: events.put_rule(Name="later", ScheduleExpression="cron(0 0 1 1 ? 2200)")),
        refused(
            lambda: scheduler.create_schedule(
                Name="later", ScheduleExpression="cron(0 0 1 1 ? 2200)", Target=target, FlexibleTimeWindow=off
            )
        ),
    )

    listed = {each["name"]: each["next"] for each in service.get("schedules")}
    assert rule == (400, "ValidationException", "Parameter ScheduleExpression is not valid.")
    assert schedule == (400, "ValidationException", "Invalid Schedule Expression cron(0 0 1 1 ? 2200).")
    assert [time["at"] for time in listed["late"]] == ["2199-01-01T00:00:00.000Z"]
    assert "later" not in listed


# Events ---------------------------------------------------------------------------------------------


def test_an_event_of_two_megabytes_fails_the_whole_request(service: Serving) -> None:
    events = service.client("events")
    events.put_rule(Name="big", EventPattern='{"source": ["big"]}')
    events.put_targets(Rule="big", Targets=[{"Id": "1", "Arn": ORDERS}])
    small = {"Source": "big", "DetailType": "d", "Detail": "{}"}
    large = {**small, "Detail": json.dumps({"x": "y" * 2_000_000})}
    before = service.get("queues/orders")["visible"]

    told = refused(lambda: events.put_events(Entries=[small, large]))

    assert told == (400, "ValidationException", "Total size of the entries in the request is over the limit.")
    assert service.get("queues/orders")["visible"] == before


def test_entries_are_taken_and_refused_one_by_one(service: Serving) -> None:
    good = {"Source": "s", "DetailType": "d", "Detail": "{}"}
    answer = service.client("events").put_events(
        Entries=[good, {**good, "Detail": "[1]"}, {**good, "Source": "aws.s3"}, {**good, "Source": ""}, good]
    )

    assert answer["FailedEntryCount"] == 3
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None, "MalformedDetail", "NotAuthorizedForSourceException", "InvalidArgument", None,
    ]  # fmt: skip


# Targets and topics ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("nonsense", "Parameter nonsense is not valid. Reason: Provided Arn is not in correct format."),
        ("arn:aws:dynamodb:us-east-1:000000000000:table/t", "dynamodb is not a supported service for a target."),
    ],
)
def test_a_target_that_cannot_be_is_refused(service: Serving, arn: str, message: str) -> None:
    events = service.client("events")
    events.put_rule(Name="targets", EventPattern='{"source": ["x"]}')

    told = refused(lambda: events.put_targets(Rule="targets", Targets=[{"Id": "1", "Arn": arn}]))

    assert told == (400, "ValidationException", message)
    assert events.list_targets_by_rule(Rule="targets")["Targets"] == []


def test_a_rule_that_is_not_there_has_no_targets(service: Serving) -> None:
    told = refused(lambda: service.client("events").put_targets(Rule="none", Targets=[{"Id": "1", "Arn": ORDERS}]))

    assert told == (400, "ResourceNotFoundException", "Rule none does not exist on EventBus default.")


def test_a_topic_is_no_endpoint_of_a_topic(service: Serving) -> None:
    sns = service.client("sns")
    first, second = (sns.create_topic(Name=name)["TopicArn"] for name in ("first", "second"))

    for protocol in ("sns", "sqs", "lambda"):
        status, code, message = refused(partial(sns.subscribe, TopicArn=first, Protocol=protocol, Endpoint=second))
        assert (status, code) == (400, "InvalidParameter")
        assert message.startswith("Invalid parameter: ")
    assert sns.list_subscriptions_by_topic(TopicArn=first)["Subscriptions"] == []


def test_a_pipe_from_nowhere_to_nowhere_is_made_and_says_why_it_does_not_go(service: Serving) -> None:
    pipes = service.client("pipes")

    pipes.create_pipe(
        Name="lost", RoleArn=ROLE, Source="arn:aws:sqs:us-east-1:000000000000:nowhere",
        Target="arn:aws:sns:us-east-1:000000000000:nobody",
    )  # fmt: skip
    told = pipes.describe_pipe(Name="lost")

    assert (told["CurrentState"], told["StateReason"][:55]) == (
        "CREATE_FAILED", "Input parameter is invalid from the request due to : th",
    )  # fmt: skip
