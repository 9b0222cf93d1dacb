"""Brokers elsewhere, asked as the world wishes: receives, deletes, what they say of their queues.

Here time is real, whatever way the clock goes: a broker counts its visibility timeouts and its outages by its own.
A broker that fails is asked about its queue with growing pauses; all else waits until it answers that.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, assert_never

from app.core.commands import Command, DescribeRemoteQueue, ReportBrokerFailure, SettleDeletes, SettleReceive
from app.core.facts import BrokerWish, DeleteAt, ReceiveAt, StopReceiving, WatchQueue
from app.core.names import Arn, name_of
from app.engine.ports import Broker, BrokerError

log = logging.getLogger(__name__)

WATCH_S = 60.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
# A broker that does not poll long is not asked over and over.
_SHORTEST_EMPTY_RECEIVE_S = 1.0
_DELETES_AT_ONCE = 4
_ENTRIES = 10
_LAST_DELETES_S = 2.0


class Brokers:
    """`find` gives the broker of a queue; `submit` takes what comes of a wish; `hold` and `release` keep the virtual
    clock from moving while a message is deleted, as a call to a function does. A receive keeps nobody: it waits."""

    def __init__(
        self,
        find: Callable[[Arn], Broker | None],
        submit: Callable[[Command], Any],
        hold: Callable[[str, str], None],
        release: Callable[[str], None],
    ) -> None:
        self._find = find
        self._submit = submit
        self._hold = hold
        self._release = release
        self._links: dict[Arn, _Link] = {}
        self._receives: dict[int, asyncio.Task[None]] = {}
        self._watches: dict[Arn, _Watch] = {}
        self._deletes: set[asyncio.Task[None]] = set()
        self._delete_count = 0

    def carry_out(self, wish: BrokerWish) -> None:
        """Begin it; what comes of it is submitted later."""
        match wish:
            case ReceiveAt(poll=poll):
                task = self._begin(self._receive(wish), f"receive from {wish.queue}")
                self._receives[poll] = task
                task.add_done_callback(lambda _: self._receives.pop(poll, None))
            case StopReceiving(queue=queue, poll=poll):
                self._link(queue).stop_waiting(poll)
            case DeleteAt():
                self._delete_all(wish)
            case WatchQueue(queue=queue):
                self._watch(queue)
            case _:
                assert_never(wish)

    async def close(self) -> None:
        """Stop. Deletes under way get a moment to end: what they would have deleted would be handled again."""
        others = [*self._receives.values(), *(watch.task for watch in self._watches.values())]
        for task in others:
            task.cancel()
        if self._deletes:
            await asyncio.wait(self._deletes, timeout=_LAST_DELETES_S)
        late = list(self._deletes)
        for task in late:
            task.cancel()
        for task in [*others, *late]:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    # Receiving ------------------------------------------------------------------------------------------

    async def _receive(self, wish: ReceiveAt) -> None:
        link = self._link(wish.queue)
        loop = asyncio.get_running_loop()
        if not await link.is_to_be_tried(wish.poll):
            self._submit(ReportBrokerFailure(wish.queue, link.last_error, wish.poll))
            return
        began = loop.time()
        try:
            deliveries = await self._broker(wish.queue).receive(wish.max_messages, wish.visibility_timeout_s)
        except BrokerError as error:
            self._failed(wish.queue, error, wish.poll)
            return
        link.answered()
        if not deliveries and (early_s := began + _SHORTEST_EMPTY_RECEIVE_S - loop.time()) > 0:
            await asyncio.sleep(early_s)
            if not link.is_back.is_set():
                # That it answered then does not say that it is back now.
                self._submit(ReportBrokerFailure(wish.queue, link.last_error, wish.poll))
                return
        self._submit(SettleReceive(wish.queue, wish.poll, deliveries))

    # Deleting -------------------------------------------------------------------------------------------

    def _delete_all(self, wish: DeleteAt) -> None:
        handles = wish.receipt_handles
        for first in range(0, len(handles), _ENTRIES):
            chunk = handles[first : first + _ENTRIES]
            task = self._begin(self._delete(wish.queue, chunk), f"delete at {wish.queue}")
            self._deletes.add(task)
            task.add_done_callback(self._deletes.discard)

    async def _delete(self, queue: Arn, handles: tuple[str, ...]) -> None:
        """Until the broker has answered: messages that are done must not come again because it was away."""
        link = self._link(queue)
        self._delete_count += 1
        name = f"delete {self._delete_count} at {name_of(queue)}"
        self._hold(name, name_of(queue))
        try:
            while (refused := await self._try_to_delete(link, queue, handles)) is None:
                # The clock is held for a call, not for an outage.
                self._release(name)
                await link.is_back.wait()
            deleted = tuple(handle for handle in handles if handle not in refused)
            self._submit(SettleDeletes(queue, deleted, tuple(refused.items())))
        finally:
            self._release(name)

    async def _try_to_delete(self, link: "_Link", queue: Arn, handles: tuple[str, ...]) -> dict[str, str] | None:
        async with link.deletes:
            if not link.is_back.is_set():
                return None
            try:
                refused = await self._broker(queue).delete(handles)
            except BrokerError as error:
                self._failed(queue, error)
                return None
        link.answered()
        return refused

    # Watching -------------------------------------------------------------------------------------------

    def _watch(self, queue: Arn) -> None:
        watch = self._watches.get(queue)
        if watch is not None:
            watch.now.set()
            return
        now = asyncio.Event()
        self._watches[queue] = _Watch(now, self._begin(self._keep_watching(queue, now), f"watch {queue}"))

    async def _keep_watching(self, queue: Arn, now: asyncio.Event) -> None:
        """Ask each minute, and when somebody wants to know. While the broker is lost, nobody else asks it."""
        link = self._link(queue)
        while True:
            await link.pause()
            now.clear()
            try:
                attributes = await self._broker(queue).attributes()
            except BrokerError as error:
                self._failed(queue, error)
                continue
            link.is_back.set()
            self._submit(DescribeRemoteQueue(queue, attributes))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(now.wait(), WATCH_S)

    # Inside ---------------------------------------------------------------------------------------------

    def _failed(self, queue: Arn, error: BrokerError, poll: int | None = None) -> None:
        self._link(queue).failed(str(error))
        self._watch(queue)
        self._submit(ReportBrokerFailure(queue, str(error), poll))

    def _broker(self, queue: Arn) -> Broker:
        broker = self._find(queue)
        if broker is None:
            raise BrokerError(f"no broker is known for {name_of(queue)}")
        return broker

    def _link(self, queue: Arn) -> "_Link":
        return self._links.setdefault(queue, _Link())

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(_tell_failure)
        return task


def _tell_failure(task: asyncio.Task[None]) -> None:
    """A broker promises to raise BrokerError only; if it does not, somebody has to know."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s failed", task.get_name(), exc_info=error)


