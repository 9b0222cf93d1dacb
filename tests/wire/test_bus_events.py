"""What EventBridge, its pipes and its scheduler send, against golden files: the whole way, nothing masked."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.commands import (
    ChangeObject,
    CreateApiDestination,
    CreateArchive,
    CreateConnection,
    CreateEventBus,
    CreateSchedule,
    EventEntry,
    PutBucketNotification,
    PutEvents,
    PutRule,
    PutTargets,
    StartReplay,
)
from app.core.commands.pipes import CreatePipe
from app.core.commands.s3 import DeclareBucket
from app.core.delivery.outside_calls import HttpAnswered, HttpCall
from app.core.s3.notification import NotificationConfiguration
from app.core.time import parse_instant
from tests.core.stage import SCOPE, Stage

CASES = sorted((Path(__file__).parent.parent / "golden" / "bus").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_is_sent_is_what_aws_sends(path: Path) -> None:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))

    rendered = sent_of(case["given"])

    assert rendered == case["sent"]
    assert json.dumps(rendered) == json.dumps(case["sent"]), "the keys are in another order"


def sent_of(given: dict[str, Any]) -> Any:
    """What the place that `looks_at` names got: a function, a queue or an HTTP endpoint.

    From noon on, `steps` are played: operations by AWS's names with their members, a put to the bucket `photos`, a
    message to a queue, `advance`, and `answer`, the status with which the oldest HTTP request is answered.
    """
    stage = Stage(seed=given["seed"], enforces_permissions=given.get("enforces_permissions", False))
    for name in given.get("functions", ()):
        stage.function(name)
    for name, attributes in given.get("queues", {}).items():
        stage.queue(name, **attributes)
    for step in given["steps"]:
        ((operation, told),) = step.items()
        _play(stage, operation, told)
    return _shown(stage, given["looks_at"])


def _play(stage: Stage, operation: str, told: Any) -> None:
    match operation:
        case "advance":
            stage.advance(told)
        case "answer":
            stage.settle_outside(HttpAnswered(told, {}, b""))
        case "PutRule":
            stage.submit(PutRule(SCOPE, told))
        case "PutTargets":
            stage.submit(PutTargets(SCOPE, told["Rule"], tuple(told["Targets"]), told.get("EventBusName")))
        case "PutEvents":
            stage.submit(PutEvents(SCOPE, tuple(_entry(entry) for entry in told["Entries"])))
        case "CreateEventBus":
            stage.submit(CreateEventBus(SCOPE, told))
        case "CreateArchive":
            stage.submit(CreateArchive(SCOPE, told))
        case "StartReplay":
            times = {name: parse_instant(told[name]) / 1_000 for name in ("EventStartTime", "EventEndTime")}
            stage.submit(StartReplay(SCOPE, {**told, **times}))
        case "CreateSchedule":
            stage.submit(CreateSchedule(SCOPE, told))
        case "CreatePipe":
            stage.submit(CreatePipe(SCOPE, told["Name"], {key: told[key] for key in told if key != "Name"}))
            stage.advance("1ms")
        case "CreateApiDestination":
            given = {"Name": "c", "AuthorizationType": "API_KEY", "AuthParameters": told["AuthParameters"]}
            connection = stage.submit(CreateConnection(SCOPE, given)).arn
            rest = {key: told[key] for key in told if key not in ("AuthParameters", "Rule")}
            arn = stage.submit(CreateApiDestination(SCOPE, {**rest, "ConnectionArn": connection}))["ApiDestinationArn"]
            stage.submit(PutTargets(SCOPE, told["Rule"]["Name"], ({**told["Rule"]["Target"], "Arn": arn},), None))
        case "Subscribe":
            topic = stage.topic(told["Topic"])
            stage.subscribe(topic, SCOPE.queue_arn(told["Queue"]))
        case "SendMessage":
            stage.send(SCOPE.queue_arn(told["Queue"]), told["MessageBody"])
        case "PutObject":
            stage.submit(DeclareBucket(SCOPE, "photos"))
            stage.submit(PutBucketNotification("photos", NotificationConfiguration(event_bridge=True)))
            stage.submit(ChangeObject(SCOPE, "photos", "ObjectCreated:Put", told["Key"], size=told["Size"], etag="e1"))
        case _:
            raise AssertionError(f"there is no step {operation}")


def _entry(given: dict[str, Any]) -> EventEntry:
    return EventEntry(
        given["Source"], given["DetailType"], given["Detail"], given.get("EventBusName"),
        tuple(given.get("Resources", ())), given.get("Time"), given.get("TraceHeader"),
    )  # fmt: skip


def _shown(stage: Stage, place: dict[str, str]) -> Any:
    if "function" in place:
        (call,) = [call for call in stage.calls if call.function_name == place["function"]]
        return json.loads(call.payload)
    if "queue" in place:
        (delivery,) = stage.receive(SCOPE.queue_arn(place["queue"]))
        content = delivery.content
        shown = {
            "body": content.body.splitlines(),
            "attributes": {name: [each.data_type, str(each.value)] for name, each in content.attributes.items()},
            "group_id": content.group_id,
            "trace_header": content.trace_header,
        }
        return {key: member for key, member in shown.items() if member}
    asked = stage.outside[0].call
    assert isinstance(asked, HttpCall), "an API destination is asked by HTTP"
    return {"method": asked.method, "url": asked.url, "headers": dict(asked.headers), "body": json.loads(asked.body)}
