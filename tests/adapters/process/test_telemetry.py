"""The Telemetry API: what a subscriber gets, in what order, and which subscriptions are refused."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from app.adapters.logs import InvocationLogs
from app.adapters.process.telemetry import Telemetry, WrongSubscription
from app.core.awslambda.invocation import HandlerFailed, Succeeded
from tests.adapters.support import eventually, fake_server, invocation, process_endpoint, write

NOON = 1_795_780_800_000

EXTENSION = """\
#!{python}
import http.client, json, os, sys

connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def call(method, path, body=None, **headers):
    connection.request(method, path, body, {{"Lambda-Extension-" + name: value for name, value in headers.items()}})
    answer = connection.getresponse()
    return answer, answer.read()

answer, _ = call("POST", "/2020-01-01/extension/register", json.dumps({{"events": ["INVOKE"]}}), Name="listener")
identifier = answer.getheader("Lambda-Extension-Identifier")
answer, body = call("PUT", "/2022-07-01/telemetry", {subscription!r}, Identifier=identifier)
print("subscribed", answer.status, body.decode(), flush=True)
while True:
    call("GET", "/2020-01-01/extension/event/next", Identifier=identifier)
"""


class Destination:
    """What arrived, and how often it was posted."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.posts = 0
        self.refusals = 0
        self.url = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=500)
        self.posts += 1
        self.events += json.loads(await request.read())
        return web.Response()

    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


@asynccontextmanager
async def destination() -> AsyncIterator[Destination]:
    made = Destination()
    async with fake_server(made.answer) as server:
        made.url = server.url.replace("127.0.0.1", "sandbox.localdomain")
        yield made


def subscription(url: str, *types: str, **more: Any) -> bytes:
    given = {
        "schemaVersion": "2022-07-01",
        "types": types or ["platform", "function", "extension"],
        "buffering": {"maxItems": 1_000, "maxBytes": 262_144, "timeoutMs": 25},
        "destination": {"protocol": "HTTP", "URI": url},
        **more,
    }
    return json.dumps(given).encode()


async def test_a_subscriber_gets_everything_from_the_beginning_of_the_init(tmp_path: Path) -> None:
    write(
        tmp_path / "code",
        "app.py",
        "print('loading')\ndef handler(e, c):\n    print('handling', e)\n    if e == 2: raise ValueError('no')",
    )
    async with destination() as got:
        program = write(tmp_path / "layer", "extensions/listener", "")
        program.write_text(EXTENSION.format(python=sys.executable, subscription=subscription(got.url).decode()))
        program.chmod(0o755)
        logs = InvocationLogs(now=lambda: NOON)
        async with process_endpoint(
            tmp_path / "code", layers=(tmp_path / "layer",), logs=logs, watch=False
        ) as endpoint:
            first = await endpoint.invoke(invocation(1, request_id="r-1", timeout_ms=9_000))
            second = await endpoint.invoke(invocation(2, request_id="r-2", timeout_ms=9_000))
        await eventually(lambda: got.types().count("platform.report") == 2)

    assert isinstance(first, Succeeded)
    assert isinstance(second, HandlerFailed)
    assert [kind for kind in got.types() if kind.startswith("platform")] == [
        "platform.initStart",
        "platform.telemetrySubscription",
        "platform.extension",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]
    by_type = {event["type"]: event for event in reversed(got.events)}
    assert {event["time"] for event in got.events} == {"2026-11-27T12:00:00.000Z"}
    assert by_type["platform.initStart"]["record"]["phase"] == "init"
    assert by_type["platform.telemetrySubscription"]["record"] == {
        "name": "listener",
        "state": "Subscribed",
        "types": ["extension", "function", "platform"],
    }
    assert by_type["platform.extension"]["record"] == {"name": "listener", "state": "Ready", "events": ["INVOKE"]}
    assert by_type["platform.start"]["record"]["requestId"] == "r-1"
    assert by_type["platform.start"]["record"]["version"] == "$LATEST"
    done = by_type["platform.runtimeDone"]["record"]
    assert (done["status"], done["metrics"]["producedBytes"]) == ("success", 4)
    report = [event["record"] for event in got.events if event["type"] == "platform.report"]
    assert report[0]["metrics"]["initDurationMs"] > 0
    assert (report[1]["status"], report[1]["errorType"]) == ("failure", "ValueError")
    printed = [event["record"] for event in got.events if event["type"] == "function"]
    assert printed[:2] == ["loading", "handling 1"]
    assert "[ERROR] ValueError: no" in printed
    assert [event["record"] for event in got.events if event["type"] == "extension"] == ['subscribed 200 "OK"']
    assert "TELEMETRY\tName: listener\tState: Subscribed\tTypes: [extension, function, platform]\n" in logs.of("r-1")


