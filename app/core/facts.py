"""What happened, in the past tense, and what the world wishes done: the effects a verb gives back.

Facts go to the journal; wishes (`CallFunction`, `Answered`, `ReceiveAt`, …) are carried out by the engine. Fields with
one name mean one thing everywhere: `queue` and `function` are ARNs, `message` is a message id, `chain` a chain id.
"""

from typing import Any, TypeAlias

from app.core.invocation import Invocation
from app.core.names import Arn, name_of
from app.core.time import Instant, format_duration, format_instant
from app.core.value import value

# Wishes ---------------------------------------------------------------------------------------------


@value(frozen=True, slots=True)
class CallFunction:
    """Run this at its endpoint; what comes of it comes back as `SettleInvocation`."""

    invocation: Invocation


@value(frozen=True, slots=True)
class Answered:
    """The answer to a command that was `Waiting`."""

    waiter: int
    answer: Any


@value(frozen=True, slots=True)
class WatchQueue:
    """Ask the broker now what it says of the queue, and again from time to time."""

    queue: Arn


@value(frozen=True, slots=True)
class ReceiveAt:
    """Receive from the broker, polling long; `visibility_timeout_s` None is the queue's own."""

    queue: Arn
    poll: int
    max_messages: int
    visibility_timeout_s: int | None


@value(frozen=True, slots=True)
class StopReceiving:
    """Nobody wants what this receive would bring: do not begin it again."""

    queue: Arn
    poll: int


@value(frozen=True, slots=True)
class DeleteAt:
    """Delete these at the broker, however long it takes to be reached."""

    queue: Arn
    receipt_handles: tuple[str, ...]


# Facts ----------------------------------------------------------------------------------------------


@value(frozen=True, slots=True)
class Configured:
    """Something was created, changed or deleted: `what` says it in words."""

    what: str
    queue: Arn | None = None
    function: Arn | None = None

    @property
    def text(self) -> str:
        return self.what


@value(frozen=True, slots=True)
class MessageSent:
    queue: Arn
    message: str
    chain: str
    size_bytes: int
    delay_s: int = 0

    @property
    def text(self) -> str:
        delay = f", delayed {self.delay_s}s" if self.delay_s else ""
        return f"{name_of(self.queue)} got {self.message} ({self.size_bytes} bytes{delay})"


@value(frozen=True, slots=True)
class MessageReceived:
    """`by` is a function's name for a mapping's receive, or "ReceiveMessage"."""

    queue: Arn
    message: str
    chain: str
    count: int
    by: str
    until: Instant

    @property
    def text(self) -> str:
        return (
            f"{name_of(self.queue)} handed {self.message} to {self.by} "
            f"(receive {self.count}), hidden until {format_instant(self.until)}"
        )


@value(frozen=True, slots=True)
class MessageReturned:
    """Its visibility timeout or its delay ended."""

    queue: Arn
    message: str
    chain: str
    was: str

    @property
    def text(self) -> str:
        return (
            f"{name_of(self.queue)} shows {self.message} again"
            if self.was == "in flight"
            else (f"{name_of(self.queue)} shows {self.message} after its delay")
        )


@value(frozen=True, slots=True)
class VisibilityChanged:
    queue: Arn
    message: str
    chain: str
    timeout_s: int

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} hides {self.message} for {self.timeout_s}s from now"


@value(frozen=True, slots=True)
class MessageDeleted:
    queue: Arn
    message: str
    chain: str
    by: str

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} deleted {self.message} for {self.by}"


@value(frozen=True, slots=True)
class MessageMoved:
    """`queue` is the one it left."""

    queue: Arn
    message: str
    chain: str
    destination: Arn
    reason: str

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} moved {self.message} to {name_of(self.destination)}: {self.reason}"


@value(frozen=True, slots=True)
class MessageExpired:
    queue: Arn
    message: str
    chain: str

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} dropped {self.message}: its retention period ended"


@value(frozen=True, slots=True)
class QueuePurged:
    queue: Arn
    count: int

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} purged of {self.count} messages"


@value(frozen=True, slots=True)
class MessagesFiltered:
    """A mapping's filters refused them, which deletes them (spec B7). `reasons` has one for each message, in words."""

    queue: Arn
    function: Arn
    messages: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def text(self) -> str:
        told = ", ".join(f"{message} ({why})" for message, why in zip(self.messages, self.reasons, strict=True))
        return f"{name_of(self.queue)}: the filter for {name_of(self.function)} dropped {told}"


