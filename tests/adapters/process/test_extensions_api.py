"""The Extensions API as a client sees it.

Each answer is the one that the Runtime Interface Emulator gave an internal extension, measured with the one that ships
with SAM 1.170.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field

import pytest

from app.adapters.process.extensions_api import About, Extension, ExtensionsApi
from app.adapters.process.runtime_api import RuntimeApi
from app.adapters.process.telemetry import Telemetry
from tests.adapters.process.test_runtime_api import OFFER, Recorder, Reply

PREFIX = "/2020-01-01/extension/"
NOBODY = "11111111-1111-1111-1111-111111111111"


@dataclass
class Told(Recorder):
    """A listener of both APIs."""

    extensions: list[str] = field(default_factory=list)

    def extension_registered(self, extension: Extension) -> None:
        self.extensions.append(f"{extension.name} registered")

    def extension_polled(self, extension: Extension) -> None:
        self.extensions.append(f"{extension.name} polled")

    def extension_failed(self, extension: Extension) -> None:
        self.extensions.append(f"{extension.name} failed {extension.error_type}")

    def telemetry_subscribed(self, extension: Extension, types: Collection[str]) -> None:
        self.extensions.append(f"{extension.name} subscribed {sorted(types)}")


@dataclass
class Bench:
    api: ExtensionsApi
    runtime: RuntimeApi
    told: Told
    port: int
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def call(self, method: str, path: str, body: str = "", **headers: str) -> Reply:
        reader = await self.send(method, path, body, **headers)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).decode()
        status_line, *lines = head.strip().split("\r\n")
        named = dict(line.split(": ", 1) for line in lines)
        content = await reader.readexactly(int(named.get("Content-Length", "0")))
        return Reply(int(status_line.split()[1]), named, content)

    async def send(self, method: str, path: str, body: str = "", **headers: str) -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        lines = "".join(f"Lambda-Extension-{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        writer.write(f"{method} {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n{lines}\r\n{body}".encode())
        return reader

    async def register(self, name: str = "inside", events: str = '["INVOKE"]') -> str:
        """Gives the identifier."""
        reply = await self.call("POST", f"{PREFIX}register", f'{{"events": {events}}}', Name=name)
        assert reply.status == 200, reply
        return reply.headers["Lambda-Extension-Identifier"]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    told = Told()
    telemetry = Telemetry(asyncio.get_running_loop(), lambda: 0)
    api = ExtensionsApi(About("resize", "$LATEST", "app.handler", "000000000000"), told, telemetry)
    runtime = RuntimeApi(told, api)
    server = await asyncio.get_running_loop().create_server(runtime.connect, "127.0.0.1", 0)
    bench = Bench(api, runtime, told, server.sockets[0].getsockname()[1])
    yield bench
    for writer in bench.writers:
        writer.close()
    runtime.close()
    server.close()


def wrong(reply: Reply) -> tuple[int, str, str]:
    told = json.loads(reply.body)
    assert reply.body.endswith(b"}\n")
    return reply.status, told["errorType"], told["errorMessage"]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "answer"),
    [
        ("POST", "register", "{}", {}, (403, "Extension.InvalidExtensionName", "Empty extension name")),
        (
            "POST", "register", '{"events":["BOGUS"]}', {"Name": "a"},
            (403, "Extension.InvalidEventType", "BOGUS: ErrorInvalidEventType"),
        ),
        (
            "POST", "register", '{"events":["SHUTDOWN"]}', {"Name": "a"},
            (403, "Extension.InvalidEventType", "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension"),
        ),
        (
            "GET", "event/next", "", {},
            (403, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header"),
        ),
        (
            "GET", "event/next", "", {"Identifier": "nonsense"},
            (403, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier"),
        ),
        (
            "GET", "event/next", "", {"Identifier": NOBODY},
            (403, "Extension.UnknownExtensionIdentifier", f"Unknown extension {NOBODY}"),
        ),
        (
            "POST", "exit/error", "{}", {},
            (403, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header"),
        ),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)  # fmt: skip
async def test_what_is_wrong_is_refused_in_the_emulators_words(
    bench: Bench, method: str, path: str, body: str, headers: dict[str, str], answer: tuple[int, str, str]
) -> None:
    assert wrong(await bench.call(method, PREFIX + path, body, **headers)) == answer


async def test_a_body_that_is_not_json_is_an_invalid_format(bench: Bench) -> None:
    status, error_type, _ = wrong(await bench.call("POST", f"{PREFIX}register", "nonsense", Name="a"))

    assert (status, error_type) == (403, "InvalidRequestFormat")


async def test_no_events_are_as_good_as_some(bench: Bench) -> None:
    reply = await bench.call("POST", f"{PREFIX}register", "{}", Name="a")

    assert reply.status == 200
    assert reply.body == b'{"functionName":"resize","functionVersion":"$LATEST","handler":"app.handler"}\n'


async def test_a_name_registers_once(bench: Bench) -> None:
    await bench.register("a")

    reply = await bench.call("POST", f"{PREFIX}register", "{}", Name="a")

    assert wrong(reply) == (403, "Extension.InvalidExtensionState", "Extension with this name already registered")


async def test_ten_may_register_and_none_after_the_init(bench: Bench) -> None:
    for number in range(10):
        await bench.register(f"number-{number}")
    eleventh = await bench.call("POST", f"{PREFIX}register", "{}", Name="eleventh")
    bench.api.is_open = False
    late = await bench.call("POST", f"{PREFIX}register", "{}", Name="late")

    assert wrong(eleventh) == (403, "Extension.TooManyExtensions", "Extension limit (10) reached")
    assert wrong(late) == (403, "Extension.RegistrationClosed", "Extension registration closed already")


async def test_an_error_needs_its_type(bench: Bench) -> None:
    identifier = await bench.register("a")

    without = await bench.call("POST", f"{PREFIX}init/error", "{}", Identifier=identifier)
    told = await bench.call(
        "POST", f"{PREFIX}exit/error", "{}", Identifier=identifier, Function_Error_Type="Extension.Odd"
    )
    after = await bench.call("GET", f"{PREFIX}event/next", Identifier=identifier)

    assert wrong(without) == (403, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found")
    assert (told.status, told.body) == (202, b'{"status":"OK"}\n')
    assert bench.told.extensions == ["a registered", "a failed Extension.Odd"]
    assert wrong(after)[:2] == (403, "Extension.InvalidExtensionState")


async def test_an_event_reaches_who_polls_and_waits_for_who_does_not(bench: Bench) -> None:
    polling, working = await bench.register("polling"), await bench.register("working")
    await bench.register("deaf", "[]")
    reader = await bench.send("GET", f"{PREFIX}event/next", Identifier=polling)
    async with asyncio.timeout(5):
        while "polling polled" not in bench.told.extensions:  # noqa: ASYNC110 -- no event tells of it
            await asyncio.sleep(0)

    bench.api.tell({"eventType": "INVOKE", "requestId": "r-1"})
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    body = await reader.readexactly(len(b'{"eventType":"INVOKE","requestId":"r-1"}'))
    later = await bench.call("GET", f"{PREFIX}event/next", Identifier=working)

    assert b"Lambda-Extension-Event-Identifier: " in head
    assert json.loads(body) == json.loads(later.body) == {"eventType": "INVOKE", "requestId": "r-1"}
    assert not bench.api.are_ready


async def test_wrong_paths_and_methods_are_404_and_405_and_the_runtimes_calls_go_on(bench: Bench) -> None:
    bench.runtime.offer(OFFER)

    answers = [
        (await bench.call(method, path)).status
        for method, path in [
            ("GET", f"{PREFIX}nothing"),
            ("DELETE", f"{PREFIX}register"),
            ("GET", "/2022-07-01/telemetry"),
            ("GET", "/2018-06-01/runtime/restore/next"),
            ("POST", "/2018-06-01/runtime/restore/error"),
            ("GET", "/2018-06-01/runtime/invocation/next"),
        ]
    ]

    assert answers == [404, 405, 405, 404, 404, 200]


async def test_telemetry_is_for_registered_extensions_during_the_init(bench: Bench) -> None:
    identifier = await bench.register("a")
    wanted = json.dumps(
        {"types": ["platform"], "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080"}}
    )

    nobody = await bench.call("PUT", "/2022-07-01/telemetry", wanted)
    taken = await bench.call("PUT", "/2022-07-01/telemetry", wanted, Identifier=identifier)
    logs = await bench.call("PUT", "/2020-08-15/logs", wanted, Identifier=identifier)
    wrong_one = await bench.call("PUT", "/2022-07-01/telemetry", "{}", Identifier=identifier)
    bench.api.is_open = False
    late = await bench.call("PUT", "/2022-07-01/telemetry", wanted, Identifier=identifier)

    assert wrong(nobody)[1] == "Extension.MissingExtensionIdentifier"
    assert [(reply.status, reply.body) for reply in (taken, logs)] == [(200, b'"OK"')] * 2
    assert wrong(wrong_one)[:2] == (400, "ValidationError")
    assert wrong(late)[:2] == (403, "Telemetry.SubscriptionClosed")
    assert bench.told.extensions == ["a registered", *["a subscribed ['platform']"] * 2]
