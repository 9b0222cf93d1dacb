"""How long a streamed answer may be silent, without a server."""

import asyncio
from typing import Any

import pytest

from app.core.gateway.request import GatewayRequest
from app.core.gateway.rest.gateway_responses import GatewayError
from app.web.gateway.invoking import Ending, Returned
from app.web.gateway.rest_streaming import RestStream

HEAD = b'{"statusCode": 201}' + b"\x00" * 8


async def never() -> Ending:
    await asyncio.Event().wait()
    raise AssertionError("it waits for ever")


async def returned() -> Ending:
    return Returned(b"null")


def streamed(*chunks: bytes, running: Any = never) -> list[dict[str, Any]]:
    """What is sent of a stream that says this much, and then nothing or its end."""

    async def run() -> list[dict[str, Any]]:
        stream = RestStream(GatewayRequest("GET", "/"), (("x-ours", "1"),), idle_ms=20)
        task = asyncio.create_task(running())
        for chunk in chunks:
            stream.write(chunk)
        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(message)

        try:
            await (await stream.answer(task)).send(send)
        finally:
            task.cancel()
        return sent

    return asyncio.run(run())


def test_a_stream_that_falls_silent_is_cut_off() -> None:
    start, body = streamed(HEAD + b"one")

    assert start["status"] == 201
    assert (b"x-ours", b"1") in start["headers"]
    assert body == {"type": "http.response.body", "body": b"one", "more_body": True}


def test_a_stream_that_never_begins_is_a_timeout() -> None:
    with pytest.raises(GatewayError) as caught:
        streamed(HEAD[:-1])

    assert caught.value.type == "INTEGRATION_TIMEOUT"


def test_metadata_may_come_in_pieces_and_the_body_ends() -> None:
    sent = streamed(HEAD[:5], HEAD[5:-3], HEAD[-3:], b"one", running=returned)

    assert [message.get("body") for message in sent[1:]] == [b"one", b""]
    assert "more_body" not in sent[-1]


def test_metadata_that_goes_on_and_on_is_malformed() -> None:
    with pytest.raises(GatewayError) as caught:
        streamed(b"x" * 16_385)

    assert caught.value.type == "MALFORMED_RESPONSE"
