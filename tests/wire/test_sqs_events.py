"""The events handlers receive from queues, against golden files: the whole way from send to invocation."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from app.core.commands import SendMessage
from app.core.names import Arn
from app.core.sqs.message import MessageAttribute
from tests.core.stage import Stage

CASES = sorted((Path(__file__).parent.parent / "golden" / "sqs").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_an_event_is_rendered_as_lambda_sends_it(path: Path) -> None:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))

    rendered = event_of(case["given"])

    assert rendered == case["event"]
    assert json.dumps(rendered) == json.dumps(case["event"]), "the keys are in another order"


def event_of(given: dict[str, Any]) -> Any:
    """The first event of a mapping whose queue gets the messages at noon.

    Messages have the members of SendMessage; with `dead_letter`, they come by way of a queue whose dead-letter queue
    the mapping's is, received there once.
    """
    stage = Stage(seed=given["seed"])
    queue = stage.queue(given["queue"]["name"], **given["queue"]["attributes"])
    entrance = _entrance(stage, queue) if given.get("dead_letter") else queue
    for message in given["messages"]:
        stage.submit(_send(entrance, message))
        stage.advance("100ms")
    if entrance != queue:
        stage.receive(entrance, 10, visibility_timeout_s=1)
        stage.advance("1s")
        stage.receive(entrance, 10)
    stage.mapping(queue, stage.function("worker"), **given["mapping"])
    stage.advance(f"{given['mapping'].get('MaximumBatchingWindowInSeconds', 0)}s")
    return json.loads(stage.calls[0].payload)


def _entrance(stage: Stage, queue: Arn) -> Arn:
    policy = json.dumps({"deadLetterTargetArn": queue, "maxReceiveCount": 1})
    fifo = {"FifoQueue": "true"} if queue.endswith(".fifo") else {}
    name = "entrance.fifo" if fifo else "entrance"
    return stage.queue(name, RedrivePolicy=policy, **fifo)


def _send(queue: Arn, message: dict[str, Any]) -> SendMessage:
    return SendMessage(
        queue,
        message["MessageBody"],
        attributes={name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()},
        trace_header=message.get("AWSTraceHeader"),
        group_id=message.get("MessageGroupId"),
        deduplication_id=message.get("MessageDeduplicationId"),
        sender_id=message.get("SenderId", "AIDAQTRIGGERFISHLOCAL"),
    )


def _attribute(value: dict[str, str]) -> MessageAttribute:
    if "BinaryValue" in value:
        return MessageAttribute(value["DataType"], b64decode(value["BinaryValue"]))
    return MessageAttribute(value["DataType"], value["StringValue"])
