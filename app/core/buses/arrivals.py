"""Events arriving on buses: from PutEvents, from services, and from rules of other buses."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from app.core.buses.bus import Bus
from app.core.buses.deliveries import PRINCIPAL, Deliveries
from app.core.buses.event import BusEvent, envelope, event_time, read_detail
from app.core.buses.policy import PUT_EVENTS, allows
from app.core.buses.registry import Registry, bus_arn
from app.core.chain import Cause
from app.core.commands import EventEntry, EventPut, Origin, PutEvents, TargetTold
from app.core.delivery.targets import Parcel, Settled
from app.core.errors import (
    AccessDenied,
    InvalidParameterValue,
    Refused,
    ResourceNotFound,
    ValidationFailed,
)
from app.core.facts import Effect, EventArrived, EventLost
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.names import Arn, Scope, parse_arn
from app.core.time import Instant

Preview: TypeAlias = tuple[Arn, Bus | None, dict[str, Any]]

_TIME_BYTES = 14  # what a time counts in the size of an entry, however it is written (eb-putevent-size)


@dataclass(slots=True)
class Arrivals:
    """Takes events, finds the rules that match and begins their deliveries. It is the target of kind `events`, as far
    as buses go. `took` is told of every event that a bus took: archives keep some."""

    ids: Ids
    limits: Limits
    outbox: list[Effect]
    registry: Registry
    deliveries: Deliveries
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    took: list[Callable[[Bus, BusEvent, Instant], None]] = field(default_factory=list)

    # PutEvents ------------------------------------------------------------------------------------------

    def put(self, command: PutEvents, now: Instant) -> tuple[EventPut, ...]:
        if sum(size_of(entry) for entry in command.entries) > self.limits.event_bytes:
            raise ValidationFailed("Total size of the entries in the request is over the limit.")
        causes: dict[str | None, Cause] = {}
        return tuple(self._put(entry, command, causes, now) for entry in command.entries)

    def preview(self, entry: EventEntry, scope: Scope, now: Instant, event_id: str) -> EventPut | Preview:
        """What the entry would be: refused, or an event for a bus (None: one that is not there). Nothing changes."""
        wrong, detail, time = _read(entry, now)
        if wrong is not None:
            return wrong
        arn = bus_arn(scope, entry.bus)
        bus = self.registry.peek(arn, now)
        if bus is not None and not _lets_in(bus, scope.account):
            return EventPut(None, "AccessDeniedException", _not_authorized(scope.account, arn))
        region = bus.scope.region if bus is not None else scope.region
        document = envelope(
            event_id, entry.detail_type or "", entry.source or "", detail, account=scope.account, region=region,
            time=time, resources=entry.resources,
        )  # fmt: skip
        return arn, bus, document

    def _put(self, entry: EventEntry, command: PutEvents, causes: dict[str | None, Cause], now: Instant) -> EventPut:
        event_id = self.ids.uuid()
        previewed = self.preview(entry, command.scope, now, event_id)
        if isinstance(previewed, EventPut):
            return previewed
        arn, bus, document = previewed
        trace_header = entry.trace_header or command.origin.trace_header
        cause = causes.get(trace_header)
        if cause is None:
            # One request is one stimulus, however many events it has.
            cause = causes[trace_header] = self.cause_of(command.origin, trace_header, now)
        if bus is None:
            # AWS answers as if it had taken it (recorded).
            self.outbox.append(EventLost(arn, event_id, cause.chain))
            return EventPut(event_id, chain_id=cause.chain)
        bus = self.registry.keep(bus)
        event = BusEvent(event_id, document, arn, now, cause, trace_header)
        return EventPut(event_id, told=self.accept(bus, event, now), chain_id=cause.chain)

    def accept(
        self, bus: Bus, event: BusEvent, now: Instant, *, only: frozenset[Arn] | None = None, is_replay: bool = False
    ) -> tuple[TargetTold, ...]:
        """Hand the event to every rule that takes it, of those in `only` where some are given."""
        rules = [rule for rule in bus.matching(event.document) if only is None or rule.arn in only]
        names = tuple(rule.name for rule in rules)
        self.outbox.append(EventArrived(bus.arn, event.id, event.source, event.detail_type, names, event.cause.chain))
        if not is_replay:
            for told in self.took:
                told(bus, event, now)
        return tuple(
            self.deliveries.begin(event, rule, target, now) for rule in rules for target in list(rule.targets.values())
        )

    # As a target ----------------------------------------------------------------------------------------

    def exists(self, arn: Arn) -> bool:
        return arn in self.registry.buses or arn.endswith(":event-bus/default")

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        try:
            bus, event = self.received(parcel, now)
        except Refused as refusal:
            settled(refusal, now)
            return
        settled(None, now)
        self.accept(self.registry.keep(bus), event, now)

    def received(self, parcel: Parcel, now: Instant) -> tuple[Bus, BusEvent]:
        """The bus and the event that a parcel is; nothing changes if its body has an `id`.

        Raises ResourceNotFound, AccessDenied, InvalidParameterValue.
        """
        bus = self.registry.peek(parcel.target, now)
        if bus is None:
            raise ResourceNotFound(f"Event bus {parcel.target.partition('event-bus/')[2]} does not exist.")
        given = json.loads(parcel.body)
        if not isinstance(given, dict) or not isinstance(given.get("detail"), dict):
            raise InvalidParameterValue("An event has a detail, which is an object.")
        scope = bus.scope
        if parcel.principal == PRINCIPAL and parcel.source_arn is not None:
            sender = parse_arn(parcel.source_arn).scope.account
            if not _lets_in(bus, sender):
                raise AccessDenied(_not_authorized(sender, bus.arn))
        try:
            time = event_time(given.get("time"), now)
        except ValueError:
            raise InvalidParameterValue("Parameter Time is not valid.") from None
        document = envelope(
            str(given.get("id") or self.ids.uuid()), str(given.get("detail-type", "")), str(given.get("source", "")),
            given["detail"], account=str(given.get("account") or scope.account),
            region=str(given.get("region") or scope.region), time=time,
            resources=[str(each) for each in given.get("resources") or ()],
        )  # fmt: skip
        event = BusEvent(
            str(document["id"]), document, bus.arn, now, parcel.cause, parcel.trace_header, parcel.through
        )  # fmt: skip
        return bus, event


def size_of(entry: EventEntry) -> int:
    """What an entry counts towards the limit of a request, in bytes."""
    texts = (entry.source, entry.detail_type, entry.detail, *entry.resources)
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts if text)
    return size + (_TIME_BYTES if entry.time is not None else 0)


def _read(entry: EventEntry, now: Instant) -> tuple[EventPut | None, dict[str, Any] | None, str]:
    """The first thing wrong with an entry, else its detail and its time."""
    for name, given in (("Source", entry.source), ("DetailType", entry.detail_type), ("Detail", entry.detail)):
        if not given:
            words = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return EventPut(None, "InvalidArgument", words), None, ""
    detail = read_detail(entry.detail or "")
    if detail is None:
        return EventPut(None, "MalformedDetail", "Detail is malformed."), None, ""
    if (entry.source or "").startswith("aws."):
        return EventPut(None, "NotAuthorizedForSourceException", "Not authorized for the source."), None, ""
    try:
        return None, detail, event_time(entry.time, now)
    except ValueError:
        return EventPut(None, "InvalidArgument", "Parameter Time is not valid."), None, ""


def _lets_in(bus: Bus, account: str) -> bool:
    return bus.scope.account == account or allows(bus.policy, account, PUT_EVENTS, bus.arn)


def _not_authorized(account: str, bus: Arn) -> str:
    return (
        f"User: arn:aws:iam::{account}:root is not authorized to perform: {PUT_EVENTS} on resource: {bus} "
        f"because no resource-based policy allows the {PUT_EVENTS} action"
    )
