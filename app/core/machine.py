"""What ties a machine to time, and the one timetable over all of them."""

from collections.abc import Sequence
from itertools import count
from heapq import heappop, heappush
from typing import Protocol

from app.core.facts import Effect
from app.core.time import Instant


class Machine(Protocol):
    """Anything with a next instant. Three laws: waking twice at one instant changes nothing; after `wake(now)`,
    `next_wakeup()` is None or later than `now`; many small jumps equal one big jump."""

    def next_wakeup(self) -> Instant | None: ...

    def wake(self, now: Instant) -> Sequence[Effect]: ...


class Timetable:
    """Machines by their next wake-up. A machine that changed is `booked` again; an outdated booking is skipped."""

    def __init__(self) -> None:
        self._heap: list[tuple[Instant, int, Machine]] = []
        self._booked: dict[int, Instant] = {}
        self._machines: dict[int, Machine] = {}
        self._numbers = count()

    def book(self, machine: Machine) -> None:
        """Note the machine's next wake-up. To be called after every verb on it."""
        at = machine.next_wakeup()
        key = id(machine)
        if at is None or self._booked.get(key, at + 1) <= at:
            return
        self._booked[key] = at
        self._machines[key] = machine
        heappush(self._heap, (at, next(self._numbers), machine))

    def forget(self, machine: Machine) -> None:
        self._booked.pop(id(machine), None)
        self._machines.pop(id(machine), None)

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

    def due(self, now: Instant) -> tuple[Instant, Machine] | None:
        """Takes out the next machine due at or before `now`, with the instant it is to be woken at."""
        at = self.next_wakeup()
        if at is None or at > now:
            return None
        machine = heappop(self._heap)[2]
        self.forget(machine)
        return at, machine
