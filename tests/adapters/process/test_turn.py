"""A lock that is taken in passing, or waited for."""

import asyncio

import pytest

from app.adapters.process.turn import Turn
from tests.engine.scene import a_few_turns


async def have(turn: Turn, name: str, had: list[str], until: asyncio.Event) -> None:
    async with turn:
        had.append(name)
        await until.wait()


async def test_it_is_taken_once_until_it_is_given_back() -> None:
    turn = Turn()

    assert turn.take_now()
    assert not turn.take_now()
    turn.give_back()
    assert turn.take_now()


async def test_who_waits_has_it_in_the_order_of_coming_and_nobody_in_passing_comes_before() -> None:
    turn, had, until = Turn(), list[str](), asyncio.Event()
    turn.take_now()
    waiting = [asyncio.create_task(have(turn, name, had, until)) for name in "abc"]
    await a_few_turns()

    turn.give_back()
    assert not turn.take_now()
    until.set()
    await asyncio.gather(*waiting)

    assert had == ["a", "b", "c"]
    assert not turn.is_taken


@pytest.mark.parametrize("is_late", [False, True], ids=["before its turn", "as it was handed over"])
async def test_who_gave_up_is_passed_over(is_late: bool) -> None:
    turn, had, until = Turn(), list[str](), asyncio.Event()
    until.set()
    turn.take_now()
    gone, other = (asyncio.create_task(have(turn, name, had, until)) for name in ("gone", "other"))
    await a_few_turns()

    if is_late:
        turn.give_back()
        gone.cancel()
    else:
        gone.cancel()
        turn.give_back()
    await asyncio.gather(gone, other, return_exceptions=True)

    assert had == ["other"]
    assert not turn.is_taken
