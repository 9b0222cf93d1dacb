"""Publish answered past ASGI: the same bytes and the same deliveries as through it."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from app.core.commands import CreateQueue, CreateTopic, ReceiveMessage, Subscribe
from app.web.aws import AwsEndpoint, AwsSettings
from tests.web.conftest import Served, serve
from tests.web.test_at_once import Wire, comparable

ORDERS = "arn:aws:sqs:us-east-1:000000000000:orders"
NEWS = "arn:aws:sns:us-east-1:000000000000:news"
LOG = "arn:aws:sns:us-east-1:000000000000:log.fifo"
ENTRY = "PublishBatchRequestEntries.member"
ATTRIBUTE = "MessageAttributes.entry.1"


def publish(form: dict[str, str], *headers: str, service: str = "sns") -> bytes:
    body = urlencode({"Version": "2010-03-31", **form}).encode()
    lines = [
        "POST / HTTP/1.1", "Host: localhost:4566", f"Content-Length: {len(body)}",
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8",
        f"Authorization: AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/{service}/aws4_request, Signature=0",
        *headers,
    ]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode() + body


MESSAGE = {"Action": "Publish", "TopicArn": NEWS, "Message": "grüße & <b>"}
PLAIN = {
    "message": publish(MESSAGE),
    "with an attribute": publish(
        MESSAGE
        | {f"{ATTRIBUTE}.Name": "a", f"{ATTRIBUTE}.Value.DataType": "String", f"{ATTRIBUTE}.Value.StringValue": "b"}
    ),
    "in order": publish({"Action": "Publish", "TopicArn": LOG, "Message": "x", "MessageGroupId": "g"}),
    "batch": publish(
        {"Action": "PublishBatch", "TopicArn": NEWS, f"{ENTRY}.1.Id": "a", f"{ENTRY}.1.Message": "x",
         f"{ENTRY}.2.Id": "b", f"{ENTRY}.2.Message": "y"}
    ),
    "no such topic": publish(MESSAGE | {"TopicArn": f"{NEWS}-none"}),
    "refused": publish(MESSAGE | {"Message": ""}),
    "missing": publish({"Action": "Publish", "TopicArn": NEWS}),
}  # fmt: skip
UNUSUAL = {
    "binary": publish(
        MESSAGE
        | {f"{ATTRIBUTE}.Name": "a", f"{ATTRIBUTE}.Value.DataType": "Binary", f"{ATTRIBUTE}.Value.BinaryValue": "AA=="}
    ),
    "another operation": publish({"Action": "ListTopics"}),
    "another service": publish(MESSAGE, service="iam"),
}


@contextmanager
def serving(*, at_once: bool) -> Iterator[tuple[Served, Wire]]:
    """A topic with a queue, one of each kind."""
    with contextmanager(serve)(AwsSettings(), at_once=at_once) as served:
        fifo = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
        served.submit(CreateQueue(ORDERS))
        for topic in (CreateTopic(NEWS), CreateTopic(LOG, fifo)):
            served.submit(topic)
            served.submit(Subscribe(topic.topic, "sqs", ORDERS))
        with closing(Wire(served)) as wire:
            yield served, wire


def conversation(*, at_once: bool) -> tuple[dict[str, bytes], list[str]]:
    """The answers, and what the queue got."""
    answers: dict[str, bytes] = {}
    with serving(at_once=at_once) as (served, wire):
        for name, asked in (PLAIN | UNUSUAL).items():
            wire.send(asked)
            answers[name] = re.sub(rb"<RequestId>.{24}", b"<RequestId>", comparable(wire.answer()))
        received = served.submit(ReceiveMessage(ORDERS, max_messages=10))
    return answers, [delivery.content.body for delivery in received.deliveries]


def test_answers_and_deliveries_are_those_of_the_asgi_app() -> None:
    answers, bodies = conversation(at_once=True)

    assert (answers, bodies) == conversation(at_once=False)
    assert [name for name, answer in answers.items() if answer.startswith(b"HTTP/1.1 200")] == [
        "message", "with an attribute", "in order", "batch", "binary", "another operation",
    ]  # fmt: skip
    assert len(bodies) == 6


def test_a_plain_publish_does_not_come_to_the_asgi_app(monkeypatch: pytest.MonkeyPatch) -> None:
    async def app(_: Any, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setattr(AwsEndpoint, "__call__", app)

    with serving(at_once=True) as (_, wire):
        for asked in PLAIN.values():
            wire.send(asked)
            assert not wire.answer().startswith(b"HTTP/1.1 418")
        wire.send(UNUSUAL["binary"])
        assert wire.answer().startswith(b"HTTP/1.1 418")


def test_where_signatures_are_asked_for_nothing_goes_past_them(guarded: Served) -> None:
    guarded.submit(CreateTopic(NEWS))
    with closing(Wire(guarded)) as wire:
        wire.send(PLAIN["message"])

        assert wire.answer().startswith(b"HTTP/1.1 403")
