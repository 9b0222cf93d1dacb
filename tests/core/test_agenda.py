"""The agenda of one machine: what is due, and what has become stale."""

from app.core.agenda import Agenda


def make(current: set[str]) -> Agenda[str]:
    return Agenda(lambda _, item: item in current, lambda: len(current))


def test_what_is_due_comes_out_in_order_and_only_once() -> None:
    agenda = make({"a", "b", "c"})
    for at, item in ((20, "b"), (10, "a"), (30, "c")):
        agenda.add(at, item)

    assert list(agenda.due(20)) == ["a", "b"]
    assert list(agenda.due(20)) == []
    assert agenda.next() == 30


def test_equal_instants_come_in_the_order_of_their_adding() -> None:
    agenda = make({"z", "a"})
    agenda.add(10, "z")
    agenda.add(10, "a")

    assert list(agenda.due(10)) == ["z", "a"]


def test_a_stale_entry_is_skipped() -> None:
    current = {"a", "b"}
    agenda = make(current)
    agenda.add(10, "a")
    agenda.add(20, "b")

    current.remove("a")

    assert agenda.next() == 20
    assert list(agenda.due(99)) == ["b"]


def test_what_becomes_stale_while_others_are_taken_out_is_skipped_too() -> None:
    current = {"a", "b"}
    agenda = make(current)
    agenda.add(10, "a")
    agenda.add(10, "b")

    taken = []
    for item in agenda.due(10):
        taken.append(item)
        current.discard("b")

    assert taken == ["a"]


def test_stale_entries_do_not_pile_up() -> None:
    current: set[str] = set()
    agenda = make(current)
    for number in range(10_000):
        current.clear()
        current.add(str(number))
        agenda.add(number, str(number))

    assert len(agenda) < 100
    assert agenda.next() == 9_999


def test_a_cleared_agenda_has_nothing_due() -> None:
    agenda = make({"a"})
    agenda.add(10, "a")

    agenda.clear()

    assert agenda.next() is None
