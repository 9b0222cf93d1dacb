"""Routes of dead-letter queues: whose they are, what is in them and why, and how it goes back."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from app.core.commands import RedriveMessages
from app.core.sqs.message import Message, MessageState
from app.core.sqs.queue import Queue
from app.engine.driver import Engine
from app.web.control.messages import MessageView, message_view
from app.web.control.models import Taken
from app.web.control.parts import ControlParts
from app.web.control.queues import PurgedView, peek, purge


class DeadLetterQueueView(BaseModel):
    name: str
    arn: str
    visible: int
    in_flight: int
    delayed: int
    sources: list[str] = Field(description="The queues whose redrive policy names it.")


class Redrive(Taken):
    message_ids: list[str] | None = Field(default=None, description="Which ones; null means all.")
    bodies: dict[str, str] = Field(default={}, description="New bodies by message id, for those to be edited.")
    destination: str | None = Field(default=None, description="A queue; null sends each to the queue it came from.")


class RedrivenView(BaseModel):
    """As at AWS, each is sent again as a new message, with an id of its own."""

    message_ids: list[str] = Field(description="The ids they had in the dead-letter queue.")


def dead_letter_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(prefix="/dead-letter-queues", tags=["dead-letter queues"])

    @router.get("", summary="Every queue that a redrive policy names, and whose it is")
    async def list_dead_letter_queues() -> list[DeadLetterQueueView]:
        world = engine.world
        with_sources = [(queue, world.queues.dead_letter_sources(queue.arn)) for queue in world.queues.all()]
        return [dead_letter_queue_view(queue, sources) for queue, sources in with_sources if sources]

    @router.get("/{name}/messages", summary="Its messages, each with its story; nothing is received")
    async def list_messages(
        name: str,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
        after: Annotated[str | None, Query(description="A message id: begin behind it.")] = None,
    ) -> list[MessageView]:
        return peek(engine, parts.queue_arn(name), limit=limit, after=after)

    @router.post("/{name}/redrive", summary="Send messages back, all or some, edited or not")
    async def redrive(name: str, wanted: Redrive) -> RedrivenView:
        command = RedriveMessages(
            parts.queue_arn(name),
            None if wanted.message_ids is None else tuple(wanted.message_ids),
            None if wanted.destination is None else parts.queue_arn(wanted.destination),
            wanted.bodies,
        )
        return RedrivenView(message_ids=list(engine.submit(command)))

    @router.post("/{name}/purge", summary="Drop every message")
    async def purge_dead_letters(name: str) -> PurgedView:
        return purge(engine, parts.queue_arn(name))

    @router.get(
        "/{name}/export",
        summary="Every message as a line of JSON",
        response_class=StreamingResponse,
        responses={200: {"content": {"application/x-ndjson": {}}, "description": "One message a line."}},
    )
    async def export(name: str) -> StreamingResponse:
        queue = engine.world.queues[parts.queue_arn(name)]
        return StreamingResponse(_lines(queue, list(queue)), media_type="application/x-ndjson")

    return router


async def _lines(queue: Queue, messages: list[Message]) -> AsyncIterator[str]:
    """A line for each of the messages that were there at the start and still are when their turn comes."""
    for message in messages:
        if message.state is not MessageState.GONE:
            yield message_view(message, queue.arn).model_dump_json() + "\n"


def dead_letter_queue_view(queue: Queue, sources: list[Queue]) -> DeadLetterQueueView:
    return DeadLetterQueueView(
        name=queue.name,
        arn=queue.arn,
        visible=queue.visible_count,
        in_flight=queue.in_flight_count,
        delayed=queue.delayed_count,
        sources=[source.name for source in sources],
    )
