"""What happened on event buses."""

from typing import TypeAlias

from app.core.names import Arn
from app.core.time import Instant, format_instant
from app.core.value import value


@value(frozen=True, slots=True)
class EventArrived:
    """A bus took an event; `rules` are those that match it, by name."""

    bus: Arn
    event: str
    source: str
    detail_type: str
    rules: tuple[str, ...]
    chain: str

    @property
    def text(self) -> str:
        matched = f"matched by {', '.join(self.rules)}" if self.rules else "matched by no rule"
        return f"{_named(self.bus)} got {self.detail_type!r} from {self.source}: {matched}"


@value(frozen=True, slots=True)
class EventLost:
    """An event for a bus that is not there: AWS answers as if it had taken it."""

    bus: Arn
    event: str
    chain: str

    @property
    def text(self) -> str:
        return f"event {self.event} was dropped: there is no bus '{_named(self.bus)}'"


@value(frozen=True, slots=True)
class EventDelivered:
    """A target took an event, after `attempts` tries."""

    event: str
    bus_rule: Arn
    target: Arn
    attempts: int
    chain: str

    @property
    def text(self) -> str:
        again = f" at attempt {self.attempts}" if self.attempts > 1 else ""
        return f"rule {_named(self.bus_rule)} delivered to {_target(self.target)}{again}"


@value(frozen=True, slots=True)
class EventDeliveryFailed:
    """A target refused; `retry_at` is when it is tried again, None when this was the last try."""

    event: str
    bus_rule: Arn
    target: Arn
    attempts: int
    code: str
    reason: str
    retry_at: Instant | None
    chain: str

    @property
    def text(self) -> str:
        then = f"again at {format_instant(self.retry_at)}" if self.retry_at is not None else "for good"
        where = f"rule {_named(self.bus_rule)} to {_target(self.target)}"
        return f"{where} failed {then} at attempt {self.attempts}: {self.code}, {self.reason}"


@value(frozen=True, slots=True)
class EventDeadLettered:
    """What could not be delivered went to the target's dead-letter queue, or could not go there either (`refusal`)."""

    event: str
    bus_rule: Arn
    target: Arn
    dead_letter_queue: Arn
    code: str
    chain: str
    refusal: str | None = None

    @property
    def text(self) -> str:
        queue = _target(self.dead_letter_queue)
        what = f"rule {_named(self.bus_rule)}: the event for {_target(self.target)}"
        if self.refusal is not None:
            return f"{what} could not go to dead-letter queue {queue}: {self.refusal}"
        return f"{what} went to dead-letter queue {queue}: {self.code}"


@value(frozen=True, slots=True)
class ReplayMoved:
    """A replay is in another state; `replayed` is how many events it has sent until now."""

    bus: Arn
    replay: str
    state: str
    replayed: int

    @property
    def text(self) -> str:
        return f"replay {self.replay} to {_named(self.bus)} is {self.state}: {self.replayed} events sent"


EventsFact: TypeAlias = (
    EventArrived | EventLost | EventDelivered | EventDeliveryFailed | EventDeadLettered | ReplayMoved
)


def _named(arn: Arn) -> str:
    """`default`, `orders/nightly`."""
    return arn.rsplit(":", 1)[-1].partition("/")[2] or arn


def _target(arn: Arn) -> str:
    return arn.rsplit(":", 1)[-1]
