"""What happened to messages and queues."""

from typing import TypeAlias

from app.core.names import Arn, name_of
from app.core.time import Instant, format_instant
from app.core.value import Value


class MessageSent(Value):
    queue: Arn
    message: str
    chain: str
    size_bytes: int
    delay_s: int = 0

    @property
    def text(self) -> str:
        delay = f", delayed {self.delay_s}s" if self.delay_s else ""
        return f"{name_of(self.queue)} got {self.message} ({self.size_bytes} bytes{delay})"


class MessageReceived(Value):
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


class MessageReturned(Value):
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


class VisibilityChanged(Value):
    queue: Arn
    message: str
    chain: str
    timeout_s: int

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} hides {self.message} for {self.timeout_s}s from now"


class MessageDeleted(Value):
    queue: Arn
    message: str
    chain: str
    by: str

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} deleted {self.message} for {self.by}"


class MessageMoved(Value):
    """`queue` is the one it left."""

    queue: Arn
    message: str
    chain: str
    destination: Arn
    reason: str

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} moved {self.message} to {name_of(self.destination)}: {self.reason}"


class MessageExpired(Value):
    queue: Arn
    message: str
    chain: str

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} dropped {self.message}: its retention period ended"


class QueuePurged(Value):
    queue: Arn
    count: int

    @property
    def text(self) -> str:
        return f"{name_of(self.queue)} purged of {self.count} messages"


class QueueCallsRefused(Value):
    """Somebody has the next `times` operations on the queue's messages refused with `code`; None is all of them, 0 none
    any more."""

    queue: Arn
    code: str
    times: int | None
    operation: str | None = None

    @property
    def text(self) -> str:
        if self.times == 0:
            return f"{name_of(self.queue)} refuses nothing any more"
        what = self.operation or "call"
        which = (
            f"every {what}"
            if self.times is None
            else f"the next {what}"
            if self.times == 1
            else (f"the next {self.times} {what}s")
        )
        return f"{name_of(self.queue)} refuses {which} with {self.code}"


SqsFact: TypeAlias = (
    MessageSent
    | MessageReceived
    | MessageReturned
    | VisibilityChanged
    | MessageDeleted
    | MessageMoved
    | MessageExpired
    | QueuePurged
    | QueueCallsRefused
)
