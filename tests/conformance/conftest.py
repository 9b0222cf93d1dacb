"""One server for all cases; each case has a world of its own in it, at noon and with the clock standing still."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.core.commands import Command
from app.core.limits import Limits
from app.core.world import World
from app.engine.clock import Clock, Way
from app.engine.driver import Engine
from app.engine.journal import Journal
from app.web.aws import AwsEndpoint, AwsSettings
from app.wire.events.shapes import Shapes

NOON = 1_795_262_400_000

T = TypeVar("T")


@dataclass
class Stage:
    """The server, and whatever service plays on it just now."""

    loop: asyncio.AbstractEventLoop
    port: int = 0
    engine: Engine | None = None
    endpoint: AwsEndpoint | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.endpoint is not None, "a case is on"
        await self.endpoint(scope, receive, send)

    def begin(self, limits: Limits, *, enforced: bool = False) -> None:
        """A new world, at noon."""

        async def begin() -> None:
            if self.engine is not None:
                await self.engine.close()
            world = World(shapes=Shapes(), limits=limits, enforces_permissions=enforced)
            self.engine = Engine(world, Clock(Way.FROZEN, at=NOON), Journal(), lambda _: None)
            self.endpoint = AwsEndpoint(self.engine, AwsSettings(), self)

        self.run(begin())

    def submit(self, command: Command) -> None:
        """What comes from elsewhere than a client of SQS."""

        async def submit() -> None:
            assert self.engine is not None, "a case is on"
            self.engine.submit(command)

        self.run(submit())

    def advance(self, duration_ms: int) -> None:
        assert self.engine is not None, "a case is on"
        self.run(self.engine.advance(duration_ms))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result(timeout=20)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    started: Future[Stage] = Future()
    servers: list[uvicorn.Server] = []

    async def main() -> None:
        stage = Stage(asyncio.get_running_loop())
        server = uvicorn.Server(uvicorn.Config(stage, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
        servers.append(server)
        started.set_result(stage)
        await server.serve()
        if stage.engine is not None:
            await stage.engine.close()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    try:
        stage = started.result(timeout=10)
        deadline = time.monotonic() + 10
        while not servers[0].started:
            assert time.monotonic() < deadline, "the server did not start"
            thread.join(0.01)
        stage.port = servers[0].servers[0].sockets[0].getsockname()[1]
        yield stage
    finally:
        servers[0].should_exit = True
        thread.join(10)
