"""Rules to queues, topics, buses and functions by boto3, with and without the permissions that AWS asks for."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.serving import Serving, serving

RULE = "arn:aws:events:us-east-1:000000000000:rule/out"
ROLE = "arn:aws:iam::000000000000:role/any"
SETTINGS = "clock: {{frozen: 2026-11-21T12:00:00Z}}\nenforce_permissions: {}\n"
HANDLER = "def handler(event, context):\n    print('worked on', event['detail']['id'])\n"


@dataclass
class Scene:
    """A rule `out` for what comes from `shop`, with a dead-letter queue that lets EventBridge in."""

    service: Serving
    enforces: bool

    def __post_init__(self) -> None:
        self.sqs, self.events = self.service.client("sqs"), self.service.client("events")
        self.queue("dlq", is_permitted=True)
        self.events.put_rule(Name="out", EventPattern='{"source": ["shop"]}')

    def queue(self, name: str, *, is_permitted: bool, principal: str = "events.amazonaws.com") -> str:
        arn = f"arn:aws:sqs:us-east-1:000000000000:{name}"
        policy = {"Policy": allowed(arn, "sqs:SendMessage", principal)} if is_permitted else {}
        self.sqs.create_queue(QueueName=name, Attributes=policy)
        return arn

    def topic(self, *, is_permitted: bool) -> str:
        """With a queue that it may send to."""
        arn = "arn:aws:sns:us-east-1:000000000000:news"
        sns = self.service.client("sns")
        sns.create_topic(Name="news", Attributes={"Policy": allowed(arn, "sns:Publish")} if is_permitted else {})
        endpoint = self.queue("orders", is_permitted=True, principal="sns.amazonaws.com")
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint, Attributes={"RawMessageDelivery": "true"})
        return arn

    def function(self, *, is_permitted: bool) -> str:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("work.py", HANDLER)
        functions = self.service.client("lambda")
        arn: str = functions.create_function(
            FunctionName="worker", Runtime="python3.12", Handler="work.handler", Role=ROLE,
            Code={"ZipFile": packed.getvalue()},
        )["FunctionArn"]  # fmt: skip
        if is_permitted:
            functions.add_permission(
                FunctionName="worker", StatementId="rule", Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com", SourceArn=RULE,
            )  # fmt: skip
        return arn

    def leads_to(self, arn: str) -> None:
        target = {"Id": "1", "Arn": arn, "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:dlq"}}
        assert self.events.put_targets(Rule="out", Targets=[target])["FailedEntryCount"] == 0

    def put(self) -> None:
        """A client is told of success, whatever comes of it."""
        entry = {"Source": "shop", "DetailType": "order", "Detail": '{"id": 7}'}
        answer = self.events.put_events(Entries=[entry])
        assert (answer["FailedEntryCount"], "ErrorCode" in answer["Entries"][0]) == (0, False)
        self.service.post("clock/advance", {"duration": "1s"})

    def received(self, queue: str) -> list[dict[str, Any]]:
        asked = {"QueueUrl": queue, "MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10}
        messages: list[dict[str, Any]] = self.sqs.receive_message(**asked).get("Messages", [])
        return messages

    def warnings(self) -> list[str]:
        return [each["text"] for each in self.service.get("warnings") if each["kind"] == "permission"]

    def told(self) -> dict[str, Any]:
        """What the control API says of the rule's target when the same is put there."""
        wanted = {"source": "shop", "detail_type": "order", "detail": {"id": 8}}
        (rule,) = self.service.post("put-event", wanted)["rules"]
        target: dict[str, Any] = rule["targets"][0]
        return target


