"""A queue: what is visible, what is hidden until when, and who is waiting.

Nothing here scans the queue. What is visible stands in a line (lines.py), which says who is next in a standard and in
a FIFO queue; delays and visibility timeouts stand in an agenda.

    send ──► DELAYED ──► VISIBLE ◄──────────── IN FLIGHT     VISIBLE → IN_FLIGHT by receive,
              (agenda)      │  ▲──(agenda, change to 0)──┘    any state → GONE by delete, purge, expiry, move
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter

from msgspec.structs import replace

from app.core.agenda import Agenda
from app.core.errors import InvalidParameterValue, OverLimit
from app.core.facts import Effect, MessageExpired, MessageReturned
from app.core.limits import Limits
from app.core.names import Arn, name_of
from app.core.sqs.deduplication import DeduplicationMemory
from app.core.sqs.lines import FairLine, FifoLine, Line, StandardLine
from app.core.sqs.long_polls import LongPolls
from app.core.sqs.message import Attempt, Content, Delivery, Message, MessageState, Move
from app.core.sqs.queue_attributes import QueueAttributes
from app.core.sqs.receipts import Receipts
from app.core.sqs.receive_attempts import ReceiveAttempts
from app.core.sqs.redrive import RedrivePolicy
from app.core.time import SECOND_MS, Instant, earliest, format_instant

_FIRST_SEQUENCE = 18_870_000_000_000_000_000
_SEQUENCE_STEP = 256
_IN_FLIGHT, _GONE = MessageState.IN_FLIGHT, MessageState.GONE


@dataclass(slots=True)
class Taken:
    """What one receive took: messages with their deliveries, and messages that have been received too often."""

    messages: list[tuple[Message, Delivery]] = field(default_factory=list)
    exhausted: list[Message] = field(default_factory=list)


class Queue:
    """One queue, FIFO if its name ends so. Send, receive, delete and change cost O(log n) at any depth."""

    def __init__(
        self,
        arn: Arn,
        attributes: QueueAttributes,
        *,
        tags: Mapping[str, str],
        seal: bytes,
        limits: Limits,
        now: Instant,
    ) -> None:
        self.arn = arn
        self.is_fifo = arn.endswith(".fifo")
        self.settings = attributes
        self.tags = dict(tags)
        self.created_at = self.modified_at = now
        self.purged_at: Instant | None = None
        self._limits = limits
        self._receipts = Receipts(seal)
        self._messages: dict[int, Message] = {}
        self._last_order = 0
        self._last_sequence = _FIRST_SEQUENCE
        self._line: Line = FifoLine() if self.is_fifo else StandardLine()
        self.accepted = DeduplicationMemory(limits.deduplication_ms)
        self._former_scope: tuple[str, Instant] | None = None
        self.attempts = ReceiveAttempts(limits.receive_attempt_ms)
        self._hidden: Agenda[Message] = Agenda(
            attrgetter("hidden_until"), lambda: self.in_flight_count + self.delayed_count
        )
        self._by_age: Agenda[Message] = Agenda(attrgetter("ages_from"), lambda: len(self._messages))
        self.polls = LongPolls()
        self.visible_count = self.in_flight_count = self.delayed_count = 0

    def __repr__(self) -> str:
        counts = f"{self.visible_count} visible, {self.in_flight_count} in flight, {self.delayed_count} delayed"
        return f"<Queue {self.name}: {counts}>"

    @property
    def name(self) -> str:
        return name_of(self.arn)

    # Settings -------------------------------------------------------------------------------------------

    def change_settings(self, settings: QueueAttributes, *, now: Instant) -> None:
        """A new deduplication scope does not take effect at once (recorded); for how long is not: as long as
        AWS says that any attribute may take."""
        if settings.deduplication_scope != self.settings.deduplication_scope:
            self._former_scope = (self.deduplication_scope(now), now + self._limits.deduplication_scope_change_ms)
        self.settings = settings
        self.modified_at = now

    def deduplication_scope(self, now: Instant) -> str:
        """The scope by which a message sent now is told from its duplicates."""
        if self._former_scope is not None and now < self._former_scope[1]:
            return self._former_scope[0]
        return self.settings.deduplication_scope

    # What goes in ---------------------------------------------------------------------------------------

    def send(self, content: Content, *, delay_s: int | None, now: Instant) -> Message:
        """Put a new message in, hidden for `delay_s` (None: the queue's own delay)."""
        if delay_s is None:
            delay_s = self.settings.delay_s
        order = self._last_order = self._last_order + 1
        return self._put(Message(content, order, now + delay_s * SECOND_MS, now), now)

    def accept(self, message: Message, *, source: Arn, reason: str, now: Instant) -> Message:
        """Take over a message that another queue let go, with its counts and its history.

        In a FIFO queue its deduplication id is from now on its message id, so that two messages of one deduplication
        id are both kept, and its sequence number is this queue's.
        """
        move = Move(now, source, self.arn, reason)
        content = message.content
        if self.is_fifo:
            number = self.next_sequence_number()
            content = replace(content, deduplication_id=content.message_id, sequence_number=number)
        moved = replace(
            message, content=content, order=self._next_order(), rank=0, available_at=now, enqueued_at=now,
            source=source, state=MessageState.VISIBLE, moves=(*message.moves, move),
        )  # fmt: skip
        return self._put(moved, now)

    # What comes out -------------------------------------------------------------------------------------

    def receive(
        self, max_messages: int, *, visibility_timeout_s: int | None, by: str, has_dead_letter_queue: bool, now: Instant
    ) -> Taken:
        """Hand out up to `max_messages` and hide them; 0 seconds leaves them visible, though it counts.

        A message received `maxReceiveCount` times already is let go into `exhausted` instead.
        """
        timeout_s = self.settings.visibility_timeout_s if visibility_timeout_s is None else visibility_timeout_s
        redrive = self.settings.redrive if has_dead_letter_queue else None
        taken = Taken()
        messages, line, until = taken.messages, self._line, now + timeout_s * SECOND_MS
        max_messages = min(max_messages, self._limits.in_flight_messages - self.in_flight_count)
        line.begin()
        issue = self._receipts.issue
        # Written out, as it is done for every message there is: a function for each step took a third of it all.
        while len(messages) < max_messages and (run := line.take(max_messages - len(messages))):
            for message in run:
                if redrive is not None and _is_exhausted(message, redrive, now):
                    self._let_go(message)
                    taken.exhausted.append(message)
                    continue
                count = message.receive_count = message.receive_count + 1
                message.last_received_at = now
                first_received_at = message.first_received_at
                if first_received_at is None:
                    first_received_at = message.first_received_at = now
                message.attempts += (Attempt(count, now, by),)
                handle = issue(message.order, count)
                messages.append((message, Delivery(message.content, handle, count, first_received_at, message.source)))
                if timeout_s:
                    message.state = _IN_FLIGHT
                    message.available_at = message.hidden_until = until
            if timeout_s:
                line.hide_taken(run)
        if timeout_s:
            self._hidden.add_all(until, [message for message, _ in messages])
            self.visible_count -= len(messages)
            self.in_flight_count += len(messages)
        else:
            for message, _ in messages:
                self._show(message)
        return taken

    def receive_again(
        self, attempt_id: str, *, visibility_timeout_s: int | None, now: Instant
    ) -> list[tuple[Message, Delivery]]:
        """The same messages with the same handles, hidden anew; nothing when the attempt is unknown or spoilt."""
        taken = self.attempts.take(attempt_id, now)
        timeout_s = self.settings.visibility_timeout_s if visibility_timeout_s is None else visibility_timeout_s
        for message, _ in taken:
            if timeout_s:
                self._hide(message, now + timeout_s * SECOND_MS)
            else:
                self._show(message)
        self.attempts.remember(attempt_id, taken, now=now)
        return list(taken)

    def check_room_in_flight(self) -> None:
        """Raises OverLimit when a short poll may not take more; a FIFO queue says nothing."""
        if not self.is_fifo and not self.has_room_in_flight:
            raise OverLimit(
                "The specified action violates a limit. For example, ReceiveMessage returns this error if the maximum "
                "number of in flight messages is reached and AddPermission returns this error if the maximum number "
                "of permissions for the queue is reached."
            )

    def delete(self, receipt_handle: str) -> Message | None:
        """Remove the message of the handle; None when it is gone already, which is no error.

        A standard queue honours a handle after its visibility timeout, and an older one as well: AWS "may not
        delete" with it; here, as recorded for the expired handle, it does. A FIFO queue refuses an expired
        handle with InvalidParameterValue.
        """
        order, receive_count = self._receipts.read(receipt_handle)
        message = self._messages.get(order)
        if message is not None:
            if self.is_fifo and (message.state is not _IN_FLIGHT or message.receive_count != receive_count):
                raise _expired(receipt_handle)
            self._let_go(message)
        return message

    def delete_known(self, message: Message) -> bool:
        """Remove a message that was handed out here, whose handle a standard queue would honour; false, and nothing
        happened, where the handle has to say more."""
        if self.is_fifo or self._messages.get(message.order) is not message:
            return False
        self._let_go(message)
        return True

    def may_delete_later(self, messages: Sequence[Message]) -> bool:
        """Whether a receive before these are deleted takes what one after it would: they are hidden and hold back
        nobody, and there is room in flight for whatever else is here."""
        room = self._limits.in_flight_messages - self.in_flight_count
        return (
            type(self._line) is StandardLine
            and (room >= self.visible_count or 2 * room > self._limits.in_flight_messages)
            and all(message.state is MessageState.IN_FLIGHT for message in messages)
        )

    def change_visibility(self, receipt_handle: str, timeout_s: int, *, now: Instant) -> Message:
        """Hide the message for `timeout_s` from now; 0 shows it. Raises InvalidParameterValue."""
        order, receive_count = self._receipts.read(receipt_handle)
        message = self._messages.get(order)
        if message is None or message.last_received_at is None:
            raise InvalidParameterValue(
                f"Value {receipt_handle} for parameter ReceiptHandle is invalid. Reason: "
                "Message does not exist or is not available for visibility timeout change."
            )
        if self.is_fifo and (message.state is not _IN_FLIGHT or message.receive_count != receive_count):
            raise _expired(receipt_handle)
        until = now + timeout_s * SECOND_MS
        if until > message.last_received_at + self._limits.visibility_timeout_s * SECOND_MS:
            raise InvalidParameterValue(
                f"Value {timeout_s} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for "
                f"the message is beyond the limit [{self._limits.visibility_timeout_s} seconds]."
            )
        if timeout_s:
            self._hide(message, until)
        elif message.state is not MessageState.VISIBLE:
            self._show(message)
        return message

    def take(self, message: Message) -> None:
        """Let one message go, in whatever state, because it is moved elsewhere."""
        self._let_go(message)

    def next_visible(self) -> Message | None:
        """The message that is next in line, without receiving it; it is to be taken at once."""
        self._line.begin()
        return next(iter(self._line.take(1)), None)

    def put_back(self, message: Message) -> None:
        """Undo `next_visible`, which takes nothing out of the line of a FIFO queue."""
        if not self.is_fifo:
            self._line.show(message, at_back=False)

    def purge(self, *, now: Instant) -> int:
        """Drop every message and say how many there were."""
        count = len(self._messages)
        for message in self._messages.values():
            message.state = MessageState.GONE
        self._messages.clear()
        self._line.clear()
        self.accepted.forget_all()
        self._hidden.clear()
        self._by_age.clear()
        self.visible_count = self.in_flight_count = self.delayed_count = 0
        self.purged_at = now
        return count

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        """When the next message is shown or expires, or the next long poll is over."""
        first = self._by_age.next()
        if first is not None:
            first += self.settings.retention_s * SECOND_MS
        shown_at = self._hidden.next()
        if shown_at is not None and (first is None or shown_at < first):
            first = shown_at
        return earliest(first, self.polls.next_deadline()) if self.polls.open else first

    def next_event(self) -> Instant | None:
        """When the next message is shown: what is worth moving a clock to. The end of a retention period is not, and
        a long poll is a real client's wait, which ends in its own time."""
        return self._hidden.next()

    def wake(self, now: Instant) -> list[Effect]:
        """Show what is due and drop what is too old. Long polls are the caller's: see `polls`."""
        effects: list[Effect] = []
        for message in self._hidden.due(now):
            was = message.state
            self._show(message)
            effects.append(MessageReturned(self.arn, message.content.message_id, message.content.chain, was.value))
        for message in self._by_age.due(now - self.settings.retention_s * SECOND_MS):
            self._let_go(message)
            effects.append(MessageExpired(self.arn, message.content.message_id, message.content.chain))
        return effects

    # Looking without touching ---------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages.values())

    def peek(self, *, limit: int, after: int | None = None) -> list[Message]:
        """Messages in the order of their place, from the one behind place `after`; nothing counts up."""
        if after is None:
            return list(islice(self, limit))
        return list(islice((message for message in self if message.order > after), limit))

    def find(self, message_id: str) -> Message | None:
        """The message of that id. Looks at every message: for people, not for the hot path."""
        return next((message for message in self if message.content.message_id == message_id), None)

    def blocker(self, group_id: str | None, order: int | None = None) -> Message | None:
        """The hidden message of a FIFO queue's group behind which the message at `order` (None: a new one) waits."""
        if group_id is None or not isinstance(self._line, FifoLine):
            return None
        return self._line.blocker(group_id, self._last_order + 1 if order is None else order)

    @property
    def has_room_in_flight(self) -> bool:
        """Whether a receive may hand out more."""
        return self.in_flight_count < self._limits.in_flight_messages

    def is_exhausted(self, message: Message, now: Instant) -> bool:
        """Whether the next receive moves it to the dead-letter queue instead, if that is there."""
        return self.settings.redrive is not None and _is_exhausted(message, self.settings.redrive, now)

    def expires_at(self, message: Message) -> Instant:
        """When its retention period ends."""
        return self._age_from(message) + self.settings.retention_s * SECOND_MS

    def attributes(self, now: Instant) -> dict[str, str]:
        """Every attribute as GetQueueAttributes shows it, the read-only ones included."""
        return {
            **self.settings.as_texts(),
            "ApproximateNumberOfMessages": str(self.visible_count),
            "ApproximateNumberOfMessagesNotVisible": str(self.in_flight_count),
            "ApproximateNumberOfMessagesDelayed": str(self.delayed_count),
            "CreatedTimestamp": str(self.created_at // SECOND_MS),
            "LastModifiedTimestamp": str(self.modified_at // SECOND_MS),
            "QueueArn": self.arn,
        }

    # Inside ---------------------------------------------------------------------------------------------

    def next_sequence_number(self) -> str:
        """Twenty digits, rising with gaps, as AWS's do."""
        self._last_sequence += _SEQUENCE_STEP
        return str(self._last_sequence)

    def spread_delay(self, now: Instant) -> None:
        """Apply the queue's new delay to the messages that wait in a FIFO queue, which a standard queue does not do."""
        for message in [message for message in self if message.state is MessageState.DELAYED]:
            message.available_at = message.hidden_until = message.enqueued_at + self.settings.delay_s * SECOND_MS
            if message.available_at > now:
                self._hidden.add(message.available_at, message)
            else:
                self._show(message)

    def _age_from(self, message: Message) -> Instant:
        """Retention counts from the first enqueue, in a standard dead-letter queue too; in a FIFO one anew."""
        return message.enqueued_at if self.is_fifo else message.content.sent_at

    def _next_order(self) -> int:
        self._last_order += 1
        return self._last_order

    def _put(self, message: Message, now: Instant) -> Message:
        self._messages[message.order] = message
        line, content = self._line, message.content
        if content.group_id is not None and isinstance(line, StandardLine):
            limits = self._limits
            line = self._line = FairLine(line, noisy_in_flight=limits.noisy_in_flight, noisy_share=limits.noisy_share)
        ages_from = message.ages_from = self._age_from(message)
        self._by_age.add(ages_from, message)
        if message.available_at > now:
            message.state = MessageState.DELAYED
            message.hidden_until = message.available_at
            self.delayed_count += 1
            self._hidden.add(message.available_at, message)
            line.enter(message)
        else:
            self.visible_count += 1
            line.arrive(message)
        return message

    def _hide(self, message: Message, until: Instant) -> None:
        self._leave(message)
        message.state = _IN_FLIGHT
        message.available_at = message.hidden_until = until
        self._line.hide(message)
        self._hidden.add(until, message)
        self.in_flight_count += 1

    def _show(self, message: Message) -> None:
        self._leave(message)
        message.state = MessageState.VISIBLE
        message.hidden_until = None
        self.visible_count += 1
        self._line.show(message, at_back=message.receive_count >= self._limits.receives_before_back)

    def _let_go(self, message: Message) -> None:
        if message.state is _IN_FLIGHT:
            self.in_flight_count -= 1
        else:
            self._leave(message)
        message.state = _GONE
        message.hidden_until = message.ages_from = None
        del self._messages[message.order]
        self._line.leave(message)

    def _leave(self, message: Message) -> None:
        state = message.state
        if state is _IN_FLIGHT:
            self.in_flight_count -= 1
        elif state is MessageState.VISIBLE:
            self.visible_count -= 1
        elif state is MessageState.DELAYED:
            self.delayed_count -= 1


def _expired(receipt_handle: str) -> InvalidParameterValue:
    """What a FIFO queue says to a handle that is not the message's last, or whose visibility timeout is over."""
    return InvalidParameterValue(
        f"Value {receipt_handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    )


def _is_exhausted(message: Message, redrive: RedrivePolicy, now: Instant) -> bool:
    """Whether it was received too often, and did not come from the dead-letter queue in this very instant: two queues
    may name each other, and would pass it to and fro without end."""
    if message.receive_count < redrive.max_receive_count:
        return False
    return not any(move.at == now and move.source == redrive.dead_letter_target for move in message.moves)


def reason_for_move(message: Message, max_receive_count: int) -> str:
    """Why a message went to a dead-letter queue, for people."""
    at = f", last at {format_instant(message.last_received_at)}" if message.last_received_at is not None else ""
    return f"received {message.receive_count} times, maxReceiveCount is {max_receive_count}{at}"
