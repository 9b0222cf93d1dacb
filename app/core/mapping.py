"""An SQS event source mapping: its states, its pollers' scale, the batch it gathers, the batches it waits for."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.core.batch import Batch, Item
from app.core.limits import Limits
from app.core.mapping_parameters import MappingParameters
from app.core.names import Arn, Scope
from app.core.time import MINUTE_MS, SECOND_MS, Instant


class MappingState(StrEnum):
    CREATING = "Creating"
    ENABLING = "Enabling"
    ENABLED = "Enabled"
    UPDATING = "Updating"
    DISABLING = "Disabling"
    DISABLED = "Disabled"
    DELETING = "Deleting"


class Change(StrEnum):
    """What may be asked of a mapping, and that a transition is over."""

    ENABLE = "enable"
    DISABLE = "disable"
    UPDATE = "update"
    DELETE = "delete"
    SETTLE = "settle"


# A change that is not in a state's row is refused: the mapping is in use (spec B3, B4).
MOVES: dict[MappingState, dict[Change, MappingState]] = {
    MappingState.CREATING: {Change.SETTLE: MappingState.ENABLED},
    MappingState.ENABLING: {Change.SETTLE: MappingState.ENABLED},
    MappingState.UPDATING: {Change.SETTLE: MappingState.ENABLED},
    MappingState.ENABLED: {
        Change.ENABLE: MappingState.UPDATING,
        Change.UPDATE: MappingState.UPDATING,
        Change.DISABLE: MappingState.DISABLING,
        Change.DELETE: MappingState.DELETING,
    },
    MappingState.DISABLING: {Change.SETTLE: MappingState.DISABLED},
    MappingState.DISABLED: {
        Change.ENABLE: MappingState.ENABLING,
        Change.DISABLE: MappingState.DISABLED,
        Change.UPDATE: MappingState.DISABLED,
        Change.DELETE: MappingState.DELETING,
    },
    MappingState.DELETING: {},
}
# It polls while Updating as well: an update does not stop what runs.
_POLLING = {MappingState.ENABLED, MappingState.UPDATING}


@dataclass(slots=True)
class Gathering:
    """A batch that is being filled; its window began with its first message."""

    opened_at: Instant
    hidden_until: Instant
    items: list[Item] = field(default_factory=list)
    record_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Throttling:
    """A batch that was throttled and is tried again."""

    batch: Batch
    retry_at: Instant
    pause_ms: int


class Mapping:
    """One mapping of one queue to one function. Pure bookkeeping: who receives and invokes is the caller."""

    def __init__(
        self, uuid: str, *, queue: Arn, function: Arn, function_arn: Arn, parameters: MappingParameters,
        is_enabled: bool, tags: dict[str, str], limits: Limits, now: Instant,
    ) -> None:  # fmt: skip
        self.uuid = uuid
        self.queue = queue
        self.function = function
        self.function_arn = function_arn
        self.parameters = parameters
        self.tags = tags
        self.modified_at = now
        self.state = MappingState.CREATING if is_enabled else MappingState.DISABLED
        self.running: dict[str, Batch] = {}
        self.throttled: dict[str, Throttling] = {}
        self.gathering: Gathering | None = None
        self._limits = limits
        self._settles_at: Instant | None = now + limits.mapping_transition_ms if is_enabled else None
        self._busy_since: Instant | None = None
        self._growths = 0

    def __repr__(self) -> str:
        return f"<Mapping {self.uuid}: {self.state}, {len(self.running)} batches in flight>"

    # State ----------------------------------------------------------------------------------------------

    @property
    def polls(self) -> bool:
        return self.state in _POLLING

    @property
    def settles_at(self) -> Instant | None:
        """When the transition it is in ends."""
        return self._settles_at

    def allows(self, change: Change) -> bool:
        return change in MOVES[self.state]

    def apply(self, change: Change, *, now: Instant) -> None:
        """Begin the transition; it settles after a moment (`limits.mapping_transition_ms`)."""
        self.state = MOVES[self.state][change]
        self.modified_at = now
        is_passing = Change.SETTLE in MOVES[self.state] or self.state is MappingState.DELETING
        self._settles_at = now + self._limits.mapping_transition_ms if is_passing else None

    def settle_transition(self, now: Instant) -> bool:
        """Let a due transition end; true when the mapping is to be gone."""
        if self._settles_at is None or self._settles_at > now:
            return False
        self._settles_at = None
        if self.state is MappingState.DELETING:
            return True
        self.state = MOVES[self.state][Change.SETTLE]
        return False

    # Scale ----------------------------------------------------------------------------------------------

    @property
    def concurrency_limit(self) -> int:
        """How many batches may be in flight: 5 at first, 300 more a minute while there is work, to 1,250 (spec B5)."""
        limits = self._limits
        scale = min(limits.pollers_at_start + limits.pollers_per_minute * self._growths, limits.pollers_at_most)
        most = self.parameters.maximum_concurrency
        return scale if most is None else min(scale, most)

    @property
    def has_room(self) -> bool:
        """Whether a poller is free to receive."""
        return len(self.running) + len(self.throttled) < self.concurrency_limit

    def may_receive(self, *, has_room_at_function: bool) -> bool:
        """Whether a poller is free to receive, and what it receives would not only lie waiting: a batch that is being
        filled may go on while the function is busy."""
        return self.polls and self.has_room and (has_room_at_function or self.gathering is not None)

    def scale(self, now: Instant, *, has_work: bool) -> None:
        """Scale the pollers up by the minute while there is work, and back when there is none."""
        is_idle = not has_work and not self.running and not self.throttled and self.gathering is None
        if is_idle:
            self._busy_since, self._growths = None, 0
        elif self._busy_since is None:
            self._busy_since = now
        else:
            self._growths = (now - self._busy_since) // MINUTE_MS

    def _next_growth(self) -> Instant | None:
        """When more pollers come that would make a difference."""
        most = self.parameters.maximum_concurrency or self._limits.pollers_at_most
        if (
            self.has_room
            or self._busy_since is None
            or self.concurrency_limit >= min(most, self._limits.pollers_at_most)
        ):
            return None
        return self._busy_since + (self._growths + 1) * MINUTE_MS

    # Batches --------------------------------------------------------------------------------------------

    @property
    def window_ms(self) -> int:
        return self.parameters.window_s * SECOND_MS

    def wanted(self) -> int:
        """How many messages the next receive asks for."""
        gathered = len(self.gathering.items) if self.gathering else 0
        return min(self.parameters.batch_size - gathered, self._limits.receive_messages)

    def visibility_timeout_s(self, queue_timeout_s: int, function_timeout_s: int) -> int | None:
        """The visibility timeout to receive with; None is the queue's own (`limits.window_visibility_extra_s`).

        Never 0, which a queue may be set to later: its pollers would get one message over and over in one instant.
        """
        needed_s = self.parameters.window_s + function_timeout_s
        if self.parameters.window_s and needed_s > queue_timeout_s:
            return needed_s + self._limits.window_visibility_extra_s
        return None if queue_timeout_s else _SHORTEST_VISIBILITY_S

    def gather(self, item: Item, *, now: Instant) -> Gathering | None:
        """Add a message to the batch. Gives back the batch before it, when the new one would make that too large."""
        full = self.take_gathered() if self.gathering and not self.fits(item.record) else None
        if self.gathering is None:
            self.gathering = Gathering(now, item.message.available_at)
        self.gathering.items.append(item)
        self.gathering.record_bytes += len(item.record) + 1
        self.gathering.hidden_until = min(self.gathering.hidden_until, item.message.available_at)
        return full

    def fits(self, record: bytes) -> bool:
        """Whether one more record leaves the gathered batch within the payload limit, in which commas and the envelope
        are counted (spec B5)."""
        gathered = self.gathering.record_bytes if self.gathering else 0
        return gathered + len(record) + 1 + _ENVELOPE_BYTES <= self._limits.batch_payload_bytes

    def reason_to_close(self, now: Instant) -> str | None:
        """What ends the gathered batch now, in words, or None while it is still open."""
        gathering = self.gathering
        return None if gathering is None else self.reason_to_end(len(gathering.items), gathering.opened_at, now)

    def reason_to_end(self, count: int, opened_at: Instant, now: Instant) -> str | None:
        """What would end a batch of `count` messages, opened then, now; None if it would stay open."""
        if count >= self.parameters.batch_size:
            return "batch size"
        if not self.window_ms:
            return "one receive"
        if now >= opened_at + self.window_ms:
            return "batching window"
        if not self.polls:
            return "mapping stopped"
        return None

    def take_gathered(self) -> Gathering:
        gathering = self.gathering
        assert gathering is not None, "a batch is closed only while one is open"
        self.gathering = None
        return gathering

    def throttle(self, batch: Batch, *, now: Instant) -> Throttling | None:
        """Keep a throttled batch for another try, or give it up when its messages are about to be visible again."""
        before = self.throttled.pop(batch.request_id, None)
        pause_ms = self._limits.throttle_backoff_first_ms if before is None else before.pause_ms * 2
        pause_ms = min(pause_ms, self._limits.throttle_backoff_most_ms)
        if now >= batch.hidden_until:
            return None
        throttling = Throttling(batch, min(now + pause_ms, batch.hidden_until), pause_ms)
        self.throttled[batch.request_id] = throttling
        return throttling

    def due_again(self, now: Instant) -> list[Batch]:
        """The throttled batches whose next try has come; they stay noted until they run or are given up."""
        return [throttling.batch for throttling in self.throttled.values() if throttling.retry_at <= now]

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        times = [throttling.retry_at for throttling in self.throttled.values()]
        if self._settles_at is not None:
            times.append(self._settles_at)
        if self.gathering is not None:
            times.append(self.gathering.opened_at + self.window_ms)
        if (growth := self._next_growth()) is not None:
            times.append(growth)
        return min(times, default=None)

    # Showing --------------------------------------------------------------------------------------------

    def view(self, scope: Scope) -> dict[str, Any]:
        """AWS's response shape (spec B4); LastModified in epoch seconds."""
        return {
            "UUID": self.uuid,
            "EventSourceMappingArn": scope.mapping_arn(self.uuid),
            "EventSourceArn": self.queue,
            "FunctionArn": self.function_arn,
            "LastModified": self.modified_at / SECOND_MS,
            "State": self.state.value,
            "StateTransitionReason": "USER_INITIATED",
            **self.parameters.as_response(),
        }


_SHORTEST_VISIBILITY_S = 1
_ENVELOPE_BYTES = len(b'{"Records":[]}')
