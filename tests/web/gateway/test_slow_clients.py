"""Clients that are slow, closed their side, or have gone: an answer or an end for each, and nobody else notices."""

import contextlib
import json
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.live import Live, live, until
from tests.machine import free_port, write
from tests.web.gateway.raw import Raw, RawClient, once

HOST = "shop.execute-api.localhost"

APP = """
import json
import os
import threading


def echo(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}


def hold(event, context):
    while not os.path.exists(event["queryStringParameters"]["until"]):
        threading.Event().wait(0.01)
    return "held"


def big(event, context):
    return {"statusCode": 200, "body": "x" * 5_000_000}


def allow(event, context):
    return {"isAuthorized": True}


def runtime_api(event, context):
    return os.environ["AWS_LAMBDA_RUNTIME_API"]
"""

STREAM = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('text/plain');
  for (let piece = 0; piece < 20; piece++) stream.write('x'.repeat(1_000_000));
  stream.end();
});
"""


@dataclass(frozen=True, slots=True)
class Hurried:
    """A service that is out of patience after 0.4 s, the port of its API, and a folder for what releases functions."""

    running: Live
    own: int
    folder: Path

    def events(self, chain: str, kind: str, function: str | None = None) -> list[dict[str, Any]]:
        """The facts of this kind in a chain, of a function if one is given."""
        entries: list[dict[str, Any]] = self.running.get(f"journal?chain={chain}&limit=1000")
        return [e for e in entries if e["fact"] == kind and function in (None, e.get("function"))]

    def held(self, path: str) -> str:
        """The chain of the last request with this path, once the function that holds it runs."""

        def begun() -> str:
            entries = self.running.get("journal?newest=true&limit=50")
            chains = [e["chain"] for e in entries if e["fact"] == "RequestReceived" and e["path"] == path]
            return chains[-1] if chains and self.events(chains[-1], "InvocationStarted", "hold") else ""

        return until(begun)


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hurried]:
    own, folder = free_port(), tmp_path_factory.mktemp("slow")
    write(folder, "app.py", APP)
    write(folder, "stream.mjs", STREAM)
    functions = "\n".join(
        f"      {name}: {{CodeUri: {folder}, Handler: app.{name}, Timeout: 20}}"
        for name in ("echo", "hold", "big", "allow", "runtime_api")
    )
    settings = f"""
    limits: {{client_idle: 400ms}}
    functions:
{functions}
      stream: {{CodeUri: {folder}, Handler: stream.handler, Runtime: nodejs22.x, Timeout: 20}}
    queues: {{orders: {{}}}}
    urls:
      streamed: {{function: stream, InvokeMode: RESPONSE_STREAM}}
    apis:
      shop:
        port: {own}
        authorizers: {{open: {{function: allow, simple: true, IdentitySource: [$request.header.host]}}}}
        routes:
          ANY /echo: echo
          GET /hold: hold
          GET /hold-checked: {{function: hold, authorizer: open}}
          GET /big: big
          GET /big-checked: {{function: big, authorizer: open}}
          GET /runtime-api: runtime_api
    """
    with live(folder, settings) as running:
        assert once(own, get("/echo")).status == "200 OK"
        yield Hurried(running, own, folder)
        assert "Traceback" not in running.output


def get(target: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {target} HTTP/1.1", f"Host: {HOST}", *headers, "", ""]).encode()


def post(target: str, length: int, *headers: str) -> bytes:
    return get(target, f"Content-Length: {length}", *headers).replace(b"GET", b"POST", 1)


def check_timed_out(answer: Raw) -> None:
    assert answer.status == "408 Request Timeout"
    assert answer.body == b'{"message":"Request Timeout"}'
    assert answer.headers["connection"] == "close"


def break_off(client: RawClient) -> None:
    """Leave without a farewell, as a program that crashes."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()


# Slow to ask ----------------------------------------------------------------------------------------


@pytest.mark.real
def test_a_head_that_comes_byte_by_byte_is_waited_for_so_long(hurried: Hurried) -> None:
    with RawClient(hurried.own) as client:
        for byte in get("/echo", "X-Slow: " + "x" * 1_000):
            client.send(bytes([byte]))
            if not client.says_nothing_within(0.02):
                break

        check_timed_out(client.answer())
        assert client.is_over()
    assert once(hurried.own, get("/echo")).status == "200 OK"


