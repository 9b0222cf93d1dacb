"""Everything that can be asked of the world. The list of commands, each with its instant, is the state.

A command is what was asked, already parsed; `World.handle(command, now)` answers it or raises a `Refused`.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, TypeAlias

from app.core.function import FunctionSpec
from app.core.invocation import InvocationType, Outcome
from app.core.message import Delivery, MessageAttribute
from app.core.names import Arn, Scope
from app.core.notification import NotificationConfiguration, Route
from app.core.value import value


@value(frozen=True, slots=True)
class Origin:
    """What a request tells of its cause: the `X-Amzn-Trace-Id` it carried and the key it was signed with."""

    trace_header: str | None = None
    access_key_id: str | None = None


OUTSIDE = Origin()
"""Nothing known: a stimulus from outside, which starts a chain of its own."""


# SQS ------------------------------------------------------------------------------------------------


@value(frozen=True, slots=True)
class CreateQueue:
    """Attributes are AWS's names and texts, not yet validated."""

    queue: Arn
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


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
class TagQueue:
    queue: Arn
    tags: Mapping[str, str]


@value(frozen=True, slots=True)
class UntagQueue:
    queue: Arn
    keys: tuple[str, ...]


@value(frozen=True, slots=True)
class SendMessage:
    """`trace_header` is an explicit AWSTraceHeader system attribute; it wins over the origin's."""

    queue: Arn
    body: str
    delay_s: int | None = None
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    trace_header: str | None = None
    group_id: str | None = None
    deduplication_id: str | None = None
    origin: Origin = OUTSIDE
    sender_id: str = "AIDAQTRIGGERFISHLOCAL"


@value(frozen=True, slots=True)
class Sent:
    message_id: str
    md5_of_body: str
    md5_of_attributes: str | None = None
    md5_of_system_attributes: str | None = None
    sequence_number: str | None = None


@value(frozen=True, slots=True)
class SendMessageBatch:
    """`entries` pairs each entry's id with its send; their `queue` and `origin` are those of the batch."""

    queue: Arn
    entries: tuple[tuple[str, SendMessage], ...]


@value(frozen=True, slots=True)
class ReceiveMessage:
    """None stands for the queue's own setting. Answers `Received`, or `Waiting` when it polls long.

    `attempt_id` is a FIFO queue's ReceiveRequestAttemptId.
    """

    queue: Arn
    max_messages: int = 1
    visibility_timeout_s: int | None = None
    wait_time_s: int | None = None
    attempt_id: str | None = None


@value(frozen=True, slots=True)
class Received:
    deliveries: tuple[Delivery, ...] = ()


@value(frozen=True, slots=True)
class Waiting:
    """The answer comes later, as an `Answered` effect with this number; within `at_most_ms` if that is known."""

    waiter: int
    at_most_ms: int | None = None


@value(frozen=True, slots=True)
class CancelWait:
    """The caller of a long poll or an invocation is gone; nothing is delivered to it any more."""

    waiter: int


@value(frozen=True, slots=True)
class DeleteMessage:
    queue: Arn
    receipt_handle: str


@value(frozen=True, slots=True)
class DeleteMessageBatch:
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


@value(frozen=True, slots=True)
class BatchAnswer:
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


# Lambda ---------------------------------------------------------------------------------------------


@value(frozen=True, slots=True)
class PutFunction:
    """Make the function known, or change it; running invocations end under the old settings."""

    spec: FunctionSpec


@value(frozen=True, slots=True)
class DeleteFunction:
    function: Arn


@value(frozen=True, slots=True)
class PutEventInvokeConfig:
    """`given` has AWS's names; `merges` keeps what is not given. Answers AWS's response shape."""

    function: Arn
    given: Mapping[str, Any]
    merges: bool = False


@value(frozen=True, slots=True)
class DeleteEventInvokeConfig:
    function: Arn


@value(frozen=True, slots=True)
class PutReservedConcurrency:
    """None takes the reservation away."""

    function: Arn
    reserved: int | None


@value(frozen=True, slots=True)
class CreateEventSourceMapping:
    """`parameters` has AWS's names (`EventSourceArn`, `FunctionName`, `BatchSize`, …) and JSON values."""

    scope: Scope
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class UpdateEventSourceMapping:
    scope: Scope
    uuid: str
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class DeleteEventSourceMapping:
    scope: Scope
    uuid: str


@value(frozen=True, slots=True)
class TagMapping:
    scope: Scope
    uuid: str
    tags: Mapping[str, str]


@value(frozen=True, slots=True)
class UntagMapping:
    scope: Scope
    uuid: str
    keys: tuple[str, ...]


@value(frozen=True, slots=True)
class Invoke:
    """`function` is a name, a partial ARN or an ARN. Answers `Waiting` (RequestResponse; then `Invoked`),
    or `Invoked` with an empty outcome (Event, DryRun)."""

    scope: Scope
    function: str
    payload: bytes
    type: InvocationType = InvocationType.REQUEST_RESPONSE
    qualifier: str | None = None
    client_context: str | None = None
    origin: Origin = OUTSIDE


@value(frozen=True, slots=True)
class Invoked:
    """`outcome` is None for Event and DryRun."""

    request_id: str
    outcome: Outcome | None = None
    version: str = "$LATEST"
    trace_header: str | None = None


@value(frozen=True, slots=True)
class SettleInvocation:
    """What came of a call; from the engine, never from outside."""

    request_id: str
    outcome: Outcome


# S3 -------------------------------------------------------------------------------------------------


@value(frozen=True, slots=True)
class DeclareBucket:
    """Make the bucket known to the event plane; its objects are the store's business."""

    scope: Scope
    bucket: str


@value(frozen=True, slots=True)
class ForgetBucket:
    bucket: str


@value(frozen=True, slots=True)
class PutBucketNotification:
    bucket: str
    configuration: NotificationConfiguration
    skip_destination_validation: bool = False


@value(frozen=True, slots=True)
class ChangeObject:
    """Something happened to an object, or is to be believed to have happened. Answers `Routed`.

    `function` skips the bucket's rules and goes straight to that function.
    """

    scope: Scope
    bucket: str
    event_name: str
    key: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    source_ip: str = "127.0.0.1"
    function: str | None = None
    origin: Origin = OUTSIDE


@value(frozen=True, slots=True)
class Routed:
    routes: tuple[Route, ...] = ()
    chain_id: str = ""


Command: TypeAlias = (
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
    | PutFunction
    | DeleteFunction
    | PutEventInvokeConfig
    | DeleteEventInvokeConfig
    | PutReservedConcurrency
    | CreateEventSourceMapping
    | UpdateEventSourceMapping
    | DeleteEventSourceMapping
    | TagMapping
    | UntagMapping
    | Invoke
    | SettleInvocation
    | DeclareBucket
    | ForgetBucket
    | PutBucketNotification
    | ChangeObject
)
