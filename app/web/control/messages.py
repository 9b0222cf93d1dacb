"""A message as it lies in its queue, and what was tried with it, as the control API shows it."""

import base64

from pydantic import BaseModel, Field

from app.core.names import Arn, name_of
from app.core.sqs.message import Attempt, Message, MessageAttribute, Move
from app.core.time import format_instant
from app.web.control.models import Attribute, InstantText
from app.web.control.story import tell_message


class AttemptView(BaseModel):
    """One receive of a message and what became of it."""

    number: int
    at: InstantText
    by: str = Field(description="The function of the mapping, or ReceiveMessage.")
    request_id: str | None
    outcome: str = Field(description='"" while nothing is known.')
    error_type: str | None
    error_message: str | None
    log_tail: str


class MoveView(BaseModel):
    at: InstantText
    source: str
    destination: str
    reason: str


class MessageView(BaseModel):
    """A message as it lies in its queue. Looking at it counts as no receive."""

    message_id: str
    queue: str
    state: str = Field(examples=["visible", "in flight", "delayed"])
    body: str
    attributes: dict[str, Attribute]
    sender_id: str
    sent_at: InstantText
    available_at: InstantText
    receive_count: int
    first_received_at: str | None
    trace_header: str | None
    group_id: str | None
    source: str | None = Field(description="The queue it came from, for a dead letter.")
    attempts: list[AttemptView]
    moves: list[MoveView]
    story: list[str] = Field(description="What happened to it, in readable lines.")


def message_view(message: Message, queue: Arn) -> MessageView:
    content = message.content
    return MessageView(
        message_id=content.message_id,
        queue=name_of(queue),
        state=message.state.value,
        body=content.body,
        attributes={name: attribute_view(value) for name, value in content.attributes.items()},
        sender_id=content.sender_id,
        sent_at=format_instant(content.sent_at),
        available_at=format_instant(message.available_at),
        receive_count=message.receive_count,
        first_received_at=None if message.first_received_at is None else format_instant(message.first_received_at),
        trace_header=content.trace_header,
        group_id=content.group_id,
        source=None if message.source is None else name_of(message.source),
        attempts=[_attempt_view(attempt) for attempt in message.attempts],
        moves=[_move_view(move) for move in message.moves],
        story=tell_message(message, queue),
    )


def attribute_view(attribute: MessageAttribute) -> Attribute:
    value = attribute.value
    text = base64.b64encode(value).decode() if isinstance(value, bytes) else value
    return Attribute(data_type=attribute.data_type, value=text)


def _attempt_view(attempt: Attempt) -> AttemptView:
    return AttemptView(
        number=attempt.number,
        at=format_instant(attempt.at),
        by=attempt.by,
        request_id=attempt.request_id,
        outcome=attempt.outcome,
        error_type=attempt.error_type,
        error_message=attempt.error_message,
        log_tail=attempt.log_tail,
    )


def _move_view(move: Move) -> MoveView:
    return MoveView(
        at=format_instant(move.at),
        source=name_of(move.source),
        destination=name_of(move.destination),
        reason=move.reason,
    )
