"""Routes of logs: what functions printed, by function and by invocation, and as it comes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from app.core.errors import ResourceNotFound
from app.core.names import Arn, name_of
from app.core.time import Instant, format_instant, parse_duration_ms, parse_instant
from app.engine.driver import Engine
from app.engine.ports import FunctionLogs, LogChunk
from app.web.control.errors import BadRequest
from app.web.control.models import InstantText
from app.web.control.parts import ControlParts


class LogsView(BaseModel):
    function: str
    lines: list[str]
    last: int = Field(description="The number of the last entry there is; the stream can go on behind it.")


class LogEntryView(BaseModel):
    """Whole lines that a function printed at once."""

    number: int
    at: InstantText
    function: str
    request_id: str
    stream: str = Field(description="The log stream, which is the environment's own.")
    text: str


def log_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(tags=["logs"])
    logs = parts.logs

    @router.get("/functions/{name}/logs", summary="The last lines it printed")
    async def of_function(
        name: str,
        lines: Annotated[int, Query(ge=1, le=100_000)] = 200,
        since: Annotated[str | None, Query(description="Only later lines: `10m` ago, or an instant.")] = None,
        request: Annotated[str | None, Query(description="Only the invocation with this request id.")] = None,
    ) -> LogsView:
        spec = engine.world.functions[parts.function_arn(name)].spec
        last = logs.last_number
        if since is None and request is None:
            return LogsView(function=spec.name, lines=logs.tail(spec.arn, lines), last=last)
        chunks = logs.chunks(spec.arn, since=_instant(since, engine), request_id=request)
        found = [line for chunk in chunks for line in chunk.text.splitlines()]
        return LogsView(function=spec.name, lines=found[-lines:], last=last)

    @router.get(
        "/functions/{name}/logs/stream", response_class=EventSourceResponse, summary="What it prints, as it comes"
    )
    async def stream(
        name: str,
        after: Annotated[
            int | None, Query(ge=0, description="Begin behind this entry; default: with the next.")
        ] = None,
        last_event_id: Annotated[str | None, Header(description="Sent by clients that reconnect.")] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        arn = engine.world.functions[parts.function_arn(name)].spec.arn
        if last_event_id is not None and last_event_id.isdecimal():
            after = int(last_event_id)
        async for chunk in _follow(logs, arn, after):
            view: dict[str, Any] = log_entry_view(chunk).model_dump()
            yield ServerSentEvent(id=str(chunk.number), event="log", data=view)

    @router.get("/invocations/{request_id}/logs", summary="What one invocation printed, over all its attempts")
    async def of_invocation(request_id: str) -> LogsView:
        chunks = logs.chunks(request_id=request_id)
        if not chunks:
            raise ResourceNotFound(f"there is no log of an invocation {request_id!r}")
        lines = logs.of(request_id).splitlines()
        return LogsView(function=name_of(chunks[0].function), lines=lines, last=logs.last_number)

    return router


def _instant(since: str | None, engine: Engine) -> Instant:
    """So long ago, or the instant itself."""
    if since is None:
        return 0
    try:
        return engine.clock.now() - parse_duration_ms(since)
    except ValueError:
        pass
    try:
        return parse_instant(since)
    except ValueError as error:
        raise BadRequest(
            f"{since!r} is neither a duration like 10m nor an instant like 2026-11-21T12:00:00Z"
        ) from error


async def _follow(logs: FunctionLogs, function: Arn, after: int | None) -> AsyncIterator[LogChunk]:
    """What the function prints behind number `after` (None: from now on), until the service ends."""
    came = asyncio.Event()
    # A number from before a restart is higher than any of these logs: then all of it is new.
    seen = logs.last_number if after is None else after if after <= logs.last_number else 0

    def watch(printed_by: Arn) -> None:
        if printed_by in (function, ""):
            came.set()

    with logs.watched_by(watch):
        while not logs.is_closed:
            came.clear()
            for chunk in logs.chunks(function, after=seen):
                seen = chunk.number
                yield chunk
            await came.wait()


def log_entry_view(chunk: LogChunk) -> LogEntryView:
    return LogEntryView(
        number=chunk.number,
        at=format_instant(chunk.at),
        function=name_of(chunk.function),
        request_id=chunk.request_id,
        stream=chunk.stream,
        text=chunk.text,
    )
