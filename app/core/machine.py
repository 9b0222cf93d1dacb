"""What ties a machine to time, and the one timetable over all of them."""

from heapq import heappop, heappush
from itertools import count
from typing import Generic, Protocol, TypeVar

from app.core.time import Instant


class Machine(Protocol):
    """Anything with a next instant. Three laws hold once it was woken at `now`: waking it there again changes nothing;
    `next_wakeup()` is None or later than `now`; many small jumps equal one big jump."""

    def next_wakeup(self) -> Instant | None: ...


M = TypeVar("M", bound=Machine)


class Timetable(Generic[M]):
    """Machines by their next wake-up. A machine that changed is `booked` again; an outdated booking is skipped."""

    def __init__(self) -> None:
        self._heap: list[tuple[Instant, int, M]] = []
        self._booked: dict[int, Instant] = {}
        self._numbers = count()

    def book(self, machine: M) -> None:
        """Note the machine's next wake-up. To be called after every verb on it."""
        at = machine.next_wakeup()
        key = id(machine)
        if at is None or self._booked.get(key, at + 1) <= at:
            return
        self._booked[key] = at
        heappush(self._heap, (at, next(self._numbers), machine))

    def forget(self, machine: M) -> None:
        self._booked.pop(id(machine), None)

    def next_wakeup(self) -> Instant | None:
        """The earliest instant at which some machine really has something to do."""
        while self._heap:
            at, _, machine = self._heap[0]
            key = id(machine)
            if self._booked.get(key) != at:
                heappop(self._heap)
                continue
            if machine.next_wakeup() == at:
                return at
            heappop(self._heap)
            self.forget(machine)
            self.book(machine)
        return None

    def due(self, now: Instant) -> tuple[Instant, M] | None:
        """Takes out the next machine due at or before `now`, with the instant it is to be woken at."""
        at = self.next_wakeup()
        if at is None or at > now:
            return None
        machine = heappop(self._heap)[2]
        self.forget(machine)
        return at, machine
