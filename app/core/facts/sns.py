"""What happened to messages of topics, and to subscriptions."""

from typing import TypeAlias

from app.core.names import Arn, name_of
from app.core.time import Instant, format_duration, format_instant
from app.core.urls import without_password
from app.core.value import value


@value(frozen=True, slots=True)
class MessagePublished:
    topic: Arn
    message: str
    chain: str
    size_bytes: int

    @property
    def text(self) -> str:
        return f"{name_of(self.topic)} got {self.message} ({self.size_bytes} bytes)"


@value(frozen=True, slots=True)
class DuplicatePublished:
    """A FIFO topic answered as it had for the first, and delivered nothing."""

    topic: Arn
    message: str
    chain: str

    @property
    def text(self) -> str:
        return f"{name_of(self.topic)} got {self.message} once more, within its deduplication interval: not delivered"


@value(frozen=True, slots=True)
class NotificationDelivered:
    topic: Arn
    message: str
    chain: str
    subscription: Arn
    protocol: str
    endpoint: str
    attempt: int

    @property
    def text(self) -> str:
        again = f" at attempt {self.attempt}" if self.attempt > 1 else ""
        return f"{name_of(self.topic)} delivered {self.message} to {told(self.protocol, self.endpoint)}{again}"


@value(frozen=True, slots=True)
class NotificationFiltered:
    """A subscription did not want it: its filter policy said no, or it is not confirmed."""

    topic: Arn
    message: str
    chain: str
    subscription: Arn
    protocol: str
    endpoint: str
    reason: str

    @property
    def text(self) -> str:
        where = told(self.protocol, self.endpoint)
        return f"{name_of(self.topic)} did not deliver {self.message} to {where}: {self.reason}"


@value(frozen=True, slots=True)
class NotificationRetried:
    topic: Arn
    message: str
    chain: str
    subscription: Arn
    protocol: str
    endpoint: str
    attempt: int
    at: Instant
    wait_ms: int
    reason: str

    @property
    def text(self) -> str:
        return (
            f"{name_of(self.topic)} will deliver {self.message} to {told(self.protocol, self.endpoint)} at "
            f"{format_instant(self.at)} (attempt {self.attempt}, in {format_duration(self.wait_ms)}): {self.reason}"
        )


@value(frozen=True, slots=True)
class NotificationDeadLettered:
    topic: Arn
    message: str
    chain: str
    subscription: Arn
    protocol: str
    endpoint: str
    queue: Arn
    attempts: int
    reason: str

    @property
    def text(self) -> str:
        where = told(self.protocol, self.endpoint)
        return (
            f"{name_of(self.topic)} moved {self.message} for {where} to {name_of(self.queue)} "
            f"after {_counted(self.attempts)}: {self.reason}"
        )


@value(frozen=True, slots=True)
class NotificationDropped:
    """It reached neither the subscription's endpoint nor a dead-letter queue."""

    topic: Arn
    message: str
    chain: str
    subscription: Arn
    protocol: str
    endpoint: str
    attempts: int
    reason: str

    @property
    def text(self) -> str:
        where = told(self.protocol, self.endpoint)
        return f"{name_of(self.topic)} lost {self.message} for {where} after {_counted(self.attempts)}: {self.reason}"


@value(frozen=True, slots=True)
class NotificationRecorded:
    """For an endpoint that nothing here can reach: a delivery stream, an address, a telephone."""

    topic: Arn
    message: str
    chain: str
    subscription: Arn
    protocol: str
    endpoint: str
    content: str

    @property
    def text(self) -> str:
        where = told(self.protocol, self.endpoint)
        return f"{name_of(self.topic)} would deliver {self.message} to {where}: {_short(self.content)}"


@value(frozen=True, slots=True)
class TextRecorded:
    """A text to a telephone, which is not sent."""

    message: str
    chain: str
    number: str
    content: str

    @property
    def text(self) -> str:
        return f"{self.message} would be sent to {self.number}: {_short(self.content)}"


@value(frozen=True, slots=True)
class ConfirmationAsked:
    """A subscription waits for its endpoint to confirm it; `outcome` says how the question ended, if it was sent."""

    topic: Arn
    subscription: Arn
    protocol: str
    endpoint: str
    token: str
    outcome: str

    @property
    def text(self) -> str:
        where = told(self.protocol, self.endpoint)
        return f"{name_of(self.topic)} waits for {where} to confirm ({self.outcome}); token {self.token}"


def told(protocol: str, endpoint: str) -> str:
    """The endpoint for people: `orders` for a queue or function, else the protocol with the address."""
    return name_of(endpoint) if protocol in ("sqs", "lambda") else f"{protocol} {without_password(endpoint)}"


def _counted(attempts: int) -> str:
    return "1 attempt" if attempts == 1 else f"{attempts} attempts"


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"


SnsFact: TypeAlias = (
    MessagePublished
    | DuplicatePublished
    | NotificationDelivered
    | NotificationFiltered
    | NotificationRetried
    | NotificationDeadLettered
    | NotificationDropped
    | NotificationRecorded
    | TextRecorded
    | ConfirmationAsked
)
