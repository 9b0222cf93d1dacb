"""Requests that are none, or could be read in two ways: one exact answer each, and the next client is served."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.live import live
from tests.machine import free_port
from tests.web.gateway.conftest import HANDLERS
from tests.web.gateway.raw import Raw, RawClient, filled, once

CASES = Path(__file__).parents[2] / "conformance/http_framing"
HOST = "shop.execute-api.localhost"


@dataclass(frozen=True, slots=True)
class Ports:
    """The service's own port, and that of an API."""

    main: int
    own: int


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    own = free_port()
    settings = f"""
    functions:
      echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
    apis:
      shop:
        port: {own}
        routes: {{ANY /: echo, "ANY /{{proxy+}}": echo}}
    rest_apis: {{pets: {{stage: dev, methods: {{"ANY /{{proxy+}}": echo}}}}}}
    urls: {{web: echo}}
    buckets: {{site: {{}}}}
    load_balancers: {{front: {{rules: [{{path: /*, function: echo}}]}}}}
    distributions: {{plain: {{origin: {{bucket: site}}}}}}
    """
    with live(tmp_path_factory.mktemp("framing"), settings) as running:
        yield Ports(running.port, own)
        assert "Traceback" not in running.output


def cases() -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted(CASES.glob("*.json"))]


