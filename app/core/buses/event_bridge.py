"""EventBridge put together: what the world holds of it."""

from collections.abc import Callable
from typing import Any

from app.core.buses.arrivals import Arrivals
from app.core.buses.buses import Buses
from app.core.buses.deliveries import Deliveries
from app.core.buses.registry import Registry
from app.core.chain import Cause
from app.core.commands import Origin, PutEvents
from app.core.facts import Effect
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.machine import Waking
from app.core.names import Arn
from app.core.schedule import NotAnExpression, parse_expression
from app.core.targets import Parcel, Settled, Targets
from app.core.time import Instant


class EventBridge:
    """Buses, rules and deliveries as one part of the world; also the target that `events` ARNs name."""

    def __init__(
        self,
        ids: Ids,
        limits: Limits,
        outbox: list[Effect],
        targets: Targets,
        cause_of: Callable[[Origin, str | None, Instant], Cause],
    ) -> None:
        self.registry = Registry()
        self.deliveries = Deliveries(ids, limits, outbox, targets)
        self.arrivals = Arrivals(ids, limits, outbox, self.registry, self.deliveries, cause_of)
        self.buses = Buses(ids, limits, outbox, self.registry, self.deliveries, cause_of, is_schedule)

    @property
    def machines(self) -> tuple[Waking, ...]:
        return (self.deliveries,)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {PutEvents: self.arrivals.put, **self.buses.verbs()}

    # As a target ----------------------------------------------------------------------------------------

    def exists(self, arn: Arn) -> bool:
        return self.arrivals.exists(arn)

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        self.arrivals.deliver(parcel, now, settled)


def is_schedule(text: str) -> bool:
    """Whether a rule may have this schedule expression (push F.6)."""
    try:
        parse_expression(text)
    except NotAnExpression:
        return False
    return True
