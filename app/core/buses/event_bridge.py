"""EventBridge put together: what the world holds of it."""

from collections.abc import Callable
from typing import Any

from app.core import commands
from app.core.buses.api_destination import ApiDestinations
from app.core.buses.archive import Archives
from app.core.buses.arrivals import Arrivals
from app.core.buses.buses import Buses
from app.core.buses.connection import Connections
from app.core.buses.deliveries import Deliveries
from app.core.buses.registry import Registry
from app.core.buses.replay import Replays
from app.core.chain import Cause
from app.core.commands import Origin
from app.core.delivery.outside import Outside
from app.core.delivery.targets import Parcel, Settled, Target, Targets
from app.core.facts import Effect
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.machine import Waking
from app.core.names import Arn
from app.core.schedule import NotAnExpression, parse_expression
from app.core.time import Instant


class EventBridge:
    """Buses, rules and deliveries as one part of the world; also the target that `events` ARNs name."""

    def __init__(
        self,
        ids: Ids,
        limits: Limits,
        outbox: list[Effect],
        targets: Targets,
        outside: Outside,
        cause_of: Callable[[Origin, str | None, Instant], Cause],
    ) -> None:
        self.registry = Registry()
        self.deliveries = Deliveries(ids, limits, outbox, targets)
        self.arrivals = Arrivals(ids, limits, outbox, self.registry, self.deliveries, cause_of)
        self.buses = Buses(ids, limits, outbox, self.registry, self.deliveries, cause_of, is_schedule)
        self.archives = Archives(limits, outbox, self.registry)
        self.arrivals.took.append(self.archives.took)
        self.replays = Replays(ids, limits, outbox, self.registry, self.archives, self.arrivals, cause_of)
        self.connections = Connections(ids, outbox)
        self.destinations = ApiDestinations(ids, outbox, outside, self.connections)

    @property
    def machines(self) -> tuple[Waking, ...]:
        return self.deliveries, self.replays, self.destinations

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            commands.PutEvents: self.arrivals.put,
            commands.CreateArchive: self.archives.create,
            commands.UpdateArchive: self.archives.update,
            commands.DeleteArchive: self.archives.delete,
            commands.StartReplay: self.replays.start,
            commands.CancelReplay: self.replays.cancel,
            commands.CreateConnection: self.connections.create,
            commands.UpdateConnection: self.connections.update,
            commands.DeauthorizeConnection: self.connections.deauthorize,
            commands.DeleteConnection: self.connections.delete,
            commands.CreateApiDestination: self.destinations.create,
            commands.UpdateApiDestination: self.destinations.update,
            commands.DeleteApiDestination: self.destinations.delete,
            **self.buses.verbs(),
        }

    # As a target ----------------------------------------------------------------------------------------

    def exists(self, arn: Arn) -> bool:
        return self._kind(arn).exists(arn)

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        self._kind(parcel.target).deliver(parcel, now, settled)

    def _kind(self, arn: Arn) -> Target:
        return self.destinations if ":api-destination/" in arn else self.arrivals


def is_schedule(text: str) -> bool:
    """Whether a rule may have this schedule expression."""
    try:
        parse_expression(text)
    except NotAnExpression:
        return False
    return True
