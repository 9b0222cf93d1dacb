"""Invocations a second of a warm process through Invoke, Python's and Node's, and what a cold start takes.

The floors: the real classic emulator with the same runtime in it, serverless-offline's own Invoke with the same Node
handler, a bare ASGI echo, and a Python that does nothing.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from tests.bench.client import Connection, Script, http_request, open_connections, seconds_for
from tests.bench.figures import Figure, at_least, figure_of, percentile, ratio_at_least
from tests.bench.serverless import FUNCTION, serverless_offline
from tests.bench.servers import Server, floor, free_port, running, service, wait_until_listening
from tests.bench.sizes import Sizes
from tests.bench.wire import repeat

_HANDLERS = Path(__file__).parent / "handlers"
_BOOTSTRAP = Path(__file__).parents[2] / "app/adapters/process/bootstrap.py"
_RIE = Path(os.environ.get("TRIGGERFISH_RIE") or Path(__file__).parents[2] / ".tools/aws-lambda-rie")
_EVENT = orjson.dumps({"order": 7, "lines": [{"item": "lamp", "count": 2}], "customer": 1042})
_EMULATOR_PER_S = 2_000.0
_SERVERLESS_OFFLINE_PER_S = 5_500.0
_CONNECTIONS = 8
_INVOKE = http_request("POST", "/2015-03-31/functions/echoing/invocations", _EVENT, service="lambda")
_INVOKE_NODE = http_request("POST", "/2015-03-31/functions/hello/invocations", _EVENT, service="lambda")
_INVOKE_OFFLINE = http_request("POST", f"/2015-03-31/functions/{FUNCTION}/invocations", _EVENT, service="lambda")
_INVOKE_EMULATOR = http_request("POST", "/2015-03-31/functions/function/invocations", _EVENT, service="lambda")


async def measure_invocations(sizes: Sizes, folder: Path) -> list[Figure]:
    """Rates and latencies over one connection and over eight, by turns with the floors."""
    with service(folder, _function(_CONNECTIONS)) as ours, floor("echo") as bare, _emulator() as rie:
        for server in (ours, bare, rie):
            if server is not None:
                wait_until_listening(server)
        ours_connections = await open_connections(ours.port, _CONNECTIONS)
        bare_connections = await open_connections(bare.port, _CONNECTIONS)
        # Every environment starts before anything is measured.
        await seconds_for(ours_connections, [repeat(_INVOKE, 50) for _ in ours_connections])
        figures = await _rates(sizes, ours_connections[:1], bare_connections[:1], _EMULATOR_PER_S)
        figures += await _latencies(sizes, ours_connections[0], bare_connections[0])
        if rie is not None:
            emulated = await Connection.open(rie.port)
            await emulated.play(repeat(_INVOKE_EMULATOR, 50))
            figures.append(await _against_emulator(sizes, ours_connections[0], emulated))
        figures += await _rates(sizes, ours_connections, bare_connections, _SERVERLESS_OFFLINE_PER_S)
    return figures


async def measure_node_invocations(sizes: Sizes, folder: Path) -> list[Figure]:
    """The same of a Node process, by turns with the Invoke of serverless-offline, where it was fetched."""
    figures: list[Figure] = []
    with service(folder, _node_function()) as ours, floor("echo") as bare, serverless_offline(folder) as other:
        for server in (ours, bare, *([other.server] if other is not None else [])):
            wait_until_listening(server)
        own = await open_connections(ours.port, _CONNECTIONS)
        await seconds_for(own, [repeat(_INVOKE_NODE, 50) for _ in own])
        if other is not None:
            others = await open_connections(other.lambda_port, _CONNECTIONS)
            await seconds_for(others, [repeat(_INVOKE_OFFLINE, 50) for _ in others])
            figures += [
                await _against_offline(sizes, own[:1], others[:1]),
                await _against_offline(sizes, own, others),
            ]
        echoes = await open_connections(bare.port, _CONNECTIONS)
        for count, wanted in ((1, _EMULATOR_PER_S), (_CONNECTIONS, _SERVERLESS_OFFLINE_PER_S)):
            figures += await _rates(sizes, own[:count], echoes[:count], wanted, _INVOKE_NODE, "Node")
    return figures


async def measure_cold_starts(sizes: Sizes, folder: Path) -> list[Figure]:
    """From an Invoke written to its answer, with a process to start, beside a Python that starts and ends."""
    cold: list[float] = []
    bare: list[float] = []
    with service(folder, _function(1, "    idle_timeout: 1s\n") + "clock: {frozen: 2026-11-21T12:00:00Z}\n") as ours:
        wait_until_listening(ours)
        connection = await Connection.open(ours.port)
        advance = http_request("POST", "/_triggerfish/api/clock/advance", b'{"duration": "2s"}')
        await connection.ask(_INVOKE)
        for _ in range(sizes.starts * 3):
            # The idle environment ends on the clock, so that the next start is cold.
            await connection.ask(advance)
            begin = time.perf_counter()
            await connection.ask(_INVOKE)
            cold.append((time.perf_counter() - begin) * 1_000)
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", "pass"], check=True)  # noqa: ASYNC221  nothing else is to run
            bare.append((time.perf_counter() - begin) * 1_000)
    return [figure_of("cold start of a Python process, beside `python -c pass`", "ms", cold, bare)]


async def _rates(
    sizes: Sizes, ours: list[Connection], bare: list[Connection], wanted: float, request: bytes = _INVOKE,
    language: str = "Python",
) -> list[Figure]:  # fmt: skip
    count = max(1, sizes.calls // len(ours))
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in sizes.each_round():
        for connections, found in zip((ours, bare), rates, strict=True):
            scripts: list[Script] = [repeat(request, count) for _ in connections]
            found.append(count * len(connections) / await seconds_for(connections, scripts))
    name = f"Invoke of a warm {language} process, {_many(ours)}, beside an echo"
    return [figure_of(name, "calls/s", rates[0], rates[1], at_least(wanted))]


async def _against_offline(sizes: Sizes, ours: list[Connection], others: list[Connection]) -> Figure:
    count = max(1, sizes.calls // len(ours))
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in sizes.each_round():
        for connections, request, found in ((ours, _INVOKE_NODE, rates[0]), (others, _INVOKE_OFFLINE, rates[1])):
            scripts: list[Script] = [repeat(request, count) for _ in connections]
            found.append(count * len(connections) / await seconds_for(connections, scripts))
    name = f"Invoke of a warm Node process, {_many(ours)}, beside serverless-offline's"
    return figure_of(name, "calls/s", rates[0], rates[1], ratio_at_least(1))


def _many(connections: list[Connection]) -> str:
    return f"{len(connections)} connection" + ("s" if len(connections) > 1 else "")


async def _latencies(sizes: Sizes, ours: Connection, bare: Connection) -> list[Figure]:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(sizes.calls):
        for connection, found in zip((ours, bare), taken, strict=True):
            begin = time.perf_counter()
            await connection.ask(_INVOKE)
            found.append((time.perf_counter() - begin) * 1_000)
    return [
        Figure(f"Invoke, p{percent}, beside an echo", "ms", ours_ms, bare_ms, ours_ms / bare_ms)
        for percent in (50, 99)
        for ours_ms, bare_ms in [(percentile(taken[0], percent), percentile(taken[1], percent))]
    ]


async def _against_emulator(sizes: Sizes, ours: Connection, emulated: Connection) -> Figure:
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in sizes.each_round():
        for connection, request, found in ((ours, _INVOKE, rates[0]), (emulated, _INVOKE_EMULATOR, rates[1])):
            found.append(sizes.calls / await seconds_for([connection], [repeat(request, sizes.calls)]))
    name = "Invoke, 1 connection, beside the emulator with the same runtime"
    return figure_of(name, "calls/s", rates[0], rates[1], ratio_at_least(1))


def _function(environments: int, more: str = "") -> str:
    return (
        f"functions:\n  echoing:\n    Handler: echoing.handler\n    Runtime: python3.11\n    CodeUri: {_HANDLERS}\n"
        f"    environments: {environments}\n{more}"
    )


def _node_function() -> str:
    return (
        f"functions:\n  hello:\n    Handler: hello.handler\n    Runtime: nodejs20.x\n    CodeUri: {_HANDLERS}\n"
        f"    environments: {_CONNECTIONS}\n"
    )


@contextmanager
def _emulator() -> Iterator[Server | None]:
    """The real emulator with our Python runtime in it; None where it was not fetched."""
    if not os.access(_RIE, os.X_OK):
        yield None
        return
    port = free_port()
    # The emulator gives the runtime its own environment.
    command = [
        "env", f"LAMBDA_TASK_ROOT={_HANDLERS}", "_HANDLER=echoing.handler", str(_RIE),
        "--log-level", "error", "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
        "--runtime-api-address", f"127.0.0.1:{free_port()}", sys.executable, "-P", str(_BOOTSTRAP),
    ]  # fmt: skip
    with running(port, command) as server:
        yield server
