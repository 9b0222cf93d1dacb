"""What can happen to an object."""

import pytest

from app.core.s3.object_event import EVENT_TYPES, Sequencers, encode_key, is_event, is_told_to_buses
from app.core.time import parse_instant

NOON = parse_instant("2026-11-21T12:00:00Z")


def test_a_wildcard_is_no_event_and_neither_is_what_s3_does_not_know() -> None:
    assert is_event("ObjectCreated:Put")
    assert not is_event("ObjectCreated:*")
    assert not is_event("ObjectCreated:Surprise")


def test_buses_are_told_of_all_but_replication_and_lost_objects() -> None:
    names = {name.removeprefix("s3:") for name in EVENT_TYPES if not name.endswith("*")}

    untold = {name for name in names if not is_told_to_buses(name)}

    assert {name.partition(":")[0] for name in untold} == {"Replication", "ReducedRedundancyLostObject"}


@pytest.mark.parametrize(
    ("key", "encoded"), [("a b@c", "a+b%40c"), ("in/cat.jpg", "in/cat.jpg"), ("ü+%", "%C3%BC%2B%25")]
)
def test_keys_are_form_encoded_with_their_slashes_kept(key: str, encoded: str) -> None:
    assert encode_key(key) == encoded


def test_a_later_sequencer_is_greater_even_where_the_clock_stands_or_was_wrong() -> None:
    sequencers = Sequencers()

    given = [sequencers.next(at) for at in (NOON, NOON, NOON - 5_000, NOON + 1)]

    assert given == sorted(set(given))
    assert {len(text) for text in given} == {18}
