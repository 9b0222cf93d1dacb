"""Routes of queues: what they hold, looking into them, sending, purging."""

import base64
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.core.commands import DeleteQueue, PurgeQueue, RefuseQueueCalls, SendMessage, Sent
from app.core.sqs.message import MessageAttribute
from app.core.sqs.queue import Queue
from app.engine.driver import Engine
from app.web.control.errors import BadRequest
from app.web.control.messages import MessageView, message_view
from app.web.control.models import Attribute, Entry, Taken
from app.web.control.parts import ControlParts


class QueueRefusalEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    with_: str = Field(alias="with", description="AWS's name of a refusal of SQS's: KmsThrottled, RequestThrottled, ….")
    times: int | None = Field(None, ge=1, description="How many calls; without it, all until it is taken back.")
    operation: Literal["SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"] | None = Field(
        None, description="Only this one, and its batch; without it, all four."
    )
    message: str | None = Field(None, description="Instead of AWS's own words.")


class QueueRefusalView(BaseModel):
    code: str
    left: int | None = Field(description="How many more calls; null is until it is taken back.")
    operation: str | None = Field(description="Only of this one; null is all on messages.")


class QueueView(BaseModel):
    name: str
    arn: str
    visible: int
    in_flight: int
    delayed: int
    attributes: dict[str, str] = Field(description="As GetQueueAttributes shows them.")
    tags: dict[str, str]
    refusal: QueueRefusalView | None = Field(description="What it was told to refuse with.")


class Send(Taken):
    body: str
    delay_s: int | None = Field(default=None, description="Null takes the queue's own delay.")
    attributes: dict[str, Attribute] = Field(default={})
    group_id: str | None = None
    deduplication_id: str | None = None


class SentView(BaseModel):
    message_id: str
    md5_of_body: str
    sequence_number: str | None = None


class PurgedView(BaseModel):
    queue: str
    messages: int = Field(description="How many messages it held.")


def queue_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(prefix="/queues", tags=["queues"])

    @router.get("", summary="Every queue, by name")
    async def list_queues() -> list[QueueView]:
        return [queue_view(queue, engine) for queue in engine.world.queues.all()]

    @router.post("", status_code=201, summary="Create a queue; an entry as in the settings file")
    async def create_queue(entry: Entry) -> QueueView:
        try:
            await parts.add_queue(entry.name, entry.settings())
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return queue_view(engine.world.queues[parts.queue_arn(entry.name)], engine)

    @router.get("/{name}", summary="One queue, by name or ARN")
    async def show_queue(name: str) -> QueueView:
        return queue_view(engine.world.queues[parts.queue_arn(name)], engine)

    @router.delete("/{name}", status_code=204, summary="Delete a queue and all that is in it")
    async def delete_queue(name: str) -> None:
        engine.submit(DeleteQueue(parts.queue_arn(name)))

    @router.put("/{name}/refusal", summary="Refuse the next operations on its messages in AWS's words")
    async def refuse(name: str, entry: QueueRefusalEntry) -> QueueView:
        arn = parts.queue_arn(name)
        engine.submit(RefuseQueueCalls(arn, entry.with_, entry.times, entry.operation, entry.message))
        return queue_view(engine.world.queues[arn], engine)

    @router.delete("/{name}/refusal", summary="Let it do them again")
    async def stop_refusing(name: str) -> QueueView:
        arn = parts.queue_arn(name)
        engine.submit(RefuseQueueCalls(arn, "RequestThrottled", 0))
        return queue_view(engine.world.queues[arn], engine)

    @router.get("/{name}/messages", summary="Look at its messages; nothing is received, nothing counts up")
    async def list_messages(
        name: str,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
        after: Annotated[str | None, Query(description="A message id: begin behind it.")] = None,
    ) -> list[MessageView]:
        return peek(engine, parts.queue_arn(name), limit=limit, after=after)

    @router.post("/{name}/messages", status_code=201, summary="Send a message")
    async def send_message(name: str, wanted: Send) -> SentView:
        attributes = {key: message_attribute(key, value) for key, value in wanted.attributes.items()}
        command = SendMessage(
            parts.queue_arn(name),
            wanted.body,
            wanted.delay_s,
            attributes,
            group_id=wanted.group_id,
            deduplication_id=wanted.deduplication_id,
        )
        sent = engine.submit(command)
        assert isinstance(sent, Sent), f"a send was answered with {sent!r}"
        return SentView(message_id=sent.message_id, md5_of_body=sent.md5_of_body, sequence_number=sent.sequence_number)

    @router.post("/{name}/purge", summary="Drop every message")
    async def purge_queue(name: str) -> PurgedView:
        return purge(engine, parts.queue_arn(name))

    return router


def peek(engine: Engine, arn: str, *, limit: int, after: str | None) -> list[MessageView]:
    """Up to `limit` messages of the queue, from behind the message `after`. Raises QueueDoesNotExist, BadRequest."""
    queue = engine.world.queues[arn]
    place = None
    if after is not None:
        message = queue.find(after)
        if message is None:
            raise BadRequest(f"there is no message {after!r} in {queue.name!r}")
        place = message.order
    return [message_view(message, queue.arn) for message in queue.peek(limit=limit, after=place)]


def purge(engine: Engine, arn: str) -> PurgedView:
    """Drop every message of the queue. Raises QueueDoesNotExist, PurgeQueueInProgress."""
    queue = engine.world.queues[arn]
    count = len(queue)
    engine.submit(PurgeQueue(arn))
    return PurgedView(queue=queue.name, messages=count)


def message_attribute(name: str, attribute: Attribute) -> MessageAttribute:
    """The attribute of that name as the core has it. Raises BadRequest."""
    if not attribute.data_type.startswith("Binary"):
        return MessageAttribute(attribute.data_type, attribute.value)
    try:
        return MessageAttribute(attribute.data_type, base64.b64decode(attribute.value, validate=True))
    except ValueError:
        raise BadRequest(f"attributes.{name}.value: the value of a Binary attribute is written in base64") from None


def queue_view(queue: Queue, engine: Engine) -> QueueView:
    rehearsal = engine.world.queues.refusals.rehearsal_of(queue.arn)
    return QueueView(
        name=queue.name,
        arn=queue.arn,
        visible=queue.visible_count,
        in_flight=queue.in_flight_count,
        delayed=queue.delayed_count,
        attributes=queue.attributes(engine.clock.now()),
        tags=dict(queue.tags),
        refusal=None
        if rehearsal is None
        else QueueRefusalView(code=rehearsal.code, left=rehearsal.left, operation=rehearsal.operation),
    )
