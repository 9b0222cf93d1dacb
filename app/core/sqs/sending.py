"""Messages on their way into queues: checked, given ids and digests, and told from what a FIFO queue has already."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.chain import Cause
from app.core.commands import (
    BatchAnswer,
    Origin,
    SendMessage,
    SendMessageBatch,
    Sent,
)
from app.core.errors import (
    BatchRequestTooLong,
    EmptyValue,
    InvalidParameterValue,
    Refused,
)
from app.core.facts import (
    Effect,
    MessageSent,
)
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.sqs.checksums import md5_of_attributes, md5_of_body
from app.core.sqs.deduplication import Accepted, content_id
from app.core.sqs.message import Content, MessageAttribute
from app.core.sqs.message_rules import (
    check_batch,
    check_delay,
    check_fifo_entry,
    check_ids_of_fifo,
    check_ids_of_standard,
    check_message,
    size_of,
)
from app.core.sqs.queue import Queue
from app.core.sqs.queues import Queues
from app.core.time import Instant


@dataclass(slots=True)
class Sending:
    """Sends to all queues. `cause_of` says what an origin tells of its cause; effects go to `outbox`."""

    ids: Ids
    limits: Limits
    outbox: list[Effect]
    queues: Queues
    cause_of: Callable[[Origin, str | None, Instant], Cause]

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {SendMessage: self.send, SendMessageBatch: self.send_batch}

    def send(self, command: SendMessage, now: Instant, *, cause: Cause | None = None) -> Sent:
        """`cause` is given where another service sends and knows it; else the origin tells."""
        queue = self.queues[command.queue]
        self.queues.count_call(queue, "SendMessage", now)
        size = self.check_send(queue, command)
        self.queues.refusals.check(queue, "SendMessage", now)
        sent = self._send(queue, command, size, now, cause or self._cause(command, now))
        self.queues.changed(queue, now)
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
        queue = self.queues[command.queue]
        self.queues.count_call(queue, "SendMessage", now)
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
        self.queues.refusals.check(queue, "SendMessage", now)
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
        self.queues.changed(queue, now)
        return BatchAnswer(tuple(successful), tuple(failed))

    def _check_ids(self, queue: Queue, command: SendMessage, *, in_batch: bool) -> None:
        if queue.is_fifo:
            has_content_based = queue.settings.content_based_deduplication
            check_ids_of_fifo(
                command.group_id, command.deduplication_id, has_content_based=has_content_based, in_batch=in_batch
            )
        elif command.group_id is not None or command.deduplication_id is not None:
            check_ids_of_standard(command.group_id, command.deduplication_id)

    def check_size(self, queue: Queue, size: int, prefix: str) -> None:
        """Raises InvalidParameterValue, whose words begin with `prefix`, for more bytes than the queue takes."""
        most = queue.settings.maximum_message_bytes
        if size > most:
            raise InvalidParameterValue(f"{prefix} Reason: Message must be shorter than {most} bytes.")

    def _check(self, queue: Queue, command: SendMessage, size: int, prefix: str) -> None:
        check_message(command.body, command.attributes)
        if queue.is_fifo and command.group_id is not None:
            check_fifo_entry(command.group_id, command.deduplication_id, command.delay_s)
        if command.delay_s is not None:
            check_delay(command.delay_s, self.limits)
        if size > queue.settings.maximum_message_bytes:
            self.check_size(queue, size, prefix)

    def _cause(self, command: SendMessage, now: Instant) -> Cause:
        return self.cause_of(command.origin, command.trace_header or command.origin.trace_header, now)

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


def delay_of(queue: Queue, command: SendMessage) -> int:
    """For how many seconds a message is hidden first. A FIFO message has no delay of its own: 0 stands for the
    queue's."""
    return queue.settings.delay_s if command.delay_s is None or queue.is_fifo else command.delay_s


def _deduplication_key(scope: str, group_id: str | None, deduplication_id: str) -> str:
    """With scope `messageGroup` an id counts within its group; a space cannot be in either."""
    return f"{group_id} {deduplication_id}" if scope == "messageGroup" else deduplication_id
