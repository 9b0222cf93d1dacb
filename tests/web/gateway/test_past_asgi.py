"""HTTP APIs past ASGI: the same bytes as through it, the same facts in the journal, and everything else goes by it."""

import json
import re
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.serving import Serving, serving
from tests.web.gateway.conftest import HANDLERS
from tests.web.gateway.raw import RawClient

SETTINGS = f"""
clock: {{frozen: 2026-11-21T12:00:00Z}}
functions:
  echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
  say: {{CodeUri: {HANDLERS}, Handler: fronts.say, Timeout: 10}}
  full: {{script: {{succeed_after: 1s}}, ReservedConcurrentExecutions: 0}}
  slow: {{script: {{succeed_after: 45s}}, Timeout: 60}}
apis:
  shop:
    variables: {{env: test}}
    cors: {{AllowOrigins: ["https://shop.example"], AllowMethods: ["*"]}}
    authorizers:
      check: {{function: echo, simple: true, IdentitySource: [$request.header.token]}}
    routes:
      ANY /echo: echo
      GET /pets/{{id}}: echo
      ANY /all/{{proxy+}}: echo
      ANY /old/{{proxy+}}: {{function: echo, payload: 1.0}}
      POST /: echo
      ANY /say: say
      POST /say-old: {{function: say, payload: 1.0}}
      GET /full: full
      GET /hurry: {{function: slow, timeout: 50ms}}
      GET /checked: {{function: echo, authorizer: check}}
  staged:
    stage: dev
    throttle: {{rate: 0, burst: 1}}
    routes:
      GET /pets: echo
"""


