"""What did happen to a message that was sent, where it is, and what comes next."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from app.core.errors import ResourceNotFound
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict
from app.core.explain.invoking import Asker, busy, lasting_obstacle
from app.core.explain.receiving import Arrival, explain_arrival
from app.core.explain.stand_ins import OUTSIDE_CAUSE
from app.core.facts import (
    BatchFormed,
    Fact,
    MessageDeleted,
    MessageExpired,
    MessageMoved,
    MessageReceived,
    MessagesFiltered,
)
from app.core.mappings.batch import Batch, Item
from app.core.mappings.mapping import Gathering, Mapping, Throttling
from app.core.mappings.polling import furthest
from app.core.names import Arn, name_of
from app.core.sqs.message import Attempt, Message, MessageState, Move
from app.core.sqs.queue import Queue
from app.core.sqs.receiving import CLIENT
from app.core.sqs.remote_queues import RemoteQueue
from app.core.time import Instant
from app.core.world import World

F = TypeVar("F", bound=Fact)

_TRIED_AGAIN = {"", "throttled"}


def explain_message(
    world: World, message_id: str, function: Arn | None, trail: Trail, history: Sequence[tuple[Instant, Fact]]
) -> Conclusion:
    """`history` is what the journal knows of the message; it is all there is once the message is gone.

    Raises ResourceNotFound when nobody knows of it.
    """
    for queue in world.queues.all():
        if (message := queue.find(message_id)) is not None:
            return _explain_present(world, queue, message, function, trail)
    if not history:
        raise ResourceNotFound(f"there is no message {message_id!r}, and the journal knows of none")
    seen = _last([fact for _, fact in history], MessageReceived)
    if seen is not None and (remote := world.remote_queues.get(seen.queue)) is not None:
        return _explain_elsewhere(world, remote, seen, function, trail, history)
    return _explain_gone(message_id, trail, history)


# It is still there ----------------------------------------------------------------------------------


def _explain_present(world: World, queue: Queue, message: Message, function: Arn | None, trail: Trail) -> Conclusion:
    _tell_life(queue, message, trail)
    words = f"it is in queue '{queue.name}', {message.state.value}"
    trail.add(Step(Verdict.NOTE, About.QUEUE, words, queue=queue.arn, message=message.content.message_id))
    expires_at = queue.expires_at(message)
    words = "it is kept for the queue's retention period"
    trail.add(Step(Verdict.NOTE, About.RETENTION, words, queue=queue.arn, until=expires_at))
    for mapping in world.mappings.at_work_on(queue.arn):
        if (
            function in (None, mapping.function)
            and (fate := _in_batch(world, mapping, partial(_has, message), trail)) is not None
        ):
            return fate
    held = _hidden(queue, message, trail)
    arrival = Arrival(queue, message.content, expires_at, message, held)
    fate = explain_arrival(world, arrival, function, trail)
    if fate.verdict is Verdict.NO and message.source is not None and message.moves:
        last = message.moves[-1]
        why = f"it is a dead letter of '{name_of(message.source)}' ({last.reason})"
        return replace(fate, text=f"{fate.text}; {why}")
    return fate


def _tell_life(queue: Queue, message: Message, trail: Trail) -> None:
    """Sent, each receive and each move, in the order it happened; of one instant, the receive came first."""
    first = message.moves[0].source if message.moves else queue.arn
    sent = Step(Verdict.NOTE, About.HISTORY, f"sent to '{name_of(first)}'", queue=first, at=message.content.sent_at)
    told = [(attempt.at, 0, _attempt(attempt)) for attempt in message.attempts]
    told += [(move.at, 1, _move(move)) for move in message.moves]
    trail.steps += [sent, *(step for _, _, step in sorted(told, key=lambda part: part[:2]))]


def _attempt(attempt: Attempt) -> Step:
    words = f"received by {attempt.by}"
    if attempt.outcome:
        words += f": {attempt.outcome}"
    error = ": ".join(part for part in (attempt.error_type, attempt.error_message) if part)
    words += f", {error}" if error else ""
    if attempt.by == CLIENT:
        verdict = Verdict.NOTE
    elif attempt.outcome == "succeeded":
        verdict = Verdict.YES
    else:
        verdict = Verdict.WAIT if attempt.outcome in _TRIED_AGAIN else Verdict.NO
    return Step(verdict, About.HISTORY, words, request=attempt.request_id, at=attempt.at, count=attempt.number)


def _move(move: Move) -> Step:
    words = f"moved from '{name_of(move.source)}' to '{name_of(move.destination)}': {move.reason}"
    return Step(Verdict.NOTE, About.HISTORY, words, queue=move.destination, at=move.at)


def _hidden(queue: Queue, message: Message, trail: Trail) -> Step | None:
    if message.state is MessageState.DELAYED:
        about, words = About.DELAY, "message delayed"
    elif message.state is MessageState.IN_FLIGHT:
        last = message.attempts[-1]
        told = f" ({last.outcome})" if last.outcome else ""
        about, words = About.VISIBILITY, f"hidden by its visibility timeout since {last.by} received it{told}"
    else:
        return None
    return trail.add(Step(Verdict.WAIT, about, words, queue=queue.arn, until=message.available_at))


def _in_batch(world: World, mapping: Mapping, has: Callable[[Sequence[Item]], bool], trail: Trail) -> Conclusion | None:
    """What becomes of the message if its last receive was this mapping's and is not settled yet. `has` knows it among
    the items of a batch."""
    if mapping.gathering is not None and has(mapping.gathering.items):
        return _being_filled(world, mapping, mapping.gathering, trail)
    for throttling in mapping.throttled.values():
        if has(throttling.batch.items):
            return _throttled(world, mapping, throttling, trail)
    for place, batch in enumerate(mapping.ready):
        if has(batch.items):
            words = f"its batch is closed and waits for a poller of {_name(mapping)}, with {place} before it"
            return trail.end(_step(mapping, Verdict.WAIT, About.POLLERS, words, batch.request_id, count=place))
    for batch in mapping.running.values():
        if has(batch.items):
            return _running(world, mapping, batch, trail)
    return None


def _has(message: Message, items: Sequence[Item]) -> bool:
    return any(item.message is message and item.delivery.receive_count == message.receive_count for item in items)


def _being_filled(world: World, mapping: Mapping, gathering: Gathering, trail: Trail) -> Conclusion:
    function = world.functions.get(mapping.function_arn)
    if function is not None:
        causes = [item.delivery.content.cause or OUTSIDE_CAUSE for item in gathering.items]
        cause = furthest(causes, function.arn)
        if (obstacle := lasting_obstacle(world, function, cause, Asker.MAPPING)) is not None:
            return trail.end(obstacle)
    count, most = len(gathering.items), mapping.parameters.batch_size
    words = f"it is in a batch of {_name(mapping)} that is being filled, {count} of at most {most}"
    until = gathering.opened_at + mapping.window_ms
    return trail.end(_step(mapping, Verdict.WAIT, About.BATCH, words, until=until, count=count, limit=most))


def _throttled(world: World, mapping: Mapping, throttling: Throttling, trail: Trail) -> Conclusion:
    function = world.functions.get(mapping.function_arn)
    if function is not None and (obstacle := lasting_obstacle(world, function, OUTSIDE_CAUSE, Asker.MAPPING)):
        return trail.end(obstacle)
    words = f"its batch was throttled by '{name_of(mapping.function)}' and is tried again"
    request = throttling.batch.request_id
    return trail.end(_step(mapping, Verdict.WAIT, About.CONCURRENCY, words, request, until=throttling.retry_at))


def _running(world: World, mapping: Mapping, batch: Batch, trail: Trail) -> Conclusion | None:
    function = world.functions.get(mapping.function_arn)
    if function is None:
        return None
    if batch.request_id not in function.running:
        return trail.end(replace(busy(function), request=batch.request_id))
    words, size = f"'{function.spec.name}' is working on it", len(batch.items)
    trail.add(_step(mapping, Verdict.YES, About.FUNCTION, words, batch.request_id, count=size))
    text = f"has fired: {_name(mapping)}, in a batch of {size}; {words}"
    return Conclusion(Verdict.YES, About.FUNCTION, text, None, mapping.queue, mapping.function, mapping.uuid, size)


def _name(mapping: Mapping) -> str:
    return f"{name_of(mapping.queue)} → {name_of(mapping.function)}"


def _step(
    mapping: Mapping, verdict: Verdict, about: About, words: str, request: str | None = None, *,
    until: Instant | None = None, count: int | None = None, limit: int | None = None,
) -> Step:  # fmt: skip
    return Step(verdict, about, words, queue=mapping.queue, function=mapping.function, mapping=mapping.uuid,
                request=request, until=until, count=count, limit=limit)  # fmt: skip


# Another broker has it ------------------------------------------------------------------------------


def _explain_elsewhere(
    world: World, queue: RemoteQueue, seen: MessageReceived, function: Arn | None, trail: Trail,
    history: Sequence[tuple[Instant, Fact]],
) -> Conclusion:  # fmt: skip
    """What came of the last receive. Whether the broker still has the message is not known here."""
    message_id = seen.message
    last = max(place for place, (_, fact) in enumerate(history) if fact is seen)
    if any(isinstance(fact, MessageDeleted | MessagesFiltered) for _, fact in history[last:]):
        return _explain_gone(message_id, trail, history)
    trail.steps += _told(message_id, history)
    for mapping in world.mappings.at_work_on(queue.arn):
        if (
            function in (None, mapping.function)
            and (fate := _in_batch(world, mapping, lambda items: any(item.id == message_id for item in items), trail))
            is not None
        ):
            return fate
    if message_id in queue.being_deleted:
        words = f"it was handled, and waits for {queue.broker} to delete it"
        return Conclusion(Verdict.YES, About.HISTORY, f"fired: {words}", None, queue.arn)
    words = f"it is at {queue.broker}, hidden by its visibility timeout since {seen.by} received it"
    if seen.until > trail.now:
        return trail.end(Step(Verdict.WAIT, About.VISIBILITY, words, queue=queue.arn, until=seen.until))
    words = f"it was left to {queue.broker}, which shows it again if nobody else has deleted it"
    return trail.end(Step(Verdict.WAIT, About.QUEUE, words, queue=queue.arn))


def _told(message_id: str, history: Sequence[tuple[Instant, Fact]]) -> list[Step]:
    return [Step(Verdict.NOTE, About.HISTORY, fact.text, message=message_id, at=at) for at, fact in history]


# It is gone -----------------------------------------------------------------------------------------


def _explain_gone(message_id: str, trail: Trail, history: Sequence[tuple[Instant, Fact]]) -> Conclusion:
    trail.steps += _told(message_id, history)
    facts = [fact for _, fact in history]
    filtered = _last(facts, MessagesFiltered)
    deleted, batch = _last(facts, MessageDeleted), _last(facts, BatchFormed)
    if filtered is not None:
        reason = filtered.reasons[filtered.messages.index(message_id)]
        name = f"{name_of(filtered.queue)} → {name_of(filtered.function)}"
        return _did_not(About.FILTER, f"the filter of {name} said no, which deleted it: {reason}", filtered.queue)
    if deleted is not None and batch is not None and deleted.by == name_of(batch.function):
        size = len(batch.messages)
        text = f"fired: {name_of(batch.queue)} → {deleted.by}, in a batch of {size}, and was deleted"
        return Conclusion(Verdict.YES, About.HISTORY, text, None, batch.queue, batch.function, batch.mapping, size)
    if deleted is not None:
        return _did_not(About.HISTORY, f"a client deleted it with {deleted.by}", deleted.queue)
    if (expired := _last(facts, MessageExpired)) is not None:
        return _did_not(About.RETENTION, "its retention period ended", expired.queue)
    if (moved := _last(facts, MessageMoved)) is not None:
        words = f"it was moved to '{name_of(moved.destination)}' ({moved.reason}) and is there no more under this id"
        return _did_not(About.REDRIVE, words, moved.queue)
    return _did_not(About.QUEUE, "it is in no queue any more: its queue was purged or deleted", None)


def _last(facts: Sequence[Fact], kind: type[F]) -> F | None:
    return next((fact for fact in reversed(facts) if isinstance(fact, kind)), None)


def _did_not(about: About, words: str, queue: Arn | None) -> Conclusion:
    return Conclusion(Verdict.NO, about, f"did not fire: {words}", queue=queue)