@pytest.mark.real
@pytest.mark.parametrize("is_own", [True, False], ids=["own port", "by host"])
@pytest.mark.parametrize("path", cases())
def test_a_request_has_one_answer_and_the_next_client_is_served(ports: Ports, path: Path, *, is_own: bool) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    port = ports.own if is_own else ports.main

    with RawClient(port) as client:
        answer = client.ask(filled(case["request"], HOST))
        stays_open = case.get("stays_open", case["status"].startswith("200"))
        is_over = None if stays_open is None else client.says_nothing_within(0) if stays_open else client.is_over()

    assert answer.status == case["status"]
    assert is_over is not False
    if answer.status.startswith("200"):
        check_event(json.loads(answer.body), case["event"])
    else:
        check_refusal(answer, is_plain=not is_own and case.get("is_plain_by_host", False))
    assert once(port, f"GET /next HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()).status == "200 OK"


def check_event(event: Any, expected: Any) -> None:
    for name, wanted in expected.items():
        if isinstance(wanted, dict):
            check_event(event[name], wanted)
        else:
            assert event.get(name) == (filled(wanted, HOST).decode("latin-1") if wanted is not None else None), name


def check_refusal(answer: Raw, *, is_plain: bool) -> None:
    """In the words of the front that is asked, or plainly where nobody can tell which."""
    words = answer.status.partition(" ")[2]
    body = words.encode() if is_plain else json.dumps({"message": words}, separators=(",", ":")).encode()
    assert answer.body == body
    assert answer.headers["content-type"] == ("text/plain; charset=utf-8" if is_plain else "application/json")
    assert {name for name in answer.headers if name not in ("date", "server")} <= {
        "content-type", "content-length", "connection", "apigw-requestid",
    }  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize(
    ("host", "kind", "body"),
    [
        ("pets.execute-api.localhost", "application/json", b'{"message":"Not Implemented"}'),
        ("web.lambda-url.us-east-1.localhost", "application/json", b'{"Message":"Not Implemented"}'),
        ("front.elb.localhost", "text/html", b"<center><h1>501 Not Implemented</h1></center>"),
        ("plain.cloudfront.localhost", "text/html", b"<H1>501 ERROR</H1>"),
        ("nobody.execute-api.localhost", "text/plain; charset=utf-8", b"Not Implemented"),
        ("localhost", "text/plain; charset=utf-8", b"Not Implemented"),
    ],
)
def test_each_front_refuses_in_its_own_words(ports: Ports, host: str, kind: str, body: bytes) -> None:
    answer = once(ports.main, f"POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: gzip\r\n\r\n".encode())

    assert (answer.status, answer.headers["content-type"]) == ("501 Not Implemented", kind)
    assert body in answer.body


@pytest.mark.real
def test_what_comes_behind_a_request_does_not_answer_it(ports: Ports) -> None:
    """An answer to what is none must not be taken for that of the request before it."""
    good = f"GET /one HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    for behind in (
        b"garbage\r\n\r\n",
        good.replace(b"Host", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\nHost"),
    ):
        with RawClient(ports.own) as client:
            client.send(good + good.replace(b"one", b"two") + behind)
            answers = [client.answer() for _ in range(2)]

            assert [json.loads(answer.body)["rawPath"] for answer in answers] == ["/one", "/two"]
            assert client.is_over()


@pytest.mark.real
def test_what_comes_behind_the_last_request_is_not_read(ports: Ports) -> None:
    last = f"GET /one HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    with RawClient(ports.own) as client:
        client.send(last + last.replace(b"one", b"two"))

        assert json.loads(client.answer().body)["rawPath"] == "/one"
        assert client.is_over()


@pytest.mark.real
def test_what_comes_behind_an_offer_of_another_protocol_is_served_in_this_one(ports: Ports) -> None:
    offer = f"GET /one HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n".encode()
    with RawClient(ports.own) as client:
        client.send(offer + offer.replace(b"one", b"two") + offer.replace(b"one", b"three"))

        assert [json.loads(client.answer().body)["rawPath"] for _ in range(3)] == ["/one", "/two", "/three"]


@pytest.mark.real
@pytest.mark.parametrize("header", ["Host: a b", "Host: a\r\nHost: b"])
def test_a_websocket_that_is_asked_for_in_two_ways_is_refused(ports: Ports, header: str) -> None:
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    with RawClient(ports.own) as client:
        answer = client.ask(f"GET /one HTTP/1.1\r\n{header}\r\n{upgrade}Sec-WebSocket-Version: 13\r\n\r\n".encode())

        assert answer.status == "400 Bad Request"
        assert client.is_over()


# Any bytes ------------------------------------------------------------------------------------------

PIECES = [
    b"GET", b"POST", b"HEAD", b"OPTIONS", b" ", b"/", b"/a", b"/_triggerfish/api/status", b"/2015-03-31/functions/x/",
    b"http://", b"?", b"#", b"%00", b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b"\xff",
    b":",
    b": ", b"\t", b"Host: shop.execute-api.localhost\r\n", b"Host: localhost\r\n", b"Content-Length: 3\r\n",
    b"Content-Length: ", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: ", b"Connection: close\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"Upgrade: h2c\r\n", b"Expect: 100-continue\r\n",
    b"X-Amz-Target: AmazonSQS.ListQueues\r\n", b"3\r\nabc\r\n", b"0\r\n\r\n", b"abc", b"9999999999999999999",
    b"a" * 70_000,
    b"GET /a HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: localhost\r\n",
]  # fmt: skip
ANY_BYTES = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)), max_size=24).map(b"".join)


@pytest.mark.real
@settings(max_examples=250, deadline=None)
@given(data=ANY_BYTES, is_own=st.booleans())
def test_any_bytes_get_answers_or_an_end_and_never_our_own_failure(ports: Ports, data: bytes, *, is_own: bool) -> None:
    with RawClient(ports.own if is_own else ports.main) as client:
        client.send(data)
        client.send(b"\r\n\r\n")
        with contextlib.suppress(OSError):  # the service was quicker
            client.end()
        told = b""
        try:
            while part := client.socket.recv(1_000_000):
                told += part
        except ConnectionResetError:
            pass
        except TimeoutError:
            pytest.fail(f"it neither answered {data!r} nor hung up, after {told[:200]!r}")

    assert told == b"" or told.startswith(b"HTTP/1.1 ")
    assert b"HTTP/1.1 500" not in told
    assert once(ports.own, f"GET /next HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()).status == "200 OK"
