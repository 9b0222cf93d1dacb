"""The agenda of one machine: what is due, and what has become stale."""

import pytest

from app.core.agenda import Agenda
from app.core.time import Instant


def make(due: dict[str, Instant]) -> Agenda[str]:
    agenda: Agenda[str] = Agenda(due.get, due.__len__)
    for item, at in due.items():
        agenda.add(at, item)
    return agenda


def test_what_is_due_comes_out_in_order_and_only_once() -> None:
    agenda = make({"b": 20, "a": 10, "c": 30})

    assert list(agenda.due(20)) == ["a", "b"]
    assert list(agenda.due(20)) == []
    assert agenda.next() == 30


def test_equal_instants_come_in_the_order_of_their_adding() -> None:
    assert list(make({"z": 10, "a": 10}).due(10)) == ["z", "a"]


@pytest.mark.parametrize("before", [{}, {"before": 5}, {"behind": 20}])
def test_several_that_are_due_at_once_are_like_as_many_added_singly(before: dict[str, Instant]) -> None:
    due = {**before, **{str(number): 10 for number in range(200)}}
    agenda = make(due)
    agenda.clear()
    for item, at in before.items():
        agenda.add(at, item)

    agenda.add_all(10, [str(number) for number in range(200)])

    assert list(agenda.due(20)) == sorted(due, key=lambda item: due[item])
    assert len(agenda) == 0


def test_what_is_added_singly_stands_behind_several_of_the_same_instant() -> None:
    due = {"a": 10, "b": 10, "c": 10, "d": 10, "later": 20, "last": 10}
    agenda: Agenda[str] = Agenda(due.get, due.__len__)

    agenda.add_all(10, ["a", "b", "c", "d"])
    agenda.add(20, "later")
    agenda.add(10, "last")

    assert list(agenda.due(20)) == ["a", "b", "c", "d", "last", "later"]


def test_a_stale_entry_is_skipped() -> None:
    due = {"a": 10, "b": 20}
    agenda = make(due)

    del due["a"]

    assert agenda.next() == 20
    assert list(agenda.due(99)) == ["b"]


def test_what_is_due_at_another_instant_now_comes_once_and_then() -> None:
    due = {"a": 10, "b": 20}
    agenda = make(due)

    due["a"] = 30
    agenda.add(30, "a")

    assert list(agenda.due(99)) == ["b", "a"]


def test_what_becomes_stale_while_others_are_taken_out_is_skipped_too() -> None:
    due = {"a": 10, "b": 10}
    agenda = make(due)

    taken = []
    for item in agenda.due(10):
        taken.append(item)
        due.pop("b")

    assert taken == ["a"]


def test_stale_entries_do_not_pile_up() -> None:
    due: dict[str, Instant] = {}
    agenda = make(due)
    for number in range(10_000):
        due.clear()
        due[str(number)] = number
        agenda.add(number, str(number))

    assert len(agenda) < 100
    assert agenda.next() == 9_999


def test_a_cleared_agenda_has_nothing_due() -> None:
    agenda = make({"a": 10})

    agenda.clear()

    assert agenda.next() is None
