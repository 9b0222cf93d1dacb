"""Queues that another broker keeps: what is known of them, the receives under way there, what is to be deleted.

Nothing is decided here of batches and functions: to a mapping such a queue is one more source of deliveries
(mappings.py), whose receives are answered later.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count

from msgspec.structs import replace

from app.core.chain import Cause
from app.core.commands import (
    OUTSIDE,
    DeclareRemoteQueue,
    DescribeRemoteQueue,
    Origin,
    RemoteAttributes,
    ReportBrokerFailure,
    SettleDeletes,
    SettleReceive,
)
from app.core.errors import ResourceConflict
from app.core.facts import (
    BrokerBack,
    BrokerLost,
    Configured,
    DeleteAt,
    DeleteRefused,
    Effect,
    MessageDeleted,
    MessageReceived,
    MessagesLeft,
    ReceiveAt,
    StopReceiving,
    WatchQueue,
)
from app.core.mappings.batch import Item
from app.core.mappings.event_count import EventCount
from app.core.names import Arn, Scope, name_of, parse_arn
from app.core.sqs.message import Attempt, Delivery, Message, MessageState
from app.core.time import SECOND_MS, Instant


@dataclass(frozen=True, slots=True)
class Poll:
    """A receive under way at a broker. `hidden_s` is how long it hides what it brings."""

    number: int
    mapping: str
    max_messages: int
    hidden_s: int


@dataclass(frozen=True, slots=True)
class _Deleting:
    """A message that is done: for whom, and where that is counted."""

    item: Item
    by: str
    count: EventCount


@dataclass(slots=True, eq=False)
class RemoteQueue:
    """A queue elsewhere. `attributes` is None until its broker told them; `error` is set while the broker is lost."""

    arn: Arn
    broker: str
    attributes: RemoteAttributes | None = None
    error: str | None = None
    lost_at: Instant | None = None
    polls: dict[int, Poll] = field(default_factory=dict)
    deleting: dict[str, _Deleting] = field(default_factory=dict)
    _flowing: set[str] = field(default_factory=set)

    def __repr__(self) -> str:
        return f"<RemoteQueue {self.name} at {self.broker}: {self.state}, {len(self.polls)} polls>"

    @property
    def state(self) -> str:
        """`connected`, `lost`, or `unknown` while the broker has not answered for the first time."""
        if self.error is not None:
            return "lost"
        return "unknown" if self.attributes is None else "connected"

    @property
    def name(self) -> str:
        return name_of(self.arn)

    @property
    def being_deleted(self) -> set[str]:
        """The messages that are done, and that the broker was asked to delete."""
        return {deleting.item.id for deleting in self.deleting.values()}

    def polls_of(self, mapping: str) -> list[Poll]:
        return [poll for poll in self.polls.values() if poll.mapping == mapping]

    def flows_to(self, mapping: str) -> bool:
        """Whether the last receive for the mapping brought something."""
        return mapping in self._flowing

    def note_flow(self, mapping: str, *, flows: bool) -> None:
        if flows:
            self._flowing.add(mapping)
        else:
            self._flowing.discard(mapping)


@dataclass(slots=True)
class RemoteQueues:
    """All queues elsewhere by ARN. `cause_of` says what a trace header tells of a message's cause, `is_ours` whether
    an ARN is one of our own queues; effects go to `outbox`."""

    outbox: list[Effect]
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    is_ours: Callable[[Arn], bool]
    _queues: dict[Arn, RemoteQueue] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    # Reading --------------------------------------------------------------------------------------------

    def get(self, arn: Arn) -> RemoteQueue | None:
        return self._queues.get(arn)

    def __contains__(self, arn: object) -> bool:
        return arn in self._queues

    def all(self, scope: Scope | None = None) -> list[RemoteQueue]:
        queues = sorted(self._queues.values(), key=lambda queue: queue.name)
        return [queue for queue in queues if scope is None or parse_arn(queue.arn).scope == scope]

    # What the broker says -------------------------------------------------------------------------------

    def declare(self, command: DeclareRemoteQueue, now: Instant) -> None:
        """Raises ResourceConflict when a queue of that name is there already."""
        arn = command.queue
        if arn in self._queues or self.is_ours(arn):
            raise ResourceConflict(f"there is a queue named {name_of(arn)} already")
        self._queues[arn] = RemoteQueue(arn, command.broker)
        self.outbox.append(Configured(f"queue {name_of(arn)} at {command.broker} declared", queue=arn))
        self.watch(self._queues[arn])

    def watch(self, queue: RemoteQueue) -> None:
        """Have the broker asked about the queue again."""
        self.outbox.append(WatchQueue(queue.arn))

    def describe(self, command: DescribeRemoteQueue, now: Instant) -> RemoteQueue:
        queue = self._queues[command.queue]
        queue.attributes = command.attributes
        self._answered(queue, now)
        return queue

    def fail(self, command: ReportBrokerFailure, now: Instant) -> RemoteQueue:
        """Told once, however often it fails until it is back."""
        queue = self._queues[command.queue]
        if command.poll is not None and (poll := queue.polls.pop(command.poll, None)) is not None:
            queue.note_flow(poll.mapping, flows=False)
        if queue.error is None:
            queue.lost_at = now
            self.outbox.append(BrokerLost(queue.arn, queue.broker, command.error))
        queue.error = command.error
        return queue

    def _answered(self, queue: RemoteQueue, now: Instant) -> None:
        if queue.error is None or queue.lost_at is None:
            return
        self.outbox.append(BrokerBack(queue.arn, queue.broker, now - queue.lost_at))
        queue.error = queue.lost_at = None

    # Receiving ------------------------------------------------------------------------------------------

    def poll(self, queue: RemoteQueue, mapping: str, max_messages: int, visibility_timeout_s: int | None) -> None:
        """Begin a receive. A timeout of None is the queue's own, as the broker told it."""
        assert queue.attributes is not None, "a queue is polled once its broker has told its attributes"
        own_s = queue.attributes.visibility_timeout_s
        hidden_s = own_s if visibility_timeout_s is None else visibility_timeout_s
        number = next(self._numbers)
        queue.polls[number] = Poll(number, mapping, max_messages, hidden_s)
        self.outbox.append(ReceiveAt(queue.arn, number, max_messages, visibility_timeout_s))

    def stop(self, queue: RemoteQueue, mapping: str) -> None:
        """Nobody waits for this mapping's receives any more; one that the broker has begun may still bring some."""
        self.outbox += [StopReceiving(queue.arn, poll.number) for poll in queue.polls_of(mapping)]

    def end(self, command: SettleReceive, now: Instant) -> tuple[RemoteQueue, Poll | None]:
        """The receive is over; gives back its queue and itself, or None where it is not known."""
        queue = self._queues[command.queue]
        self._answered(queue, now)
        poll = queue.polls.pop(command.poll, None)
        if poll is not None:
            queue.note_flow(poll.mapping, flows=bool(command.deliveries))
        return queue, poll

    def take(
        self, queue: RemoteQueue, poll: Poll, deliveries: Iterable[Delivery], *, by: str, now: Instant
    ) -> list[tuple[Message, Delivery]]:
        """The messages a receive brought, each with its cause: the invocation its trace header names, else outside."""
        taken = []
        until = now + poll.hidden_s * SECOND_MS
        for order, delivery in enumerate(deliveries, start=1):
            content = delivery.content
            cause = self.cause_of(OUTSIDE, content.trace_header, now)
            content = replace(content, cause=cause)
            message = Message(
                content, order, until, content.sent_at, state=MessageState.IN_FLIGHT,
                receive_count=delivery.receive_count, first_received_at=delivery.first_received_at,
                last_received_at=now, source=delivery.source, attempts=(Attempt(delivery.receive_count, now, by),),
            )  # fmt: skip
            count = delivery.receive_count
            self.outbox.append(MessageReceived(queue.arn, content.message_id, cause.chain, count, by, until))
            taken.append((message, replace(delivery, content=content)))
        return taken

    def leave(self, queue: RemoteQueue, deliveries: Iterable[Delivery], reason: str) -> None:
        """Do nothing about what a receive brought: the broker shows it again."""
        ids = tuple(delivery.content.message_id for delivery in deliveries)
        self.outbox.append(MessagesLeft(queue.arn, ids, reason))

    # Deleting -------------------------------------------------------------------------------------------

    def delete(self, queue: RemoteQueue, items: Iterable[Item], *, by: str, count: EventCount) -> None:
        handles = []
        for item in items:
            # For its group it is done, whatever the broker says to it.
            item.message.state = MessageState.GONE
            queue.deleting[item.delivery.receipt_handle] = _Deleting(item, by, count)
            handles.append(item.delivery.receipt_handle)
        if handles:
            self.outbox.append(DeleteAt(queue.arn, tuple(handles)))

    def settle_deletes(self, command: SettleDeletes, now: Instant) -> RemoteQueue:
        queue = self._queues[command.queue]
        self._answered(queue, now)
        for handle in command.deleted:
            if (done := queue.deleting.pop(handle, None)) is not None:
                done.count.deleted += 1
                chain = done.item.delivery.content.chain
                self.outbox.append(MessageDeleted(queue.arn, done.item.id, chain, done.by))
        for handle, reason in command.refused:
            if (done := queue.deleting.pop(handle, None)) is not None:
                done.item.attempt.error_message = f"not deleted: {reason}"
                chain = done.item.delivery.content.chain
                self.outbox.append(DeleteRefused(queue.arn, done.item.id, chain, reason))
        return queue
