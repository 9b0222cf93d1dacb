"""Calls to the outside that are no function's: HTTP requests to users' URLs, AWS operations of storage services."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, Protocol

from app.core.commands import SettleOutsideCall
from app.core.delivery.outside_calls import AwsCall, HttpCall, NoAnswer, OutsideAnswer, OutsideCall, SweepBucket
from app.core.facts import CallOutside
from app.core.urls import without_password
from app.engine.ports import OutsideWorld

log = logging.getLogger(__name__)


class Hold(Protocol):
    """Holds the virtual clock by a name, for what is told in words."""

    def __call__(self, name: str, words: str, /, *, comes_back: bool = False) -> None: ...


class OutsideCalls:
    """Makes the calls that the world wishes, all at once. While one is under way it holds the virtual clock by name."""

    def __init__(
        self,
        outside: OutsideWorld | None,
        submit: Callable[[SettleOutsideCall], Any],
        hold: Hold,
        release: Callable[[str], None],
    ) -> None:
        self._outside = outside
        self._submit = submit
        self._hold = hold
        self._release = release
        self._calls: set[asyncio.Task[None]] = set()

    def carry_out(self, wish: CallOutside) -> None:
        """Begin the call; what comes of it is submitted later."""
        name = f"outside {wish.number}"
        comes_back = self._outside is not None and self._outside.comes_back(wish.call)
        self._hold(name, _in_words(wish.call), comes_back=comes_back)
        task = asyncio.get_running_loop().create_task(self._make(wish, name), name=name)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def close(self) -> None:
        """Give up what is under way."""
        calls = list(self._calls)
        for call in calls:
            call.cancel()
        for call in calls:
            with contextlib.suppress(asyncio.CancelledError):
                await call

    async def _make(self, wish: CallOutside, name: str) -> None:
        answer: OutsideAnswer
        try:
            answer = NoAnswer("nothing outside is reached from here")
            if self._outside is not None:
                answer = await self._outside.make(wish.call)
        except Exception as error:
            # Whoever makes the calls promises not to raise; if they do, the call still has to end.
            log.exception("a call to the outside failed: %s", _in_words(wish.call))
            answer = NoAnswer(without_password(f"the call failed: {type(error).__name__}: {error}"))
        try:
            self._submit(SettleOutsideCall(wish.number, answer))
        finally:
            self._release(name)


def _in_words(call: OutsideCall) -> str:
    match call:
        case HttpCall(method=method, url=url):
            return f"{method} {without_password(url)}"
        case AwsCall(service=service, operation=operation):
            return f"{service} {operation}"
        case SweepBucket(bucket=bucket):
            return f"lifecycle rules of {bucket}"
