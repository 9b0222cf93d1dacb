"""Waiting for what the engine answers later, for as long as the client stays."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from app.web.asgi import ClientGone

T = TypeVar("T")


async def while_connected(answer: Coroutine[Any, Any, T], receive: Receive) -> T:
    """The answer, or ClientGone: then the waiting was cancelled, which the engine takes for a CancelWait.

    The body must have been read: what `receive` says next is that the client is gone.
    """
    waiting = asyncio.ensure_future(answer)
    leaving = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        raise ClientGone
    finally:
        waiting.cancel()
        leaving.cancel()
        await asyncio.gather(waiting, leaving, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
