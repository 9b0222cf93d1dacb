"""What mappings did with messages."""

from typing import TypeAlias

from app.core.names import Arn, name_of
from app.core.value import value


@value(frozen=True, slots=True)
class MessagesFiltered:
    """A mapping's filters refused them, which deletes them. `reasons` has one for each message, in words."""

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
    """A throttled batch whose visibility timeout ended before it could run."""

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
class PollersScaled:
    """A mapping has other pollers than before, and may have `batches` in flight (services-sqs-scaling)."""

    queue: Arn
    function: Arn
    mapping: str
    before: int
    pollers: int
    batches: int
    reason: str

    @property
    def text(self) -> str:
        at_once = f" for {self.batches} batches at once" if self.batches != self.pollers else ""
        where = f"{name_of(self.queue)} → {name_of(self.function)}"
        return f"{where}: {self.pollers} pollers{at_once}, {self.before} before ({self.reason})"


MappingFact: TypeAlias = MessagesFiltered | BatchFormed | BatchAbandoned | PollersScaled
