"""Routes of what happened: the journal and its live stream, messages, chains, warnings."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.core.errors import ResourceNotFound
from app.engine.driver import Engine
from app.engine.journal import Entry
from app.web.control.models import ChainView, FoundMessage
from app.web.control.views import message_view

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Filters:
    """Which entries are wanted; None admits all. Queues and functions by name or ARN."""

    queue: Annotated[str | None, Query(description="A queue, by name or ARN.")] = None
    function: Annotated[str | None, Query(description="A function, by name or ARN.")] = None
    message: Annotated[str | None, Query(description="A message id.")] = None
    chain: Annotated[str | None, Query(description="A chain id.")] = None
    kinds: Annotated[str | None, Query(description="Names of facts with commas between them.")] = None

    def as_arguments(self) -> dict[str, Any]:
        """The filters as the journal's `entries` takes them."""
        kinds = None if self.kinds is None else frozenset(kind.strip() for kind in self.kinds.split(","))
        return {
            "queue": self.queue,
            "function": self.function,
            "message": self.message,
            "chain": self.chain,
            "kinds": kinds,
        }


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
        entries = engine.journal.entries(after=after, limit=limit, newest=newest, **filters.as_arguments())
        return [entry.as_json() for entry in entries]

    @router.get("/journal/stream", response_class=EventSourceResponse, summary="What happens, as server-sent events")
    async def stream(
        filters: Filtered,
        after: Annotated[int | None, Query(ge=0, description="Begin behind this entry; default: with the next.")] = None,
        last_event_id: Annotated[str | None, Header(description="Sent by clients that reconnect.")] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        if last_event_id is not None and last_event_id.isdecimal():
            after = int(last_event_id)
        async for entry in _follow(engine, filters, after):
            yield ServerSentEvent(id=str(entry.number), event=type(entry.fact).__name__, data=entry.as_json())

    @router.get("/messages/{message_id}", summary="One message, wherever it is, and its story")
    async def find_message(message_id: str) -> FoundMessage:
        for queue in engine.world.queues():
            message = queue.find(message_id)
            if message is not None:
                view = message_view(message, queue.arn)
                return FoundMessage(
                    message_id=message_id, queue=queue.name, state=view.state, message=view, story=view.story
                )
        entries = engine.journal.entries(message=message_id, limit=_PAGE)
        if not entries:
            raise ResourceNotFound(f"there is no message {message_id!r}, and the journal knows of none")
        story = [_line(entry) for entry in entries]
        return FoundMessage(message_id=message_id, queue=None, state="gone", message=None, story=story)

    @router.get("/chains/{chain_id}", summary="Everything that one stimulus from outside caused, in order")
    async def show_chain(chain_id: str) -> ChainView:
        entries = engine.journal.entries(chain=chain_id, limit=100 * _PAGE)
        if not entries:
            raise ResourceNotFound(f"the journal knows of no chain {chain_id!r}")
        return ChainView(chain=chain_id, entries=[entry.as_json() for entry in entries])

    @router.get("/warnings", summary="Recursion loops, with their paths")
    async def list_warnings() -> list[dict[str, Any]]:
        return engine.warnings()

    return router


async def _follow(engine: Engine, filters: Filters, after: int | None) -> AsyncIterator[Entry]:
    """Entries behind `after` (None: from now on) without a gap and without an end, first the old, then the live."""
    journal = engine.journal
    arguments = filters.as_arguments()
    last = journal.last_number if after is None else after
    async with journal.subscribe() as news:
        while True:
            while page := journal.entries(after=last, limit=_PAGE, **arguments):
                for entry in page:
                    last = entry.number
                    yield entry
            await anext(news)


def _line(entry: Entry) -> str:
    told: dict[str, Any] = entry.as_json()
    return f"{told['at']} {told['text']}"
