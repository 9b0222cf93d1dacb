"""Routes of queues that another broker keeps."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.sqs.remote_queues import RemoteQueue
from app.core.time import format_instant
from app.engine.driver import Engine
from app.web.control.errors import BadRequest
from app.web.control.models import Entry
from app.web.control.parts import ControlParts


class RemoteQueueView(BaseModel):
    """A queue that another broker keeps."""

    name: str
    arn: str
    broker: str = Field(description="Where it is, in words.")
    state: str = Field(examples=["connected", "lost", "unknown"])
    error: str | None = Field(description="Why the broker is lost; null while it answers.")
    lost_at: str | None
    visibility_timeout_s: int | None = Field(description="What the broker said last, as are the counts; else null.")
    visible: int | None
    in_flight: int | None
    delayed: int | None
    polls: int = Field(description="Receives under way there.")


def broker_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(prefix="/brokers", tags=["brokers"])

    @router.get("", summary="Every queue that another broker keeps, and how that one is doing")
    async def list_remote_queues() -> list[RemoteQueueView]:
        return [remote_queue_view(queue) for queue in engine.world.remote_queues.all()]

    @router.post("", status_code=201, summary="Declare a queue that another broker keeps; an entry as in the file")
    async def declare_remote_queue(entry: Entry) -> RemoteQueueView:
        try:
            await parts.add_remote_queue(entry.name, entry.settings())
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return next(remote_queue_view(queue) for queue in engine.world.remote_queues.all() if queue.name == entry.name)

    return router


def remote_queue_view(queue: RemoteQueue) -> RemoteQueueView:
    attributes = queue.attributes
    return RemoteQueueView(
        name=queue.name,
        arn=queue.arn,
        broker=queue.broker,
        state=queue.state,
        error=queue.error,
        lost_at=None if queue.lost_at is None else format_instant(queue.lost_at),
        visibility_timeout_s=attributes.visibility_timeout_s if attributes else None,
        visible=attributes.visible if attributes else None,
        in_flight=attributes.in_flight if attributes else None,
        delayed=attributes.delayed if attributes else None,
        polls=len(queue.polls),
    )
