"""Several servers as one function: how calls are spread, what a lost server leads to, and how it is found again."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from app.adapters.concurrent_rie import ConcurrentRie
from app.adapters.invoke_api import InvokeApi
from app.adapters.plain_http import PlainHttp
from app.adapters.pool import EndpointPool
from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.invocation import Succeeded, Unreachable
from app.engine.ports import FunctionEndpoint
from tests.adapters.support import FakeServer, answering, eventually, fake_server, invocation

MAKERS: dict[str, Callable[[str], FunctionEndpoint]] = {
    "http": lambda url: PlainHttp(url, 2),
    "concurrent_rie": lambda url: ConcurrentRie(url, 2),
    "invoke_api": lambda url: InvokeApi(url, "resize", 2),
}


def pool_of(kind: str, *servers: FakeServer) -> EndpointPool:
    return EndpointPool([(server.url, MAKERS[kind](server.url)) for server in servers], retry_first_s=0.01)


@pytest.mark.parametrize("kind", MAKERS)
async def test_neighbouring_environments_are_of_different_servers(kind: str) -> None:
    async with fake_server(answering(b'"first"')) as first, fake_server(answering(b'"second"')) as second:
        pool = pool_of(kind, first, second)

        outcomes = [await pool.invoke(invocation(environment=slot)) for slot in range(pool.environments)]
        await pool.close()

    assert pool.environments == 4
    assert [json.loads(outcome.payload) for outcome in outcomes if isinstance(outcome, Succeeded)] == [
        "first", "second", "first", "second",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", MAKERS)
async def test_a_server_is_lost_when_nobody_is_there_and_found_when_it_is_back(kind: str) -> None:
    told: list[tuple[EnvironmentState, ...]] = []
    async with AsyncExitStack() as alive, fake_server(answering(b"1")) as first:
        second = await alive.enter_async_context(fake_server(answering(b"2")))
        pool = pool_of(kind, first, second)
        pool.watch(told.append)

        await alive.aclose()
        lost = await pool.invoke(invocation(environment=1))
        states = [(state.where, state.why_out is None) for state in told[0]]
        async with fake_server(answering(b"2"), port=urlsplit(second.url).port or 0):
            await eventually(lambda: len(told) == 2)
            again = await pool.invoke(invocation(environment=1))
        await pool.close()

    assert isinstance(lost, Unreachable)
    assert lost.reached_nobody
    assert states == [(first.url, True), (second.url, False)] * 2
    assert [state.why_out for state in told[1]] == [None] * 4
    assert isinstance(again, Succeeded)


async def test_no_server_is_given_more_at_once_than_it_takes() -> None:
    async def slowly(_: web.BaseRequest) -> web.StreamResponse:
        await asyncio.wait_for(all_are_there.wait(), 5)
        return web.Response(body=b"1")

    all_are_there = asyncio.Event()
    async with fake_server(slowly) as first, fake_server(slowly) as second:
        pool = pool_of("http", first, second)
        calls = [asyncio.create_task(pool.invoke(invocation(environment=slot))) for slot in range(pool.environments)]
        await eventually(lambda: first.at_once + second.at_once == pool.environments)
        all_are_there.set()
        await asyncio.gather(*calls)
        await pool.close()

    assert (first.most_at_once, second.most_at_once) == (2, 2)


async def test_it_describes_its_servers() -> None:
    pool = EndpointPool([(url, PlainHttp(url, 1)) for url in ("http://a", "http://b")])

    assert pool.describe() == "HTTP http://a; HTTP http://b"
