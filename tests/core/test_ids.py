"""Identifiers from the world's seed."""

import re

from app.core.ids import Ids


def test_equal_seeds_give_equal_ids_and_others_do_not() -> None:
    def some(seed: int) -> list[str]:
        ids = Ids(seed)
        return [ids.uuid(), ids.hex(16), ids.uuid()]

    assert some(7) == some(7)
    assert set(some(7)).isdisjoint(some(8))


def test_no_id_comes_twice() -> None:
    ids = Ids(1)

    assert len({ids.uuid() for _ in range(1_000)}) == 1_000


def test_a_uuid_has_the_form_of_a_random_one() -> None:
    ids = Ids(1)

    for _ in range(100):
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", ids.uuid())


def test_hex_has_as_many_digits_as_were_asked_for() -> None:
    ids = Ids(-3)

    assert [len(ids.hex(digits)) for digits in (1, 7, 16, 24, 64)] == [1, 7, 16, 24, 64]


def test_a_number_below_a_bound_reaches_every_value() -> None:
    ids = Ids(1)

    assert {ids.below(3) for _ in range(100)} == {0, 1, 2}
