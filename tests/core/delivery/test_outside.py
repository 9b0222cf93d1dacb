"""Calls to the outside: each answer goes to who asked, and one that nobody waits for is let go."""

from app.core.commands import SettleOutsideCall
from app.core.delivery.outside import Outside
from app.core.delivery.outside_calls import AwsCall, HttpAnswered, HttpCall, NoAnswer, OutsideAnswer
from app.core.facts import CallOutside, Effect
from app.core.time import Instant
from tests.core.stage import NOON


def test_each_answer_goes_to_who_asked() -> None:
    outbox: list[Effect] = []
    outside = Outside(outbox)
    told: list[tuple[str, OutsideAnswer]] = []

    def then(who: str) -> "Then":
        return Then(who, told)

    outside.call(HttpCall("POST", "http://localhost:9/a"), then("a"))
    outside.call(AwsCall("kinesis", "PutRecord"), then("b"))
    numbers = [wish.number for wish in outbox if isinstance(wish, CallOutside)]
    outside.settle(SettleOutsideCall(numbers[1], NoAnswer("refused")), NOON)
    outside.settle(SettleOutsideCall(numbers[0], HttpAnswered(200, {}, b"")), NOON)

    assert told == [("b", NoAnswer("refused")), ("a", HttpAnswered(200, {}, b""))]


def test_an_answer_that_nobody_waits_for_is_let_go() -> None:
    outside = Outside([])

    outside.settle(SettleOutsideCall(7, NoAnswer("late")), NOON)

    assert outside.outbox == []


class Then:
    """Writes down under a name what it is told."""

    def __init__(self, who: str, told: list[tuple[str, OutsideAnswer]]) -> None:
        self._who = who
        self._told = told

    def __call__(self, answer: OutsideAnswer, now: Instant) -> None:
        self._told.append((self._who, answer))
