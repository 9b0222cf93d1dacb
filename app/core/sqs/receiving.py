"""Messages handed out by queues, and what becomes of them then: deleted, hidden for longer, moved as dead letters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from app.core.commands import (
    BatchAnswer,
    CancelWait,
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    DeleteMessage,
    DeleteMessageBatch,
    Received,
    ReceiveMessage,
    Waiting,
)
from app.core.errors import (
    InvalidParameterValue,
    QueueDoesNotExist,
    Refused,
)
from app.core.facts import (
    Answered,
    Effect,
    MessageDeleted,
    MessageMoved,
    MessageReceived,
    VisibilityChanged,
)
from app.core.limits import Limits
from app.core.sqs.long_polls import LongPoll
from app.core.sqs.message import Delivery, Message
from app.core.sqs.message_rules import (
    check_attempt_id,
    check_batch,
)
from app.core.sqs.queue import Queue, Taken, reason_for_move
from app.core.sqs.queues import Queues
from app.core.time import SECOND_MS, Instant

CLIENT = "ReceiveMessage"


@dataclass(slots=True)
class Receiving:
    """Receives from all queues, for clients and for mappings; effects go to `outbox`."""

    limits: Limits
    outbox: list[Effect]
    queues: Queues
    _polled: dict[int, Queue] = field(default_factory=dict)
    _waiters: "count[int]" = field(default_factory=lambda: count(1))

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            ReceiveMessage: self.receive,
            DeleteMessage: self.delete_message,
            DeleteMessageBatch: self.delete_batch,
            ChangeMessageVisibility: self.change_visibility,
            ChangeMessageVisibilityBatch: self.change_visibility_batch,
        }

    def receive(self, command: ReceiveMessage, now: Instant) -> Received | Waiting:
        queue = self.queues[command.queue]
        self.queues.count_call(queue, "ReceiveMessage", now)
        limits = self.limits
        if not 1 <= command.max_messages <= limits.receive_messages:
            raise InvalidParameterValue(
                f"Value {command.max_messages} for parameter MaxNumberOfMessages is invalid. "
                f"Reason: Must be between 1 and {limits.receive_messages}, if provided."
            )
        wait_s = queue.settings.wait_time_s if command.wait_time_s is None else command.wait_time_s
        if not 0 <= wait_s <= limits.wait_time_s:
            raise InvalidParameterValue(
                f"Value {wait_s} for parameter WaitTimeSeconds is invalid. "
                f"Reason: Must be >= 0 and <= {limits.wait_time_s}, if provided."
            )
        self._check_visibility(command.visibility_timeout_s, "Must be >= 0 and <= {most}, if provided.")
        if queue.is_fifo and command.attempt_id is not None:
            check_attempt_id(command.attempt_id)
        if not wait_s:
            queue.check_room_in_flight()
        self.queues.refusals.check(queue, "ReceiveMessage", now)
        deliveries = self._receive(queue, command, now)
        self.queues.changed(queue, now)
        if deliveries or not wait_s:
            return Received(tuple([delivery for _, delivery in deliveries]))
        waiter = self.next_waiter()
        poll = LongPoll(
            waiter, now + wait_s * SECOND_MS, command.max_messages, command.visibility_timeout_s,
            command.attempt_id if queue.is_fifo else None,
        )  # fmt: skip
        queue.polls.wait(poll)
        self._polled[waiter] = queue
        self.queues.changed(queue, now)
        return Waiting(waiter, wait_s * SECOND_MS)

    def _receive(self, queue: Queue, command: ReceiveMessage, now: Instant) -> list[tuple[Message, Delivery]]:
        """For a FIFO queue, an attempt id asks for the messages of an earlier receive whose answer was lost."""
        timeout_s, attempt_id = command.visibility_timeout_s, command.attempt_id
        if attempt_id is None or not queue.is_fifo:
            return self.take(queue, command.max_messages, timeout_s, by=CLIENT, now=now)
        again = queue.receive_again(attempt_id, visibility_timeout_s=timeout_s, now=now)
        if again:
            return again
        taken = self.take(queue, command.max_messages, timeout_s, by=CLIENT, now=now)
        queue.attempts.remember(attempt_id, taken, now=now)
        return taken

    def take(
        self, queue: Queue, max_messages: int, visibility_timeout_s: int | None, *, by: str, now: Instant
    ) -> list[tuple[Message, Delivery]]:
        """Receive for a client or a mapping, moving to the dead-letter queue what has been received too often."""
        if not queue.visible_count:
            return []
        redrive = queue.settings.redrive
        dead_letter_queue = self.queues.get(redrive.dead_letter_target) if redrive else None
        taken: Taken = queue.receive(
            max_messages, visibility_timeout_s=visibility_timeout_s, by=by,
            has_dead_letter_queue=dead_letter_queue is not None, now=now,
        )  # fmt: skip
        for message in taken.exhausted:
            assert redrive is not None, "exhausted only with a redrive policy"
            assert dead_letter_queue is not None, "exhausted only with a dead-letter queue"
            self._move(message, queue, dead_letter_queue, reason_for_move(message, redrive.max_receive_count), now)
        arn = queue.arn
        self.outbox.extend(
            [
                MessageReceived(
                    arn, content.message_id, cause.chain if (cause := content.cause) else "", message.receive_count, by,
                    message.available_at,
                )
                for message, _ in taken.messages
                for content in (message.content,)
            ]
        )  # fmt: skip
        if taken.exhausted and dead_letter_queue is not None:
            self.queues.changed(dead_letter_queue, now)
        return taken.messages

    def serve_waiting(self, queue: Queue, now: Instant) -> None:
        """Hand visible messages to the long polls that wait, first come, first served."""
        while queue.visible_count and (poll := queue.polls.first()) is not None:
            if (refusal := self.queues.refusals.take(queue, "ReceiveMessage", now)) is not None:
                self._end(queue, poll, refusal)
                continue
            taken = self.take(queue, poll.max_messages, poll.visibility_timeout_s, by=CLIENT, now=now)
            if not taken:
                return
            if poll.attempt_id is not None:
                queue.attempts.remember(poll.attempt_id, taken, now=now)
            self._end(queue, poll, Received(tuple(delivery for _, delivery in taken)))

    def end_polls(self, queue: Queue, now: Instant) -> None:
        """Answer the long polls whose time is over with nothing."""
        for poll in queue.polls.due(now):
            self._polled.pop(poll.waiter, None)
            self.outbox.append(Answered(poll.waiter, Received()))

    def end_all(self, queue: Queue) -> None:
        """Tell the long polls of a queue that is deleted."""
        for poll in list(queue.polls.open.values()):
            self._end(queue, poll, QueueDoesNotExist())

    def cancel(self, command: CancelWait, now: Instant) -> bool:
        """Whether the waiter was a long poll here."""
        queue = self._polled.pop(command.waiter, None)
        if queue is None:
            return False
        queue.polls.stop(command.waiter)
        return True

    def next_waiter(self) -> int:
        return next(self._waiters)

    def delete_message(self, command: DeleteMessage, now: Instant) -> None:
        queue = self.queues[command.queue]
        self.queues.count_call(queue, "DeleteMessage", now)
        self.queues.refusals.check(queue, "DeleteMessage", now)
        self.delete_by_handle(queue, command.receipt_handle, by="DeleteMessage")
        self.queues.changed(queue, now)

    def delete_by_handle(self, queue: Queue, receipt_handle: str, *, by: str) -> None:
        message = queue.delete(receipt_handle)
        if message is not None:
            self.outbox.append(MessageDeleted(queue.arn, message.content.message_id, message.content.chain, by))

    def delete_taken(self, queue: Queue, taken: Sequence[tuple[Message, Delivery]], *, by: str) -> dict[int, Refused]:
        """Delete what a mapping has received, as with the handles; gives what was refused, by its place.

        A handle is read only where it may be refused: reading it says which message is meant, and that is known here.
        """
        arn, outbox = queue.arn, self.outbox
        refused: dict[int, Refused] = {}
        for place, (message, delivery) in enumerate(taken):
            if queue.delete_known(message):
                content = message.content
                outbox.append(MessageDeleted(arn, content.message_id, content.chain, by))
                continue
            try:
                self.delete_by_handle(queue, delivery.receipt_handle, by=by)
            except Refused as refusal:
                refused[place] = refusal
        return refused

    def delete_batch(self, command: DeleteMessageBatch, now: Instant) -> BatchAnswer:
        queue = self.queues[command.queue]
        self.queues.count_call(queue, "DeleteMessage", now)
        self.queues.refusals.check(queue, "DeleteMessage", now)
        check_batch(
            [entry_id for entry_id, _ in command.entries], entry="DeleteMessageBatchRequestEntry", limits=self.limits
        )
        successful: list[tuple[str, None]] = []
        failed: list[tuple[str, Exception]] = []
        arn, delete, outbox = queue.arn, queue.delete, self.outbox
        for entry_id, handle in command.entries:
            try:
                message = delete(handle)
            except Refused as refusal:
                failed.append((entry_id, refusal))
                continue
            successful.append((entry_id, None))
            if message is not None:
                content = message.content
                chain = cause.chain if (cause := content.cause) else ""
                outbox.append(MessageDeleted(arn, content.message_id, chain, "DeleteMessageBatch"))
        self.queues.changed(queue, now)
        return BatchAnswer(tuple(successful), tuple(failed))

    def change_visibility(self, command: ChangeMessageVisibility, now: Instant) -> None:
        queue = self.queues[command.queue]
        self.queues.count_call(queue, "ChangeMessageVisibility", now)
        self.queues.refusals.check(queue, "ChangeMessageVisibility", now)
        self._check_visibility(command.visibility_timeout_s, "Must be between 0 and {most}.")
        self._change_visibility(queue, command.receipt_handle, command.visibility_timeout_s, now)
        self.queues.changed(queue, now)

    def change_visibility_batch(self, command: ChangeMessageVisibilityBatch, now: Instant) -> BatchAnswer:
        queue = self.queues[command.queue]
        self.queues.count_call(queue, "ChangeMessageVisibility", now)
        self.queues.refusals.check(queue, "ChangeMessageVisibility", now)
        # Its entries have no "RequestEntry" in their name here, unlike those of the two other batches.
        entry_type = "ChangeMessageVisibilityBatch"
        check_batch([entry_id for entry_id, _, _ in command.entries], entry=entry_type, limits=self.limits)
        successful: list[tuple[str, None]] = []
        failed: list[tuple[str, Exception]] = []
        for entry_id, handle, timeout_s in command.entries:
            try:
                self._check_visibility(timeout_s, "VisibilityTimeout must be an integer between 0 and {most}.")
                self._change_visibility(queue, handle, timeout_s, now)
                successful.append((entry_id, None))
            except Refused as refusal:
                failed.append((entry_id, refusal))
        self.queues.changed(queue, now)
        return BatchAnswer(tuple(successful), tuple(failed))

    def _check_visibility(self, timeout_s: int | None, reason: str) -> None:
        """AWS words the same reason in three ways, by operation."""
        most = self.limits.visibility_timeout_s
        if timeout_s is not None and not 0 <= timeout_s <= most:
            raise InvalidParameterValue(
                f"Value {timeout_s} for parameter VisibilityTimeout is invalid. Reason: {reason.format(most=most)}"
            )

    def _change_visibility(self, queue: Queue, handle: str, timeout_s: int, now: Instant) -> None:
        message = queue.change_visibility(handle, timeout_s, now=now)
        self.outbox.append(VisibilityChanged(queue.arn, message.content.message_id, message.content.chain, timeout_s))

    def _end(self, queue: Queue, poll: LongPoll, answer: Received | Refused) -> None:
        queue.polls.stop(poll.waiter)
        self._polled.pop(poll.waiter, None)
        self.outbox.append(Answered(poll.waiter, answer))

    def _move(self, message: Message, source: Queue, destination: Queue, reason: str, now: Instant) -> None:
        destination.accept(message, source=source.arn, reason=reason, now=now)
        content = message.content
        self.outbox.append(MessageMoved(source.arn, content.message_id, content.chain, destination.arn, reason))
