"""Fronts past ASGI: the same bytes as through it, the same facts in the journal, and everything else goes by it."""

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
  authorize: {{CodeUri: {HANDLERS}, Handler: fronts.authorize, Timeout: 10}}
urls:
  plain: {{function: echo, Cors: {{AllowOrigins: ["https://shop.example"]}}}}
  said: say
  signed: {{function: echo, AuthType: AWS_IAM}}
  whole: {{function: say, InvokeMode: RESPONSE_STREAM}}
load_balancers:
  front:
    rules:
      - {{path: /api/*, function: echo}}
      - {{path: /multi/*, function: echo, multi_value_headers: true}}
      - {{path: /say, methods: [POST], function: say}}
      - {{path: /fixed, fixed: {{status: 503, type: text/html, body: <p>later</p>}}}}
rest_apis:
  pets:
    stage: dev
    methods:
      GET /pets/{{id}}: echo
      POST /say: say
      GET /mock: {{mock: 200}}
apis:
  shop:
    variables: {{env: test}}
    cors: {{AllowOrigins: ["https://shop.example"], AllowMethods: ["*"]}}
    authorizers:
      check: {{function: echo, simple: true, IdentitySource: [$request.header.token]}}
      say-so: {{function: authorize, simple: true, IdentitySource: [$request.header.token], ttl: 60s}}
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
      POST /mapped: {{function: echo, parameters: {{"append:header.x-a": $request.body.a, "overwrite:path": /o}}}}
      GET /for-who-says-so: {{function: echo, authorizer: say-so}}
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


def said(
    result: Any, *headers: str, method: str = "POST", path: str = "/say", host: str = "shop.execute-api.localhost"
) -> bytes:
    body = result if isinstance(result, bytes) else json.dumps(result).encode()
    return request(method, path, "Content-Type: application/json", *headers, body=body, host=host)


URL = "{}.lambda-url.us-east-1.localhost"
BALANCER = "front.elb.localhost"
REST = "pets.execute-api.localhost"
SAID = {
    "statusCode": 201, "statusDescription": "201 Created", "headers": {"X-Own": "a", "Connection": "close"},
    "multiValueHeaders": {"X-Many": ["1", "2"]}, "cookies": ["a=1"], "body": "PGI+", "isBase64Encoded": True,
}  # fmt: skip

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
    "mapped": request("POST", "/mapped", "Content-Type: application/json", body=b'{"a": "1"}'),
    "mapping of nothing": request("POST", "/mapped", "Content-Type: application/json", body=b"{"),
    "lets in": request("GET", "/for-who-says-so", "token: allow"),
    "lets in again": request("GET", "/for-who-says-so", "token: allow"),
    "lets nobody in": request("GET", "/for-who-says-so", "token: deny"),
    "asks in vain": request("GET", "/for-who-says-so", "token: raise"),
    "no token": request("GET", "/for-who-says-so"),
    "url": request("GET", "/a%20b/?c=d", "Cookie: a=1", "Origin: https://shop.example", host=URL.format("plain")),
    "preflight of a url": request("OPTIONS", "/", "Origin: https://shop.example", host=URL.format("plain")),
    "what a url's function says": said(SAID, host=URL.format("said")),
    "failure behind a url": said("raise", host=URL.format("said")),
    "unsigned": request("GET", "/", host=URL.format("signed")),
    "streamed": said(SAID, host=URL.format("whole")),
    "large for a url": said(b'"' + b"x" * 1_900_000 + b'"', host=URL.format("said")),
    "load balancer": request("GET", "/api/a?b=c&b=d", "X-A: 1", "X-A: 2", host=BALANCER),
    "load balancer with all values": request("GET", "/multi/a?b=c&b=d", "X-A: 1", "X-A: 2", host=BALANCER),
    "what a target says": said(SAID, host=BALANCER),
    "no answer of a target": said("x", host=BALANCER),
    "large for a load balancer": said(b'"' + b"x" * 1_100_000 + b'"', host=BALANCER),
    "fixed": request("GET", "/fixed", host=BALANCER),
    "no rule": request("GET", "/nothing", host=BALANCER),
    "not by TRACE": request("TRACE", "/api/a", host=BALANCER),
    "REST API": request("GET", "/dev/pets/a%20b?c=d&c=e", "X-Mixed-Case: Yes", "x-a: 1", "x-a: 2", host=REST),
    "what a REST API's function says": said(SAID, path="/dev/say", host=REST),
    "no answer of a function": said(["x"], path="/dev/say", host=REST),
    "failure behind a REST API": said("raise", path="/dev/say", host=REST),
    "mock": request("GET", "/dev/mock", host=REST),
    "no method": request("GET", "/dev/nothing", host=REST),
    "no stage": request("GET", "/nothing/pets/1", host=REST),
    "large headers for a REST API": request("GET", "/dev/pets/1", *(f"X-{n}: {'x' * 6_000}" for n in "ab"), host=REST),
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


UNDER_A_DOMAIN = {
    "route": request("GET", "/v1/pets/7?a=1", host="api.example.com"),
    "root like SQS": request(
        "POST", "/", "X-Amz-Target: AmazonSQS.ListQueues", body=b"{}", host="all.example.com:4566"
    ),
    "like Lambda": request("POST", "/2015-03-31/functions/echo/invocations", body=b"{}", host="ALL.example.com"),
    "no mapping": request("POST", "/", "X-Amz-Target: AmazonSQS.ListQueues", body=b"{}", host="api.example.com"),
}


@pytest.fixture(scope="module")
def told_under_a_domain() -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What is answered under custom domain names, past ASGI and by it."""

    def ask(*, at_once: bool, port: int) -> tuple[dict[str, bytes], int]:
        with serving(SETTINGS, at_once=at_once, port=port) as running, closing(Wire(running)) as wire:
            client = running.client("apigatewayv2")
            target = {"Target": "arn:aws:lambda:us-east-1:000000000000:function:echo", "RouteKey": "GET /pets/{id}"}
            api = client.create_api(Name="made", ProtocolType="HTTP", **target)["ApiId"]
            for name, key in (("api.example.com", "v1"), ("all.example.com", "")):
                client.create_domain_name(DomainName=name)
                client.create_api_mapping(DomainName=name, ApiId=api, Stage="$default", ApiMappingKey=key)
            client.close()
            return {name: comparable(wire.ask(asked)) for name, asked in UNDER_A_DOMAIN.items()}, running.port

    past, port = ask(at_once=True, port=0)
    return past, ask(at_once=False, port=port)[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("route", b'"pathParameters": {"id": "7"}'),
        ("root like SQS", b"Not Found"),
        ("like Lambda", b"Not Found"),
        ("no mapping", b"Forbidden"),
    ],
)
def test_a_custom_domain_name_leads_there_past_asgi_too(told_under_a_domain: Any, name: str, said: bytes) -> None:
    past, usual = told_under_a_domain

    assert past[name] == usual[name]
    assert said in past[name]


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
