"""A user and a password in the URL of an endpoint: sent as basic authentication, and told to nobody."""

from collections.abc import Callable

import pytest
from aiohttp import web

from app.adapters.classic_rie import ClassicRie
from app.adapters.concurrent_rie import ConcurrentRie
from app.adapters.invoke_api import Credentials, InvokeApi
from app.adapters.plain_http import PlainHttp
from app.adapters.sqs_broker import SqsBroker
from app.core.awslambda.invocation import HandlerFailed, Succeeded, Unreachable
from app.engine.ports import BrokerError, FunctionEndpoint
from tests.adapters.support import Answering, answering, fake_server, invocation
from tests.machine import free_port

SIGNED = Credentials("AKIDEXAMPLE", "secret")
MAKERS: dict[str, Callable[[str], FunctionEndpoint]] = {
    "rie": lambda url: ClassicRie([url]),
    "concurrent_rie": lambda url: ConcurrentRie(url, 1),
    "invoke_api": lambda url: InvokeApi(url, "resize", 1),
    "http": lambda url: PlainHttp(url, 1),
}
BASIC = "Basic bWU6c2VzYW1l"
"""`me:sesame`."""


def guarded(then: Answering) -> Answering:
    """Answers who says `me:sesame`, and nobody else."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Authorization") != BASIC:
            return web.Response(status=401, text="who are you?")
        return await then(request)

    return answer


def with_password(url: str, word: str = "sesame") -> str:
    return url.replace("http://", f"http://me:{word}@")


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
async def test_the_password_is_used(make: Callable[[str], FunctionEndpoint]) -> None:
    async with fake_server(guarded(answering(b'"ok"'))) as server:
        endpoint = make(with_password(server.url))

        outcome = await endpoint.invoke(invocation())
        await endpoint.close()

    assert isinstance(outcome, Succeeded)
    assert outcome.payload == b'"ok"'
    assert (outcome.ran.environment or "").startswith("http://me:****@127.0.0.1:")


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
async def test_no_answer_and_no_description_tells_it(make: Callable[[str], FunctionEndpoint]) -> None:
    async with fake_server(guarded(answering(b""))) as server:
        refused = make(with_password(server.url, "wrong-sesame"))
        told = [repr(await refused.invoke(invocation())), refused.describe()]
        await refused.close()
    away = make(with_password(f"http://127.0.0.1:{free_port()}"))

    outcome = await away.invoke(invocation())
    await away.close()

    assert isinstance(outcome, Unreachable)
    assert outcome.message.startswith("http://me:****@127.0.0.1:")
    assert "401 who are you?" in told[0]
    assert not [text for text in (*told, repr(outcome), away.describe()) if "sesame" in text]


async def test_a_request_that_is_signed_is_sent_without_it() -> None:
    async with fake_server(answering(b'"ok"')) as server:
        endpoint = InvokeApi(with_password(server.url), "resize", 1, credentials=SIGNED)

        outcome = await endpoint.invoke(invocation())
        await endpoint.close()

    assert isinstance(outcome, Succeeded)
    assert server.requests[0][1]["Authorization"].startswith("AWS4-HMAC-SHA256 ")


async def test_an_error_page_of_a_handler_does_not_tell_it() -> None:
    async with fake_server(answering(b"out of paper", 500)) as server:
        endpoint = PlainHttp(with_password(server.url), 1)

        outcome = await endpoint.invoke(invocation())
        await endpoint.close()

    assert isinstance(outcome, HandlerFailed)
    assert "http://me:****@127.0.0.1:" in outcome.message


async def test_a_broker_behind_a_proxy_is_asked_with_it() -> None:
    attributes = b'{"Attributes": {"VisibilityTimeout": "30", "QueueArn": "arn:aws:sqs:us-east-1:000000000000:far"}}'
    async with fake_server(guarded(answering(attributes))) as server:
        url = with_password(server.url)
        broker = SqsBroker("far", url, queue_url=f"{server.url}/000000000000/far")

        told = await broker.attributes()
        await broker.close()

    assert told.visibility_timeout_s == 30
    assert broker.describe() == url.replace("sesame", "****")


async def test_a_broker_that_refuses_it_does_not_tell_it() -> None:
    async with fake_server(guarded(answering(b"{}"))) as server:
        broker = SqsBroker("far", with_password(server.url, "wrong-sesame"))

        with pytest.raises(BrokerError) as refused:
            await broker.attributes()
        await broker.close()

    assert "sesame" not in str(refused.value)
