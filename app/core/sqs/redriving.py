"""Dead letters sent on as new messages, to where they came from or elsewhere."""

from dataclasses import dataclass

from msgspec.structs import replace

from app.core.commands import (
    RedriveMessages,
)
from app.core.errors import (
    InvalidParameterValue,
    ResourceNotFound,
)
from app.core.facts import (
    Effect,
    MessageMoved,
    MessageSent,
)
from app.core.ids import Ids
from app.core.sqs.checksums import md5_of_body
from app.core.sqs.message import Message, Move
from app.core.sqs.message_rules import (
    check_message,
    size_of,
)
from app.core.sqs.queue import Queue
from app.core.sqs.queues import Queues
from app.core.sqs.sending import Sending
from app.core.time import Instant


@dataclass(slots=True)
class Redriving:
    """Sends on what lies in dead-letter queues; effects go to `outbox`."""

    ids: Ids
    outbox: list[Effect]
    queues: Queues
    sending: Sending

    def redrive(self, command: RedriveMessages, now: Instant) -> tuple[str, ...]:
        """Send messages on as new ones: a fresh id and receive count, as a message move task does.

        Raises ResourceNotFound for an unknown message or destination, InvalidParameterValue when the queue is no
        dead-letter queue and no destination is given, or the destination is of the other type, and what receiving or
        sending is refused with; then nothing has moved.
        """
        queue = self.queues[command.queue]
        if command.destination is None and not self.queues.sources_of(queue.arn):
            raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
        moves = [
            (message, self._way_back(queue, message, command), command.bodies.get(message.content.message_id))
            for message in self._chosen(queue, command)
        ]
        self.queues.refusals.check(queue, "ReceiveMessage", now)
        for message, destination, body in moves:
            check_same_type(queue, destination)
            self.queues.refusals.check(destination, "SendMessage", now)
            check_message(message.content.body if body is None else body, message.content.attributes)
            size = size_of(message.content.body if body is None else body, message.content.attributes)
            self.sending.check_size(destination, size, "One or more parameters are invalid.")
        for message, destination, body in moves:
            self.resend(message, queue, destination, body, now)
        return tuple(message.content.message_id for message, _, _ in moves)

    def resend(self, message: Message, source: Queue, destination: Queue, body: str | None, now: Instant) -> None:
        """Send a message of `source` to `destination` as a new one: fresh id, stamps and counts."""
        old = message.content
        body = old.body if body is None else body
        content = replace(old, message_id=self.ids.uuid(), body=body, md5_of_body=md5_of_body(body), sent_at=now)
        if destination.is_fifo:
            content = replace(content, sequence_number=destination.next_sequence_number())
        source.take(message)
        sent = destination.send(content, delay_s=0, now=now)
        sent.moves = (Move(now, source.arn, destination.arn, f"redriven; it was {old.message_id}"),)
        reason = f"redriven, as {content.message_id}"
        self.outbox.append(MessageMoved(source.arn, old.message_id, old.chain, destination.arn, reason))
        self.outbox.append(
            MessageSent(destination.arn, content.message_id, content.chain, size_of(body, content.attributes))
        )
        self.queues.changed(source, now)
        self.queues.changed(destination, now)

    def _chosen(self, queue: Queue, command: RedriveMessages) -> list[Message]:
        if command.message_ids is None:
            return list(queue)
        by_id = {message.content.message_id: message for message in queue}
        missing = [message_id for message_id in command.message_ids if message_id not in by_id]
        if missing:
            raise ResourceNotFound(f"there is no message {missing[0]} in queue '{queue.name}'")
        return [by_id[message_id] for message_id in dict.fromkeys(command.message_ids)]

    def _way_back(self, queue: Queue, message: Message, command: RedriveMessages) -> Queue:
        """Where a dead letter goes: the destination asked for, else the queue it came from."""
        sources = self.queues.sources_of(queue.arn)
        arn = command.destination or message.source or next(iter(sources), None)
        destination = self.queues.get(arn) if arn else None
        if destination is None:
            raise ResourceNotFound("The resource that you specified for the DestinationArn parameter doesn't exist.")
        return destination


def check_same_type(source: Queue, destination: Queue) -> None:
    """Dead letters stay with their type of queue: a FIFO queue needs a group, which a standard message need not have.

    Raises InvalidParameterValue.
    """
    if source.is_fifo != destination.is_fifo:
        raise InvalidParameterValue("The source queue and destination queue must be of the same queue type.")
