"""The Runtime API as a runtime sees it: every call in every state, and odd clients."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from app.adapters.process.runtime_api import MOVES, Call, Offer, RuntimeApi, State
from tests.adapters.support import eventually


@dataclass
class Recorder:
    """A listener that writes down what it is told."""

    story: list[str] = field(default_factory=list)

    def polled(self) -> None:
        self.story.append("polled")

    def delivered(self) -> None:
        self.story.append("delivered")

    def responded(self, payload: bytes) -> None:
        self.story.append(f"responded {payload.decode()}")

    def response_too_large(self) -> None:
        self.story.append("too large")

    def erred(self, error_type: str, payload: bytes) -> None:
        self.story.append(f"erred {error_type} {payload.decode()}")

    def truncated(self) -> None:
        self.story.append("truncated")

    def init_failed(self, error_type: str, payload: bytes) -> None:
        self.story.append(f"init failed {error_type} {payload.decode()}")


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """A runtime by hand: raw bytes out, whole answers in."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, data: bytes) -> None:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        self._streams[1].write(data)

    async def receive(self) -> Reply:
        assert self._streams is not None, "something was sent first"
        head = (await asyncio.wait_for(self._streams[0].readuntil(b"\r\n\r\n"), 5)).decode()
        status_line, *lines = head.strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        body = await self._streams[0].readexactly(int(headers.get("Content-Length", "0")))
        return Reply(int(status_line.split()[1]), headers, body)

    async def call(self, method: str, path: str, body: bytes = b"", headers: str = "") -> Reply:
        head = f"{method} /2018-06-01/runtime{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        await self.send(head.encode() + body)
        return await self.receive()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


OFFER = Offer("r-1", {"Lambda-Runtime-Aws-Request-Id": "r-1", "Lambda-Runtime-Trace-Id": "Root=1"}, b'{"n":1}')


@dataclass
class Bench:
    api: RuntimeApi
    told: Recorder
    port: int
    clients: list[Client] = field(default_factory=list)

    def client(self) -> Client:
        self.clients.append(Client(self.port))
        return self.clients[-1]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    told = Recorder()
    api = RuntimeApi(told)
    server = await asyncio.get_running_loop().create_server(api.connect, "127.0.0.1", 0)
    bench = Bench(api, told, server.sockets[0].getsockname()[1])
    yield bench
    for client in bench.clients:
        client.close()
    api.close()
    server.close()
    await server.wait_closed()


async def test_an_invocation_goes_round(bench: Bench) -> None:
    runtime = bench.client()
    bench.api.offer(OFFER)

    told = await runtime.call("GET", "/invocation/next")
    accepted = await runtime.call("POST", "/invocation/r-1/response", b'"done"')

    assert told.status == 200
    assert told.headers["Lambda-Runtime-Aws-Request-Id"] == "r-1"
    assert told.headers["Lambda-Runtime-Trace-Id"] == "Root=1"
    assert told.headers["Content-Type"] == "application/json"
    assert told.body == b'{"n":1}'
    assert (accepted.status, accepted.body) == (202, b'{"status":"OK"}\n')
    assert bench.told.story == ["delivered", 'responded "done"']


async def test_a_poll_waits_until_there_is_an_invocation(bench: Bench) -> None:
    runtime = bench.client()
    poll = asyncio.create_task(runtime.call("GET", "/invocation/next"))
    await eventually(lambda: bench.told.story == ["polled"])

    assert bench.api.state is State.READY
    bench.api.offer(OFFER)
    assert (await poll).body == b'{"n":1}'
    assert bench.told.story == ["polled", "delivered"]


async def test_a_runtime_that_asks_twice_is_told_the_same_invocation(bench: Bench) -> None:
    runtime = bench.client()
    bench.api.offer(OFFER)

    first = await runtime.call("GET", "/invocation/next")
    second = await runtime.call("GET", "/invocation/next")

    assert first.body == second.body
    assert bench.told.story == ["delivered"]


