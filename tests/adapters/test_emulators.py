"""Several emulators as one function: lost, looked for, found again, more and fewer behind one name.

All addresses of 127.0.0.0/8 are this machine's: several servers stand behind one name and port.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from aiohttp import web

from app.adapters.classic_rie import ClassicRie
from app.adapters.emulators import Emulators, addresses_of
from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.function import FunctionSpec
from app.core.awslambda.invocation import Succeeded, TimedOut, Unreachable
from app.core.commands import DescribeEnvironments, Invoke, Invoked, PutFunction
from app.core.names import Scope
from app.core.world import World
from app.engine.clock import Clock, Way
from app.engine.driver import Engine
from app.engine.journal import Journal
from app.wire.events.shapes import Shapes
from tests.adapters.support import eventually, fake_server, invocation
from tests.machine import free_port

SCOPE = Scope()
WORK = SCOPE.function_arn("work")


@dataclass
class Names:
    """A resolver whose answer may be exchanged at any time."""

    addresses: Sequence[str] = ()
    asked: int = 0

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        if not self.addresses:
            raise OSError("Name or service not known")
        return self.addresses


def quick(urls: Sequence[str], names: Names | None = None, keys: Sequence[str] = ()) -> Emulators:
    """Emulators that are looked for at once."""
    return Emulators(
        urls, keys, names.resolve if names else None, resolve_every_s=0.02, retry_first_s=0.01, retry_most_s=0.02
    )


async def one(_: web.BaseRequest) -> web.StreamResponse:
    await asyncio.sleep(0)
    return web.Response(body=b"1")


def places(states: Sequence[EnvironmentState]) -> list[str]:
    """Where the environments are; those that are out in brackets."""
    return [f"({state.where})" if state.why_out else state.where for state in states]


async def test_a_lost_emulator_is_told_looked_for_and_found_again() -> None:
    port = free_port()
    told: list[tuple[EnvironmentState, ...]] = []
    endpoint = ClassicRie(quick([f"http://127.0.0.1:{port}"], keys=["KEY"]))
    endpoint.watch(told.append)

    outcome = await endpoint.invoke(invocation())
    async with fake_server(one, port=port):
        await eventually(lambda: told[-1][0].why_out is None)
        again = await endpoint.invoke(invocation())
        await endpoint.close()

    assert isinstance(outcome, Unreachable)
    assert outcome.reached_nobody
    assert told == [
        (EnvironmentState(f"http://127.0.0.1:{port}", "Connection refused", "KEY"),),
        (EnvironmentState(f"http://127.0.0.1:{port}", None, "KEY"),),
    ]
    assert isinstance(again, Succeeded)


async def test_looking_for_an_emulator_calls_nothing() -> None:
    port = free_port()
    told: list[tuple[EnvironmentState, ...]] = []
    endpoint = ClassicRie(quick([f"http://127.0.0.1:{port}"]))
    endpoint.watch(told.append)
    await endpoint.invoke(invocation())

    async with fake_server(one, port=port) as server:
        await eventually(lambda: told[-1][0].why_out is None)
        await endpoint.close()

    assert server.requests == []


async def test_an_emulator_that_hangs_is_out_until_it_has_answered() -> None:
    release = asyncio.Event()
    told: list[tuple[EnvironmentState, ...]] = []

    async def stall(_: web.BaseRequest) -> web.StreamResponse:
        await release.wait()
        return web.Response(body=b"1")

    async with fake_server(stall) as server:
        endpoint = ClassicRie([server.url], timeout_grace_s=0.02)
        endpoint.watch(told.append)
        outcome = await endpoint.invoke(invocation(timeout_ms=20))
        before = [state.why_out for state in told[-1]]
        release.set()
        await eventually(lambda: told[-1][0].why_out is None)
        await endpoint.close()

    assert isinstance(outcome, TimedOut)
    assert before == ["busy with a call that took too long"]


async def test_each_address_of_a_name_is_an_environment() -> None:
    port, names = free_port(), Names(["127.0.0.1", "127.0.0.2"])
    told: list[tuple[EnvironmentState, ...]] = []
    async with fake_server(one, port=port) as first, fake_server(one, address="127.0.0.2", port=port) as second:
        endpoint = ClassicRie(quick([f"http://worker:{port}"], names, ["KEY"]))
        await endpoint.look_up()
        endpoint.watch(told.append)
        outcomes = [await endpoint.invoke(invocation(environment=slot)) for slot in (0, 1)]
        await endpoint.close()

    assert endpoint.environments == 2
    assert all(isinstance(outcome, Succeeded) for outcome in outcomes)
    assert (len(first.requests), len(second.requests)) == (1, 1)
    assert endpoint.describe() == f"RIE http://worker:{port}, 2 addresses"


def is_longer(told: Sequence[object], than: int) -> bool:
    return len(told) > than


async def test_names_are_asked_again_and_a_slot_keeps_its_emulator() -> None:
    names = Names(["10.0.0.1", "10.0.0.2"])
    told: list[tuple[EnvironmentState, ...]] = []
    emulators = quick(["http://worker:8080"], names)
    await emulators.resolve_now()
    emulators.watch(told.append)

    seen = [places(emulators.states)]
    for addresses in (["10.0.0.2"], ["10.0.0.2", "10.0.0.3"], ["10.0.0.2", "10.0.0.3", "10.0.0.4"], ["10.0.0.3"]):
        names.addresses = addresses
        await eventually(partial(is_longer, told, len(told)))
        seen.append(places(told[-1]))
    await emulators.close()

    def at(number: int) -> str:
        return f"http://10.0.0.{number}:8080 (worker)"

    assert seen == [
        [at(1), at(2)],
        [f"({at(1)})", at(2)],
        [at(3), at(2)],
        [at(3), at(2), at(4)],
        [at(3)],
    ]
    assert told[1][0].why_out == "worker has no such address any more"


async def test_a_name_that_cannot_be_resolved_keeps_what_it_had() -> None:
    names = Names(["10.0.0.1"])
    emulators = quick(["http://worker:8080"], names)
    await emulators.resolve_now()
    before = emulators.states

    names.addresses = ()
    await emulators.resolve_now()

    assert emulators.states == before


async def test_two_names_of_one_emulator_are_one_environment() -> None:
    names = Names(["127.0.0.1"])
    emulators = quick(["http://localhost:9000", "http://127.0.0.1:9000", "http://me:9000"], names)

    await emulators.resolve_now()

    assert [state.where for state in emulators.states if state.why_out is None] == ["http://127.0.0.1:9000"]


async def test_localhost_is_one_machine() -> None:
    assert list(await addresses_of("localhost", 80)) == ["127.0.0.1"]


@asynccontextmanager
async def engine_over(endpoint: ClassicRie) -> AsyncIterator[Engine]:
    """An engine with the function `work` at this endpoint."""
    engine = Engine(World(shapes=Shapes()), Clock(Way.WALL), Journal(), lambda _: endpoint)
    engine.submit(PutFunction(FunctionSpec(WORK, environments=endpoint.environments)))
    endpoint.watch(lambda states: engine.submit(DescribeEnvironments(WORK, states)))
    yield engine
    await engine.close()
    await endpoint.close()


@dataclass
class Fragile:
    """Answers after some turns of the loop with what it was given, and counts whenever a second call comes between."""

    handled: list[bytes] = field(default_factory=list)
    panics: int = 0
    busy: bool = False

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.busy:
            self.panics += 1
        self.busy = True
        body = await request.read()
        for _ in range(10):
            await asyncio.sleep(0)
        self.busy = False
        self.handled.append(body)
        return web.Response(body=body)


async def test_under_load_no_emulator_gets_two_calls_and_none_is_lost_with_one_that_dies() -> None:
    port, names = free_port(), Names(["127.0.0.1", "127.0.0.2", "127.0.0.3"])
    fragile = Fragile(), Fragile(), Fragile()
    endpoint = ClassicRie(quick([f"http://worker:{port}"], names))
    await endpoint.look_up()

    async def call(engine: Engine, number: int) -> bytes:
        invoked = await engine.ask(Invoke(SCOPE, "work", b"%d" % number))
        assert isinstance(invoked, Invoked)
        assert isinstance(invoked.outcome, Succeeded), invoked.outcome
        return invoked.outcome.payload

    async with AsyncExitStack() as alive, engine_over(endpoint) as engine:
        for number, each in enumerate(fragile[:2], 1):
            await alive.enter_async_context(fake_server(each.answer, address=f"127.0.0.{number}", port=port))
        # The third is not there: whoever is sent there has to go elsewhere.
        first = await asyncio.gather(*(call(engine, number) for number in range(100)))
        out = dict(engine.world.functions[WORK].slots.out)
        await alive.enter_async_context(fake_server(fragile[2].answer, address="127.0.0.3", port=port))
        await eventually(lambda: not engine.world.functions[WORK].slots.out)
        second = await asyncio.gather(*(call(engine, number) for number in range(100, 200)))

    assert first + second == [b"%d" % number for number in range(200)]
    assert list(out) == [2]
    assert sorted(body for each in fragile for body in each.handled) == sorted(first + second)
    assert [each.panics for each in fragile] == [0, 0, 0]
    assert all(each.handled for each in fragile)


async def test_the_clock_is_held_while_a_call_goes_from_one_emulator_to_another() -> None:
    port, names = free_port(), Names(["127.0.0.1", "127.0.0.2"])
    released = asyncio.Event()

    async def wait(_: web.BaseRequest) -> web.StreamResponse:
        await released.wait()
        return web.Response(body=b"1")

    endpoint = ClassicRie(quick([f"http://worker:{port}"], names))
    await endpoint.look_up()
    async with fake_server(wait, address="127.0.0.2", port=port) as server, engine_over(endpoint) as engine:
        asking = asyncio.create_task(engine.ask(Invoke(SCOPE, "work", b"1")))
        await eventually(lambda: server.at_once == 1)
        held = [hold.function for hold in engine.holds]
        released.set()
        await asking

        assert held == ["work"]
        assert engine.holds == []
