"""The timetable over all machines."""

from dataclasses import dataclass, field

from app.core.machine import Timetable
from app.core.time import Instant


@dataclass(eq=False)
class Bell:
    """Rings at each of its times."""

    name: str
    times: list[Instant] = field(default_factory=list)

    def next_wakeup(self) -> Instant | None:
        return min(self.times, default=None)


def rung(timetable: Timetable[Bell], now: Instant) -> list[str]:
    """Takes out everything due, and says what rang when."""
    told = []
    while (due := timetable.due(now)) is not None:
        at, bell = due
        bell.times = [time for time in bell.times if time > at]
        timetable.book(bell)
        told.append(f"{bell.name} at {at}")
    return told


def test_machines_are_woken_in_the_order_of_their_instants() -> None:
    timetable: Timetable[Bell] = Timetable()
    for bell in (Bell("late", [30]), Bell("early", [10, 20])):
        timetable.book(bell)

    assert rung(timetable, 25) == ["early at 10", "early at 20"]
    assert timetable.next_wakeup() == 30


def test_a_machine_that_changed_is_woken_at_its_new_instant_only() -> None:
    timetable: Timetable[Bell] = Timetable()
    bell = Bell("bell", [10])
    timetable.book(bell)
    bell.times = [20]
    timetable.book(bell)

    assert rung(timetable, 15) == []
    assert rung(timetable, 20) == ["bell at 20"]


def test_a_machine_with_nothing_to_do_is_not_woken() -> None:
    timetable: Timetable[Bell] = Timetable()
    bell = Bell("bell", [10])
    timetable.book(bell)
    bell.times = []
    timetable.book(bell)

    assert timetable.next_wakeup() is None


def test_at_one_instant_who_was_booked_first_comes_first_however_often_somebody_looks() -> None:
    timetable: Timetable[Bell] = Timetable()
    one, two = Bell("one", [10, 20]), Bell("two", [20])
    for bell in (one, two):
        timetable.book(bell)
    rung(timetable, 10)

    timetable.next_wakeup()
    two.times = [15, 20]
    timetable.book(two)
    rung(timetable, 15)

    assert rung(timetable, 20) == ["one at 20", "two at 20"]


def test_a_forgotten_machine_is_not_woken() -> None:
    timetable: Timetable[Bell] = Timetable()
    bell = Bell("bell", [10])
    timetable.book(bell)

    timetable.forget(bell)

    assert timetable.next_wakeup() is None


def test_outdated_bookings_do_not_pile_up() -> None:
    timetable: Timetable[Bell] = Timetable()
    bell = Bell("bell", [1_000_000])
    for at in range(1_000, 0, -1):
        bell.times = [at, 1_000_000]
        timetable.book(bell)
        bell.times = [1_000_000]
        timetable.book(bell)

    assert len(timetable) < 100


def test_machines_that_are_always_there_are_booked_all_at_once() -> None:
    timetable: Timetable[Bell] = Timetable()
    bells = [Bell("one"), Bell("other", [5])]
    timetable.book_all(bells)
    first = timetable.next_wakeup()
    bells[0].times = [3]
    timetable.book_all(bells)

    assert first == 5
    assert rung(timetable, 10) == ["one at 3", "other at 5"]
