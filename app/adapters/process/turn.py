"""A lock that can also be taken in passing, where nothing is waited for."""

import asyncio
from collections import deque


class Turn:
    """Who comes first has it first. `async with` waits for it; `take_now` takes it if nobody has it."""

    def __init__(self) -> None:
        self._is_taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def is_taken(self) -> bool:
        return self._is_taken

    def take_now(self) -> bool:
        """Whether it was free, and is the caller's now."""
        if self._is_taken:
            return False
        self._is_taken = True
        return True

    def give_back(self) -> None:
        """Let the next one have it, if anybody waits."""
        while self._waiting:
            following = self._waiting.popleft()
            if not following.done():
                following.set_result(None)
                return
        self._is_taken = False

    async def __aenter__(self) -> None:
        if self.take_now():
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                # It had been handed over just before: whoever is next must not wait for somebody who is gone.
                self.give_back()
            raise

    async def __aexit__(self, *_: object) -> None:
        self.give_back()
