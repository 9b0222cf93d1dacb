"""The concurrent emulator's answers, as a fake server gives them."""

import asyncio

from aiohttp import web

from app.adapters.concurrent_rie import ConcurrentRie
from app.core.awslambda.invocation import Exited, HandlerFailed, Outcome, Succeeded, Throttled, TimedOut, Unreachable
from tests.adapters.support import TRACE_HEADER, answering, fake_server, invocation


async def outcome_of(body: bytes, status: int = 200, error_type: str | None = None) -> Outcome:
    headers = {"Error-Type": error_type} if error_type else {}
    async with fake_server(answering(body, status, headers)) as server:
        endpoint = ConcurrentRie(server.url, 2)
        try:
            return await endpoint.invoke(invocation())
        finally:
            await endpoint.close()


async def test_the_trace_header_the_request_id_and_the_content_type_go_along() -> None:
    async with fake_server(answering(b'{"ok":true}')) as server:
        endpoint = ConcurrentRie(server.url, 2)

        outcome = await endpoint.invoke(invocation({"n": 1}, request_id="r-7"))
        await endpoint.close()

    _, headers, body = server.requests[0]
    assert isinstance(outcome, Succeeded)
    assert headers["X-Amzn-Trace-Id"] == TRACE_HEADER
    assert headers["X-Amzn-RequestId"] == "r-7"
    assert headers["Content-Type"] == "application/json"
    assert body == b'{"n": 1}'


async def test_as_many_calls_run_at_once_as_are_made() -> None:
    all_are_in = asyncio.Barrier(3)

    async def meet(_: web.BaseRequest) -> web.StreamResponse:
        await all_are_in.wait()
        return web.Response(body=b"1")

    async with fake_server(meet) as server:
        endpoint = ConcurrentRie(server.url, 3)

        outcomes = await asyncio.gather(*(endpoint.invoke(invocation(environment=slot)) for slot in range(3)))
        await endpoint.close()

    assert all(isinstance(outcome, Succeeded) for outcome in outcomes)


async def test_an_error_is_told_by_its_header() -> None:
    outcome = await outcome_of(b'{"errorMessage":"no","errorType":"ValueError"}', error_type="ValueError")

    assert isinstance(outcome, HandlerFailed)
    assert (outcome.error_type, outcome.message) == ("ValueError", "no")


async def test_an_error_header_without_a_body_is_still_an_error() -> None:
    outcome = await outcome_of(b"", 500, "Runtime.ExitError")

    assert isinstance(outcome, Exited)


async def test_an_error_without_the_header_is_told_by_its_shape() -> None:
    outcome = await outcome_of(b'{"errorMessage":"no","errorType":"ValueError","stackTrace":[]}')

    assert isinstance(outcome, HandlerFailed)


UNAVAILABLE = b'{"errorType":"Runtime.Unavailable"}'


async def test_a_runtime_that_is_not_idle_yet_is_asked_again() -> None:
    answers = [answering(UNAVAILABLE, 400), answering(UNAVAILABLE, 400), answering(b"1")]

    async def next_answer(request: web.BaseRequest) -> web.StreamResponse:
        return await answers.pop(0)(request)

    async with fake_server(next_answer) as server:
        endpoint = ConcurrentRie(server.url, 1)

        outcome = await endpoint.invoke(invocation())
        await endpoint.close()

    assert isinstance(outcome, Succeeded)
    assert len(server.requests) == 3


async def test_no_idle_runtime_for_long_is_throttling() -> None:
    async with fake_server(answering(UNAVAILABLE, 400)) as server:
        endpoint = ConcurrentRie(server.url, 1, idle_grace_s=0.05)

        outcome = await endpoint.invoke(invocation())
        await endpoint.close()

    assert outcome == Throttled("ConcurrentInvocationLimitExceeded", f"{server.url}: no runtime is idle")
    assert len(server.requests) > 1


async def test_another_servers_answer_is_unreachable() -> None:
    outcome = await outcome_of(b"404 page not found", 404)

    assert isinstance(outcome, Unreachable)


async def test_the_time_limit_is_kept_here() -> None:
    async def stall(_: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with fake_server(stall) as server:
        endpoint = ConcurrentRie(server.url, 1, timeout_grace_s=0.0)

        outcome = await endpoint.invoke(invocation(timeout_ms=50))
        await endpoint.close()

    assert isinstance(outcome, TimedOut)
    assert outcome.after_ms == 50