@value(frozen=True, slots=True)
class BatchFormed:
    """A mapping closed a batch; `reason` is what ended it."""

    queue: Arn
    function: Arn
    mapping: str
    request: str
    messages: tuple[str, ...]
    reason: str
    chain: str

    @property
    def text(self) -> str:
        count = len(self.messages)
        noun = "message" if count == 1 else "messages"
        return f"{name_of(self.queue)} → {name_of(self.function)}: batch of {count} {noun} ({self.reason})"


@value(frozen=True, slots=True)
class BatchAbandoned:
    """A throttled batch whose visibility timeout ended before it could run (spec B5)."""

    queue: Arn
    function: Arn
    request: str
    messages: tuple[str, ...]

    @property
    def text(self) -> str:
        return (
            f"{name_of(self.function)} stayed throttled; {name_of(self.queue)} gets {len(self.messages)} messages back"
        )


@value(frozen=True, slots=True)
class BrokerLost:
    """A broker elsewhere stopped answering; it is asked again until it does."""

    queue: Arn
    broker: str
    error: str

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)}: {self.broker} does not answer: {self.error}"


@value(frozen=True, slots=True)
class BrokerBack:
    queue: Arn
    broker: str
    lost_ms: int

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)}: {self.broker} is back after {format_duration(self.lost_ms)}"


@value(frozen=True, slots=True)
class MappingBlocked:
    """A mapping of a queue elsewhere does not poll, because of what its broker says of the queue."""

    queue: Arn
    function: Arn
    mapping: str
    reason: str

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} → {name_of(self.function)} does not poll: {self.reason}"


@value(frozen=True, slots=True)
class MessagesLeft:
    """They were received from a broker for nobody; it shows them again when their visibility timeout ends."""

    queue: Arn
    messages: tuple[str, ...]
    reason: str

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} gets {', '.join(self.messages)} back: {self.reason}"


@value(frozen=True, slots=True)
class DeleteRefused:
    """A broker would not delete a message that was done; it will come again."""

    queue: Arn
    message: str
    chain: str
    reason: str

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} did not delete {self.message}: {self.reason}"


@value(frozen=True, slots=True)
class InvocationStarted:
    function: Arn
    request: str
    chain: str
    attempt: int
    source: str
    environment: int
    payload_bytes: int

    @property
    def text(self) -> str:
        again = f", attempt {self.attempt}" if self.attempt > 1 else ""
        return f"{name_of(self.function)} invoked by {self.source}{again} [{self.request}]"


@value(frozen=True, slots=True)
class InvocationEnded:
    """`outcome` is a short word: succeeded, failed, timed out, exited, init failed, throttled, unreachable."""

    function: Arn
    request: str
    chain: str
    outcome: str
    error_type: str | None
    error_message: str | None
    duration_ms: float
    log_tail: str

    @property
    def text(self) -> str:
        why = f": {self.error_type}: {self.error_message}" if self.error_type else ""
        return f"{name_of(self.function)} {self.outcome} after {self.duration_ms:.1f} ms{why} [{self.request}]"


@value(frozen=True, slots=True)
class InvocationThrottled:
    function: Arn
    request: str
    chain: str
    reason: str
    retry_at: Instant | None

    @property
    def text(self) -> str:
        then = f", again at {format_instant(self.retry_at)}" if self.retry_at is not None else ""
        return f"{name_of(self.function)} throttled ({self.reason}){then} [{self.request}]"


@value(frozen=True, slots=True)
class EventAccepted:
    """An asynchronous event was queued."""

    function: Arn
    request: str
    chain: str
    source: str

    @property
    def text(self) -> str:
        return f"{name_of(self.function)} accepted an event from {self.source} [{self.request}]"


@value(frozen=True, slots=True)
class EventRetried:
    function: Arn
    request: str
    chain: str
    attempt: int
    at: Instant
    wait_ms: int

    @property
    def text(self) -> str:
        return (
            f"{name_of(self.function)} will get the event again at {format_instant(self.at)} "
            f"(attempt {self.attempt}, in {format_duration(self.wait_ms)}) [{self.request}]"
        )


