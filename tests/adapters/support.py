"""What the tests of function endpoints share: invocations, handlers on disk, a server that answers as it is told."""

import asyncio
import atexit
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import web

from app.adapters.logs import InvocationLogs
from app.adapters.process import ProcessEndpoint, ProcessSpec
from app.adapters.process.run_folder import RunFolder
from app.adapters.process.tenant import Observer
from app.core.awslambda.invocation import Invocation
from tests.machine import is_alive as is_alive
from tests.machine import write as write

FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:resize"
RUNS = RunFolder()
"""One for all tests of a run, so that not each of them starts a guard."""
atexit.register(RUNS.close)
TRACE_HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a87bd80c:0"


def invocation(
    event: object = None,
    *,
    request_id: str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    timeout_ms: int = 5_000,
    environment: int = 0,
    client_context: str | None = None,
) -> Invocation:
    """An invocation of `resize` with this event."""
    return Invocation(
        request_id=request_id,
        function_arn=FUNCTION_ARN,
        function_name="resize",
        payload=json.dumps(event).encode(),
        timeout_ms=timeout_ms,
        trace_header=TRACE_HEADER,
        environment=environment,
        client_context=client_context,
    )


@asynccontextmanager
async def process_endpoint(
    code: Path,
    *,
    runtime: str = "python",
    handler: str = "app.handler",
    command: tuple[str, ...] = (),
    logs: InvocationLogs | None = None,
    environments: int = 1,
    environment: dict[str, str] | None = None,
    layers: tuple[Path, ...] = (),
    access_key_ids: tuple[str, ...] = (),
    init_limit_ms: int = 10_000,
    observer: Observer | None = None,
    **more: Any,
) -> AsyncIterator[ProcessEndpoint]:
    """A process endpoint of `resize`, closed at the end."""
    spec = ProcessSpec(
        function_arn=FUNCTION_ARN,
        name="resize",
        code=code,
        runtime=runtime,
        handler=handler,
        command=command,
        layers=layers,
        environment=environment or {},
        environments=environments,
        endpoint_url="http://127.0.0.1:4566",
        access_key_ids=access_key_ids,
        init_limit_ms=init_limit_ms,
        **more,
    )
    endpoint = ProcessEndpoint(spec, logs=logs or InvocationLogs(), runs=RUNS, observer=observer)
    try:
        yield endpoint
    finally:
        await endpoint.close()


async def eventually(condition: Callable[[], bool], *, within_s: float = 5.0) -> None:
    """Wait for what another process does; fails when it has not happened in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


Answering: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class FakeServer:
    """An HTTP server on the loopback; `answer` may be exchanged at any time."""

    answer: Answering
    url: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append((request.raw_path, dict(request.headers), await request.read()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self.answer(request)
        finally:
            self.at_once -= 1


@asynccontextmanager
async def fake_server(answer: Answering, *, address: str = "127.0.0.1", port: int = 0) -> AsyncIterator[FakeServer]:
    fake = FakeServer(answer)
    runner = web.ServerRunner(web.Server(fake.serve, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, address, port, reuse_address=True)
    await site.start()
    fake.url = f"http://{address}:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()


def answering(body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None) -> Answering:
    """Always this answer."""

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=headers)

    return answer