def request(
    method: str, target: str, *headers: str, body: bytes = b"", host: str = "shop.execute-api.localhost"
) -> bytes:
    length = [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {host}", *length, *headers, "", ""]).encode() + body


def said(result: Any, *headers: str, method: str = "POST", path: str = "/say") -> bytes:
    body = result if isinstance(result, bytes) else json.dumps(result).encode()
    return request(method, path, "Content-Type: application/json", *headers, body=body)


CONVERSATION = {
    "get": request("GET", "/echo"),
    "query": request("GET", "/echo?a=1&a=2&b=%20x&c"),
    "variable": request("GET", "/pets/a%2Fb"),
    "headers": request("GET", "/echo", "X-Two: 1", "x-two: 2", "Cookie: a=1; b=2", "User-Agent: test"),
    "trace": request("GET", "/echo", "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793"),
    "text": request("POST", "/echo", "Content-Type: text/plain", body="grüße".encode()),
    "binary": request("PUT", "/echo", "Content-Type: image/png", body=b"\x89PNG"),
    "chunked": request("POST", "/echo", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\nX-Late: 1\r\n\r\n",
    "head": request("HEAD", "/echo"),
    "options": request("OPTIONS", "/echo"),
    "preflight": request("OPTIONS", "/echo", "Origin: https://shop.example", "Access-Control-Request-Method: PUT"),
    "origin": request("GET", "/echo", "Origin: https://shop.example"),
    "payload 1.0": request("GET", "/old/x/y?q=1", "X-Mixed-Case: Yes"),
    "root": request("POST", "/", body=b"{}"),
    "root like SQS": request("POST", "/", "X-Amz-Target: AmazonSQS.ListQueues", body=b"{}"),
    "like Lambda": request("POST", "/2015-03-31/functions/echo/invocations", body=b"{}"),
    "by path": request("GET", "/_triggerfish/gateway/shop/pets/7?q=1", host="localhost:4566"),
    "by path and stage": request("GET", "/_triggerfish/gateway/shop/%24default?q=1", host="localhost:4566"),
    "by LocalStack's path": request("GET", "/restapis/shop/$default/_user_request_/pets/7", host="localhost:4566"),
    "no route": request("GET", "/nothing"),
    "no such method": request("POST", "/pets/7"),
    "hostile path": request("GET", "/all//a/../b;c=d/%2e%2e"),
    "hash": request("GET", "/all/a#b"),
    "absolute": request("GET", "http://shop.execute-api.localhost/pets/7"),
    "long path": request("GET", "/all/" + "x" * 10_240),
    "large headers": request("GET", "/echo", *(f"X-Large-{number}: {'x' * 2_000}" for number in range(6))),
    "large body": request("POST", "/say", "Content-Type: application/json", body=b'"' + b"x" * 2_100_000 + b'"'),
    "expects": request("POST", "/echo", "Expect: 100-continue", body=b"{}"),
    "authorizer": request("GET", "/checked", "token: x"),
    "throttled function": request("GET", "/full"),
    "too slow": request("GET", "/hurry"),
    "stage": request("GET", "/dev/pets", host="staged.execute-api.us-east-1.localhost:4566"),
    "throttled stage": request("GET", "/dev/pets", host="staged.execute-api.localhost"),
    "no such API": request("GET", "/", host="nobody.execute-api.localhost"),
    "infers": said({"any": ["thing"]}),
    "infers a text": said("é"),
    "infers null": said(b""),
    "all of it": said(
        {"statusCode": "201", "headers": {"X-Own": "a", "content-type": "text/html"}, "cookies": ["a=1", "b=2"],
         "body": "PGI+", "isBase64Encoded": True}
    ),
    "no content": said({"statusCode": 204, "body": "unseen"}),
    "not modified": said({"statusCode": 304}),
    "unnamed status": said({"statusCode": 299, "body": "x"}),
    "beyond Latin-1": said({"statusCode": 200, "headers": {"x-a": "€"}, "body": "€"}),
    "own framing": said(
        {"statusCode": 200, "headers": {"Content-Length": "999", "Transfer-Encoding": "chunked", "Connection": "close",
                                        "Keep-Alive": "1", "Date": "never", "Server": "mine"}, "body": "x"}
    ),
    "splits its header": said({"statusCode": 200, "headers": {"x-a": "1\r\nx-b: 2"}, "body": "x"}),
    "no status": said({"statusCode": 99}),
    "no base64": said({"statusCode": 200, "body": "%", "isBase64Encoded": True}),
    "fails": said("raise"),
    "old result": said({"statusCode": 200, "multiValueHeaders": {"x-a": ["1", "2"]}, "body": "x"}, path="/say-old"),
    "old result that is none": said(["x"], path="/say-old"),
    "head of a body": said({"statusCode": 200, "body": "five!"}, method="HEAD"),
    "closing": request("GET", "/echo", "Connection: close"),
}  # fmt: skip


class Wire:
    """One connection to the service: whole requests out, whole answers in."""

    def __init__(self, running: Serving) -> None:
        self.connection = HTTPConnection("127.0.0.1", running.port, timeout=20)
        self.connection.connect()
        self._read = b""

    def ask(self, request: bytes) -> bytes:
        self.connection.sock.sendall(request)
        return self.answer(is_head=request.startswith(b"HEAD"))

    def answer(self, *, is_head: bool = False) -> bytes:
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, _, _ = self._read.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        end = len(head) + 4 + (int(length[1]) if length and not is_head else 0)
        while len(self._read) < end:
            self._more()
        whole, self._read = self._read[:end], self._read[end:]
        return self.answer(is_head=is_head) if head.startswith(b"HTTP/1.1 100") else whole

    def close(self) -> None:
        self.connection.close()

    def is_closed(self) -> bool:
        return self.connection.sock.recv(1) == b""

    def _more(self) -> None:
        part = self.connection.sock.recv(1_000_000)
        assert part, f"the connection was closed in the middle of an answer: {self._read[:200]!r}"
        self._read += part


@pytest.fixture(scope="module")
def told() -> tuple[tuple[dict[str, bytes], list[Any]], tuple[dict[str, bytes], list[Any]]]:
    """What is answered to the conversation, and the journal of it, past ASGI and by it."""
    past = conversation(at_once=True, port=0)
    return past[0], conversation(at_once=False, port=past[1])[0]


def conversation(*, at_once: bool, port: int) -> tuple[tuple[dict[str, bytes], list[Any]], int]:
    with serving(SETTINGS, at_once=at_once, port=port) as running, closing(Wire(running)) as wire:
        answers = {name: comparable(wire.ask(asked)) for name, asked in CONVERSATION.items()}
        assert wire.is_closed()
        entries = running.get("journal?limit=1000")
    return (answers, [comparable_fact(entry) for entry in entries]), running.port


def comparable(answer: bytes) -> bytes:
    """The answer without its time of day."""
    return re.sub(rb"\r\ndate: [^\r]+", b"\r\ndate: today", answer)


def comparable_fact(entry: Any) -> Any:
    """A fact without what real time does to it."""
    timed = ("text", "duration_ms", "number", "log_tail", "at")
    return {name: value for name, value in entry.items() if name not in timed}


@pytest.mark.parametrize("name", CONVERSATION)
def test_every_answer_is_byte_for_byte_that_of_the_usual_way(told: Any, name: str) -> None:
    (past, _), (usual, _) = told

    assert past[name] == usual[name]
    assert past[name].startswith(b"HTTP/1.1 ")


def test_the_journal_is_that_of_the_usual_way(told: Any) -> None:
    (_, past), (_, usual) = told

    def of(kind: str, facts: list[Any]) -> list[Any]:
        return [fact for fact in facts if fact["fact"] == kind]

    for kind in ("RequestReceived", "RequestUnrouted", "RequestAnswered", "InvocationStarted", "InvocationEnded"):
        assert of(kind, past) == of(kind, usual), kind
        assert of(kind, past), kind
    assert len(past) == len(usual)


def test_what_is_asked_of_an_api_is_not_asked_of_aws(told: Any) -> None:
    """A target of SQS's, or a path of Lambda's, means nothing under the name of an API."""
    past = told[0][0]

    assert b'"routeKey": "POST /"' in past["root like SQS"]
    assert past["like Lambda"].endswith(b'{"message":"Not Found"}')


@pytest.mark.parametrize("path", ["/_triggerfish/gateway/shop/say", "/_triggerfish/gateway/say-url",
                                  "/_triggerfish/gateway/front/say", "/_triggerfish/gateway/shop/say-old"])  # fmt: skip
def test_a_function_frames_no_answer(fronts: Serving, path: str) -> None:
    """What it says of lengths, codings and the connection is not passed on, and no header of it holds two lines."""
    own = {"Content-Length": "3", "Transfer-Encoding": "chunked", "Connection": "close", "Upgrade": "h2c"}
    split = ({"x-a": "1\r\nx-b: 2"}, {"x-a\r\nx-b": "1"}, {"x-a": "1\nx-b: 2"}, {"x a": "1"}, {"x-a": "\0"})
    with RawClient(fronts.port) as client:
        for headers in (own, *split):
            answer = client.ask(said({"statusCode": 200, "headers": headers, "body": "hello"}, path=path))
            if headers is own:
                assert (answer.status, answer.body) == ("200 OK", b"hello")
            else:
                assert answer.status in ("500 Internal Server Error", "502 Bad Gateway")
            assert answer.headers["content-length"] == str(len(answer.body))
            assert not {"x-a", "x-b", "transfer-encoding", "connection", "upgrade"} & set(answer.headers)