@value(frozen=True, slots=True)
class EventDropped:
    """`condition` is AWS's word: RetriesExhausted, EventAgeExceeded, …"""

    function: Arn
    request: str
    chain: str
    condition: str
    attempts: int

    @property
    def text(self) -> str:
        attempts = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        return f"{name_of(self.function)} lost an event after {attempts}: {self.condition} [{self.request}]"


@value(frozen=True, slots=True)
class DestinationTold:
    """An asynchronous event ended at a destination; `role` is OnSuccess, OnFailure or DeadLetterConfig."""

    function: Arn
    request: str
    chain: str
    role: str
    target: Arn
    condition: str

    @property
    def text(self) -> str:
        return f"{name_of(self.function)} told {name_of(self.target)} ({self.role}): {self.condition} [{self.request}]"


@value(frozen=True, slots=True)
class DestinationFailed:
    """A destination could not be told; Lambda counts it (DestinationDeliveryFailures, DeadLetterErrors) and goes on."""

    function: Arn
    request: str
    chain: str
    role: str
    target: Arn
    reason: str

    @property
    def text(self) -> str:
        told = f"{name_of(self.function)} could not tell {name_of(self.target)} ({self.role})"
        return f"{told}: {self.reason} [{self.request}]"


@value(frozen=True, slots=True)
class ObjectChanged:
    bucket: str
    key: str
    event: str
    chain: str
    size: int | None = None

    @property
    def text(self) -> str:
        return f"s3://{self.bucket}/{self.key} {self.event}"


@value(frozen=True, slots=True)
class NotificationSent:
    bucket: str
    key: str
    target: Arn
    rule: str
    chain: str

    @property
    def text(self) -> str:
        return f"s3://{self.bucket}/{self.key} notified {name_of(self.target)} (rule {self.rule})"


@value(frozen=True, slots=True)
class NotificationFailed:
    """The rule applied, but its target is gone or refused."""

    bucket: str
    key: str
    target: Arn
    reason: str
    chain: str

    @property
    def text(self) -> str:
        return f"s3://{self.bucket}/{self.key} could not notify {name_of(self.target)}: {self.reason}"


@value(frozen=True, slots=True)
class LoopWarned:
    """A chain came back to a function.

    `kind` is "early" at the second time round, "stopped" when the invocation was refused as AWS would, "allowed"
    when the function's RecursiveLoop is Allow, "unseen" when it runs on because AWS would not notice this loop.
    """

    function: Arn
    chain: str
    kind: str
    times: int
    path: tuple[str, ...]
    request: str

    @property
    def text(self) -> str:
        verdict = {
            "early": "comes round again",
            "stopped": "was stopped as AWS would stop it",
            "allowed": "runs on because its RecursiveLoop is Allow",
            "unseen": "runs on, and AWS would not stop it",
        }[self.kind]
        return f"loop: {name_of(self.function)} {verdict}, invoked {self.times} times: {' → '.join(self.round)}"

    @property
    def round(self) -> tuple[str, ...]:
        """The path until the function comes up for the second time: once round the loop."""
        name = name_of(self.function)
        places = [place for place, station in enumerate(self.path) if station == name]
        if len(places) < 2:
            return self.path
        return self.path[: places[1] + 1] + (("…",) if len(places) > 2 else ())


Fact: TypeAlias = (
    Configured
    | MessageSent
    | MessageReceived
    | MessageReturned
    | VisibilityChanged
    | MessageDeleted
    | MessageMoved
    | MessageExpired
    | QueuePurged
    | MessagesFiltered
    | BatchFormed
    | BatchAbandoned
    | BrokerLost
    | BrokerBack
    | MappingBlocked
    | MessagesLeft
    | DeleteRefused
    | InvocationStarted
    | InvocationEnded
    | InvocationThrottled
    | EventAccepted
    | EventRetried
    | EventDropped
    | DestinationTold
    | DestinationFailed
    | ObjectChanged
    | NotificationSent
    | NotificationFailed
    | LoopWarned
)
BrokerWish: TypeAlias = WatchQueue | ReceiveAt | StopReceiving | DeleteAt
Wish: TypeAlias = CallFunction | Answered | BrokerWish
Effect: TypeAlias = Fact | Wish