class _Watch:
    """`now` set asks at once instead of after the minute."""

    def __init__(self, now: asyncio.Event, task: asyncio.Task[None]) -> None:
        self.now = now
        self.task = task


class _Link:
    """How the queue's broker is doing, shared by all who ask it."""

    def __init__(self) -> None:
        self.deletes = asyncio.Semaphore(_DELETES_AT_ONCE)
        self.is_back = asyncio.Event()
        self.is_back.set()
        self.last_error = ""
        self._pause_s = 0.0
        self._again_at = 0.0
        self._waiting: dict[int, asyncio.Event] = {}

    def failed(self, error: str) -> None:
        """The pauses grow by the outage, not by how many were under way when it began."""
        now = asyncio.get_running_loop().time()
        self.last_error = error
        self.is_back.clear()
        if now >= self._again_at:
            self._pause_s = min(max(2 * self._pause_s, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
            self._again_at = now + self._pause_s

    def answered(self) -> None:
        """Messages go through again. That it describes the queue does not yet say so: that alone may be allowed."""
        self._pause_s = self._again_at = 0.0
        self.is_back.set()

    async def pause(self) -> None:
        """Until it is time to try again."""
        await asyncio.sleep(max(0.0, self._again_at - asyncio.get_running_loop().time()))

    async def is_to_be_tried(self, poll: int) -> bool:
        """Once the broker is back; False when nobody wants it any more."""
        if self.is_back.is_set():
            return True
        stopped = self._waiting[poll] = asyncio.Event()
        waits = [asyncio.ensure_future(event.wait()) for event in (self.is_back, stopped)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            del self._waiting[poll]
        return not stopped.is_set()

    def stop_waiting(self, poll: int) -> None:
        if (stopped := self._waiting.get(poll)) is not None:
            stopped.set()
