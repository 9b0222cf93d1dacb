"""Any Lambda Invoke API, as a fake server answers for it."""

import asyncio
import base64

from aiohttp import web

from app.adapters.invoke_api import Credentials, InvokeApi
from app.core.awslambda.invocation import Exited, HandlerFailed, Outcome, Succeeded, Throttled, TimedOut, Unreachable
from tests.adapters.support import TRACE_HEADER, answering, fake_server, invocation


async def outcome_of(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Outcome:
    async with fake_server(answering(body, status, headers)) as server:
        endpoint = InvokeApi(server.url, "resize", 1)
        try:
            return await endpoint.invoke(invocation())
        finally:
            await endpoint.close()


async def test_the_function_is_invoked_by_name_and_waited_for() -> None:
    async with fake_server(answering(b'{"ok":true}')) as server:
        endpoint = InvokeApi(server.url, "resize", 1)

        outcome = await endpoint.invoke(invocation({"n": 1}, client_context='{"custom":{}}'))
        await endpoint.close()

    path, headers, body = server.requests[0]
    assert isinstance(outcome, Succeeded)
    assert path == "/2015-03-31/functions/resize/invocations"
    assert headers["X-Amz-Invocation-Type"] == "RequestResponse"
    assert headers["X-Amzn-Trace-Id"] == TRACE_HEADER
    assert base64.b64decode(headers["X-Amz-Client-Context"]) == b'{"custom":{}}'
    assert "Authorization" not in headers
    assert body == b'{"n": 1}'


async def test_an_arn_is_encoded_into_the_path() -> None:
    async with fake_server(answering(b"1")) as server:
        endpoint = InvokeApi(server.url, "arn:aws:lambda:us-east-1:000000000000:function:resize", 1)

        await endpoint.invoke(invocation())
        await endpoint.close()

    assert server.requests[0][0].count("%3A") == 6


async def test_requests_are_signed_when_there_are_credentials() -> None:
    async with fake_server(answering(b"1")) as server:
        credentials = Credentials("AKIDEXAMPLE", "secret", "token")
        endpoint = InvokeApi(server.url, "resize", 1, region="eu-west-1", credentials=credentials)

        await endpoint.invoke(invocation())
        await endpoint.close()

    headers = server.requests[0][1]
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/lambda/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "token"


async def test_the_log_tail_comes_with_the_outcome() -> None:
    log = "START RequestId: r Version: $LATEST\nEND RequestId: r\n"

    outcome = await outcome_of(b"1", headers={"X-Amz-Log-Result": base64.b64encode(log.encode()).decode()})

    assert isinstance(outcome, Succeeded)
    assert outcome.ran.log_tail == log


async def test_a_function_error_is_told_by_its_header_whatever_the_payload() -> None:
    header = {"X-Amz-Function-Error": "Unhandled"}

    raised = await outcome_of(b'{"errorMessage":"no","errorType":"ValueError"}', headers=header)
    odd = await outcome_of(b'"only text"', headers=header)

    assert isinstance(raised, HandlerFailed)
    assert (raised.error_type, raised.message) == ("ValueError", "no")
    assert isinstance(odd, HandlerFailed)
    assert (odd.error_type, odd.payload) == ("Unhandled", b'"only text"')


async def test_a_timeout_and_an_exit_are_told_by_the_payload() -> None:
    header = {"X-Amz-Function-Error": "Unhandled"}

    timed_out = await outcome_of(
        b'{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r Error: Task timed out after 1.00 seconds"}',
        headers=header,
    )
    exited = await outcome_of(
        b'{"errorType":"Runtime.ExitError","errorMessage":"Error: Runtime exited with error: exit status 1"}',
        headers=header,
    )

    assert isinstance(timed_out, TimedOut)
    assert timed_out.after_ms == 1_000
    assert isinstance(exited, Exited)
    assert exited.status == "exit status 1"


async def test_a_result_in_the_shape_of_an_error_is_a_result_without_the_header() -> None:
    outcome = await outcome_of(b'{"errorMessage":"no","errorType":"ValueError","stackTrace":[]}')

    assert isinstance(outcome, Succeeded)


async def test_429_is_throttling_with_its_reason() -> None:
    body = b'{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}'

    outcome = await outcome_of(body, 429)
    bare = await outcome_of(b"slow down", 429)

    assert outcome == Throttled("ReservedFunctionConcurrentInvocationLimitExceeded", "Rate Exceeded.")
    assert bare == Throttled("ConcurrentInvocationLimitExceeded", "Rate Exceeded.")


async def test_a_missing_function_and_a_server_error_are_unreachable() -> None:
    missing = await outcome_of(b'{"Type":"User","Message":"Function not found"}', 404)
    broken = await outcome_of(b"", 500)

    assert isinstance(missing, Unreachable)
    assert "Function not found" in missing.message
    assert isinstance(broken, Unreachable)


async def test_an_api_that_does_not_answer_is_given_up_at_the_time_limit() -> None:
    async def stall(_: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with fake_server(stall) as server:
        endpoint = InvokeApi(server.url, "resize", 1, timeout_grace_s=0.0)

        outcome = await endpoint.invoke(invocation(timeout_ms=50))
        await endpoint.close()

    assert isinstance(outcome, TimedOut)
