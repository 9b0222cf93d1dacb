"""An engine on a clock of the test's choosing, and an endpoint whose calls the test answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from app.core.awslambda.function import FunctionSpec, Script
from app.core.awslambda.invocation import Invocation, Outcome, Succeeded
from app.core.commands import CreateEventSourceMapping, CreateQueue, PutFunction
from app.core.delivery.outside_calls import AwsCall, HttpCall, OutsideAnswer, OutsideCall
from app.core.names import Arn, name_of
from app.core.world import World
from app.engine.clock import Clock, Way
from app.engine.driver import Engine
from app.engine.journal import Journal
from app.engine.ports import Broker, FunctionEndpoint
from app.wire.events.shapes import Shapes
from tests.core.stage import NOON, SCOPE, clock_time

PATIENCE_S = 5.0


class FakeEndpoint:
    """Keeps every call open until the test answers it; an exception as an answer is raised."""

    def __init__(self, environments: int = 1) -> None:
        self.environments = environments
        self.open: list[tuple[Invocation, asyncio.Future[Outcome]]] = []
        self.cancelled = 0
        self._arrived = asyncio.Condition()

    async def invoke(self, invocation: Invocation) -> Outcome:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        async with self._arrived:
            self.open.append((invocation, answer))
            self._arrived.notify_all()
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def close(self) -> None:
        """Nothing is behind it."""

    def describe(self) -> str:
        return "fake"

    async def called(self, times: int = 1) -> Invocation:
        """Wait until so many calls are open; the newest of them."""
        async with asyncio.timeout(PATIENCE_S), self._arrived:
            await self._arrived.wait_for(lambda: len(self.open) >= times)
        return self.open[-1][0]

    def answer(self, outcome: Outcome | BaseException | None = None) -> None:
        """End the oldest open call; without an outcome it succeeds with `null`."""
        _, answer = self.open.pop(0)
        if isinstance(outcome, BaseException):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome if outcome is not None else Succeeded(b"null"))


class PromptEndpoint(FakeEndpoint):
    """Begins every call in passing, unless it is busy with one; an error in place of an outcome is raised at once."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(environments=2)
        self.begun: list[tuple[Invocation, Callable[[Outcome], None]]] = []
        self._error = error

    def begin(self, invocation: Invocation, settled: Callable[[Outcome], None]) -> bool:
        if self._error is not None:
            raise self._error
        if self.begun:
            return False
        self.begun.append((invocation, settled))
        return True


class Scene:
    """The engine under test and what stands around it."""

    def __init__(self, way: Way, clock: Clock | None = None) -> None:
        self.outside: Callable[[OutsideCall], Awaitable[OutsideAnswer]] | None = None
        self.endpoints: dict[str, FunctionEndpoint] = {}
        self.brokers: dict[Arn, Broker] = {}
        self.engine = Engine(
            World(shapes=Shapes()),
            clock if clock is not None else Clock(way, at=NOON),
            Journal(),
            lambda arn: self.endpoints.get(name_of(arn)),
            self.brokers.get,
            self,
        )

    def comes_back(self, call: OutsideCall) -> bool:
        return isinstance(call, AwsCall) or (isinstance(call, HttpCall) and call.url.startswith("/"))

    async def make(self, call: OutsideCall) -> OutsideAnswer:
        """The outside is what the test says it is."""
        assert self.outside is not None, "the test says what is outside"
        return await self.outside(call)

    async def close(self) -> None:
        """Nothing is behind it."""

    def queue(self, name: str, **attributes: str) -> Arn:
        arn: Arn = self.engine.submit(CreateQueue(SCOPE.queue_arn(name), attributes))
        return arn

    def function(self, name: str, script: Script | None = None, **spec: Any) -> FakeEndpoint:
        """Makes the function known; the endpoint is unused if it has a script."""
        endpoint = FakeEndpoint(spec.get("environments", 1))
        self.endpoints[name] = endpoint
        self.engine.submit(PutFunction(FunctionSpec(SCOPE.function_arn(name), script=script, **spec)))
        return endpoint

    def mapping(self, queue: Arn, function: str, **parameters: Any) -> None:
        given = {"EventSourceArn": queue, "FunctionName": function, **parameters}
        self.engine.submit(CreateEventSourceMapping(SCOPE, given))

    @property
    def time(self) -> str:
        """`12:00:30`, by the engine's clock."""
        return clock_time(self.engine.clock.now())

    def told(self, *kinds: str) -> list[str]:
        """The journal's entries of these kinds: time of day and kind."""
        entries = self.engine.journal.entries(kinds=kinds or None)
        return [f"{clock_time(entry.at)} {type(entry.fact).__name__}" for entry in entries]


@asynccontextmanager
async def scene(way: Way = Way.FROZEN, clock: Clock | None = None) -> AsyncIterator[Scene]:
    made = Scene(way, clock)
    try:
        yield made
    finally:
        await made.engine.close()


async def soon(condition: Callable[[], bool]) -> None:
    """Let the loop run until the condition holds; fails after a deadline."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 -- what is waited for is a state, and no event tells of it
            await asyncio.sleep(0)


async def a_few_turns() -> None:
    """Let everything that is ready on the loop run."""
    for _ in range(20):
        await asyncio.sleep(0)