@pytest.mark.real
@pytest.mark.parametrize("path", ["/echo", "/hold-checked"])
@pytest.mark.parametrize("framing", ["Content-Length: 10", "Transfer-Encoding: chunked"])
def test_a_body_that_does_not_come_is_waited_for_so_long(hurried: Hurried, path: str, framing: str) -> None:
    with RawClient(hurried.own) as client:
        client.send(get(path, framing).replace(b"GET", b"POST", 1) + (b"abc" if "Length" in framing else b"9\r\nabc"))

        check_timed_out(client.answer())
        assert client.is_over()


@pytest.mark.real
def test_a_body_too_large_to_be_held_is_waited_for_as_well(hurried: Hurried) -> None:
    """Beyond 2 MB the request is an ASGI app's already."""
    with RawClient(hurried.own) as client:
        client.send(post("/echo", 3_000_000) + b"x" * 2_500_000)

        check_timed_out(client.answer())
        assert client.is_over()


@pytest.mark.real
def test_a_body_that_goes_on_coming_may_take_longer(hurried: Hurried) -> None:
    with RawClient(hurried.own) as client:
        client.send(post("/echo", 6, "Content-Type: text/plain"))
        for byte in b"slowly":
            assert client.says_nothing_within(0.15)
            client.send(bytes([byte]))

        assert json.loads(client.answer().body)["body"] == "slowly"


@pytest.mark.real
def test_who_says_nothing_is_hung_up_on(hurried: Hurried) -> None:
    for port in (hurried.own, hurried.running.port):
        with RawClient(port) as client:
            assert client.is_over()


