"""Renders what lives in the world into the models of the control API."""

import base64

from app.core.message import Attempt, Message, MessageAttribute, Move
from app.core.names import Arn, name_of, parse_arn
from app.core.notification import NotificationRule
from app.core.queue import Queue
from app.core.time import Instant, format_instant
from app.engine.ports import EndpointStatus, EnvironmentStatus, LogChunk
from app.web.control.models import (
    AttemptView,
    Attribute,
    DeadLetterQueueView,
    EnvironmentsView,
    EnvironmentView,
    LogEntryView,
    MessageView,
    MoveView,
    NotificationView,
    QueueView,
)
from app.web.control.story import tell_message


def environments_view(function: str, status: EndpointStatus | None) -> EnvironmentsView:
    """An endpoint that cannot tell has none to show."""
    if status is None:
        return EnvironmentsView(function=function, cold_starts=0, warm_starts=0, ended={}, environments=[])
    return EnvironmentsView(
        function=function,
        cold_starts=status.cold_starts,
        warm_starts=status.warm_starts,
        ended=dict(status.ended),
        environments=[_environment_view(environment) for environment in status.environments],
    )


def _environment_view(status: EnvironmentStatus) -> EnvironmentView:
    return EnvironmentView(
        slot=status.slot,
        environment=status.environment,
        state=status.state,
        pid=status.pid,
        began_at=format_instant(status.began_at),
        init_ms=status.init_ms,
        invocations=status.invocations,
        last_request=status.last_request,
        last_used_at=None if status.last_used_at is None else format_instant(status.last_used_at),
        max_memory_mb=status.max_memory_mb,
        extensions=list(status.extensions),
    )


def log_entry_view(chunk: LogChunk) -> LogEntryView:
    return LogEntryView(
        number=chunk.number,
        at=format_instant(chunk.at),
        function=name_of(chunk.function),
        request_id=chunk.request_id,
        stream=chunk.stream,
        text=chunk.text,
    )


def queue_view(queue: Queue, *, now: Instant) -> QueueView:
    return QueueView(
        name=queue.name,
        arn=queue.arn,
        visible=queue.visible_count,
        in_flight=queue.in_flight_count,
        delayed=queue.delayed_count,
        attributes=queue.attributes(now),
        tags=dict(queue.tags),
    )


def dead_letter_queue_view(queue: Queue, sources: list[Queue]) -> DeadLetterQueueView:
    return DeadLetterQueueView(
        name=queue.name,
        arn=queue.arn,
        visible=queue.visible_count,
        in_flight=queue.in_flight_count,
        delayed=queue.delayed_count,
        sources=[source.name for source in sources],
    )


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


def notification_view(rule: NotificationRule) -> NotificationView:
    kind = parse_arn(rule.target).service
    return NotificationView(
        Id=rule.id,
        Events=list(rule.events),
        prefix=rule.prefix,
        suffix=rule.suffix,
        function=name_of(rule.target) if kind == "lambda" else None,
        queue=name_of(rule.target) if kind == "sqs" else None,
        topic=name_of(rule.target) if kind == "sns" else None,
        target=rule.target,
    )


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
