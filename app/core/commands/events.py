"""What can be asked of event buses. `given` has AWS's member names and JSON values, already known to fit its model."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, TypeAlias

from app.core.commands.origin import OUTSIDE, Origin
from app.core.names import Arn, Scope
from app.core.value import value

Given: TypeAlias = Mapping[str, Any]


@value(frozen=True, slots=True)
class EventEntry:
    """An entry of PutEvents as it was written; `time` is epoch seconds or ISO text. `bus` is a name or an ARN."""

    source: str | None = None
    detail_type: str | None = None
    detail: str | None = None
    bus: str | None = None
    resources: tuple[str, ...] = ()
    time: float | str | None = None
    trace_header: str | None = None


@value(frozen=True, slots=True)
class PutEvents:
    """Answers one `EventPut` an entry. Raises ValidationFailed for what fails all of them."""

    scope: Scope
    entries: tuple[EventEntry, ...]
    origin: Origin = OUTSIDE


@value(frozen=True, slots=True)
class TargetTold:
    """A target that an event was sent to. `refusal` is why it did not take it; one that answers later has none yet."""

    rule: Arn
    target_id: str
    target: Arn
    refusal: str | None = None


@value(frozen=True, slots=True)
class EventPut:
    """What became of an entry: its event's id, or AWS's error code and message."""

    event_id: str | None
    error_code: str | None = None
    error_message: str | None = None
    told: tuple[TargetTold, ...] = ()
    chain_id: str = ""


@value(frozen=True, slots=True)
class CreateEventBus:
    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class UpdateEventBus:
    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class DeleteEventBus:
    scope: Scope
    name: str


@value(frozen=True, slots=True)
class PutBusPermission:
    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class RemoveBusPermission:
    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class PutRule:
    """Answers the rule's ARN. What is not given of a rule that is there is taken away, but for its targets and tags."""

    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class DeleteRule:
    scope: Scope
    name: str
    bus: str | None = None
    force: bool = False


@value(frozen=True, slots=True)
class SetRuleState:
    """EnableRule and DisableRule."""

    scope: Scope
    name: str
    state: str
    bus: str | None = None


@value(frozen=True, slots=True)
class PutTargets:
    """Answers the entries that failed, as AWS's response has them."""

    scope: Scope
    rule: str
    targets: tuple[Given, ...]
    bus: str | None = None


@value(frozen=True, slots=True)
class RemoveTargets:
    """Answers the entries that failed."""

    scope: Scope
    rule: str
    ids: tuple[str, ...]
    bus: str | None = None
    force: bool = False


@value(frozen=True, slots=True)
class TagEvents:
    """Tags of a bus or a rule."""

    resource: Arn
    tags: Mapping[str, str] = field(default_factory=dict)


@value(frozen=True, slots=True)
class UntagEvents:
    resource: Arn
    keys: tuple[str, ...] = ()


@value(frozen=True, slots=True)
class CreateArchive:
    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class UpdateArchive:
    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class DeleteArchive:
    scope: Scope
    name: str


@value(frozen=True, slots=True)
class StartReplay:
    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class CancelReplay:
    scope: Scope
    name: str


@value(frozen=True, slots=True)
class CreateConnection:
    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class UpdateConnection:
    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class DeauthorizeConnection:
    scope: Scope
    name: str


@value(frozen=True, slots=True)
class DeleteConnection:
    scope: Scope
    name: str


@value(frozen=True, slots=True)
class CreateApiDestination:
    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class UpdateApiDestination:
    scope: Scope
    given: Given


@value(frozen=True, slots=True)
class DeleteApiDestination:
    scope: Scope
    name: str


EventsCommand: TypeAlias = (
    PutEvents
    | CreateEventBus
    | UpdateEventBus
    | DeleteEventBus
    | PutBusPermission
    | RemoveBusPermission
    | PutRule
    | DeleteRule
    | SetRuleState
    | PutTargets
    | RemoveTargets
    | TagEvents
    | UntagEvents
    | CreateArchive
    | UpdateArchive
    | DeleteArchive
    | StartReplay
    | CancelReplay
    | CreateConnection
    | UpdateConnection
    | DeauthorizeConnection
    | DeleteConnection
    | CreateApiDestination
    | UpdateApiDestination
    | DeleteApiDestination
)
