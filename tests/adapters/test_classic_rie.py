"""The classic emulator's answers, as a fake server gives them; the real one is in tests/rie."""

import asyncio
import base64

import pytest
from aiohttp import web

from app.adapters.classic_rie import ClassicRie
from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InitFailed,
    Outcome,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
)
from tests.adapters.support import answering, eventually, fake_server, invocation


async def outcome_of(body: bytes, status: int = 200) -> Outcome:
    async with fake_server(answering(body, status)) as server:
        endpoint = ClassicRie([server.url])
        try:
            return await endpoint.invoke(invocation())
        finally:
            await endpoint.close()


async def test_the_event_and_the_client_context_are_posted_to_the_one_path_there_is() -> None:
    async with fake_server(answering(b'{"ok":true}')) as server:
        endpoint = ClassicRie([server.url + "/"])

        outcome = await endpoint.invoke(invocation({"n": 1}, client_context='{"custom":{"a":"ü"}}'))
        await endpoint.close()

    path, headers, body = server.requests[0]
    assert isinstance(outcome, Succeeded)
    assert outcome.payload == b'{"ok":true}'
    assert path == "/2015-03-31/functions/function/invocations"
    assert body == b'{"n": 1}'
    assert base64.b64decode(headers["X-Amz-Client-Context"]).decode() == '{"custom":{"a":"ü"}}'


async def test_a_handlers_error_comes_as_200_and_is_told_by_its_shape() -> None:
    body = b'{"errorMessage": "no", "errorType": "ValueError", "requestId": "r", "stackTrace": []}'

    outcome = await outcome_of(body)

    assert isinstance(outcome, HandlerFailed)
    assert (outcome.error_type, outcome.message, outcome.payload) == ("ValueError", "no", body)


async def test_the_emulators_timeout_is_plain_text() -> None:
    outcome = await outcome_of(b"Task timed out after 3.00 seconds")

    assert isinstance(outcome, TimedOut)
    assert outcome.after_ms == 3_000


async def test_a_result_that_only_speaks_of_a_timeout_is_a_result() -> None:
    outcome = await outcome_of(b'"Task timed out after 3.00 seconds"')

    assert isinstance(outcome, Succeeded)


async def test_an_exit_is_502_with_its_status() -> None:
    message = b"RequestId: r Error: Runtime exited with error: exit status 3"

    outcome = await outcome_of(b'{"errorType":"Runtime.ExitError","errorMessage":"' + message + b'"}', 502)

    assert isinstance(outcome, Exited)
    assert outcome.status == "exit status 3"


async def test_an_exit_during_init_is_an_empty_502() -> None:
    outcome = await outcome_of(b"", 502)

    assert isinstance(outcome, Exited)
    assert outcome.status == ""


async def test_a_handler_that_cannot_be_imported_is_a_failed_init() -> None:
    body = b'{"errorMessage": "Unable to import", "errorType": "Runtime.ImportModuleError", "requestId": ""}'

    outcome = await outcome_of(body, 502)

    assert isinstance(outcome, InitFailed)
    assert outcome.error_type == "Runtime.ImportModuleError"


async def test_an_answer_over_six_megabytes_is_too_large() -> None:
    outcome = await outcome_of(b'"' + b"x" * 6_291_556 + b'"')

    assert isinstance(outcome, HandlerFailed)
    assert outcome.error_type == "Function.ResponseSizeTooLarge"
    assert "(6291556 bytes)" in outcome.message


@pytest.mark.parametrize("status", [400, 404, 500, 502, 503])
async def test_what_is_no_answer_of_an_emulator_is_unreachable(status: int) -> None:
    outcome = await outcome_of(b"<html>who are you?</html>", status)

    assert isinstance(outcome, Unreachable)
    assert f"answered {status} <html>" in outcome.message


async def test_nobody_listening_is_unreachable_in_the_systems_words(unused_tcp_port: int) -> None:
    endpoint = ClassicRie([f"http://127.0.0.1:{unused_tcp_port}"])

    outcome = await endpoint.invoke(invocation())
    await endpoint.close()

    assert isinstance(outcome, Unreachable)
    assert "connect" in outcome.message.lower()


async def test_a_connection_closed_without_an_answer_is_unreachable() -> None:
    async def hang_up(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with fake_server(hang_up) as server:
        endpoint = ClassicRie([server.url])

        outcome = await endpoint.invoke(invocation())
        await endpoint.close()

    assert isinstance(outcome, Unreachable)
    assert "closed without an answer" in outcome.message


async def test_one_emulator_never_sees_two_calls_at_once() -> None:
    async with fake_server(answering(b"1")) as server:
        endpoint, other = ClassicRie([server.url, server.url]), ClassicRie([server.url])

        await asyncio.gather(
            *(endpoint.invoke(invocation(environment=slot)) for slot in (0, 1, 0, 1)),
            *(other.invoke(invocation()) for _ in range(4)),
        )
        await endpoint.close()
        await other.close()

    assert len(server.requests) == 8
    assert server.most_at_once == 1


async def test_two_emulators_work_side_by_side() -> None:
    both_are_in = asyncio.Barrier(2)

    async def meet(_: web.BaseRequest) -> web.StreamResponse:
        await both_are_in.wait()
        return web.Response(body=b"1")

    async with fake_server(meet) as one, fake_server(meet) as two:
        endpoint = ClassicRie([one.url, two.url])

        outcomes = await asyncio.gather(*(endpoint.invoke(invocation(environment=slot)) for slot in (0, 1)))
        await endpoint.close()

    assert endpoint.environments == 2
    assert all(isinstance(outcome, Succeeded) for outcome in outcomes)


async def test_an_emulator_given_up_on_is_busy_until_it_answers() -> None:
    release = asyncio.Event()

    async def stall(_: web.BaseRequest) -> web.StreamResponse:
        await release.wait()
        return web.Response(body=b"1")

    async with fake_server(stall) as server:
        endpoint = ClassicRie([server.url], timeout_grace_s=0.05)

        first = await endpoint.invoke(invocation(timeout_ms=50))
        second = await endpoint.invoke(invocation(timeout_ms=50))
        release.set()
        third = await endpoint.invoke(invocation())
        await endpoint.close()

    assert isinstance(first, TimedOut)
    assert isinstance(second, Throttled)
    assert isinstance(third, Succeeded)
    assert server.most_at_once == 1


async def test_a_cancelled_call_keeps_the_emulator_to_itself_too() -> None:
    release = asyncio.Event()

    async def stall(_: web.BaseRequest) -> web.StreamResponse:
        await release.wait()
        return web.Response(body=b"1")

    async with fake_server(stall) as server:
        endpoint = ClassicRie([server.url])
        cancelled = asyncio.create_task(endpoint.invoke(invocation()))
        await eventually(lambda: server.at_once == 1)
        cancelled.cancel()
        following = asyncio.create_task(endpoint.invoke(invocation()))
        await asyncio.wait([cancelled])
        release.set()

        outcome = await following
        await endpoint.close()

    assert isinstance(outcome, Succeeded)
    assert server.most_at_once == 1


async def test_an_endpoint_without_a_url_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one URL"):
        ClassicRie([])


def test_it_describes_itself_by_its_urls() -> None:
    assert ClassicRie(["http://a:1", "http://b:2"]).describe() == "RIE http://a:1, http://b:2"
