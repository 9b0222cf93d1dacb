"""Responses that are taken while the handler makes them: from Node, from AWS's own client, and from a bare runtime."""

import asyncio
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.core.awslambda.invocation import Exited, HandlerFailed, Succeeded
from tests.adapters.support import eventually, invocation, process_endpoint, write
from tests.rie.emulators import find_node_client

APP = """
    import fs from 'node:fs'

    export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
      if (event.fails === 'early') throw new RangeError('early')
      if (event.http) stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: 'b' } })
      else stream.setContentType('text/plain')
      stream.write('one ')
      while (event.gate && !fs.existsSync(event.gate)) await new Promise((go) => setTimeout(go, 5))
      if (event.fails === 'late') throw new RangeError('late')
      if (event.fails === 'exit') process.exit(3)
      stream.write('two')
      stream.end()
    })
    export const buffered = async () => 'whole'
    """

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
needs_client = pytest.mark.skipif(find_node_client() is None, reason="aws-lambda-ric is not built: run make tools")
CLIENTS = [pytest.param((), marks=needs_node, id="ours"), pytest.param(("ric",), marks=needs_client, id="aws")]


@dataclass
class Sink:
    """Keeps what comes."""

    content_type: str | None = None
    pieces: list[bytes] = field(default_factory=list)

    def begin(self, content_type: str) -> None:
        assert self.content_type is None, "a response begins once"
        self.content_type = content_type

    def write(self, chunk: bytes) -> None:
        self.pieces.append(chunk)


def command_of(client: tuple[str, ...]) -> tuple[str, ...]:
    return ("node", str(find_node_client()), "app.handler") if client else ()


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_piece_arrives_while_the_handler_still_writes(tmp_path: Path, client: tuple[str, ...]) -> None:
    write(tmp_path, "app.mjs", APP)
    gate, sink = tmp_path / "gate", Sink()
    async with process_endpoint(tmp_path, runtime="node", command=command_of(client)) as endpoint:
        call = asyncio.create_task(endpoint.invoke_streaming(invocation({"gate": str(gate)}), sink))
        await eventually(lambda: sink.pieces == [b"one "])
        is_done_early = call.done()
        gate.touch()
        outcome = await call

    assert not is_done_early
    assert isinstance(outcome, Succeeded)
    assert outcome.payload == b""
    assert (sink.content_type, b"".join(sink.pieces)) == ("text/plain", b"one two")


@pytest.mark.parametrize("client", CLIENTS)
async def test_status_and_headers_come_before_eight_zeros(tmp_path: Path, client: tuple[str, ...]) -> None:
    write(tmp_path, "app.mjs", APP)
    sink = Sink()
    async with process_endpoint(tmp_path, runtime="node", command=command_of(client)) as endpoint:
        await endpoint.invoke_streaming(invocation({"http": True}), sink)

    head, zeros, body = b"".join(sink.pieces).partition(b"\0" * 8)
    assert sink.content_type == "application/vnd.awslambda.http-integration-response"
    assert json.loads(head) == {"statusCode": 201, "headers": {"a": "b"}}
    assert (zeros, body) == (b"\0" * 8, b"one two")


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_failure_in_the_middle_is_one_and_the_next_call_is_warm(
    tmp_path: Path, client: tuple[str, ...]
) -> None:
    write(tmp_path, "app.mjs", APP)
    sink = Sink()
    async with process_endpoint(tmp_path, runtime="node", command=command_of(client)) as endpoint:
        late = await endpoint.invoke_streaming(invocation({"fails": "late"}), sink)
        after = await endpoint.invoke_streaming(invocation({}), Sink())

    assert isinstance(late, HandlerFailed)
    assert (late.error_type, late.message) == ("RangeError", "late")
    assert sink.pieces == [b"one "]
    assert isinstance(after, Succeeded)
    assert after.ran.init_duration_ms is None


@needs_node
async def test_a_failure_before_the_first_piece_streams_nothing(tmp_path: Path) -> None:
    write(tmp_path, "app.mjs", APP)
    sink = Sink()
    async with process_endpoint(tmp_path, runtime="node") as endpoint:
        outcome = await endpoint.invoke_streaming(invocation({"fails": "early"}), sink)

    assert isinstance(outcome, HandlerFailed)
    assert (outcome.error_type, sink.content_type, sink.pieces) == ("RangeError", None, [])


@needs_node
async def test_whoever_invokes_without_a_sink_gets_the_whole(tmp_path: Path) -> None:
    write(tmp_path, "app.mjs", APP)
    async with process_endpoint(tmp_path, runtime="node") as endpoint:
        whole = await endpoint.invoke(invocation({}))
        late = await endpoint.invoke(invocation({"fails": "late"}))

    assert isinstance(whole, Succeeded)
    assert whole.payload == b"one two"
    assert isinstance(late, HandlerFailed)


@needs_node
async def test_a_handler_that_does_not_stream_gives_its_payload_to_the_outcome(tmp_path: Path) -> None:
    write(tmp_path, "app.mjs", APP)
    sink = Sink()
    async with process_endpoint(tmp_path, runtime="node", handler="app.buffered") as endpoint:
        outcome = await endpoint.invoke_streaming(invocation({}), sink)

    assert isinstance(outcome, Succeeded)
    assert (outcome.payload, sink.pieces) == (b'"whole"', [])


@needs_node
async def test_a_process_that_ends_in_the_middle_has_failed(tmp_path: Path) -> None:
    write(tmp_path, "app.mjs", APP)
    sink = Sink()
    gate = tmp_path / "gate"
    async with process_endpoint(tmp_path, runtime="node") as endpoint:
        call = asyncio.create_task(endpoint.invoke_streaming(invocation({"gate": str(gate), "fails": "exit"}), sink))
        await eventually(lambda: sink.pieces == [b"one "])
        gate.touch()
        outcome = await call

    assert isinstance(outcome, Exited)
    assert outcome.status == "exit status 3"
