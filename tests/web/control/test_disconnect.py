"""Whoever asked may go before the answer comes."""

import asyncio

import pytest
from fastapi import HTTPException, Request
from starlette.types import Message

from app.web.control.disconnect import unless_gone


def request_of(client_is_gone: asyncio.Event) -> Request:
    async def receive() -> Message:
        await client_is_gone.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)


async def test_an_answer_is_given_to_who_stays() -> None:
    async def asked() -> str:
        return "answer"

    assert await unless_gone(request_of(asyncio.Event()), asked()) == "answer"


async def test_a_refusal_is_given_to_who_stays() -> None:
    async def asked() -> str:
        raise LookupError("nothing")

    with pytest.raises(LookupError):
        await unless_gone(request_of(asyncio.Event()), asked())


async def test_what_was_asked_is_cancelled_when_the_client_goes() -> None:
    client_is_gone, was_cancelled = asyncio.Event(), asyncio.Event()

    async def asked() -> None:
        client_is_gone.set()
        try:
            await asyncio.Event().wait()
        finally:
            was_cancelled.set()

    with pytest.raises(HTTPException):
        await unless_gone(request_of(client_is_gone), asked())

    await asyncio.wait_for(was_cancelled.wait(), 5)
