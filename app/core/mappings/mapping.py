"""An SQS event source mapping: its states, its pollers' scale, the batch it gathers, the batches it waits for."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from app.core.limits import Limits
from app.core.mappings.batch import Batch, Item
from app.core.mappings.event_count import EventCount
from app.core.mappings.mapping_parameters import MappingParameters
from app.core.mappings.mapping_state import CREATION, MOVES, Change, MappingState, Move
from app.core.mappings.poller_rate import PollerRate
from app.core.mappings.poller_scale import PollerScale, scale_rule_of
from app.core.names import Arn, Scope
from app.core.sqs.message import MessageState
from app.core.time import SECOND_MS, Instant, earliest

_ENVELOPE_BYTES = len(b'{"Records":[]}')


@dataclass(slots=True)
class Gathering:
    """A batch that is being filled; its window began with its first message."""

    opened_at: Instant
    hidden_until: Instant
    items: list[Item] = field(default_factory=list)
    payload_bytes: int = _ENVELOPE_BYTES


@dataclass(frozen=True, slots=True)
class Throttling:
    """A batch that was throttled and is tried again."""

    batch: Batch
    retry_at: Instant


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
        self.state = MappingState.DISABLED
        self.running: dict[str, Batch] = {}
        self.throttled: dict[str, Throttling] = {}
        self._pauses_ms: dict[str, int] = {}
        self.ready: deque[Batch] = deque()
        self.gathering: Gathering | None = None
        self.problem: str | None = None
        self.count = EventCount()
        self.scale = PollerScale(scale_rule_of(parameters, limits, is_fifo=self.is_fifo), limits.pollers_idle_ms)
        self._rate = PollerRate(limits.bytes_per_poller_s, limits.polls_per_poller_s)
        self._receives_at: Instant | None = None
        self._limits = limits
        self._move: Move | None = None
        self._settles_at: Instant | None = None
        if is_enabled:
            self._begin(CREATION, now)

    def __repr__(self) -> str:
        return f"<Mapping {self.uuid}: {self.state}, {len(self.running)} batches in flight>"

    @property
    def is_fifo(self) -> bool:
        return self.queue.endswith(".fifo")

    # State ----------------------------------------------------------------------------------------------

    @property
    def polls(self) -> bool:
        """Whether it receives. It does so while an update is under way as well, which does not stop what runs."""
        if self.state is MappingState.UPDATING:
            return self._move is not None and self._move.to is MappingState.ENABLED
        return self.state is MappingState.ENABLED

    @property
    def settles_at(self) -> Instant | None:
        """When the transition it is in ends."""
        return self._settles_at

    def allows(self, change: Change) -> bool:
        return change in MOVES.get(self.state, {})

    def apply(self, change: Change, *, now: Instant) -> None:
        """Begin the transition; it settles after a moment (`limits.mapping_transition_ms`)."""
        self._begin(MOVES[self.state][change], now)

    def settle_transition(self, now: Instant) -> bool:
        """Let a due transition end; true when the mapping is to be gone."""
        if self._move is None or self._settles_at is None or self._settles_at > now:
            return False
        to = self._move.to
        self._move = self._settles_at = None
        if to is None:
            return True
        self.state, self.modified_at = to, now
        return False

    def _begin(self, move: Move, now: Instant) -> None:
        self.state, self.modified_at = move.through, now
        self._move, self._settles_at = move, now + self._limits.mapping_transition_ms

    def change_parameters(self, parameters: MappingParameters) -> None:
        """Go on under other parameters; the caller has closed what was gathered under the old ones."""
        self.parameters = parameters
        self.scale.follow(scale_rule_of(parameters, self._limits, is_fifo=self.is_fifo))

    # Scale ----------------------------------------------------------------------------------------------

    @property
    def concurrency_limit(self) -> int:
        """How many batches may be in flight (poller_scale.py)."""
        return self.scale.limit

    @property
    def pollers(self) -> int:
        """How many pollers there are: one for each batch that may be in flight, or for ten in provisioned mode."""
        return self.scale.pollers if self.polls else 0

    @property
    def in_flight(self) -> int:
        """How many batches a poller is busy with; one that is throttled keeps its poller."""
        return len(self.running) + len(self.throttled)

    @property
    def room(self) -> int:
        """How many pollers are free to receive."""
        return max(0, self.concurrency_limit - self.in_flight - len(self.ready))

    @property
    def has_room(self) -> bool:
        """Whether a poller is free to receive."""
        return self.scale.limit > len(self.running) + len(self.throttled) + len(self.ready)

    def may_receive(self, *, has_room_at_function: bool) -> bool:
        """Whether a poller is free to receive, and what it receives would not only lie waiting: a batch that is being
        filled may go on while the function is busy."""
        return self.polls and self.has_room and (has_room_at_function or self.gathering is not None)

    def is_fast_enough(self, now: Instant) -> bool:
        """Whether its pollers have received less than they can, which only those of provisioned mode are told; if not,
        it is to be woken when they have."""
        self._receives_at = None
        if self.parameters.provisioned is None:
            return True
        at = self._rate.free_at(pollers=self.scale.pollers, now=now)
        if at > now:
            self._receives_at = at
        return at <= now

    def pause_until(self, at: Instant) -> None:
        """Its pollers were refused, and try again then."""
        self._receives_at = at

    @property
    def receives_at(self) -> Instant | None:
        """When its pollers go on, where they have received all that they can for now, or were refused."""
        return self._receives_at

    def note_received(self, size_bytes: int, now: Instant) -> None:
        """A poll brought so much."""
        if self.parameters.provisioned is not None:
            self._rate.take(size_bytes, pollers=self.scale.pollers, now=now)

    def observe(self, now: Instant, *, has_messages: bool) -> None:
        """Let the pollers scale by the minute while messages are left, and back when there is no work."""
        if not self.polls:
            self.scale.stop()
            return
        is_busy = bool(self.in_flight or self.ready) or self.gathering is not None
        self.scale.observe(now, has_messages=has_messages, is_busy=is_busy)

    # Batches --------------------------------------------------------------------------------------------

    @property
    def window_ms(self) -> int:
        return self.parameters.window_s * SECOND_MS

    def wanted(self) -> int:
        """How many messages the next receive asks for."""
        return min(self.missing, self._limits.receive_messages)

    @property
    def missing(self) -> int:
        """How many messages the batch can still take."""
        return self.parameters.batch_size - (len(self.gathering.items) if self.gathering else 0)

    def visibility_timeout_s(self, queue_timeout_s: int, function_timeout_s: int) -> int | None:
        """The visibility timeout to receive with; None is the queue's own (`limits.window_visibility_extra_s`).

        Never 0, which a queue may be set to later: its pollers would get one message over and over in one instant.
        """
        needed_s = self.parameters.window_s + function_timeout_s
        if self.parameters.window_s and needed_s > queue_timeout_s:
            return needed_s + self._limits.window_visibility_extra_s
        return None if queue_timeout_s else _SHORTEST_VISIBILITY_S

    def gather_all(self, items: list[Item], *, now: Instant) -> bool:
        """Begin a batch with all of them, which are from one receive; false, and nothing happened, where one is open
        already or they are too large for one."""
        payload_bytes = _ENVELOPE_BYTES + sum([len(item.record) for item in items]) + len(items) - 1
        if self.gathering is not None or payload_bytes > self._limits.batch_payload_bytes or not items:
            return False
        hidden_until = min([item.message.available_at for item in items])
        self.gathering = Gathering(now, hidden_until, items, payload_bytes)
        return True

    def gather(self, item: Item, *, now: Instant) -> Gathering | None:
        """Add a message to the batch. Gives back the batch before it, when the new one would make that too large."""
        full = self.take_gathered() if self.gathering and not self.fits(item.record) else None
        size = len(item.record) + 1
        if self.gathering is None:
            self.gathering = Gathering(now, item.message.available_at)
            size -= 1
        self.gathering.items.append(item)
        self.gathering.payload_bytes += size
        self.gathering.hidden_until = min(self.gathering.hidden_until, item.message.available_at)
        return full

    def fits(self, record: bytes) -> bool:
        """Whether one more record leaves the batch that is being filled within the payload limit."""
        # A record's comma and the envelope are part of the payload that is counted.
        gathered = self.gathering.payload_bytes if self.gathering else 0
        return gathered + len(record) + 1 <= self._limits.batch_payload_bytes

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

    def next_ready(self, now: Instant) -> Batch | None:
        """Take the first closed batch that a poller is free for."""
        if not self.ready or self.in_flight >= self.concurrency_limit:
            return None
        return None if self.is_fifo and self._is_held_back(self.ready[0], now) else self.ready.popleft()

    def _is_held_back(self, batch: Batch, now: Instant) -> bool:
        """Whether one receive of a FIFO queue made two batches, cut at 6 MB, and the other has to end first.

        They share a group, whose order would be lost. A batch in flight whose messages are visible again holds nobody
        back: the function outran the visibility timeout, and AWS delivers in parallel then.
        """
        busy = [*self.running.values(), *(throttling.batch for throttling in self.throttled.values())]
        return any(other.hidden_until > now and not other.groups.isdisjoint(batch.groups) for other in busy)

    def take_out_of_turn(self, batch: Batch) -> list[Batch]:
        """Take out the closed batches of a FIFO queue whose turn does not come, because `batch` left messages of their
        groups behind. What AWS does with them is UNCONFIRMED; run now, they would overtake what is to come again."""
        if not self.is_fifo or not self.ready:
            return []
        left = {item.delivery.content.group_id for item in batch.items if item.message.state is not MessageState.GONE}
        out = [other for other in self.ready if not other.groups.isdisjoint(left)]
        for other in out:
            self.ready.remove(other)
        return out

    def take_overdue(self, now: Instant) -> list[Batch]:
        """Take out the closed batches that no poller was free for until their messages are visible again."""
        overdue = [batch for batch in self.ready if batch.hidden_until <= now]
        for batch in overdue:
            self.ready.remove(batch)
        return overdue

    def throttle(self, batch: Batch, *, now: Instant) -> Throttling | None:
        """Keep a throttled batch for another try, or give it up when its messages are about to be visible again."""
        self.throttled.pop(batch.request_id, None)
        before_ms = self._pauses_ms.pop(batch.request_id, None)
        pause_ms = self._limits.throttle_backoff_first_ms if before_ms is None else before_ms * 2
        pause_ms = min(pause_ms, self._limits.throttle_backoff_most_ms)
        if now >= batch.hidden_until:
            return None
        # Kept while it runs: the function's own endpoint may throttle it once more.
        self._pauses_ms[batch.request_id] = pause_ms
        throttling = Throttling(batch, min(now + pause_ms, batch.hidden_until))
        self.throttled[batch.request_id] = throttling
        return throttling

    def is_done_with(self, batch: Batch) -> None:
        """The batch runs no more: it has ended, or was given up."""
        self.throttled.pop(batch.request_id, None)
        self._pauses_ms.pop(batch.request_id, None)

    def due_again(self, now: Instant) -> list[Batch]:
        """The throttled batches whose next try has come; they stay noted until they run or are given up."""
        return [throttling.batch for throttling in self.throttled.values() if throttling.retry_at <= now]

    def take_waiting(self) -> list[Batch]:
        """Take out every batch that does not run: no poller is left for them."""
        waiting = [*(throttling.batch for throttling in self.throttled.values()), *self.ready]
        self.throttled.clear()
        self.ready.clear()
        return waiting

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        """When something changes, be it only how many pollers there are."""
        return earliest(*self._times(), self.scale.next_growth(), self.scale.next_rest())

    def next_event(self) -> Instant | None:
        """When something comes of it for a message or for its state."""
        times = self._times()
        growth = self.scale.next_growth()
        # More pollers make a difference only where all there are have something to do.
        if growth is not None and not self.has_room:
            times.append(growth)
        return min(times, default=None)

    def _times(self) -> list[Instant]:
        """When something comes of it, however many pollers there are."""
        if not (self.throttled or self.ready or self.gathering):
            # Nearly always: what was received runs.
            return [at for at in (self._settles_at, self._receives_at) if at is not None]
        times = [throttling.retry_at for throttling in self.throttled.values()]
        times += [batch.hidden_until for batch in self.ready]
        if self._settles_at is not None:
            times.append(self._settles_at)
        if self.gathering is not None:
            times.append(self.gathering.opened_at + self.window_ms)
        if self._receives_at is not None:
            times.append(self._receives_at)
        return times

    # Showing --------------------------------------------------------------------------------------------

    def view(self, scope: Scope) -> dict[str, Any]:
        """AWS's response shape; LastModified in epoch seconds."""
        trouble = {"LastProcessingResult": f"PROBLEM: {self.problem}"} if self.problem else {}
        return {
            "UUID": self.uuid,
            "EventSourceMappingArn": scope.mapping_arn(self.uuid),
            "EventSourceArn": self.queue,
            "FunctionArn": self.function_arn,
            "LastModified": self.modified_at / SECOND_MS,
            "State": self.state.value,
            "StateTransitionReason": "USER_INITIATED",
            **trouble,
            **self.parameters.as_response(),
        }


_SHORTEST_VISIBILITY_S = 1
