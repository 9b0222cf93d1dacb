"""Calls to the outside in the engine: they hold the clock, and come back as commands."""

import asyncio

from app.core.delivery.outside_calls import HttpAnswered, HttpCall, NoAnswer, OutsideAnswer, OutsideCall
from app.core.facts import CallOutside
from app.engine.outside import OutsideCalls

CALL = CallOutside(3, HttpCall("POST", "http://localhost:9/hook"))


class Slow:
    """An outside that answers when told to."""

    def __init__(self, answer: OutsideAnswer | Exception) -> None:
        self.may_answer = asyncio.Event()
        self._answer = answer

    def comes_back(self, call: OutsideCall) -> bool:
        return False

    async def make(self, call: OutsideCall) -> OutsideAnswer:
        await self.may_answer.wait()
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    async def close(self) -> None:
        pass


class Log:
    """What the engine was told, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def calls(self, outside: Slow | None) -> OutsideCalls:
        return OutsideCalls(
            outside,
            lambda command: self.lines.append(f"{command.number} {command.answer}"),
            lambda _, what, **__: self.lines.append(f"held by {what}"),
            lambda _: self.lines.append("released"),
        )

    async def until(self, line: str) -> None:
        async with asyncio.timeout(5):
            while line not in self.lines:  # noqa: ASYNC110 the lines are written by what is tested
                await asyncio.sleep(0)


async def test_a_call_holds_the_clock_until_its_answer_is_known() -> None:
    log, outside = Log(), Slow(HttpAnswered(200, {}, b"ok"))
    calls = log.calls(outside)

    calls.carry_out(CALL)
    held = list(log.lines)
    outside.may_answer.set()
    await log.until("released")

    assert held == ["held by POST http://localhost:9/hook"]
    assert log.lines[1:] == [f"3 {HttpAnswered(200, {}, b'ok')}", "released"]


async def test_a_call_that_breaks_is_a_call_without_an_answer() -> None:
    log, outside = Log(), Slow(RuntimeError("broken"))
    outside.may_answer.set()

    log.calls(outside).carry_out(CALL)
    await log.until("released")

    assert log.lines[1] == f"3 {NoAnswer('the call failed: RuntimeError: broken')}"


async def test_without_an_outside_nobody_answers() -> None:
    log = Log()

    log.calls(None).carry_out(CALL)
    await log.until("released")

    assert log.lines[1] == f"3 {NoAnswer('nothing outside is reached from here')}"


async def test_closing_gives_up_what_is_under_way() -> None:
    log = Log()
    calls = log.calls(Slow(HttpAnswered(200, {}, b"")))
    calls.carry_out(CALL)

    await calls.close()

    assert log.lines == ["held by POST http://localhost:9/hook"]
