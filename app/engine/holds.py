"""Who holds the virtual clock: calls that are under way, for what they lead to comes before what is due later."""

import asyncio
from collections.abc import Callable

from app.core.time import Instant
from app.core.value import value


@value(frozen=True, slots=True)
class Hold:
    """A real call in flight, or a delete at a broker (then `function` is the queue's name), or a call to the outside
    (then it is what is called): the virtual clock stands still until it is over. `since` is the clock's instant."""

    request_id: str
    function: str
    since: Instant


class Holds:
    """`count_waiting` says how many requests wait here for an answer; `let_go` is called when nothing holds the clock
    any more."""

    def __init__(
        self, now: Callable[[], Instant], count_waiting: Callable[[], int], let_go: Callable[[], None]
    ) -> None:
        self.coming_back: set[str] = set()
        """Those that are calls to this service itself."""
        self._now = now
        self._count_waiting = count_waiting
        self._let_go = let_go
        self._holds: dict[str, Hold] = {}
        self._free = asyncio.Event()
        self._free.set()

    @property
    def all(self) -> list[Hold]:
        return list(self._holds.values())

    def get(self, name: str) -> Hold | None:
        return self._holds.get(name)

    @property
    def are_free(self) -> bool:
        """Whether the clock may go on."""
        return self._free.is_set()

    async def wait(self) -> None:
        """Until the clock may go on."""
        await self._free.wait()

    def hold(self, name: str, words: str, *, comes_back: bool = False) -> None:
        """Hold the clock by this name, for what is told in words."""
        self._holds[name] = Hold(name, words, self._now())
        if comes_back:
            self.coming_back.add(name)
        self._free.clear()

    def release(self, name: str) -> None:
        """Let go; nothing happens where nothing was held by this name."""
        self.coming_back.discard(name)
        if self._holds.pop(name, None) is not None:
            self.look()

    def look(self) -> None:
        """Look whether the clock is held: what waits here has become more, or less.

        A call of ours to this service holds the clock until it has arrived: one that waits here for its answer may
        wait for nothing but time, a scripted function's for one, and would hold it for ever.
        """
        back = len(self.coming_back)
        is_held = len(self._holds) > back or (back > 0 and back > self._count_waiting())
        if is_held:
            self._free.clear()
        elif not self._free.is_set():
            self._free.set()
            self._let_go()
