"""The queues of the world and the verbs SQS has for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from msgspec.structs import replace

from app.core.call_quota import CallQuota
from app.core.chain import Cause
from app.core.checksums import md5_of_attributes, md5_of_body
from app.core.commands import (
    AddPermission,
    BatchAnswer,
    CancelWait,
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    CreateQueue,
    DeleteMessage,
    DeleteMessageBatch,
    DeleteQueue,
    Origin,
    PurgeQueue,
    Received,
    ReceiveMessage,
    RedriveMessages,
    RemovePermission,
    SendMessage,
    SendMessageBatch,
    Sent,
    SetQueueAttributes,
    TagQueue,
    UntagQueue,
    Waiting,
)
from app.core.deduplication import Accepted, content_id
from app.core.errors import (
    BatchRequestTooLong,
    EmptyValue,
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
    Refused,
    ResourceNotFound,
)
from app.core.facts import (
    Answered,
    Configured,
    Effect,
    MessageDeleted,
    MessageMoved,
    MessageReceived,
    MessageSent,
    QueuePurged,
    VisibilityChanged,
)
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.message import Content, Delivery, Message, MessageAttribute, Move
from app.core.message_rules import (
    check_attempt_id,
    check_batch,
    check_delay,
    check_fifo_entry,
    check_ids_of_fifo,
    check_ids_of_standard,
    check_message,
    check_queue_name,
    size_of,
)
from app.core.names import Arn, Scope, parse_arn
from app.core.queue import LongPoll, Queue, Taken, reason_for_move
from app.core.queue_attributes import QueueAttributes, first_difference, with_attributes
from app.core.queue_keys import QueueKeys
from app.core.queue_policy import with_permission, without_permission
from app.core.queue_refusals import QueueRefusals
from app.core.queue_tags import check_tag_keys, check_tags
from app.core.redrive import RedriveAllowPolicy
from app.core.time import SECOND_MS, Instant

CLIENT = "ReceiveMessage"


@dataclass(slots=True)
class Queues:
    """All queues by ARN. `cause_of` says what an origin tells of its cause; `changed` is called with each queue
    that may have something to hand out or another next wake-up; effects go to `outbox`."""

    ids: Ids
    limits: Limits
    outbox: list[Effect]
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    changed: Callable[[Queue, Instant], None]
    keys: QueueKeys
    refusals: QueueRefusals = field(init=False)
    _queues: dict[Arn, Queue] = field(default_factory=dict)
    _sources: dict[Arn, dict[Arn, None]] = field(default_factory=dict)
    _deleted_at: dict[Arn, Instant] = field(default_factory=dict)
    _open: set[Arn] = field(default_factory=set)
    _polled: dict[int, Queue] = field(default_factory=dict)
    _waiters: "count[int]" = field(default_factory=lambda: count(1))
    _quota: CallQuota = field(init=False)

    def __post_init__(self) -> None:
        self._quota = CallQuota(self.limits.fifo_calls_per_s)
        self.refusals = QueueRefusals(self.keys, self.outbox, self.__getitem__, self.changed)

    # Reading --------------------------------------------------------------------------------------------

    def __getitem__(self, arn: Arn) -> Queue:
        try:
            return self._queues[arn]
        except KeyError:
            raise QueueDoesNotExist from None

    def get(self, arn: Arn) -> Queue | None:
        return self._queues.get(arn)

    def __contains__(self, arn: object) -> bool:
        return arn in self._queues

    def all(self, scope: Scope | None = None) -> list[Queue]:
        queues = sorted(self._queues.values(), key=lambda queue: queue.name)
        return [queue for queue in queues if scope is None or parse_arn(queue.arn).scope == scope]

    def permits_all(self, arn: Arn) -> bool:
        """Whether the queue's policy is not asked, because who sends to it is declared beside it."""
        return arn in self._open

    def find_message(self, message_id: str) -> tuple[Queue, Message] | None:
        """Where a message is now. Looks into every queue: for people, not for the hot path."""
        for queue in self.all():
            if (message := queue.find(message_id)) is not None:
                return queue, message
        return None

    def dead_letter_sources(self, arn: Arn) -> list[Queue]:
        """The queues whose redrive policy names `arn`, by name."""
        return sorted((self._queues[source] for source in self._sources.get(arn, {})), key=lambda queue: queue.name)

    # Queues ---------------------------------------------------------------------------------------------

    def create(self, command: CreateQueue, now: Instant) -> Arn:
        arn, given = command.queue, command.attributes
        name = arn.split(":", 5)[5]
        is_fifo = given.get("FifoQueue", "").lower() == "true"
        check_queue_name(name, is_fifo=is_fifo)
        check_tags(command.tags)
        if (existing := self._queues.get(arn)) is not None:
            wanted = self._attributes(existing.settings, given, arn)
            if (different := first_difference(existing.settings, wanted, given)) is not None:
                raise QueueNameExists(
                    "A queue already exists with the same name and a different value for attribute " + different
                )
            return arn
        deleted_at = self._deleted_at.get(arn)
        if deleted_at is not None and now < deleted_at + self.limits.recreate_interval_ms:
            raise QueueDeletedRecently
        attributes = self._attributes(QueueAttributes(is_fifo=is_fifo), given, arn)
        seal = self.ids.hex(32).encode()
        queue = Queue(arn, attributes, tags=command.tags, seal=seal, limits=self.limits, now=now)
        self._queues[arn] = queue
        if command.permits_all:
            self._open.add(arn)
        self._note_source(queue)
        self.refusals.note(queue)
        self.outbox.append(Configured(f"queue {name} created", queue=arn))
        self.changed(queue, now)
        return arn

    def delete(self, command: DeleteQueue, now: Instant) -> None:
        queue = self[command.queue]
        self._forget_source(queue)
        self.refusals.forget(queue)
        queue.purge(now=now)
        del self._queues[queue.arn]
        self._open.discard(queue.arn)
        self._deleted_at[queue.arn] = now
        for poll in queue.all_waiting():
            self._end(queue, poll, QueueDoesNotExist())
        self.outbox.append(Configured(f"queue {queue.name} deleted", queue=queue.arn))
        self.changed(queue, now)

    def set_attributes(self, command: SetQueueAttributes, now: Instant) -> None:
        queue = self[command.queue]
        attributes = self._attributes(queue.settings, command.attributes, queue.arn)
        self._forget_source(queue)
        queue.change_settings(attributes, now=now)
        if queue.is_fifo and "DelaySeconds" in command.attributes:
            queue.spread_delay(now)
        self._note_source(queue)
        self.refusals.note(queue)
        names = ", ".join(command.attributes)
        self.outbox.append(Configured(f"queue {queue.name}: {names} set", queue=queue.arn))
        self.changed(queue, now)

    def tag(self, command: TagQueue, now: Instant) -> None:
        queue = self[command.queue]
        check_tags(command.tags)
        queue.tags.update(command.tags)

    def untag(self, command: UntagQueue, now: Instant) -> None:
        tags = self[command.queue].tags
        check_tag_keys(command.keys)
        for key in command.keys:
            tags.pop(key, None)

    def add_permission(self, command: AddPermission, now: Instant) -> None:
        queue = self[command.queue]
        policy = with_permission(
            queue.settings.texts.get("Policy"), queue=queue.arn, label=command.label,
            accounts=command.accounts, actions=command.actions,
        )  # fmt: skip
        self.set_attributes(SetQueueAttributes(queue.arn, {"Policy": policy}), now)

    def remove_permission(self, command: RemovePermission, now: Instant) -> None:
        queue = self[command.queue]
        policy = without_permission(queue.settings.texts.get("Policy"), queue=queue.arn, label=command.label)
        self.set_attributes(SetQueueAttributes(queue.arn, {"Policy": policy}), now)

    def purge(self, command: PurgeQueue, now: Instant) -> None:
        queue = self[command.queue]
        if queue.purged_at is not None and now < queue.purged_at + self.limits.purge_interval_ms:
            raise PurgeQueueInProgress(f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.")
        self.outbox.append(QueuePurged(queue.arn, queue.purge(now=now)))
        self.changed(queue, now)

    # Sending --------------------------------------------------------------------------------------------

    def send(self, command: SendMessage, now: Instant, *, cause: Cause | None = None) -> Sent:
        """`cause` is given where another service sends and knows it; else the origin tells."""
        queue = self[command.queue]
        self._count(queue, "SendMessage", now)
        size = self.check_send(queue, command)
        self.refusals.check(queue, "SendMessage", now)
        sent = self._send(queue, command, size, now, cause or self._cause(command, now))
        self.changed(queue, now)
        return sent

    def check_send(self, queue: Queue, command: SendMessage) -> int:
        """The bytes charged for the message. Raises what a SendMessage of this would be refused with."""
        self._check_ids(queue, command, in_batch=False)
        size = size_of(command.body, command.attributes)
        self._check(queue, command, size, "One or more parameters are invalid.")
        return size

    def duplicate(self, queue: Queue, command: SendMessage, now: Instant) -> Accepted | None:
        """The message a FIFO queue would answer with, because this one would be its duplicate; nothing happens."""
        if not queue.is_fifo:
            return None
        scope, deduplication_id = queue.deduplication_scope(now), command.deduplication_id or content_id(command.body)
        return queue.accepted.peek(_deduplication_key(scope, command.group_id, deduplication_id), now)

    def send_batch(self, command: SendMessageBatch, now: Instant) -> BatchAnswer:
        """One call is one stimulus: what it sends is of one chain, an entry with a trace header of its own apart."""
        queue = self[command.queue]
        self._count(queue, "SendMessage", now)
        entries = command.entries
        check_batch([entry_id for entry_id, _ in entries], entry="SendMessageBatchRequestEntry", limits=self.limits)
        sizes = [size_of(entry.body, entry.attributes) for _, entry in entries]
        total = sum(sizes)
        if total > self.limits.batch_bytes:
            raise BatchRequestTooLong(
                f"Batch requests cannot be longer than {self.limits.batch_bytes} bytes. You have sent {total} bytes."
            )
        if queue.is_fifo:
            for _, entry in entries:
                self._check_ids(queue, entry, in_batch=True)
        self.refusals.check(queue, "SendMessage", now)
        successful: list[tuple[str, Sent]] = []
        failed: list[tuple[str, Exception]] = []
        common: Cause | None = None
        for place, ((entry_id, entry), size) in enumerate(zip(entries, sizes, strict=True), 1):
            try:
                if not queue.is_fifo:
                    self._check_ids(queue, entry, in_batch=True)
                if not entry.body:
                    # As users saw it (redpanda-data/connect#1070); a message sent alone lacks a parameter instead.
                    raise EmptyValue(f"No Value Found for SendMessageBatchRequestEntry.{place}.MessageBody.")
                self._check(queue, entry, size, "One or more parameters cannot be validated.")
            except Refused as refusal:
                failed.append((entry_id, refusal))
                continue
            if entry.trace_header is not None:
                cause = self._cause(entry, now)
            else:
                cause = common = common or self._cause(entry, now)
            successful.append((entry_id, self._send(queue, entry, size, now, cause)))
        self.changed(queue, now)
        return BatchAnswer(tuple(successful), tuple(failed))

    # Receiving ------------------------------------------------------------------------------------------

    def receive(self, command: ReceiveMessage, now: Instant) -> Received | Waiting:
        queue = self[command.queue]
        self._count(queue, "ReceiveMessage", now)
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
        self.refusals.check(queue, "ReceiveMessage", now)
        deliveries = self._receive(queue, command, now)
        self.changed(queue, now)
        if deliveries or not wait_s:
            return Received(tuple([delivery for _, delivery in deliveries]))
        waiter = self.next_waiter()
        poll = LongPoll(
            waiter, now + wait_s * SECOND_MS, command.max_messages, command.visibility_timeout_s,
            command.attempt_id if queue.is_fifo else None,
        )  # fmt: skip
        queue.wait(poll)
        self._polled[waiter] = queue
        self.changed(queue, now)
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
        queue.remember_attempt(attempt_id, taken, now=now)
        return taken

    def take(
        self, queue: Queue, max_messages: int, visibility_timeout_s: int | None, *, by: str, now: Instant
    ) -> list[tuple[Message, Delivery]]:
        """Receive for a client or a mapping, moving to the dead-letter queue what has been received too often."""
        if not queue.visible_count:
            return []
        redrive = queue.settings.redrive
        dead_letter_queue = self._queues.get(redrive.dead_letter_target) if redrive else None
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
            self.changed(dead_letter_queue, now)
        return taken.messages

    def serve_waiting(self, queue: Queue, now: Instant) -> None:
        """Hand visible messages to the long polls that wait, first come, first served."""
        while queue.visible_count and (poll := queue.first_waiting()) is not None:
            if (refusal := self.refusals.take(queue, "ReceiveMessage", now)) is not None:
                self._end(queue, poll, refusal)
                continue
            taken = self.take(queue, poll.max_messages, poll.visibility_timeout_s, by=CLIENT, now=now)
            if not taken:
                return
            if poll.attempt_id is not None:
                queue.remember_attempt(poll.attempt_id, taken, now=now)
            self._end(queue, poll, Received(tuple(delivery for _, delivery in taken)))

    def end_polls(self, queue: Queue, now: Instant) -> None:
        """Answer the long polls whose time is over with nothing."""
        for poll in queue.polls_due(now):
            self._polled.pop(poll.waiter, None)
            self.outbox.append(Answered(poll.waiter, Received()))

    def cancel(self, command: CancelWait, now: Instant) -> bool:
        """Whether the waiter was a long poll here."""
        queue = self._polled.pop(command.waiter, None)
        if queue is None:
            return False
        queue.stop_waiting(command.waiter)
        return True

    def next_waiter(self) -> int:
        return next(self._waiters)

    # Settling -------------------------------------------------------------------------------------------

    def delete_message(self, command: DeleteMessage, now: Instant) -> None:
        queue = self[command.queue]
        self._count(queue, "DeleteMessage", now)
        self.refusals.check(queue, "DeleteMessage", now)
        self.delete_by_handle(queue, command.receipt_handle, by="DeleteMessage")
        self.changed(queue, now)

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
        queue = self[command.queue]
        self._count(queue, "DeleteMessage", now)
        self.refusals.check(queue, "DeleteMessage", now)
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
        self.changed(queue, now)
        return BatchAnswer(tuple(successful), tuple(failed))

    def change_visibility(self, command: ChangeMessageVisibility, now: Instant) -> None:
        queue = self[command.queue]
        self._count(queue, "ChangeMessageVisibility", now)
        self.refusals.check(queue, "ChangeMessageVisibility", now)
        self._check_visibility(command.visibility_timeout_s, "Must be between 0 and {most}.")
        self._change_visibility(queue, command.receipt_handle, command.visibility_timeout_s, now)
        self.changed(queue, now)

    def change_visibility_batch(self, command: ChangeMessageVisibilityBatch, now: Instant) -> BatchAnswer:
        queue = self[command.queue]
        self._count(queue, "ChangeMessageVisibility", now)
        self.refusals.check(queue, "ChangeMessageVisibility", now)
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
        self.changed(queue, now)
        return BatchAnswer(tuple(successful), tuple(failed))

    # Dead letters ---------------------------------------------------------------------------------------

    def redrive(self, command: RedriveMessages, now: Instant) -> tuple[str, ...]:
        """Send messages on as new ones: a fresh id and receive count, as a message move task does.

        Raises ResourceNotFound for an unknown message or destination, InvalidParameterValue when the queue is no
        dead-letter queue and no destination is given, or the destination is of the other type, and what receiving or
        sending is refused with; then nothing has moved.
        """
        queue = self[command.queue]
        if command.destination is None and not self._sources.get(queue.arn):
            raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
        moves = [
            (message, self._way_back(queue, message, command), command.bodies.get(message.content.message_id))
            for message in self._chosen(queue, command)
        ]
        self.refusals.check(queue, "ReceiveMessage", now)
        for message, destination, body in moves:
            check_same_type(queue, destination)
            self.refusals.check(destination, "SendMessage", now)
            check_message(message.content.body if body is None else body, message.content.attributes)
            size = size_of(message.content.body if body is None else body, message.content.attributes)
            self._check_size(destination, size, "One or more parameters are invalid.")
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
        self.changed(source, now)
        self.changed(destination, now)

    # Inside ---------------------------------------------------------------------------------------------

    def _attributes(self, current: QueueAttributes, given: Mapping[str, str], arn: Arn) -> QueueAttributes:
        return with_attributes(current, given, queue=arn, allow_policy_of=self._allow_policy_of)

    def _allow_policy_of(self, arn: Arn) -> RedriveAllowPolicy | None:
        queue = self._queues.get(arn)
        return queue.settings.redrive_allow if queue is not None else None

    def _note_source(self, queue: Queue) -> None:
        if queue.settings.redrive is not None:
            self._sources.setdefault(queue.settings.redrive.dead_letter_target, {})[queue.arn] = None

    def _forget_source(self, queue: Queue) -> None:
        if queue.settings.redrive is not None:
            self._sources.get(queue.settings.redrive.dead_letter_target, {}).pop(queue.arn, None)

    def _count(self, queue: Queue, action: str, now: Instant) -> None:
        if queue.is_fifo and queue.settings.fifo_throughput_limit != "perMessageGroupId":
            self._quota.count(queue.arn, action, now)

    def _check_ids(self, queue: Queue, command: SendMessage, *, in_batch: bool) -> None:
        if queue.is_fifo:
            has_content_based = queue.settings.content_based_deduplication
            check_ids_of_fifo(
                command.group_id, command.deduplication_id, has_content_based=has_content_based, in_batch=in_batch
            )
        elif command.group_id is not None or command.deduplication_id is not None:
            check_ids_of_standard(command.group_id, command.deduplication_id)

    def _cause(self, command: SendMessage, now: Instant) -> Cause:
        return self.cause_of(command.origin, command.trace_header or command.origin.trace_header, now)

    def _check(self, queue: Queue, command: SendMessage, size: int, prefix: str) -> None:
        check_message(command.body, command.attributes)
        if queue.is_fifo and command.group_id is not None:
            check_fifo_entry(command.group_id, command.deduplication_id, command.delay_s)
        if command.delay_s is not None:
            check_delay(command.delay_s, self.limits)
        if size > queue.settings.maximum_message_bytes:
            self._check_size(queue, size, prefix)

    def _check_size(self, queue: Queue, size: int, prefix: str) -> None:
        most = queue.settings.maximum_message_bytes
        if size > most:
            raise InvalidParameterValue(f"{prefix} Reason: Message must be shorter than {most} bytes.")

    def _check_visibility(self, timeout_s: int | None, reason: str) -> None:
        """AWS words the same reason in three ways, by operation."""
        most = self.limits.visibility_timeout_s
        if timeout_s is not None and not 0 <= timeout_s <= most:
            raise InvalidParameterValue(
                f"Value {timeout_s} for parameter VisibilityTimeout is invalid. Reason: {reason.format(most=most)}"
            )

    def _send(self, queue: Queue, command: SendMessage, size: int, now: Instant, cause: Cause) -> Sent:
        body, attributes, trace_header = command.body, command.attributes, command.trace_header
        digest = md5_of_body(body)
        attributes_digest = md5_of_attributes(attributes) if attributes else None
        system_digest = (
            md5_of_attributes({"AWSTraceHeader": MessageAttribute("String", trace_header)}) if trace_header else None
        )
        key, deduplication_id, sequence_number = "", None, None
        if queue.is_fifo:
            deduplication_id = command.deduplication_id or content_id(body)
            key = _deduplication_key(queue.deduplication_scope(now), command.group_id, deduplication_id)
            if (accepted := queue.accepted.find(key, now)) is not None:
                return Sent(
                    accepted.message_id, digest, attributes_digest, system_digest, accepted.sequence_number,
                )  # fmt: skip
            sequence_number = queue.next_sequence_number()
        message_id = self.ids.uuid()
        # In the order of its fields: by name it takes half as long again, and every message is made here.
        content = Content(
            message_id, body, digest, now, command.sender_id, attributes, trace_header or command.origin.trace_header,
            command.group_id, deduplication_id, sequence_number, cause,
        )  # fmt: skip
        if sequence_number is not None:
            queue.accepted.remember(key, Accepted(message_id, sequence_number), now)
        delay_s = delay_of(queue, command)
        queue.send(content, delay_s=delay_s, now=now)
        self.outbox.append(MessageSent(queue.arn, message_id, cause.chain, size, delay_s))
        return Sent(message_id, digest, attributes_digest, system_digest, sequence_number)

    def _change_visibility(self, queue: Queue, handle: str, timeout_s: int, now: Instant) -> None:
        message = queue.change_visibility(handle, timeout_s, now=now)
        self.outbox.append(VisibilityChanged(queue.arn, message.content.message_id, message.content.chain, timeout_s))

    def _end(self, queue: Queue, poll: LongPoll, answer: Received | Refused) -> None:
        queue.stop_waiting(poll.waiter)
        self._polled.pop(poll.waiter, None)
        self.outbox.append(Answered(poll.waiter, answer))

    def _move(self, message: Message, source: Queue, destination: Queue, reason: str, now: Instant) -> None:
        destination.accept(message, source=source.arn, reason=reason, now=now)
        content = message.content
        self.outbox.append(MessageMoved(source.arn, content.message_id, content.chain, destination.arn, reason))

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
        sources = self._sources.get(queue.arn, {})
        arn = command.destination or message.source or next(iter(sources), None)
        destination = self._queues.get(arn) if arn else None
        if destination is None:
            raise ResourceNotFound("The resource that you specified for the DestinationArn parameter doesn't exist.")
        return destination


def delay_of(queue: Queue, command: SendMessage) -> int:
    """For how many seconds a message is hidden first. A FIFO message has no delay of its own: 0 stands for the
    queue's."""
    return queue.settings.delay_s if command.delay_s is None or queue.is_fifo else command.delay_s


def check_same_type(source: Queue, destination: Queue) -> None:
    """Dead letters stay with their type of queue: a FIFO queue needs a group, which a standard message need not have.

    Raises InvalidParameterValue.
    """
    if source.is_fifo != destination.is_fifo:
        raise InvalidParameterValue("The source queue and destination queue must be of the same queue type.")


def _deduplication_key(scope: str, group_id: str | None, deduplication_id: str) -> str:
    """With scope `messageGroup` an id counts within its group; a space cannot be in either."""
    return f"{group_id} {deduplication_id}" if scope == "messageGroup" else deduplication_id
