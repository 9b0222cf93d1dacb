"""EventBridge asked by boto3 over the loopback."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.serving import Serving, serving

SETTINGS = """
    clock: {frozen: 2026-11-21T12:00:00Z}
    queues: {orders: {}, line.fifo: {FifoQueue: true, ContentBasedDeduplication: true}}
    functions: {worker: {script: {succeed_after: 1s}}}
    """
QUEUE = "arn:aws:sqs:us-east-1:000000000000:orders"


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def events(service: Serving) -> Any:
    return service.client("events")


def error(call: Any, **parameters: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    told = raised.value.response
    return told["Error"]["Code"], told["Error"]["Message"], told["ResponseMetadata"]["HTTPStatusCode"]


def test_an_event_put_by_boto3_is_received_by_boto3(service: Serving, events: Any) -> None:
    events.create_event_bus(Name="shop", Description="what is sold")
    arn = events.put_rule(Name="orders", EventBusName="shop", EventPattern='{"source":["shop"]}')["RuleArn"]
    line = "arn:aws:sqs:us-east-1:000000000000:line.fifo"
    targets = [{"Id": "a", "Arn": QUEUE}, {"Id": "b", "Arn": line, "SqsParameters": {"MessageGroupId": "g"}}]
    told = events.put_targets(Rule="orders", EventBusName="shop", Targets=targets)

    put = events.put_events(
        Entries=[
            {"Source": "shop", "DetailType": "order", "Detail": '{"id": 7}', "EventBusName": "shop"},
            {"Source": "shop", "DetailType": "order", "Detail": "[]", "EventBusName": "shop"},
        ]
    )

    assert arn == "arn:aws:events:us-east-1:000000000000:rule/shop/orders"
    assert (told["FailedEntryCount"], told["FailedEntries"]) == (0, [])
    assert put["FailedEntryCount"] == 1
    assert put["Entries"][1] == {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    sqs = service.client("sqs")
    for queue in ("orders", "line.fifo"):
        url = f"{service.url}/000000000000/{queue}"
        message = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"][0]
        assert json.loads(message["Body"])["id"] == put["Entries"][0]["EventId"]
        assert message["Attributes"].get("MessageGroupId") == ("g" if queue == "line.fifo" else None)


def test_a_rule_is_described_listed_disabled_and_deleted(events: Any) -> None:
    pattern = '{"source": ["app"]}'
    events.put_rule(Name="one", EventPattern=pattern, Description="first", Tags=[{"Key": "team", "Value": "red"}])
    arn = events.put_rule(Name="one", EventPattern=pattern)["RuleArn"]
    events.put_targets(Rule="one", Targets=[{"Id": str(place), "Arn": QUEUE} for place in range(5)])
    events.disable_rule(Name="one")

    told = events.describe_rule(Name="one")
    told.pop("ResponseMetadata")

    assert told == {
        "Name": "one",
        "Arn": "arn:aws:events:us-east-1:000000000000:rule/one",
        "EventPattern": pattern,
        "State": "DISABLED",
        "EventBusName": "default",
        "CreatedBy": "000000000000",
    }
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "red"}]
    assert events.list_rule_names_by_target(TargetArn=QUEUE)["RuleNames"] == ["one"]
    page = events.list_targets_by_rule(Rule="one", Limit=3)
    rest = events.list_targets_by_rule(Rule="one", Limit=3, NextToken=page["NextToken"])
    assert [target["Id"] for target in page["Targets"] + rest["Targets"]] == ["0", "1", "2", "3", "4"]
    assert "NextToken" not in rest
    assert error(events.delete_rule, Name="one") == (
        "ValidationException", "Rule can't be deleted since it has targets.", 400,
    )  # fmt: skip
    events.remove_targets(Rule="one", Ids=["0", "1", "2", "3", "4"])
    events.delete_rule(Name="one")
    assert error(events.describe_rule, Name="one") == (
        "ResourceNotFoundException", "Rule one does not exist on EventBus default.", 400,
    )  # fmt: skip


def test_a_pattern_can_be_tried_without_a_rule(events: Any) -> None:
    event = {
        "id": "1",
        "account": "1",
        "source": "a",
        "time": "t",
        "region": "r",
        "detail-type": "d",
        "detail": {"n": 1},
    }

    assert events.test_event_pattern(EventPattern='{"detail":{"n":[1]}}', Event=json.dumps(event))["Result"] is True
    assert events.test_event_pattern(EventPattern='{"detail":{"n":[2]}}', Event=json.dumps(event))["Result"] is False
    del event["id"]
    for wrong in (json.dumps(event), "[]", "nothing"):
        assert error(events.test_event_pattern, EventPattern='{"a":[1]}', Event=wrong) == (
            "ValidationException", "Parameter Event is not valid.", 400,
        )  # fmt: skip


def test_all_broken_constraints_are_told_in_one_message(events: Any) -> None:
    long = "a" * 65

    code, message, _ = error(events.put_rule, Name=f"{long}!", State="ON")

    assert code == "ValidationException"
    assert message.split("; ") == [
        (
            f"3 validation errors detected: Value '{long}!' at 'name' failed to satisfy constraint: "
            "Member must have length less than or equal to 64"
        ),
        (
            f"Value '{long}!' at 'name' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"
        ),
        (
            "Value 'ON' at 'state' failed to satisfy constraint: "
            "Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]"
        ),
    ]


def test_eleven_entries_are_too_many_and_shown(events: Any) -> None:
    entry = {"Source": "shop", "DetailType": "order", "Detail": '{"a": 1}'}
    shown = (
        'PutEventsRequestEntry(time=null, source=shop, resources=null, detailType=order, detail={"a": 1}, '
        "eventBusName=null, traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null)"
    )

    code, message, _ = error(events.put_events, Entries=[entry] * 11)

    assert code == "ValidationException"
    assert message == (
        f"1 validation error detected: Value '[{', '.join([shown] * 11)}]' at 'entries' failed to satisfy constraint: "
        "Member must have length less than or equal to 10"
    )


def test_what_is_not_emulated_says_so(events: Any) -> None:
    assert error(events.list_endpoints)[0] == "NotImplementedException"