@pytest.mark.real
def test_the_service_itself_is_as_impatient(hurried: Hurried) -> None:
    with RawClient(hurried.running.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nContent-Le")
        answer = client.answer()

        assert (answer.status, answer.body) == ("408 Request Timeout", b"Request Timeout")
        assert client.is_over()


@pytest.mark.real
def test_a_function_may_take_longer_than_the_client_may(hurried: Hurried) -> None:
    release = hurried.folder / "long"
    with RawClient(hurried.own) as client:
        client.send(get(f"/hold?until={release}"))
        assert client.says_nothing_within(0.9)
        release.touch()

        assert client.answer().body == b"held"


# Closed on their side -------------------------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize("path", ["/hold", "/hold-checked"])
def test_who_closes_their_side_still_gets_the_answer(hurried: Hurried, path: str) -> None:
    release = hurried.folder / f"half{path[1:]}"
    with RawClient(hurried.own) as client:
        client.send(get(f"{path}?until={release}"))
        client.end()
        chain = hurried.held(path)
        release.touch()
        answer = client.answer()

        assert (answer.body, answer.headers["connection"]) == (b"held", "close")
        assert client.is_over()
    (answered,) = until(lambda: hurried.events(chain, "RequestAnswered"))
    assert answered["problem"] is None


@pytest.mark.real
@pytest.mark.parametrize(
    ("request_", "begins"),
    [
        (b"GET /_triggerfish/api/status HTTP/1.1\r\nHost: localhost:%d\r\n\r\n", b'{"'),
        (b"GET /?Action=ListQueues HTTP/1.1\r\nHost: localhost:%d\r\n\r\n", b"<ListQueuesResponse"),
    ],
    ids=["control API", "AWS"],
)
def test_the_service_itself_answers_them_too(hurried: Hurried, request_: bytes, begins: bytes) -> None:
    with RawClient(hurried.running.port) as client:
        client.send(request_ % hurried.running.port)
        client.end()

        assert client.answer().body.startswith(begins)
        assert client.is_over()


@pytest.mark.real
def test_a_stream_goes_on_to_who_closed_their_side(hurried: Hurried) -> None:
    with RawClient(hurried.running.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: streamed.lambda-url.us-east-1.localhost\r\n\r\n")
        client.end()

        assert len(client.answer().body) > 20_000_000


@pytest.mark.real
def test_who_closes_their_side_in_the_middle_of_a_request_is_hung_up_on(hurried: Hurried) -> None:
    for part in (b"GET /ec", get("/echo")[:-2], post("/echo", 10) + b"abc"):
        with RawClient(hurried.own) as client:
            client.send(part)
            client.end()

            assert client.is_over()


@pytest.mark.real
def test_a_long_poll_of_who_closed_their_side_is_given_up(hurried: Hurried) -> None:
    """Whether they are still there cannot be told: a message must not go to nobody."""
    body = json.dumps({"QueueUrl": "http://localhost/000000000000/orders", "WaitTimeSeconds": 20}).encode()
    head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.ReceiveMessage\r\n"
    with RawClient(hurried.running.port) as client:
        client.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        client.end()
        assert client.is_over()
    sqs = hurried.running.client("sqs")
    queue = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="x")

    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "x"
    sqs.close()


# Gone -----------------------------------------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize("path", ["/hold", "/hold-checked"])
def test_the_function_of_who_left_runs_to_its_end_and_the_journal_says_so(hurried: Hurried, path: str) -> None:
    release = hurried.folder / f"gone{path[1:]}"
    client = RawClient(hurried.own)
    client.send(get(f"{path}?until={release}"))
    chain = hurried.held(path)
    break_off(client)
    # Who asks now is served by the same loop, after it heard of the end of that connection.
    assert once(hurried.own, get("/echo")).status == "200 OK"
    release.touch()

    (answered,) = until(lambda: hurried.events(chain, "RequestAnswered"))
    (ended,) = hurried.events(chain, "InvocationEnded", "hold")
    assert ended["outcome"] == "succeeded"
    assert answered["problem"] == "the client left before it had the answer"
    assert hurried.running.get("clock")["holds"] == []


@pytest.mark.real
@pytest.mark.parametrize("path", ["/big", "/big-checked"])
def test_who_does_not_read_the_answer_is_cut_off(hurried: Hurried, path: str) -> None:
    with RawClient(hurried.own, receives_bytes=4_096) as client:
        client.send(get(path))

        assert client.is_cut_within(10)
    assert once(hurried.own, get("/echo")).status == "200 OK"


@pytest.mark.real
def test_who_does_not_read_the_last_answer_is_cut_off(hurried: Hurried) -> None:
    with RawClient(hurried.own, receives_bytes=4_096) as client:
        client.send(get("/big", "Connection: close"))

        assert client.is_cut_within(10)


@pytest.mark.real
def test_who_does_not_read_a_stream_is_cut_off(hurried: Hurried) -> None:
    with RawClient(hurried.running.port, receives_bytes=4_096) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: streamed.lambda-url.us-east-1.localhost\r\n\r\n")

        assert client.is_cut_within(10)
    assert once(hurried.own, get("/echo")).status == "200 OK"


@pytest.mark.real
def test_who_reads_slowly_gets_all_of_it(hurried: Hurried) -> None:
    with RawClient(hurried.own, receives_bytes=65_536) as client:
        client.send(get("/big"))
        received = b""
        while b"\r\n\r\n" not in received or len(received.partition(b"\r\n\r\n")[2]) < 5_000_000:
            received += client.socket.recv(400_000)

        assert received.endswith(b"xxx")


# Ports that are not for them ------------------------------------------------------------------------

NONSENSE = [
    b"", b"\0\xff\xfe\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\r\n\r\n", b"A" * 3_000_000,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n",
]  # fmt: skip


@pytest.mark.real
def test_the_runtime_api_survives_nonsense(hurried: Hurried) -> None:
    address = once(hurried.own, get("/runtime-api")).body.decode()
    port = int(address.rpartition(":")[2])
    for nonsense in NONSENSE:
        with RawClient(port) as client:
            client.send(nonsense)
            client.end()
            read_all(client)

    assert once(hurried.own, get("/runtime-api")).body.decode() == address


@pytest.mark.real
def test_the_control_api_survives_nonsense(hurried: Hurried) -> None:
    for nonsense in NONSENSE:
        with RawClient(hurried.running.port) as client:
            client.send(nonsense.replace(b" / ", b" /_triggerfish/api/status "))
            client.end()
            told = read_all(client)
            assert b" 500 " not in told[:40]

    assert hurried.running.ask("GET", "status").status == 200


def read_all(client: RawClient) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while part := client.socket.recv(1_000_000):
            received += part
    return received
