"""Asking the engine for what may take long, for as long as the client stays."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from app.web.asgi import ClientGone

T = TypeVar("T")


async def while_connected(answer: Coroutine[Any, Any, T], receive: Receive) -> T:
    """The answer, or ClientGone: then the asking was cancelled, which the engine takes for a CancelWait.

    The body must have been read: what `receive` says next is that the client is gone.
    """
    asking = asyncio.ensure_future(answer)
    # Most answers are there at once; only a real wait is worth watching the connection for.
    await asyncio.sleep(0)
    if asking.done():
        return asking.result()
    leaving = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((asking, leaving), return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            return asking.result()
        raise ClientGone
    finally:
        asking.cancel()
        leaving.cancel()
        await asyncio.gather(asking, leaving, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
