"""What is due when: a heap that forgets stale entries lazily and stays small."""

import heapq
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from app.core.time import Instant

T = TypeVar("T")

_SLACK = 64


class Agenda(Generic[T]):
    """Items by instant, equal instants in the order of their adding.

    An entry is stale when `is_current(at, item)` is false: nobody takes it out, it is skipped. `current_count` says
    how many entries can be current; when the heap has grown to twice that, the stale ones are swept out. So every
    operation is O(log n) amortised, and memory follows what is current.
    """

    __slots__ = ("_count", "_current_count", "_heap", "_is_current")

    def __init__(self, is_current: Callable[[Instant, T], bool], current_count: Callable[[], int]) -> None:
        self._is_current = is_current
        self._current_count = current_count
        self._heap: list[tuple[Instant, int, T]] = []
        self._count = 0

    def add(self, at: Instant, item: T) -> None:
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, item))
        if len(self._heap) > 2 * self._current_count() + _SLACK:
            self._heap = [entry for entry in self._heap if self._is_current(entry[0], entry[2])]
            heapq.heapify(self._heap)

    def next(self) -> Instant | None:
        """The earliest instant at which something current is due."""
        heap = self._heap
        while heap:
            at, _, item = heap[0]
            if self._is_current(at, item):
                return at
            heapq.heappop(heap)
        return None

    def due(self, now: Instant) -> Iterator[T]:
        """Takes out, in order, what is due at or before `now`."""
        while (at := self.next()) is not None and at <= now:
            yield heapq.heappop(self._heap)[2]

    def clear(self) -> None:
        self._heap.clear()

    def __len__(self) -> int:
        return len(self._heap)
