"""What becomes of a message in its queue: who receives it when, and whether its mapping's batch would be invoked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.awslambda.function import Function
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict
from app.core.explain.invoking import Asker, busy, explain_admission, gone, lasting_obstacle
from app.core.explain.stand_ins import OUTSIDE_CAUSE
from app.core.mappings.mapping import Mapping
from app.core.mappings.mapping_state import MappingState
from app.core.mappings.polling import furthest
from app.core.names import Arn, name_of, parse_arn
from app.core.pipes.pipe import Pipe
from app.core.sqs.message import Content, Delivery, Message
from app.core.sqs.queue import Queue
from app.core.time import Instant, format_instant
from app.core.world import World

# As long as a real one, which only a receive gives.
_STAND_IN_HANDLE = "A" * 36
_LOOKED_INTO = frozenset({"lambda", "sqs", "sns", "events"})
_STARTING = (MappingState.CREATING, MappingState.ENABLING)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that is in a queue or would be; `message` is None for one that would be sent.

    `held` is what hides it now, `expires_at` when its retention period ends.
    """

    queue: Queue
    content: Content
    expires_at: Instant
    message: Message | None = None
    held: Step | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as a mapping gets to see it; `message` is None for one that would be sent, or is at another broker."""

    content: Content
    message: Message | None = None


def wanted_of(mappings: Sequence[Mapping], function: Arn | None) -> list[Mapping]:
    """The mappings that are asked about."""
    return [mapping for mapping in mappings if function is None or mapping.function == function]


def unread(queue: Arn, function: Arn | None) -> Step:
    """No mapping reads the queue, or none into that function."""
    into = f" into '{name_of(function)}'" if function else ""
    words = f"no event source mapping reads queue '{name_of(queue)}'{into}"
    return Step(Verdict.NO, About.MAPPING, words, queue=queue, function=function)


def explain_arrival(world: World, arrival: Arrival, function: Arn | None, trail: Trail) -> Conclusion:
    """Whom the message comes to; with `function`, whether to that one."""
    queue = arrival.queue
    mappings = list(world.mappings.of_queue(queue.arn))
    wanted = wanted_of(mappings, function)
    if not wanted:
        return trail.end(unread(queue.arn, function))
    held = arrival.held or _held_back(arrival, trail)
    if (lost := _lost(world, arrival, held, trail)) is not None:
        return trail.end(lost)
    return explain_mappings(world, mappings, wanted, Seen(arrival.content, arrival.message), held, trail)


def explain_mappings(
    world: World, mappings: Sequence[Mapping], wanted: Sequence[Mapping], seen: Seen, held: Step | None, trail: Trail
) -> Conclusion:
    """Which of the mappings of a queue gets the message; told of the `wanted` ones. `held` is what hides it now."""
    fates: list[Conclusion] = []
    taker: Mapping | None = None
    for mapping in mappings:
        visit = _Visit(world, mapping, seen, held, taker, Trail(trail.now, trail.path))
        fate = replace(visit.explain(), queue=mapping.queue, function=mapping.function, mapping=mapping.uuid)
        if mapping in wanted:
            trail.steps += visit.trail.steps
            fates.append(fate)
        if visit.takes:
            taker = mapping
            if mapping in wanted:
                return fate
    if taker is not None:
        return trail.end(_first(taker))
    return max(fates, key=_progress)


def _held_back(arrival: Arrival, trail: Trail) -> Step | None:
    """What keeps a visible message from being received."""
    queue = arrival.queue
    order = arrival.message.order if arrival.message else None
    if (blocker := queue.blocker(arrival.content.group_id, order)) is not None:
        blocking = blocker.content.message_id
        words = f"message group '{arrival.content.group_id}' is held back by {blocking}, which is {blocker.state.value}"
        return trail.add(Step(Verdict.WAIT, About.GROUP, words, queue=queue.arn, message=blocking))
    if not queue.has_room_in_flight:
        words = f"queue '{queue.name}' has {queue.in_flight_count} messages in flight, which is its limit"
        return trail.add(Step(Verdict.WAIT, About.IN_FLIGHT, words, queue=queue.arn, count=queue.in_flight_count))
    return None


def _lost(world: World, arrival: Arrival, held: Step | None, trail: Trail) -> Step | None:
    """What keeps the message from every mapping."""
    queue, message = arrival.queue, arrival.message
    visible_at = trail.now if held is None or held.until is None else held.until
    if arrival.expires_at <= visible_at:
        words = f"its retention period ends before queue '{queue.name}' shows it"
        return Step(Verdict.NO, About.RETENTION, words, queue=queue.arn, at=arrival.expires_at)
    redrive = queue.settings.redrive
    if redrive is not None and message is not None and redrive.dead_letter_target in world.queues:
        target = name_of(redrive.dead_letter_target)
        count, most = message.receive_count, redrive.max_receive_count
        if queue.is_exhausted(message, visible_at) and any(map(_is_there, world.mappings.of_queue(queue.arn))):
            words = f"received {_times(count)} of at most {most}, so the next receive moves it to '{target}' instead"
            return Step(Verdict.NO, About.REDRIVE, words, queue=queue.arn, count=count, limit=most)
        words = f"received {_times(count)}; with {most} it moves to '{target}'"
        trail.add(Step(Verdict.NOTE, About.REDRIVE, words, queue=queue.arn, count=count, limit=most))
    if held is None and queue.polls.first() is not None:
        words = "a client's ReceiveMessage waits at the queue and gets it before any mapping"
        return Step(Verdict.NO, About.RECEIVER, words, queue=queue.arn)
    return None


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def _is_there(mapping: Mapping) -> bool:
    """Whether it polls, or will in a moment."""
    return mapping.polls or mapping.state in _STARTING


def _progress(fate: Conclusion) -> int:
    """Which of several mappings' fates is the message's: one that would take it later, then one that polls."""
    if fate.verdict is Verdict.WAIT:
        return 2
    return 0 if fate.about is About.MAPPING else 1


def _first(taker: Mapping) -> Step:
    words = f"the mapping to '{name_of(taker.function)}' receives it first"
    return Step(Verdict.NO, About.RECEIVER, words, queue=taker.queue, function=taker.function, mapping=taker.uuid)


def stages_missing(world: World, pipe: Pipe, trail: Trail) -> Step | None:
    """The stage of the pipe that is not there, if one is not; the others are told."""
    for verb, arn in (("enriches it", pipe.spec.enrichment), ("gets it", pipe.spec.target)):
        if arn is None:
            continue
        about = About.TARGET
        if parse_arn(arn).service in _LOOKED_INTO and not world.targets.exists(arn):
            return gone(about, arn)
        trail.add(Step(Verdict.YES, about, f"'{name_of(arn)}' {verb}; what it does is not looked into here"))
    return None


class _Visit:
    """One mapping's look at the message. `takes` says whether it would receive it now."""

    def __init__(
        self, world: World, mapping: Mapping, seen: Seen, held: Step | None, taker: Mapping | None, trail: Trail
    ) -> None:
        self.world = world
        self.mapping = mapping
        self.seen = seen
        self.held = held
        self.taker = taker
        self.trail = trail
        self.takes = False
        self._name = f"{name_of(mapping.queue)} → {name_of(mapping.function)}"
        self.trail.path = (*trail.path, name_of(mapping.queue), name_of(mapping.function))

    def explain(self) -> Conclusion:
        mapping, trail = self.mapping, self.trail
        held = self.held
        if mapping.polls:
            pollers = "1 poller" if mapping.pollers == 1 else f"{mapping.pollers} pollers"
            self._add(Verdict.YES, About.MAPPING, f"mapping {self._name} is {mapping.state} and has {pollers}")
        elif mapping.state in _STARTING:
            words = f"mapping {self._name} is still {mapping.state}"
            step = self._add(Verdict.WAIT, About.MAPPING, words, until=mapping.settles_at)
            held = held or step
        else:
            return Conclusion.of(self._add(Verdict.NO, About.MAPPING, f"mapping {self._name} is {mapping.state}"))
        if parse_arn(mapping.function).service == "pipes":
            return self._through_pipe(held)
        function = self.world.functions.get(mapping.function_arn)
        if function is None:
            return trail.end(gone(About.FUNCTION, mapping.function))
        if self.taker is not None:
            return trail.end(_first(self.taker))
        if (obstacle := self._kept_out()) is not None:
            return Conclusion.of(obstacle)
        held = held or self._poller(function)
        self.takes = held is None
        return self._taken(function, held)

    def _kept_out(self) -> Step | None:
        """What the role of the function may not, or the queue refuses, which keeps the pollers out."""
        gate = self.world.poller_gate
        if (obstacle := gate.obstacle(self.mapping, self.trail.now)) is not None:
            return self._add(Verdict.NO, About.MAPPING, f"mapping {self._name} does not poll: {obstacle}")
        if (lacking := gate.lacking(self.mapping)) is not None:
            self._add(Verdict.NOTE, About.MAPPING, f"AWS would not poll for {self._name}: {lacking}")
        return None

    def _poller(self, function: Function) -> Step | None:
        """What keeps the pollers from receiving it now."""
        mapping = self.mapping
        if mapping.may_receive(has_room_at_function=function.has_room):
            return self._slow()
        if mapping.has_room:
            return self.trail.add(busy(function))
        count, limit = mapping.in_flight + len(mapping.ready), mapping.concurrency_limit
        grows_at = mapping.scale.next_growth()
        if limit == mapping.parameters.maximum_concurrency:
            why = "MaximumConcurrency"
        elif grows_at is None:
            why = "as its pollers allow"
        else:
            why = f"as its pollers allow, of which there are more at {format_instant(grows_at)[11:19]}"
        words = f"mapping {self._name} has {count} of {limit} batches in flight ({why})"
        return self._add(Verdict.WAIT, About.POLLERS, words, count=count, limit=limit)

    def _slow(self) -> Step | None:
        """What keeps pollers that are free from receiving."""
        mapping, at = self.mapping, self.mapping.receives_at
        if at is None or at <= self.trail.now:
            return None
        if mapping.parameters.provisioned is None:
            return self._add(Verdict.WAIT, About.POLLERS, f"the pollers of {self._name} were refused", until=at)
        words = f"the {mapping.pollers} provisioned pollers of {self._name} have received all that they can in a second"
        return self._add(Verdict.WAIT, About.POLLERS, words, count=mapping.pollers, until=at)

    def _taken(self, function: Function, held: Step | None) -> Conclusion:
        """What happens once it is received."""
        mapping, trail, now = self.mapping, self.trail, self.trail.now
        record = self._record()
        if (dropped := self._filtered(record)) is not None:
            return Conclusion.of(dropped)
        gathering = mapping.gathering if held is None and mapping.fits(record) else None
        contents = [item.delivery.content for item in gathering.items] if gathering else []
        causes = [content.cause or OUTSIDE_CAUSE for content in (*contents, self.seen.content)]
        cause = furthest(causes, function.arn)
        if (obstacle := lasting_obstacle(self.world, function, cause, Asker.MAPPING)) is not None:
            return trail.end(obstacle)
        if held is not None:
            return Conclusion.of(held)
        count, opened_at = (len(gathering.items) + 1, gathering.opened_at) if gathering else (1, now)
        most = mapping.parameters.batch_size
        reason = mapping.reason_to_end(count, opened_at, now)
        if reason is None:
            words = f"message {count} of at most {most} in a batch of {self._name} that is being filled"
            step = self._add(Verdict.WAIT, About.BATCH, words, count=count, limit=most,
                             until=opened_at + mapping.window_ms)  # fmt: skip
            return Conclusion.of(step)
        self._add(Verdict.YES, About.BATCH, f"it ends a batch of {count} ({reason})", count=count, limit=most)
        if before := len(mapping.ready):
            words = f"{before} closed batches of {self._name} go before it"
            return Conclusion.of(self._add(Verdict.WAIT, About.POLLERS, words, count=before))
        return explain_admission(self.world, function, cause, Asker.MAPPING, trail, batch=count)

    def _through_pipe(self, held: Step | None) -> Conclusion:
        """What happens in a pipe: its filter decides, and what its stages make of the message is their own."""
        if self.taker is not None:
            return self.trail.end(_first(self.taker))
        if (obstacle := self._kept_out()) is not None:
            return Conclusion.of(obstacle)
        if (dropped := self._filtered(self._record())) is not None:
            return Conclusion.of(dropped)
        if held is not None:
            return Conclusion.of(held)
        self.takes = True
        pipe = self.world.pipes.at(self.mapping.function)
        if (missing := stages_missing(self.world, pipe, self.trail)) is not None:
            return self.trail.end(missing)
        stages = [name_of(arn) for arn in (pipe.spec.enrichment, pipe.spec.target) if arn]
        text = f"would go through: {' → '.join((*self.trail.path, *stages))}, now"
        return Conclusion(Verdict.YES, About.TARGET, text, self.trail.now)

    def _filtered(self, record: bytes) -> Step | None:
        """The step at which the filters drop it; None when there are none, or they take it."""
        filters = self.mapping.parameters.filters
        if filters is None:
            return None
        reason = filters.reason_to_drop(self.seen.content.body, record)
        if reason is not None:
            words = f"the filter of {self._name} says no, which deletes it: {reason}"
            return self._add(Verdict.NO, About.FILTER, words)
        self._add(Verdict.YES, About.FILTER, f"the filter of {self._name} takes it")
        return None

    def _record(self) -> bytes:
        """The message as its function would get it, for the filters and the size of the batch."""
        content, message, now = self.seen.content, self.seen.message, self.trail.now
        received, first, source = 0, None, None
        if message is not None:
            received, first, source = message.receive_count, message.first_received_at, message.source
        delivery = Delivery(content, _STAND_IN_HANDLE, received + 1, now if first is None else first, source)
        has_window = bool(self.mapping.window_ms)
        return self.world.shapes.sqs_record(delivery, queue=self.mapping.queue, has_window=has_window)

    def _add(
        self, verdict: Verdict, about: About, words: str, *, until: Instant | None = None,
        count: int | None = None, limit: int | None = None,
    ) -> Step:  # fmt: skip
        mapping = self.mapping
        return self.trail.add(
            Step(verdict, about, words, queue=mapping.queue, function=mapping.function, mapping=mapping.uuid,
                 until=until, count=count, limit=limit)
        )  # fmt: skip
