"""Requests answered past ASGI: the same bytes as through it, and everything unusual goes the usual way."""

import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import pytest

from app.core.commands import SendMessage
from app.core.names import Scope
from app.web.aws import AwsSettings
from tests.web.conftest import Served, serve

QUEUE = {"QueueUrl": "http://localhost:4566/000000000000/orders"}


def request(operation: str, params: Any, *headers: str, method: str = "POST", path: str = "/") -> bytes:
    body = params if isinstance(params, bytes) else json.dumps(params).encode()
    lines = [
        f"{method} {path} HTTP/1.1", "Host: localhost:4566", f"X-Amz-Target: AmazonSQS.{operation}",
        "Content-Type: application/x-amz-json-1.0", f"Content-Length: {len(body)}", *headers,
    ]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode() + body


class Wire:
    """One connection, byte by byte."""

    def __init__(self, served: Served) -> None:
        host, port = served.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self._read = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> bytes:
        """The next whole answer."""
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, _, _ = self._read.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        end = len(head) + 4 + (int(length[1]) if length else 0)
        while len(self._read) < end:
            self._more()
        whole, self._read = self._read[:end], self._read[end:]
        return whole

    def close(self) -> None:
        self.socket.close()

    def is_closed(self) -> bool:
        return self.socket.recv(1) == b""

    def _more(self) -> None:
        part = self.socket.recv(65_536)
        assert part, "the connection was closed in the middle of an answer"
        self._read += part


def comparable(answer: bytes) -> bytes:
    """The answer without its time of day and the part of its request id that is the process's."""
    answer = re.sub(rb"date: [^\r]+", b"date: today", answer)
    return re.sub(rb"x-amzn-requestid: .{24}", b"x-amzn-requestid: ", answer)


CONVERSATION = {
    "create": request("CreateQueue", {"QueueName": "orders"}),
    "send": request("SendMessage", {**QUEUE, "MessageBody": "grüße"}),
    "send batch": request(
        "SendMessageBatch", {**QUEUE, "Entries": [{"Id": "a", "MessageBody": "x"}, {"Id": "b", "MessageBody": ""}]}
    ),
    "receive": request("ReceiveMessage", {**QUEUE, "MaxNumberOfMessages": 10, "AttributeNames": ["All"]}),
    "receive nothing": request("ReceiveMessage", {**QUEUE, "WaitTimeSeconds": 0}),
    "refused": request("SendMessage", {**QUEUE, "MessageBody": "x", "DelaySeconds": 901}),
    "refused in query mode": request("GetQueueUrl", {"QueueName": "none"}, "x-amzn-query-mode: true"),
    "null member": request("SendMessage", {**QUEUE, "MessageBody": "x", "DelaySeconds": None}),
    "no JSON": request("SendMessage", b"{"),
    "no body": request("ListQueues", b""),
    "unknown operation": request("MakeCoffee", {}),
    "attributes": request("GetQueueAttributes", {**QUEUE, "AttributeNames": ["All"]}),
    "at a queue's own path": request("SendMessage", {**QUEUE, "MessageBody": "p"}, path="/000000000000/orders"),
    "with a query": request("ListQueues", {}, path="/?a=b"),
    "by PUT": request("ListQueues", {}, method="PUT"),
    "closing": request("ListQueues", {}, "Connection: close"),
}


@pytest.fixture
def wire(served: Served) -> Iterator[Wire]:
    """A connection to a server that has the queue."""
    with closing(Wire(served)) as wire:
        wire.send(CONVERSATION["create"])
        wire.answer()
        yield wire


@contextmanager
def server(*, at_once: bool, enforced: bool = False) -> Iterator[Served]:
    yield from serve(AwsSettings(), at_once=at_once, enforced=enforced)


def told(conversation: Mapping[str, bytes], *, at_once: bool, enforced: bool = False) -> dict[str, bytes]:
    """The answers to a conversation whose last request ends the connection."""
    answers = {}
    with server(at_once=at_once, enforced=enforced) as served, closing(Wire(served)) as wire:
        for name, asked in conversation.items():
            wire.send(asked)
            answers[name] = comparable(wire.answer())
        assert wire.is_closed()
    return answers


def test_every_answer_is_byte_for_byte_that_of_the_usual_way() -> None:
    assert told(CONVERSATION, at_once=True) == told(CONVERSATION, at_once=False)


