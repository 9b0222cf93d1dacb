"""A plain HTTP handler: 2xx is the result, anything else a function error."""

import asyncio
import json

import pytest
from aiohttp import web

from app.adapters.plain_http import PlainHttp
from app.core.awslambda.invocation import HandlerFailed, Outcome, Succeeded, TimedOut, Unreachable
from tests.adapters.support import FUNCTION_ARN, TRACE_HEADER, answering, fake_server, invocation


async def outcome_of(body: bytes, status: int = 200) -> Outcome:
    async with fake_server(answering(body, status)) as server:
        endpoint = PlainHttp(server.url + "/orders", 1)
        try:
            return await endpoint.invoke(invocation())
        finally:
            await endpoint.close()


async def test_the_event_is_posted_to_the_url_as_it_stands() -> None:
    async with fake_server(answering(b'{"ok":true}', 201)) as server:
        endpoint = PlainHttp(server.url + "/orders?v=2", 1)

        outcome = await endpoint.invoke(invocation({"n": 1}, request_id="r-7"))
        await endpoint.close()

    path, headers, body = server.requests[0]
    assert isinstance(outcome, Succeeded)
    assert outcome.payload == b'{"ok":true}'
    assert path == "/orders?v=2"
    assert body == b'{"n": 1}'
    assert headers["X-Amzn-RequestId"] == "r-7"
    assert headers["X-Amzn-Trace-Id"] == TRACE_HEADER
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == FUNCTION_ARN


async def test_an_empty_answer_is_null() -> None:
    outcome = await outcome_of(b"", 204)

    assert isinstance(outcome, Succeeded)
    assert outcome.payload == b"null"


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
async def test_any_other_status_is_a_function_error(status: int) -> None:
    outcome = await outcome_of(b"out of paper", status)

    assert isinstance(outcome, HandlerFailed)
    assert outcome.error_type == f"HTTP.{status}"
    assert json.loads(outcome.payload)["errorMessage"].endswith(f"answered {status} out of paper")


async def test_an_error_in_lambdas_form_keeps_its_type() -> None:
    outcome = await outcome_of(b'{"errorType":"OutOfPaper","errorMessage":"tray 2"}', 500)

    assert isinstance(outcome, HandlerFailed)
    assert (outcome.error_type, outcome.message) == ("OutOfPaper", "tray 2")


async def test_the_time_limit_is_the_functions() -> None:
    async def stall(_: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with fake_server(stall) as server:
        endpoint = PlainHttp(server.url, 1)

        outcome = await endpoint.invoke(invocation(timeout_ms=50))
        await endpoint.close()

    assert isinstance(outcome, TimedOut)


async def test_nobody_listening_is_unreachable(unused_tcp_port: int) -> None:
    endpoint = PlainHttp(f"http://127.0.0.1:{unused_tcp_port}", 1)

    outcome = await endpoint.invoke(invocation())
    await endpoint.close()

    assert isinstance(outcome, Unreachable)


async def test_a_url_that_is_none_is_unreachable() -> None:
    endpoint = PlainHttp("not a url", 1)

    outcome = await endpoint.invoke(invocation())
    await endpoint.close()

    assert isinstance(outcome, Unreachable)
