"""What topics send, against golden files: the whole way from publish to function, queue and HTTP endpoint."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from app.core.commands import Publish, Unsubscribe
from app.core.delivery.outside_calls import HttpAnswered, HttpCall
from app.core.sqs.message import MessageAttribute
from tests.core.stage import SCOPE, Stage

CASES = sorted((Path(__file__).parent.parent / "golden" / "sns").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_is_sent_is_rendered_as_sns_renders_it(path: Path) -> None:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))

    rendered = sent_of(case["given"])

    assert rendered == case["sent"]
    assert json.dumps(rendered) == json.dumps(case["sent"]), "the keys are in another order"


def sent_of(given: dict[str, Any]) -> Any:
    """What a subscription of the protocol is sent at noon: a function's event, a queue's message, an HTTP request.

    `what` is "confirmation" or "unsubscription" where that is meant and not the message. With `is_dead`, the endpoint
    is not there, and it is what the dead-letter queue gets. The layout of an envelope matters: it is shown as lines.
    """
    stage = Stage(seed=given["seed"])
    name = given["topic"]["name"]
    topic = stage.topic(name, **given["topic"].get("attributes", {}))
    protocol, attributes = given["protocol"], given.get("attributes", {})
    suffix, fifo = (".fifo", {"FifoQueue": "true"}) if name.endswith(".fifo") else ("", {})
    dlq = stage.queue(f"dlq{suffix}", **fifo)
    if given.get("is_dead"):
        attributes = {**attributes, "RedrivePolicy": json.dumps({"deadLetterTargetArn": dlq})}
    elif protocol == "sqs":
        stage.queue(f"orders{suffix}", **fifo)
    elif protocol == "lambda":
        stage.function("worker")
    endpoint = {
        "sqs": SCOPE.queue_arn(f"orders{suffix}"),
        "lambda": SCOPE.function_arn("worker"),
        "http": "http://localhost:9/hook",
    }[protocol]
    subscription = stage.subscribe(topic, endpoint, **attributes)
    if protocol == "http":
        call = stage.settle_outside(HttpAnswered(200, {}, b""))
        if given.get("what") == "confirmation":
            return _request(call)
        assert isinstance(call, HttpCall), "an endpoint is asked by HTTP"
        stage.confirm(topic, json.loads(call.body)["Token"])
        if given.get("what") == "unsubscription":
            stage.submit(Unsubscribe(subscription))
            return _request(stage.outside[0].call)
    stage.submit(_publish(topic, given["publish"]))
    if protocol == "http":
        return _request(stage.outside[0].call)
    if protocol == "lambda" and not given.get("is_dead"):
        return json.loads(stage.calls[0].payload)
    (delivery,) = stage.receive(dlq if given.get("is_dead") else endpoint)
    content = delivery.content
    shown = {
        "body": content.body.splitlines(),
        "attributes": {key: [each.data_type, str(each.value)] for key, each in content.attributes.items()},
        "group_id": content.group_id,
        "deduplication_id": content.deduplication_id,
        "trace_header": content.trace_header,
    }
    return {key: member for key, member in shown.items() if member}


def _request(call: Any) -> dict[str, Any]:
    assert isinstance(call, HttpCall), "an endpoint is told by HTTP"
    return {"headers": dict(call.headers), "body": call.body.decode().splitlines()}


def _publish(topic: str, given: dict[str, Any]) -> Publish:
    return Publish(
        topic,
        given["Message"],
        given.get("Subject"),
        given.get("MessageStructure"),
        {name: _attribute(value) for name, value in given.get("MessageAttributes", {}).items()},
        given.get("MessageGroupId"),
        given.get("MessageDeduplicationId"),
    )


def _attribute(value: dict[str, str]) -> MessageAttribute:
    if "BinaryValue" in value:
        return MessageAttribute(value["DataType"], b64decode(value["BinaryValue"]))
    return MessageAttribute(value["DataType"], value["StringValue"])
