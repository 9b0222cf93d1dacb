"""Routes of the clock: look at it, set its way, move it. A clock stops moving when whoever moves it has gone."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app.core.names import name_of
from app.core.time import format_instant, parse_duration_ms, parse_instant
from app.engine.driver import Advanced, Engine
from app.web.control.disconnect import unless_gone
from app.web.control.errors import BadRequest
from app.web.control.models import InstantText, Taken


class HoldView(BaseModel):
    """A real call in flight, which keeps a frozen or automatic clock from moving."""

    request_id: str
    function: str
    since: InstantText


class ClockView(BaseModel):
    way: Literal["wall", "frozen", "auto"] = Field(description="How the clock goes.")
    now: InstantText
    next_wakeup: str | None = Field(description="When something is next due; null when nothing is.")
    holds: list[HoldView] = Field(description="Calls to real functions that the clock waits for.")


class SetClock(Taken):
    way: Literal["wall", "frozen", "auto"] = Field(
        description="`wall`: real time. `frozen`: stands still until it is advanced. `auto`: jumps to whatever is "
        "due next whenever no real call is in flight."
    )
    at: str | None = Field(default=None, examples=["2026-11-21T12:00:00Z"], description="Where to set it; never back.")


class Advance(Taken):
    duration: str = Field(examples=["10m", "1h30m", "250ms", "45"], description="How far; a bare number is seconds.")


class AdvancedView(BaseModel):
    now: InstantText
    woken: int = Field(description="Wake-ups carried out.")
    facts: int = Field(description="Entries the journal gained meanwhile.")


def clock_routes(engine: Engine) -> APIRouter:
    router = APIRouter(prefix="/clock", tags=["clock"])

    @router.get("", summary="What time it is, and how the clock goes")
    async def show() -> ClockView:
        return clock_view(engine)

    @router.put("", summary="Set the clock's way, and perhaps its time")
    async def set_clock(request: Request, wanted: SetClock) -> ClockView:
        try:
            at = None if wanted.at is None else parse_instant(wanted.at)
            await unless_gone(request, engine.set_clock(wanted.way, at))
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return clock_view(engine)

    @router.post("/advance", summary="Move the clock; answers when all that was due has happened")
    async def advance(request: Request, wanted: Advance) -> AdvancedView:
        try:
            advanced = await unless_gone(request, engine.advance(parse_duration_ms(wanted.duration)))
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return _advanced_view(advanced)

    @router.post("/advance-to-next", summary="Move the clock to whatever is due next")
    async def advance_to_next(request: Request) -> AdvancedView:
        try:
            return _advanced_view(await unless_gone(request, engine.advance_to_next()))
        except ValueError as error:
            raise BadRequest(str(error)) from error

    return router


def clock_view(engine: Engine) -> ClockView:
    next_wakeup = engine.world.next_event()
    return ClockView(
        way=engine.clock.way.value,
        now=format_instant(engine.clock.now()),
        next_wakeup=None if next_wakeup is None else format_instant(next_wakeup),
        holds=[
            HoldView(request_id=hold.request_id, function=_short(hold.function), since=format_instant(hold.since))
            for hold in engine.holds
        ],
    )


def _short(function: str) -> str:
    return name_of(function) if function.startswith("arn:") else function


def _advanced_view(advanced: Advanced) -> AdvancedView:
    return AdvancedView(now=format_instant(advanced.now), woken=advanced.woken, facts=advanced.facts)
