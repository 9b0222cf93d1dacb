"""Routes of what happened: the journal and its live stream, messages, chains, warnings."""

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from app.core.errors import ResourceNotFound
from app.core.facts import MessagePublished
from app.core.names import name_of
from app.engine.driver import Engine
from app.engine.journal import Entry, Filter, Journal
from app.web.control.messages import MessageView, message_view


class FoundMessage(BaseModel):
    message_id: str
    queue: str | None
    state: str = Field(description='"gone" when it is in no queue any more, "published to …" when a topic got it.')
    message: MessageView | None
    story: list[str]


class ChainView(BaseModel):
    chain: str
    entries: list[dict[str, Any]]


_ALL = sys.maxsize


@dataclass(frozen=True, slots=True)
class Filters:
    """Which entries are wanted; None admits all. Queues and functions by name or ARN."""

    queue: Annotated[str | None, Query(description="A queue, by name or ARN.")] = None
    function: Annotated[str | None, Query(description="A function, by name or ARN.")] = None
    message: Annotated[str | None, Query(description="A message id.")] = None
    chain: Annotated[str | None, Query(description="A chain id.")] = None
    kinds: Annotated[str | None, Query(description="Names of facts with commas between them.")] = None

    def as_filter(self) -> Filter:
        kinds = None if self.kinds is None else frozenset(kind.strip() for kind in self.kinds.split(","))
        return Filter(self.queue, self.function, self.message, self.chain, kinds)


Filtered = Annotated[Filters, Depends()]


def journal_routes(engine: Engine) -> APIRouter:
    router = APIRouter(tags=["journal"])

    @router.get("/journal", summary="What happened, numbered")
    async def list_entries(
        filters: Filtered,
        after: Annotated[int, Query(ge=0, description="Only entries with a higher number.")] = 0,
        limit: Annotated[int, Query(ge=1, le=100_000)] = 1_000,
        newest: Annotated[bool, Query(description="The newest that fit the limit, not the oldest.")] = False,
    ) -> list[dict[str, Any]]:
        wanted = filters.as_filter()
        entries = engine.journal.entries(
            after=after,
            limit=limit,
            newest=newest,
            queue=wanted.queue,
            function=wanted.function,
            message=wanted.message,
            chain=wanted.chain,
            kinds=wanted.kinds,
        )
        return [entry.as_json() for entry in entries]

    @router.get("/journal/stream", response_class=EventSourceResponse, summary="What happens, as server-sent events")
    async def stream(
        filters: Filtered,
        after: Annotated[
            int | None, Query(ge=0, description="Begin behind this entry; default: with the next.")
        ] = None,
        last_event_id: Annotated[str | None, Header(description="Sent by clients that reconnect.")] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        if last_event_id is not None and last_event_id.isdecimal():
            after = int(last_event_id)
        async for entry in _follow(engine.journal, filters.as_filter(), after):
            yield ServerSentEvent(id=str(entry.number), event=type(entry.fact).__name__, data=entry.as_json())

    @router.get("/messages/{message_id}", summary="One message, wherever it is, and its story")
    async def find_message(message_id: str) -> FoundMessage:
        found = engine.world.queues.find_message(message_id)
        if found is not None:
            queue, message = found
            view = message_view(message, queue.arn)
            return FoundMessage(
                message_id=message_id, queue=queue.name, state=view.state, message=view, story=view.story
            )
        entries = engine.journal.entries(message=message_id, limit=_ALL)
        if not entries:
            raise ResourceNotFound(f"there is no message {message_id!r}, and the journal knows of none")
        story = [_line(entry) for entry in entries]
        first = entries[0].fact
        state = f"published to {name_of(first.topic)}" if isinstance(first, MessagePublished) else "gone"
        return FoundMessage(message_id=message_id, queue=None, state=state, message=None, story=story)

    @router.get("/chains/{chain_id}", summary="Everything that one stimulus from outside caused, in order")
    async def show_chain(chain_id: str) -> ChainView:
        entries = engine.journal.entries(chain=chain_id, limit=_ALL)
        if not entries:
            raise ResourceNotFound(f"the journal knows of no chain {chain_id!r}")
        return ChainView(chain=chain_id, entries=[entry.as_json() for entry in entries])

    @router.get("/warnings", summary="Recursion loops with their paths, and permissions that are missing")
    async def list_warnings() -> list[dict[str, Any]]:
        return engine.warnings()

    return router


async def _follow(journal: Journal, wanted: Filter, after: int | None) -> AsyncIterator[Entry]:
    """Entries behind number `after` (None: from now on): first those kept, then each as it is recorded, without end."""
    async with journal.subscribe() as news:
        # A number from before a restart is higher than any of this journal: then all of it is new.
        newest = journal.last_number
        seen = newest if after is None else after if after <= newest else 0
        for entry in journal.entries(after=seen, limit=_ALL):
            seen = entry.number
            if wanted.admits(entry):
                yield entry
        async for entry in news:
            # Entries of the listing come again as news; a reader too slow for the backlog finds a gap and reads it up.
            fresh = [entry] if entry.number <= seen + 1 else journal.entries(after=seen, limit=_ALL)
            for late in fresh:
                if late.number > seen:
                    seen = late.number
                    if wanted.admits(late):
                        yield late


def _line(entry: Entry) -> str:
    told: dict[str, Any] = entry.as_json()
    return f"{told['at']} {told['text']}"
