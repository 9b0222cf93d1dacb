"""Requests a second through a route of an HTTP API into a warm Node process, and how long one takes.

The floors: a bare ASGI echo under uvicorn, and serverless-offline with the same handler, where it was fetched.
"""

import time
from pathlib import Path

from tests.bench.client import Connection, Script, open_connections, seconds_for
from tests.bench.figures import Figure, figure_of, percentile, ratio_at_least
from tests.bench.serverless import serverless_offline
from tests.bench.servers import floor, service, wait_until_listening
from tests.bench.sizes import Sizes
from tests.bench.wire import repeat

_HANDLERS = Path(__file__).parent / "handlers"
_CONNECTIONS = 8
_MANY_ROUTES = 10_000
_GET = b"GET /hello HTTP/1.1\r\nHost: shop.execute-api.localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"
_GET_LAST = _GET.replace(b"/hello", b"/r9999/7/end")


async def measure_http_api(sizes: Sizes, folder: Path) -> list[Figure]:
    """Rates over one connection and over eight, latencies, and 10,000 routes beside one."""
    with service(folder, _settings(1)) as ours, floor("echo") as bare, serverless_offline(folder) as other:
        for server in (ours, bare, *([other.server] if other is not None else [])):
            wait_until_listening(server)
        own = await open_connections(ours.port, _CONNECTIONS)
        echoes = await open_connections(bare.port, _CONNECTIONS)
        # Every environment starts before anything is measured.
        await seconds_for(own, [repeat(_GET, 50) for _ in own])
        figures = await _latencies(sizes, own[0], echoes[0])
        figures += [await _rates(sizes, own[:1], echoes[:1], "an echo"), await _rates(sizes, own, echoes, "an echo")]
        if other is not None:
            others = await open_connections(other.server.port, _CONNECTIONS)
            await seconds_for(others, [repeat(_GET, 50) for _ in others])
            figures += [
                await _rates(sizes, own[:1], others[:1], "serverless-offline", wanted=1),
                await _rates(sizes, own, others, "serverless-offline", wanted=1),
            ]
        figures.append(await _many_routes(sizes, folder, own[0]))
    return figures


async def _rates(
    sizes: Sizes, ours: list[Connection], others: list[Connection], beside: str, *, wanted: float | None = None
) -> Figure:
    count = sizes.calls // len(ours) or 1
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in sizes.each_round():
        for connections, found in zip((ours, others), rates, strict=True):
            scripts: list[Script] = [repeat(_GET, count) for _ in connections]
            found.append(count * len(connections) / await seconds_for(connections, scripts))
    many = f"{len(ours)} connection" + ("s" if len(ours) > 1 else "")
    target = ratio_at_least(wanted) if wanted is not None else None
    name = f"HTTP API to a warm Node process, {many}, beside {beside}"
    return figure_of(name, "requests/s", rates[0], rates[1], target)


async def _latencies(sizes: Sizes, ours: Connection, bare: Connection) -> list[Figure]:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(sizes.calls):
        for connection, found in zip((ours, bare), taken, strict=True):
            begin = time.perf_counter()
            await connection.ask(_GET)
            found.append((time.perf_counter() - begin) * 1_000)
    return [
        Figure(f"HTTP API, p{percent}, beside an echo", "ms", ours_ms, bare_ms, ours_ms / bare_ms)
        for percent in (50, 99)
        for ours_ms, bare_ms in [(percentile(taken[0], percent), percentile(taken[1], percent))]
    ]


async def _many_routes(sizes: Sizes, folder: Path, one: Connection) -> Figure:
    """The last of so many routes, beside an API with one."""
    rates: tuple[list[float], list[float]] = ([], [])
    with service(folder, _settings(_MANY_ROUTES)) as server:
        wait_until_listening(server)
        many = await Connection.open(server.port)
        await many.play(repeat(_GET_LAST, 50))
        for _ in sizes.each_round():
            for connection, request, found in ((many, _GET_LAST, rates[0]), (one, _GET, rates[1])):
                found.append(sizes.calls / await seconds_for([connection], [repeat(request, sizes.calls)]))
    name = f"HTTP API of {_MANY_ROUTES:,} routes, beside one of one"
    return figure_of(name, "requests/s", rates[0], rates[1], ratio_at_least(0.9))


def _settings(routes: int) -> str:
    more = "".join(f"      GET /r{number}/{{id}}/end: hello\n" for number in range(routes if routes > 1 else 0))
    return (
        f"functions:\n  hello:\n    Handler: hello.handler\n    Runtime: nodejs20.x\n    CodeUri: {_HANDLERS}\n"
        f"    environments: {_CONNECTIONS}\napis:\n  shop:\n    routes:\n      GET /hello: hello\n{more}"
    )
