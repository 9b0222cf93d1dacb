"""moto on one thread of its own, loaded when it is first used."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class Closable(Protocol):
    def close(self) -> None: ...


M = TypeVar("M", bound=Closable)


class MotoThread(Generic[M]):
    """Does all the work of one part of moto, one piece after another.

    moto is neither asynchronous nor safe to use from two threads, and a large body must not stall the loop.
    """

    def __init__(self, name: str, load: Callable[[], M]) -> None:
        """`load` imports and makes the part; it is called on the thread, before the first piece of work."""
        self._name = name
        self._load = load
        self._executor: ThreadPoolExecutor | None = None
        self._part: M | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether there was any work yet."""
        return self._part is not None

    async def do(self, work: Callable[[M], T]) -> T:
        """What `work` gives for the part. Raises what it raises."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._work, work)

    async def close(self) -> None:
        if self._executor is not None:
            if self._part is not None:
                await self.do(lambda part: part.close())
            self._executor.shutdown()
            self._executor = None

    def _work(self, work: Callable[[M], T]) -> T:
        if self._part is None:
            self._part = self._load()
        return work(self._part)
