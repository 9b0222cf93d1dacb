"""What can be asked of queues."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, TypeAlias

import msgspec

from app.core.commands.origin import OUTSIDE, Origin
from app.core.names import Arn
from app.core.sqs.message import Delivery, MessageAttribute
from app.core.value import Value, value


@value(frozen=True, slots=True)
class CreateQueue:
    """Attributes are AWS's names and texts, not yet validated. `permits_all` waives the queue's policy: who sends to a
    queue of the settings is declared beside it."""

    queue: Arn
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    permits_all: bool = False


@value(frozen=True, slots=True)
class DeleteQueue:
    queue: Arn


@value(frozen=True, slots=True)
class SetQueueAttributes:
    queue: Arn
    attributes: Mapping[str, str]


@value(frozen=True, slots=True)
class PurgeQueue:
    queue: Arn


@value(frozen=True, slots=True)
class RefuseQueueCalls:
    """Have the next `times` operations on the messages of a queue refused with `code`, AWS's name of the refusal; None
    is all of them, 0 none any more. `operation` is the one that is refused, None is all four; `message` stands instead
    of AWS's words."""

    queue: Arn
    code: str
    times: int | None = None
    operation: str | None = None
    message: str | None = None


@value(frozen=True, slots=True)
class TagQueue:
    queue: Arn
    tags: Mapping[str, str]


@value(frozen=True, slots=True)
class UntagQueue:
    queue: Arn
    keys: tuple[str, ...]


class SendMessage(Value):
    """`trace_header` is an explicit AWSTraceHeader system attribute; it wins over the origin's."""

    queue: Arn
    body: str
    delay_s: int | None = None
    attributes: Mapping[str, MessageAttribute] = msgspec.field(default_factory=dict)
    trace_header: str | None = None
    group_id: str | None = None
    deduplication_id: str | None = None
    origin: Origin = OUTSIDE
    sender_id: str = "AIDAQTRIGGERFISHLOCAL"


class Sent(Value):
    message_id: str
    md5_of_body: str
    md5_of_attributes: str | None = None
    md5_of_system_attributes: str | None = None
    sequence_number: str | None = None


class SendMessageBatch(Value):
    """`entries` pairs each entry's id with its send; their `queue` and `origin` are those of the batch."""

    queue: Arn
    entries: tuple[tuple[str, SendMessage], ...]


class ReceiveMessage(Value):
    """None stands for the queue's own setting. Answers `Received`, or `Waiting` when it polls long.

    `attempt_id` is a FIFO queue's ReceiveRequestAttemptId.
    """

    queue: Arn
    max_messages: int = 1
    visibility_timeout_s: int | None = None
    wait_time_s: int | None = None
    attempt_id: str | None = None


class Received(Value):
    deliveries: tuple[Delivery, ...] = ()


@value(frozen=True, slots=True)
class Waiting:
    """The answer comes later, as an `Answered` effect with this number; within `at_most_ms` if that is known.

    Of an invocation its request id is known at once, and the version that runs.
    """

    waiter: int
    at_most_ms: int | None = None
    request_id: str = ""
    version: str = ""


@value(frozen=True, slots=True)
class CancelWait:
    """The caller of a long poll or an invocation is gone; nothing is delivered to it any more."""

    waiter: int


class DeleteMessage(Value):
    queue: Arn
    receipt_handle: str


class DeleteMessageBatch(Value):
    queue: Arn
    entries: tuple[tuple[str, str], ...]
    """Entry id and receipt handle."""


@value(frozen=True, slots=True)
class ChangeMessageVisibility:
    queue: Arn
    receipt_handle: str
    visibility_timeout_s: int


@value(frozen=True, slots=True)
class ChangeMessageVisibilityBatch:
    queue: Arn
    entries: tuple[tuple[str, str, int], ...]
    """Entry id, receipt handle, timeout in seconds."""


class BatchAnswer(Value):
    """`successful` pairs entry ids with answers (Sent, or None); `failed` pairs them with the refusal."""

    successful: tuple[tuple[str, Any], ...] = ()
    failed: tuple[tuple[str, Exception], ...] = ()


@value(frozen=True, slots=True)
class RedriveMessages:
    """Send dead letters back: all, or those of `message_ids`; to `destination`, or each to its own source.

    `bodies` replaces the body of the messages named. Answers the ids moved, as a tuple.
    """

    queue: Arn
    message_ids: tuple[str, ...] | None = None
    destination: Arn | None = None
    bodies: Mapping[str, str] = field(default_factory=dict)


@value(frozen=True, slots=True)
class StartMessageMoveTask:
    """Answers the task's handle."""

    source: Arn
    destination: Arn | None = None
    rate_per_s: int | None = None


@value(frozen=True, slots=True)
class CancelMessageMoveTask:
    """Answers how many messages it has moved."""

    handle: str


@value(frozen=True, slots=True)
class AddPermission:
    queue: Arn
    label: str
    accounts: tuple[str, ...]
    actions: tuple[str, ...]


@value(frozen=True, slots=True)
class RemovePermission:
    queue: Arn
    label: str


SqsCommand: TypeAlias = (
    CreateQueue
    | DeleteQueue
    | SetQueueAttributes
    | PurgeQueue
    | TagQueue
    | UntagQueue
    | SendMessage
    | SendMessageBatch
    | ReceiveMessage
    | CancelWait
    | DeleteMessage
    | DeleteMessageBatch
    | ChangeMessageVisibility
    | ChangeMessageVisibilityBatch
    | RedriveMessages
    | StartMessageMoveTask
    | CancelMessageMoveTask
    | AddPermission
    | RemovePermission
    | RefuseQueueCalls
)
