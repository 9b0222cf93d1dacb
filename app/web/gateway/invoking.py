"""Invoking a function for a request: synchronously, for so long and no longer in real time."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Self, TypeAlias, TypeVar, cast

from app.core.awslambda.invocation import Outcome, Succeeded
from app.core.awslambda.outcomes import error_of, word_of
from app.core.commands import Asker, Invoke, Invoked, Origin, Waiting
from app.core.errors import Refused
from app.core.names import Arn, Scope
from app.engine.driver import Engine
from app.engine.ports import ResponseSink

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Returned:
    """The function returned; `payload` is its JSON."""

    payload: bytes
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The function failed, whichever way; `text` says how."""

    text: str
    outcome: Outcome
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Lambda would not run it: it is not there, is throttled, may not be invoked, gets too much."""

    refusal: Refused

    @property
    def text(self) -> str:
        return self.refusal.message


@dataclass(frozen=True, slots=True)
class TookTooLong:
    """The time limit of whoever called passed; the function runs on."""

    after_ms: int

    @property
    def text(self) -> str:
        return f"the function did not answer within {self.after_ms / 1_000:g} s, and runs on"


Ending: TypeAlias = Returned | Failed | Rejected | TookTooLong


@dataclass(frozen=True, slots=True)
class Asked:
    """A synchronous invocation that is to be made for a coroutine which no task runs (`ByHand`)."""

    command: Invoke
    timeout_ms: int | None

    def __await__(self) -> Generator[Self, Ending, Ending]:
        return (yield self)


class ByHand:
    """The engine for coroutines that wait for nothing but functions: `run_by_hand` runs those without a task."""

    def __init__(self, engine: Engine) -> None:
        self.world = engine.world
        self.clock = engine.clock
        self.submit = engine.submit


def run_by_hand(engine: Engine, coroutine: Coroutine[Asked, Ending, T], then: Callable[[T | Exception], None]) -> None:
    """Run it to its end, now or as functions come to theirs; `then` is told once, and has to be quick."""

    def go_on(ending: Ending | None) -> None:
        try:
            asked = coroutine.send(cast("Ending", ending))  # the first is no ending: nothing was asked yet
        except StopIteration as end:
            then(end.value)
        except Exception as error:
            # The engine may call this, and has others to tell: nobody is to wait because of one answer.
            log.exception("a front failed")
            then(error)
        else:
            invoke_then(engine, asked.command, asked.timeout_ms, go_on)

    go_on(None)


async def invoke(
    engine: Engine | ByHand,
    function: Arn,
    payload: bytes,
    scope: Scope,
    origin: Origin,
    station: str,
    timeout_ms: int | None,
    sink: ResponseSink | None = None,
    *,
    asker: Asker | None = None,
    request_id: str | None = None,
) -> Ending:
    """Run the function with the event; `sink` is given what it streams. Never raises for what the function does."""
    command = Invoke(scope, function, payload, origin=origin, station=station, asker=asker, request_id=request_id)
    return await ending_of(engine, command, timeout_ms, sink)


async def ending_of(
    engine: Engine | ByHand, command: Invoke, timeout_ms: int | None, sink: ResponseSink | None = None
) -> Ending:
    """What comes of a synchronous invocation."""
    if isinstance(engine, ByHand):
        assert sink is None, "what streams has its task"
        return await Asked(command, timeout_ms)
    try:
        async with asyncio.timeout(timeout_ms / 1_000 if timeout_ms else None):
            invoked = await (engine.ask(command) if sink is None else engine.ask_streaming(command, sink))
    except TimeoutError:
        return TookTooLong(timeout_ms or 0)
    except Refused as refusal:
        return Rejected(refusal)
    return _ending_of(invoked)


def invoke_then(engine: Engine, command: Invoke, timeout_ms: int | None, then: Callable[[Ending], None]) -> None:
    """The same without a task that waits: `then` is called once, as the ending is there, and has to be quick."""

    def answered(invoked: Invoked | Refused) -> None:
        if limit is not None:
            limit.cancel()
        then(Rejected(invoked) if isinstance(invoked, Refused) else _ending_of(invoked))

    def overran() -> None:
        engine.give_up(answer)
        then(TookTooLong(timeout_ms or 0))

    limit = asyncio.get_running_loop().call_later(timeout_ms / 1_000, overran) if timeout_ms else None
    try:
        answer = engine.submit(command, answered)
    except Refused as refusal:
        answered(refusal)
        return
    if not isinstance(answer, Waiting):
        answered(answer)


def _ending_of(invoked: Invoked) -> Ending:
    outcome = invoked.outcome
    assert outcome is not None, "a synchronous invocation has an outcome"
    if isinstance(outcome, Succeeded):
        return Returned(outcome.payload, invoked.request_id)
    error_type, message = error_of(outcome)
    return Failed(f"the function {word_of(outcome)}: {error_type}: {message}", outcome, invoked.request_id)