async def test_only_the_types_that_were_asked_for_are_sent() -> None:
    async with destination() as got:
        telemetry = Telemetry(asyncio.get_running_loop(), lambda: NOON)
        telemetry.subscribe("a", subscription(got.url, "function"))
        telemetry.tell_platform("platform.start", {"requestId": "r"})
        telemetry.tell_output("function", b"one\ntw")
        telemetry.tell_output("function", b"o\nthr")
        await telemetry.flush()
        telemetry.close()

    assert [event["record"] for event in got.events] == ["one", "two"]


async def test_what_the_destination_refuses_is_sent_again() -> None:
    async with destination() as got:
        got.refusals = 1
        telemetry = Telemetry(asyncio.get_running_loop(), lambda: NOON)
        telemetry.subscribe("a", subscription(got.url, "platform"))
        telemetry.tell_platform("platform.start", {})
        await eventually(lambda: got.types() == ["platform.start"])
        telemetry.close()


async def test_events_are_buffered_until_there_are_enough() -> None:
    async with destination() as got:
        telemetry = Telemetry(asyncio.get_running_loop(), lambda: NOON)
        buffering = {"maxItems": 1_000, "maxBytes": 262_144, "timeoutMs": 30_000}
        telemetry.subscribe("a", subscription(got.url, "function", buffering=buffering))
        telemetry.tell_output("function", b"x\n" * 999)
        await asyncio.sleep(0)
        before = got.posts
        telemetry.tell_output("function", b"x\n")
        await eventually(lambda: len(got.events) == 1_000)
        telemetry.close()

    assert before == 0
    assert got.posts == 1


async def test_a_subscriber_by_tcp_gets_a_line_each() -> None:
    received = bytearray()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.read())
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    telemetry = Telemetry(asyncio.get_running_loop(), lambda: NOON)
    telemetry.subscribe("a", subscription("", "function", destination={"protocol": "TCP", "port": port}))
    telemetry.tell_output("function", b"one\ntwo\n")
    await telemetry.flush()
    await eventually(lambda: received.count(b"\n") == 2)
    telemetry.close()
    server.close()

    assert [json.loads(line)["record"] for line in received.splitlines()] == ["one", "two"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schemaVersion": "2021-01-01"}, "schemaVersion must be one of 2022-07-01"),
        ({"types": []}, "types must be a list"),
        ({"types": ["everything"]}, "types must be a list"),
        ({"buffering": {"maxItems": 10}}, "buffering.maxItems must be between 1000 and 10000"),
        ({"buffering": {"timeoutMs": 1}}, "buffering.timeoutMs must be between 25 and 30000"),
        ({"destination": None}, "destination is missing"),
        ({"destination": {"protocol": "UDP"}}, "destination must have protocol HTTP"),
        ({"destination": {"protocol": "HTTP", "URI": "http://example.com:80"}}, "http://sandbox.localdomain:PORT"),
        ({"destination": {"protocol": "HTTP", "URI": "http://sandbox:x"}}, "destination.URI is none"),
    ],
)
async def test_a_subscription_that_makes_no_sense_is_refused(change: dict[str, Any], told: str) -> None:
    telemetry = Telemetry(asyncio.get_running_loop(), lambda: NOON)

    with pytest.raises(WrongSubscription) as refused:
        telemetry.subscribe("a", subscription("http://sandbox.localdomain:8080", **change))

    assert refused.value.error_type == "ValidationError"
    assert told in refused.value.message
