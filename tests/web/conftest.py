"""A real server over a real engine, on a free port of the loopback."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.core.commands import Command
from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.world import World
from app.engine.clock import Clock, Way
from app.engine.driver import Engine
from app.engine.journal import Journal
from app.web.at_once import AtOnceProtocol
from app.web.aws import AwsEndpoint, AwsSettings
from app.wire.events.shapes import Shapes
from tests.serving import client_at

T = TypeVar("T")

NOON = 1_795_262_400_000
SECRET = "wJalrXUtnFEMI"
WRONG = "test"


async def s3_stub(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for S3: answers the length of the body it got."""
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"<got>%d</got>" % size
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Served:
    """The engine behind a server, its address, and the way onto its event loop."""

    url: str
    engine: Engine
    loop: asyncio.AbstractEventLoop
    clients: list[Any] = field(default_factory=list)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run it on the server's loop and wait."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result(timeout=20)

    def submit(self, command: Command) -> Any:
        async def submit() -> Any:
            return self.engine.submit(command)

        return self.run(submit())

    def advance(self, duration_ms: int) -> None:
        self.run(self.engine.advance(duration_ms))

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Look at the engine, from its own loop, until it is so."""

        async def look() -> bool:
            return is_so()

        deadline = time.monotonic() + 10
        while not self.run(look()):
            assert time.monotonic() < deadline, "it did not come about in ten seconds"

    def client(self, service: str, *, key: str = "test", secret: str = WRONG, **config: Any) -> Any:
        """A boto3 client, closed when the server is."""
        client = client_at(self.url, service, key=key, secret=secret, **config)
        self.clients.append(client)
        return client


def serve(
    settings: AwsSettings, limits: Limits = DEFAULT_LIMITS, *, at_once: bool = True, enforced: bool = False
) -> Iterator[Served]:
    """Serve on a thread of its own until the generator goes on; `at_once` as the service does, past ASGI; `enforced`:
    what somebody has no permission for is refused."""
    world = World(shapes=Shapes(), limits=limits, enforces_permissions=enforced)
    engine = Engine(world, Clock(Way.FROZEN, at=NOON), Journal(), lambda _: None)
    app = AwsEndpoint(engine, settings, s3_stub)
    http = cast("Any", partial(AtOnceProtocol, app.answer_at_once, app.answer_later)) if at_once else "httptools"
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off", http=http)
    )
    started: Future[asyncio.AbstractEventLoop] = Future()

    async def main() -> None:
        started.set_result(asyncio.get_running_loop())
        await server.serve()
        await engine.close()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    try:
        loop = started.result(timeout=10)
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        served = Served(f"http://127.0.0.1:{port}", engine, loop)
        yield served
        for client in served.clients:
            client.close()
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def served() -> Iterator[Served]:
    """A server that asks for no signature."""
    yield from serve(AwsSettings())


@pytest.fixture
def guarded() -> Iterator[Served]:
    """A server that takes requests signed with the key `known` and its secret only."""
    yield from serve(AwsSettings(secrets={"known": SECRET}))


@pytest.fixture
def sqs(served: Served) -> Any:
    return served.client("sqs")