def allowed(resource: str, action: str, principal: str = "events.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(params=[True, False], ids=["enforced", "not enforced"])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with serving(SETTINGS.format(str(request.param).lower())) as running:
        yield Scene(running, request.param)


def test_a_queue_that_lets_the_bus_in_gets_the_event(scene: Scene) -> None:
    scene.leads_to(scene.queue("orders", is_permitted=True))

    scene.put()

    (message,) = scene.received("orders")
    assert json.loads(message["Body"])["detail"] == {"id": 7}
    assert (scene.warnings(), scene.received("dlq")) == ([], [])
    assert scene.told()["taken"]


def test_a_queue_that_does_not_is_silent_for_the_client_and_told_to_whoever_asks(scene: Scene) -> None:
    scene.leads_to(scene.queue("orders", is_permitted=False))

    scene.put()

    assert len(scene.received("orders")) == (0 if scene.enforces else 1)
    dead = scene.received("dlq")
    told = scene.told()
    assert told["taken"] is not scene.enforces
    if scene.enforces:
        attributes = {name: each["StringValue"] for name, each in dead[0]["MessageAttributes"].items()}
        assert json.loads(dead[0]["Body"])["detail"] == {"id": 7}
        assert (attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"]) == ("NO_PERMISSIONS", "0")
        assert (attributes["RULE_ARN"], "EXHAUSTED_RETRY_CONDITION" in attributes) == (RULE, False)
        assert "events.amazonaws.com is not authorized to perform: sqs:sendmessage" in told["reason"]
        assert "events.amazonaws.com" in scene.warnings()[0]
    else:
        assert dead == []


def test_a_queue_whose_policy_is_for_another_service_is_warned_of_even_where_nothing_is_enforced(scene: Scene) -> None:
    scene.leads_to(scene.queue("orders", is_permitted=True, principal="sns.amazonaws.com"))

    scene.put()

    assert len(scene.received("orders")) == (0 if scene.enforces else 1)
    (warning,) = scene.warnings()
    assert "orders" in warning
    assert len(scene.received("dlq")) == (1 if scene.enforces else 0)


@pytest.mark.parametrize("is_permitted", [True, False])
def test_a_topic_takes_it_where_its_policy_lets_the_bus_in(scene: Scene, *, is_permitted: bool) -> None:
    scene.leads_to(scene.topic(is_permitted=is_permitted))
    arrives = is_permitted or not scene.enforces

    scene.put()

    assert [json.loads(message["Body"])["detail"] for message in scene.received("orders")] == [{"id": 7}] * arrives
    assert [m["MessageAttributes"]["ERROR_CODE"]["StringValue"] for m in scene.received("dlq")] == (
        [] if arrives else ["NO_PERMISSIONS"]
    )
    assert scene.told()["taken"] is arrives


@pytest.mark.parametrize("is_permitted", [True, False])
def test_a_function_is_invoked_where_its_policy_lets_the_bus_in(scene: Scene, *, is_permitted: bool) -> None:
    scene.leads_to(scene.function(is_permitted=is_permitted))
    arrives = is_permitted or not scene.enforces

    scene.put()

    log = json.dumps(scene.service.get("functions/worker/logs")) if arrives else ""
    assert ("worked on 7" in log) is arrives
    assert len(scene.received("dlq")) == (0 if arrives else 1)
    assert bool(scene.warnings()) is not is_permitted
    assert scene.told()["taken"] is arrives


def test_another_bus_of_the_account_needs_no_policy(scene: Scene) -> None:
    other = scene.events.create_event_bus(Name="other")["EventBusArn"]
    scene.leads_to(other)
    scene.events.put_rule(Name="in", EventBusName="other", EventPattern='{"source": ["shop"]}')
    arn = scene.queue("orders", is_permitted=True)
    scene.events.put_targets(Rule="in", EventBusName="other", Targets=[{"Id": "1", "Arn": arn}])

    scene.put()

    (message,) = scene.received("orders")
    assert json.loads(message["Body"])["source"] == "shop"


def test_a_target_that_is_not_there_is_taken_and_ends_as_a_dead_letter(scene: Scene) -> None:
    scene.leads_to("arn:aws:sqs:us-east-1:000000000000:nowhere")

    scene.put()

    (dead,) = scene.received("dlq")
    assert dead["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"
    assert not scene.told()["taken"]
