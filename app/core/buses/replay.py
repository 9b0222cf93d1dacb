"""Replays: what an archive kept of a span of time, sent to its bus again, minute by minute."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from app.core.agenda import Agenda
from app.core.buses.archive import Archives, Kept
from app.core.buses.arrivals import Arrivals
from app.core.buses.event import BusEvent, replayed
from app.core.buses.registry import Registry
from app.core.chain import Cause
from app.core.commands import CancelReplay, Origin, StartReplay
from app.core.errors import (
    EventsLimitExceeded,
    IllegalStatus,
    ResourceAlreadyExists,
    ResourceNotFound,
    ValidationFailed,
)
from app.core.facts import Configured, Effect, ReplayMoved
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.names import Arn, Scope
from app.core.time import MINUTE_MS, SECOND_MS, Instant, parse_instant

# Which states a replay goes to from each: by itself as time passes, and when it is cancelled.
BY_ITSELF: Mapping[str, str] = {"STARTING": "RUNNING", "RUNNING": "COMPLETED", "CANCELLING": "CANCELLED"}
CANCELLED: Mapping[str, str] = {"STARTING": "CANCELLING", "RUNNING": "CANCELLING"}


@dataclass(slots=True, eq=False)
class Replay:
    """`starts_at` and `ends_at` bound the events by the time that they tell; `due_at` is when it goes on."""

    arn: Arn
    name: str
    archive: Arn
    destination: Mapping[str, Any]
    starts_at: Instant
    ends_at: Instant
    started_at: Instant
    description: str | None
    cause: Cause
    minutes: list[list[Kept]]
    state: str = "STARTING"
    due_at: Instant | None = None
    sent: int = 0
    last_replayed_at: Instant | None = None
    ended_at: Instant | None = None

    def summary(self) -> dict[str, Any]:
        """The replay as ListReplays has it."""
        times = {
            "EventStartTime": self.starts_at,
            "EventEndTime": self.ends_at,
            "EventLastReplayedTime": self.last_replayed_at,
            "ReplayStartTime": self.started_at,
            "ReplayEndTime": self.ended_at,
        }
        told = {name: at / SECOND_MS for name, at in times.items() if at is not None}
        return {"ReplayName": self.name, "EventSourceArn": self.archive, "State": self.state, **told}

    def view(self) -> dict[str, Any]:
        """The replay as DescribeReplay has it."""
        description = {} if self.description is None else {"Description": self.description}
        return {"ReplayArn": self.arn, **self.summary(), "Destination": dict(self.destination), **description}

    def __repr__(self) -> str:
        return f"<Replay {self.name}: {self.state}, {self.sent} sent>"


@dataclass(slots=True)
class Replays:
    """All replays by account, region and name; a machine that goes on with those under way."""

    ids: Ids
    limits: Limits
    outbox: list[Effect]
    registry: Registry
    archives: Archives
    arrivals: Arrivals
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    _replays: dict[tuple[Scope, str], Replay] = field(default_factory=dict)
    _under_way: dict[Replay, None] = field(default_factory=dict)
    _agenda: Agenda[Replay] = field(init=False)

    def __post_init__(self) -> None:
        self._agenda = Agenda(attrgetter("due_at"), self._under_way.__len__)

    def start(self, command: StartReplay, now: Instant) -> Replay:
        given, name, scope = command.given, str(command.given["ReplayName"]), command.scope
        destination = given["Destination"]
        source, bus_arn = str(given["EventSourceArn"]), str(destination["Arn"])
        starts_at, ends_at = _instant(given["EventStartTime"]), _instant(given["EventEndTime"])
        if ":event-bus/" not in bus_arn:
            raise ValidationFailed("Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.")
        if (scope, name) in self._replays:
            raise ResourceAlreadyExists(f"Replay {name} already exists.")
        self.registry.bus(scope, bus_arn, now)
        archive = self.archives.find(source)
        if archive is None:
            missing = source.rpartition("archive/")[2]
            raise ValidationFailed(f"Parameter EventSourceArn is not valid. Reason: Archive {missing} does not exist.")
        if archive.source != bus_arn:
            raise ValidationFailed(
                "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted."
            )
        if starts_at >= ends_at:
            raise ValidationFailed(
                "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime."
            )
        if len(self._under_way) >= self.limits.replays:
            raise EventsLimitExceeded
        kept = [each for each in archive.events(now) if starts_at <= each.time <= ends_at]
        arn = f"arn:aws:events:{scope.region}:{scope.account}:replay/{name}"
        replay = Replay(
            arn, name, source, destination, starts_at, ends_at, now, given.get("Description"),
            self.cause_of(Origin(), None, now), _by_minute(kept),
        )  # fmt: skip
        self._replays[scope, name] = replay
        self._under_way[replay] = None
        self._book(replay, now + self.limits.replay_start_ms)
        self.outbox.append(Configured(f"replay {name} of archive {archive.name} started"))
        return replay

    def cancel(self, command: CancelReplay, now: Instant) -> Replay:
        replay = self.get(command.scope, command.name)
        if replay.state not in CANCELLED:
            raise IllegalStatus(f"Replay {replay.name} is not in a valid state for this operation.")
        replay.state = CANCELLED[replay.state]
        self._tell(replay)
        self._book(replay, now + self.limits.replay_start_ms)
        return replay

    def get(self, scope: Scope, name: str) -> Replay:
        """Raises ResourceNotFound."""
        try:
            return self._replays[scope, name]
        except KeyError:
            raise ResourceNotFound(f"Replay {name} does not exist.") from None

    def all(self, scope: Scope) -> list[Replay]:
        """Those of an account and region, by name."""
        found = (replay for (of, _), replay in self._replays.items() if of == scope)
        return sorted(found, key=lambda replay: replay.name)

    def next_wakeup(self) -> Instant | None:
        return self._agenda.next()

    def wake(self, now: Instant) -> None:
        for replay in self._agenda.due(now):
            replay.due_at = None
            if replay.state == "RUNNING" and replay.minutes:
                self._send(replay, replay.minutes.pop(0), now)
                self._book(replay, now + self.limits.replay_minute_ms)
                continue
            replay.state = BY_ITSELF[replay.state]
            if replay.state == "RUNNING":
                self._book(replay, now + self.limits.replay_minute_ms)
            else:
                replay.ended_at = now
                replay.minutes.clear()
                del self._under_way[replay]
            self._tell(replay)

    # Inside ---------------------------------------------------------------------------------------------

    def _send(self, replay: Replay, minute: list[Kept], now: Instant) -> None:
        bus = self.registry.find(replay.destination["Arn"], now)
        if bus is None:
            return
        only = frozenset(replay.destination.get("FilterArns") or ()) or None
        for kept in minute:
            document = replayed(kept.document, replay.name)
            event = BusEvent(str(document["id"]), document, bus.arn, now, replay.cause)
            replay.sent += 1
            replay.last_replayed_at = kept.time
            self.arrivals.accept(bus, event, now, only=only, is_replay=True)

    def _book(self, replay: Replay, at: Instant) -> None:
        replay.due_at = at
        self._agenda.add(at, replay)

    def _tell(self, replay: Replay) -> None:
        self.outbox.append(ReplayMoved(replay.destination["Arn"], replay.name, replay.state, replay.sent))


def _by_minute(kept: list[Kept]) -> list[list[Kept]]:
    minutes: dict[int, list[Kept]] = {}
    for each in kept:
        minutes.setdefault(each.time // MINUTE_MS, []).append(each)
    return [minutes[minute] for minute in sorted(minutes)]


def _instant(given: float | str) -> Instant:
    """A timestamp as the API takes it: epoch seconds or ISO 8601. Raises ValidationFailed."""
    try:
        return parse_instant(given) if isinstance(given, str) else round(given * SECOND_MS)
    except (ValueError, OverflowError):
        raise ValidationFailed(f"{given} is no timestamp.") from None
