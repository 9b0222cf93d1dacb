"""What is due when: a timeline that forgets stale entries lazily and stays small."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import repeat
from typing import Generic, TypeAlias, TypeVar

from app.core.time import Instant

T = TypeVar("T")
_Entry: TypeAlias = tuple[Instant, int, T]

_SLACK = 64


class Agenda(Generic[T]):
    """Items by instant, equal instants in the order of their adding.

    `due_of` says when an item is due, or None when it is not any more. An entry for another instant is stale: nobody
    takes it out, it is skipped. `current_count` says how many entries can be current; when there are twice as many,
    the stale ones are swept out. So every operation is O(log n) amortised, and memory follows what is current: it is
    looked at whenever there are half as many again.

    What is added in order of its instant, as ages and equal timeouts are, stands in a double-ended queue and costs
    O(1); only the rest needs the heap. At 100,000 messages a heap alone made a delete twice as dear.
    """

    __slots__ = ("_count", "_current_count", "_due_of", "_in_order", "_others", "_room")

    def __init__(self, due_of: Callable[[T], Instant | None], current_count: Callable[[], int]) -> None:
        """`due_of` is asked often: `operator.attrgetter` is the quickest."""
        self._due_of = due_of
        self._current_count = current_count
        self._in_order: deque[_Entry[T]] = deque()
        self._others: list[_Entry[T]] = []
        self._count = 0
        self._room = _SLACK
        """How many entries may be added before it is looked whether there are too many stale ones."""

    def add(self, at: Instant, item: T) -> None:
        count = self._count = self._count + 1
        in_order = self._in_order
        if not in_order or at >= in_order[-1][0]:
            in_order.append((at, count, item))
        else:
            heappush(self._others, (at, count, item))
        self._room -= 1
        if not self._room:
            self._make_room()

    def add_all(self, at: Instant, items: Sequence[T]) -> None:
        """Add several that are due at once."""
        in_order = self._in_order
        if (in_order and at < in_order[-1][0]) or len(items) >= self._room:
            for item in items:
                self.add(at, item)
            return
        count = self._count + 1
        self._count += len(items)
        self._room -= len(items)
        in_order.extend(zip(repeat(at), range(count, count + len(items)), items))

    def next(self) -> Instant | None:
        """The earliest instant at which something current is due."""
        in_order, others, due_of = self._in_order, self._others, self._due_of
        if not others:
            # Nearly always: written out because it is asked after every command.
            while in_order:
                at, _, item = in_order[0]
                if due_of(item) == at:
                    return at
                in_order.popleft()
            return None
        while in_order and due_of(in_order[0][2]) != in_order[0][0]:
            in_order.popleft()
        while others and due_of(others[0][2]) != others[0][0]:
            heappop(others)
        if not others:
            return in_order[0][0] if in_order else None
        return others[0][0] if not in_order or others[0] < in_order[0] else in_order[0][0]

    def due(self, now: Instant) -> Iterator[T]:
        """Takes out, in order, what is due at or before `now`."""
        while (at := self.next()) is not None and at <= now:
            in_order, others = self._in_order, self._others
            is_other = bool(others) and (not in_order or others[0] < in_order[0])
            yield (heappop(others) if is_other else in_order.popleft())[2]

    def clear(self) -> None:
        self._in_order.clear()
        self._others.clear()

    def __len__(self) -> int:
        return len(self._in_order) + len(self._others)

    def _make_room(self) -> None:
        if len(self) > 2 * self._current_count() + _SLACK:
            self._in_order = deque(entry for entry in self._in_order if self._due_of(entry[2]) == entry[0])
            self._others = [entry for entry in self._others if self._due_of(entry[2]) == entry[0]]
            heapify(self._others)
        self._room = max(len(self) // 2, _SLACK)