async def test_a_poll_whose_client_left_is_not_answered(bench: Bench) -> None:
    gone, runtime = bench.client(), bench.client()
    await gone.send(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
    await eventually(lambda: bench.told.story == ["polled"])
    gone.close()
    await eventually(lambda: "0 polling" in repr(bench.api))

    bench.api.offer(OFFER)
    told = await runtime.call("GET", "/invocation/next")

    assert told.status == 200
    assert bench.told.story == ["polled", "delivered"]


async def test_an_error_carries_its_type(bench: Bench) -> None:
    runtime = bench.client()
    bench.api.offer(OFFER)
    await runtime.call("GET", "/invocation/next")

    header = "Lambda-Runtime-Function-Error-Type: Runtime.Odd\r\n"
    accepted = await runtime.call("POST", "/invocation/r-1/error", b"{}", header)

    assert accepted.status == 202
    assert bench.told.story[-1] == "erred Runtime.Odd {}"


async def test_a_failed_init_is_told_and_ends_everything(bench: Bench) -> None:
    runtime = bench.client()

    accepted = await runtime.call("POST", "/init/error", b"{}", "Lambda-Runtime-Function-Error-Type: Runtime.Odd\r\n")
    refused = await runtime.call("GET", "/invocation/next")

    assert accepted.status == 202
    assert bench.told.story == ["init failed Runtime.Odd {}"]
    assert refused.status == 403


async def bring_to(state: State, bench: Bench, runtime: Client) -> None:
    """By legal calls alone."""
    if state in (State.RUNNING, State.RESPONSE_SENT):
        bench.api.offer(OFFER)
        await runtime.call("GET", "/invocation/next")
    if state is State.RESPONSE_SENT:
        await runtime.call("POST", "/invocation/r-1/response", b"1")
    if state is State.INIT_FAILED:
        await runtime.call("POST", "/init/error", b"{}")
    assert bench.api.state is state


CALLS = {
    Call.NEXT: ("GET", "/invocation/next"),
    Call.RESPONSE: ("POST", "/invocation/r-1/response"),
    Call.ERROR: ("POST", "/invocation/r-1/error"),
    Call.INIT_ERROR: ("POST", "/init/error"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", [State.STARTED, State.RUNNING, State.RESPONSE_SENT, State.INIT_FAILED])
async def test_every_call_in_every_state_is_as_the_table_says(bench: Bench, state: State, call: Call) -> None:
    runtime = bench.client()
    await bring_to(state, bench, runtime)
    is_known_id = state in (State.RUNNING, State.RESPONSE_SENT)
    if call is Call.NEXT and MOVES[state].get(call) is State.READY:
        bench.api.offer(OFFER)

    reply = await runtime.call(*CALLS[call], b"1")

    if call in (Call.RESPONSE, Call.ERROR) and not is_known_id:
        assert (reply.status, json.loads(reply.body)["errorType"]) == (400, "InvalidRequestID")
    elif call in MOVES[state]:
        assert reply.status in (200, 202)
    else:
        assert reply.status == 403
        assert json.loads(reply.body) == {
            "errorType": "InvalidStateTransition",
            "errorMessage": f"State transition from {state} to {call} failed for runtime. "
            "Error: State transition is not allowed",
        }


async def test_an_unknown_request_id_is_400(bench: Bench) -> None:
    runtime = bench.client()
    bench.api.offer(OFFER)
    await runtime.call("GET", "/invocation/next")

    reply = await runtime.call("POST", "/invocation/other/response", b"1")

    assert reply.status == 400
    assert reply.body == b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n'
    assert bench.told.story == ["delivered"]


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_response_over_the_limit_is_413(bench: Bench, is_chunked: bool) -> None:
    runtime = bench.client()
    bench.api.offer(OFFER)
    await runtime.call("GET", "/invocation/next")
    body = b"x" * 6_291_557

    if is_chunked:
        head = b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        await runtime.send(head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n")
        reply = await runtime.receive()
    else:
        reply = await runtime.call("POST", "/invocation/r-1/response", body)

    assert reply.status == 413
    assert json.loads(reply.body)["errorType"] == "RequestEntityTooLarge"
    assert bench.told.story[-1] == "too large"


async def test_a_streamed_response_is_put_together(bench: Bench) -> None:
    runtime = bench.client()
    bench.api.offer(OFFER)
    await runtime.call("GET", "/invocation/next")

    await runtime.send(
        b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
        b"Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n"
    )
    for piece in (b'"one ', b'two"'):
        await runtime.send(b"%x\r\n%b\r\n" % (len(piece), piece))
    await runtime.send(b"0\r\n\r\n")

    assert (await runtime.receive()).status == 202
    assert bench.told.story[-1] == 'responded "one two"'


async def test_a_streamed_response_that_ends_in_an_error_is_one(bench: Bench) -> None:
    runtime = bench.client()
    bench.api.offer(OFFER)
    await runtime.call("GET", "/invocation/next")

    await runtime.send(
        b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
        b"Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
        b"3\r\nabc\r\n0\r\n"
        b"Lambda-Runtime-Function-Error-Type: Runtime.Odd\r\nLambda-Runtime-Function-Error-Body: e30=\r\n\r\n"
    )

    assert (await runtime.receive()).status == 202
    assert bench.told.story[-1] == "erred Runtime.Odd {}"


@dataclass
class Pieces:
    """A sink that keeps what comes."""

    content_type: str = ""
    pieces: list[bytes] = field(default_factory=list)

    def begin(self, content_type: str) -> None:
        self.content_type = content_type

    def write(self, chunk: bytes) -> None:
        self.pieces.append(chunk)


STREAMING_HEAD = (
    b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Type: text/plain\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n\r\n"
)


async def test_pieces_go_to_the_sink_as_they_come_and_nothing_else_is_taken_meanwhile(bench: Bench) -> None:
    runtime, other, sink = bench.client(), bench.client(), Pieces()
    bench.api.offer(replace(OFFER, sink=sink))
    await runtime.call("GET", "/invocation/next")

    await runtime.send(STREAMING_HEAD + b"3\r\none\r\n")
    await eventually(lambda: sink.pieces == [b"one"])
    state = bench.api.state
    refused = [(await other.call(*CALLS[call], b"1")).status for call in (Call.NEXT, Call.RESPONSE, Call.ERROR)]
    await runtime.send(b"3\r\ntwo\r\n0\r\n\r\n")

    assert (await runtime.receive()).status == 202
    assert state is State.RESPONDING
    assert refused == [403, 403, 403]
    assert (sink.content_type, sink.pieces) == ("text/plain", [b"one", b"two"])
    assert bench.told.story == ["delivered", "responded "]


async def test_a_runtime_that_hangs_up_in_the_middle_truncated_its_response(bench: Bench) -> None:
    runtime, sink = bench.client(), Pieces()
    bench.api.offer(replace(OFFER, sink=sink))
    await runtime.call("GET", "/invocation/next")

    await runtime.send(STREAMING_HEAD + b"3\r\none\r\n")
    await eventually(lambda: sink.pieces == [b"one"])
    runtime.close()

    await eventually(lambda: len(bench.told.story) == 2)
    assert bench.told.story[-1] == "truncated"


async def test_a_client_that_asks_before_it_sends_is_told_to_go_on(bench: Bench) -> None:
    runtime = bench.client()
    bench.api.offer(OFFER)
    await runtime.call("GET", "/invocation/next")

    await runtime.send(
        b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\n"
        b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    )
    asked = await runtime.receive()
    await runtime.send(b"1")

    assert asked.status == 100
    assert (await runtime.receive()).status == 202


async def test_a_client_that_offers_http2_is_answered_in_http1(bench: Bench) -> None:
    runtime = bench.client()
    bench.api.offer(OFFER)

    reply = await runtime.call("GET", "/invocation/next", headers="Connection: Upgrade\r\nUpgrade: h2c\r\n")

    assert reply.status == 200


async def test_requests_sent_ahead_are_answered_in_order(bench: Bench) -> None:
    runtime = bench.client()
    poll = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
    await runtime.send(poll + b"GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n")
    await eventually(lambda: bench.told.story == ["polled"])

    bench.api.offer(OFFER)

    assert (await runtime.receive()).status == 200
    assert (await runtime.receive()).status == 404


async def test_what_is_not_http_is_400(bench: Bench) -> None:
    runtime = bench.client()

    await runtime.send(b"hello?\r\n\r\n")

    assert (await runtime.receive()).status == 400


async def test_unknown_paths_are_404_and_wrong_methods_405(bench: Bench) -> None:
    runtime = bench.client()

    statuses = [
        (await runtime.call(method, path)).status
        for method, path in [
            ("GET", "/nowhere"),
            ("GET", "/invocation/r-1/nothing"),
            ("DELETE", "/invocation/next"),
            ("GET", "/init/error"),
            ("GET", "/invocation/r-1/response"),
        ]
    ]

    assert statuses == [404, 404, 405, 405, 405]


async def test_an_answer_waits_a_moment_for_the_one_that_was_asked_for_with_it(bench: Bench) -> None:
    runtime = bench.client()
    bench.api.offer(OFFER)
    await runtime.call("GET", "/invocation/next")
    both = (
        b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nContent-Length: 1\r\n\r\n1"
        b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n"
    )

    await runtime.send(both)
    await eventually(lambda: bench.told.story == ["delivered", "responded 1", "polled"])
    bench.api.offer(OFFER)
    together = [await runtime.receive(), await runtime.receive()]
    await runtime.send(both)
    alone = await runtime.receive()

    assert [reply.status for reply in together] == [202, 200]
    assert alone.status == 202
