"""What ties a machine to time, and the one timetable over all of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, Protocol, TypeVar

from app.core.time import Instant


class Machine(Protocol):
    """Anything with a next instant. Three laws hold once it was woken at `now`: waking it there again changes nothing;
    `next_wakeup()` is None or later than `now`; many small jumps equal one big jump."""

    def next_wakeup(self) -> Instant | None: ...


class Waking(Machine, Protocol):
    """A machine that the world wakes by itself: one of a kind, whose effects go to the world's outbox."""

    def wake(self, now: Instant) -> None: ...


M = TypeVar("M", bound=Machine)

_SLACK = 64


@dataclass(slots=True)
class _Booking:
    number: int
    at: Instant | None = None


class Timetable(Generic[M]):
    """Machines by their next wake-up. Equal instants come in the order in which the machines were first booked, so
    that neither looking nor the size of the jumps changes what happens."""

    def __init__(self) -> None:
        self._heap: list[tuple[Instant, int, M]] = []
        self._bookings: dict[int, _Booking] = {}
        self._numbers = count()
        self._standing: list[tuple[M, Callable[[], Instant | None], _Booking]] = []
        self._is_first_known = True
        self._first: Instant | None = None
        """The earliest booked instant, while it is known: it is asked for several times with every command."""

    def book(self, machine: M) -> None:
        """Note the machine's next wake-up. To be called after every verb on it."""
        booking = self._bookings.get(id(machine)) or self._booking_of(machine)
        at = machine.next_wakeup()
        if at != booking.at:
            self._note(machine, booking, at)

    def book_all(self, machines: Iterable[M]) -> None:
        """The same for machines that are never forgotten, and always the same ones: called after every command, with
        all of them, it must cost little."""
        if not self._standing:
            self._standing = [(machine, machine.next_wakeup, self._booking_of(machine)) for machine in machines]
        for machine, next_wakeup, booking in self._standing:
            at = next_wakeup()
            if at != booking.at:
                self._note(machine, booking, at)

    def _booking_of(self, machine: M) -> _Booking:
        booking = self._bookings.get(id(machine))
        if booking is None:
            booking = self._bookings[id(machine)] = _Booking(next(self._numbers))
        return booking

    def _note(self, machine: M, booking: _Booking, at: Instant | None) -> None:
        booking.at = at
        self._is_first_known = False
        if at is None:
            return
        heappush(self._heap, (at, booking.number, machine))
        if len(self._heap) > 2 * len(self._bookings) + _SLACK:
            self._heap = [entry for entry in self._heap if self._is_current(entry)]
            heapify(self._heap)

    def forget(self, machine: M) -> None:
        """Never wake this machine again; it is gone."""
        self._bookings.pop(id(machine), None)
        self._is_first_known = False

    def next_wakeup(self) -> Instant | None:
        """The earliest instant at which some machine has something to do."""
        if not self._is_first_known:
            heap = self._heap
            while heap and not self._is_current(heap[0]):
                heappop(heap)
            self._is_first_known, self._first = True, heap[0][0] if heap else None
        return self._first

    def due(self, now: Instant) -> tuple[Instant, M] | None:
        """Takes out the next machine due at or before `now`, with the instant it is to be woken at."""
        at = self.next_wakeup()
        if at is None or at > now:
            return None
        machine = heappop(self._heap)[2]
        self._bookings[id(machine)].at = None
        self._is_first_known = False
        return at, machine

    def __len__(self) -> int:
        return len(self._heap)

    def _is_current(self, entry: tuple[Instant, int, M]) -> bool:
        at, number, machine = entry
        booking = self._bookings.get(id(machine))
        # Another machine may have come to live where a forgotten one was: the number tells them apart.
        return booking is not None and booking.at == at and booking.number == number