def signed_by(account: str) -> str:
    credential = f"Credential={account}/20261127/us-east-1/sqs/aws4_request"
    return f"Authorization: AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"


def test_so_is_every_refusal_of_somebody_who_may_not() -> None:
    stranger, in_query_mode = signed_by("111111111111"), "x-amzn-query-mode: true"
    deny = {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "sqs:ReceiveMessage"}}
    conversation = {
        "create": CONVERSATION["create"],
        "send": request("SendMessage", {**QUEUE, "MessageBody": "x"}, stranger),
        "send in query mode": request("SendMessage", {**QUEUE, "MessageBody": "x"}, stranger, in_query_mode),
        "send batch": request("SendMessageBatch", {**QUEUE, "Entries": [{"Id": "a", "MessageBody": "x"}]}, stranger),
        "attributes": request("GetQueueAttributes", {**QUEUE, "AttributeNames": ["All"]}, stranger),
        "deny": request("SetQueueAttributes", {**QUEUE, "Attributes": {"Policy": json.dumps(deny)}}),
        "receive": request("ReceiveMessage", {**QUEUE, "WaitTimeSeconds": 20}),
        "the general way": request("ReceiveMessage", {**QUEUE, "WaitTimeSeconds": None}, in_query_mode),
        "closing": CONVERSATION["closing"],
    }

    answers = told(conversation, at_once=True, enforced=True)

    assert answers == told(conversation, at_once=False, enforced=True)
    assert [name for name, answer in answers.items() if b"AccessDenied;Sender" in answer] == [
        "send", "send in query mode", "send batch", "attributes", "receive", "the general way",
    ]  # fmt: skip
    assert [name for name, answer in answers.items() if b"HTTP/1.1 403" in answer] == [
        "send in query mode", "the general way",
    ]  # fmt: skip


def test_requests_that_come_in_one_go_are_answered_in_their_order(wire: Wire) -> None:
    sends = [request("SendMessage", {**QUEUE, "MessageBody": str(number)}) for number in range(3)]
    unusual = request("ListQueues", b"{ }", "Expect: 100-continue")

    wire.send(sends[0] + unusual + sends[1] + sends[2])
    answers = [wire.answer() for _ in range(5)]

    assert [b"MessageId" in answer for answer in answers] == [True, False, False, True, True]
    assert answers[1].startswith(b"HTTP/1.1 100 Continue")


def test_a_request_that_comes_in_pieces_is_answered_when_it_is_whole(wire: Wire) -> None:
    whole = request("SendMessage", {**QUEUE, "MessageBody": "slow"})

    for place in range(0, len(whole), 40):
        wire.send(whole[place : place + 40])

    assert b"MessageId" in wire.answer()


def test_a_long_poll_is_answered_when_a_message_comes(served: Served, wire: Wire) -> None:

    wire.send(request("ReceiveMessage", {**QUEUE, "WaitTimeSeconds": 20}))
    queue = Scope().queue_arn("orders")
    served.wait_until(lambda: served.engine.world.queues[queue].polls.first() is not None)
    served.submit(SendMessage(queue, "at last"))

    assert b'"Body":"at last"' in wire.answer()


def test_a_long_poll_whose_client_leaves_takes_no_message(served: Served, wire: Wire) -> None:
    queue = Scope().queue_arn("orders")
    wire.send(request("ReceiveMessage", {**QUEUE, "WaitTimeSeconds": 20}))
    served.wait_until(lambda: served.engine.world.queues[queue].polls.first() is not None)

    wire.close()
    served.wait_until(lambda: served.engine.world.queues[queue].polls.first() is None)
    served.submit(SendMessage(queue, "for the next one"))

    assert served.engine.world.queues[queue].visible_count == 1


@pytest.mark.parametrize("size", [1_048_576, 2_500_000])
def test_a_long_body_is_read_to_its_end(wire: Wire, size: int) -> None:

    wire.send(request("SendMessage", {**QUEUE, "MessageBody": "x" * size}))
    answer = wire.answer()

    assert (b"MessageId" in answer) == (size <= 1_048_576)
    assert answer.startswith(b"HTTP/1.1 200" if size <= 1_048_576 else b"HTTP/1.1 400")


def test_where_signatures_are_asked_for_nothing_goes_past_them(guarded: Served) -> None:
    with closing(Wire(guarded)) as wire:
        wire.send(CONVERSATION["create"])

        assert wire.answer().startswith(b"HTTP/1.1 403")
