"""Invoking a function for a request: synchronously, for so long and no longer in real time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from app.core.commands import Asker, Invoke, Invoked, Origin, Waiting
from app.core.errors import Refused
from app.core.invocation import Outcome, Succeeded
from app.core.names import Arn, Scope
from app.core.outcomes import error_of, word_of
from app.engine.driver import Engine
from app.engine.ports import ResponseSink
from app.web.gateway.outcome import Result


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
class FunctionCall:
    """The one thing that a request waits for, and what its ending makes the result."""

    command: Invoke
    timeout_ms: int
    result_of: Callable[[Ending], Result]


async def invoke(
    engine: Engine,
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
    engine: Engine, command: Invoke, timeout_ms: int | None, sink: ResponseSink | None = None
) -> Ending:
    """What comes of a synchronous invocation."""
    try:
        async with asyncio.timeout(timeout_ms / 1_000 if timeout_ms else None):
            invoked = await (engine.ask(command) if sink is None else engine.ask_streaming(command, sink))
    except TimeoutError:
        return TookTooLong(timeout_ms or 0)
    except Refused as refusal:
        return Rejected(refusal)
    return _ending_of(invoked)


def invoke_then(engine: Engine, command: Invoke, timeout_ms: int, then: Callable[[Ending], None]) -> None:
    """The same without a task that waits: `then` is called once, as the ending is there, and has to be quick."""

    def answered(invoked: Invoked | Refused) -> None:
        limit.cancel()
        then(Rejected(invoked) if isinstance(invoked, Refused) else _ending_of(invoked))

    def overran() -> None:
        engine.give_up(answer)
        then(TookTooLong(timeout_ms))

    limit = asyncio.get_running_loop().call_later(timeout_ms / 1_000, overran)
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
