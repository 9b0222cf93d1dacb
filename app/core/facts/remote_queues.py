"""What happened with queues at a broker elsewhere."""

from typing import TypeAlias

from app.core.names import Arn, name_of
from app.core.time import format_duration
from app.core.value import value


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
    """A mapping does not poll, because of what the queue's broker says of it, or what its role may not."""

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


RemoteQueueFact: TypeAlias = BrokerLost | BrokerBack | MappingBlocked | MessagesLeft | DeleteRefused
