"""A message: what was sent, what has happened to it, and how a receiver sees it."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from app.core.chain import Cause
from app.core.names import Arn
from app.core.time import Instant
from app.core.value import Value


class MessageAttribute(Value):
    """A user attribute. `data_type` keeps its custom label (`Number.cents`); Binary has bytes, the others str."""

    data_type: str
    value: str | bytes


class Content(Value):
    """What the sender gave and SQS fixed at that moment. It does not change, in whatever queue the message is; only a
    FIFO dead-letter queue gives it an own deduplication id and sequence number.

    `cause` is the chain the message belongs to and the invocation that sent it, if one did.
    """

    message_id: str
    body: str
    md5_of_body: str
    sent_at: Instant
    sender_id: str
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    trace_header: str | None = None
    group_id: str | None = None
    deduplication_id: str | None = None
    sequence_number: str | None = None
    cause: Cause | None = None

    @property
    def chain(self) -> str:
        return self.cause.chain if self.cause else ""


class Attempt(Struct, gc=False):
    """One receive of a message, and what is known of what became of it.

    `by` is the mapping's function name, or "ReceiveMessage" for a client. `outcome` is a short word
    (`succeeded`, `failed`, `timed out`, …) or "" while nothing is known.
    """

    number: int
    at: Instant
    by: str
    request_id: str | None = None
    outcome: str = ""
    error_type: str | None = None
    error_message: str | None = None
    log_tail: str = ""


class Move(Value):
    """A step of a message from one queue to another, and why."""

    at: Instant
    source: Arn
    destination: Arn
    reason: str


class MessageState(Enum):
    DELAYED = "delayed"
    VISIBLE = "visible"
    IN_FLIGHT = "in flight"
    GONE = "gone"


class Message(Struct, gc=False, eq=False):
    """A message as it lives in one queue.

    `order` is its identity there and in receipt handles. `available_at` is when a delayed or in-flight message
    becomes visible, `place` and `rank` its turn among the visible (lines.py). `hidden_until` is `available_at` while
    it is one of these, and `ages_from` what its retention counts from while it is there; both are None otherwise. The
    queue alone changes these fields.
    """

    content: Content
    order: int
    available_at: Instant
    enqueued_at: Instant
    place: int = 0
    rank: int = 0
    state: MessageState = MessageState.VISIBLE
    receive_count: int = 0
    first_received_at: Instant | None = None
    last_received_at: Instant | None = None
    source: Arn | None = None
    attempts: tuple[Attempt, ...] = ()
    moves: tuple[Move, ...] = ()
    hidden_until: Instant | None = None
    ages_from: Instant | None = None


class Delivery(Value):
    """A message as one receive hands it out: a copy that later events do not change."""

    content: Content
    receipt_handle: str
    receive_count: int
    first_received_at: Instant
    source: Arn | None = None
