"""How mappings work: they receive from queues, batches go to whom they are for, and what came of it is settled."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from app.core.afterwork import Afterwork
from app.core.awslambda.call import Call, ForBatch, Stopped
from app.core.awslambda.function import Function
from app.core.awslambda.functions import Functions
from app.core.awslambda.invocation import Outcome, Succeeded, Throttled
from app.core.awslambda.outcomes import error_of, ran_of, word_of
from app.core.chain import Cause
from app.core.commands import (
    SettleReceive,
)
from app.core.errors import (
    RecursiveInvocation,
)
from app.core.facts import (
    BatchAbandoned,
    BatchFormed,
    Effect,
    InvocationThrottled,
    MessagesFiltered,
    PollersScaled,
)
from app.core.ids import Ids
from app.core.mappings.batch import NO_FAILURES, Batch, Item, UnusableResponse, read_partial_response
from app.core.mappings.consumers import Consumer, FunctionConsumer
from app.core.mappings.mapping import Gathering, Mapping
from app.core.mappings.mappings import Mappings
from app.core.mappings.poller_gate import PollerGate
from app.core.mappings.remote_polling import RemotePolling
from app.core.names import Arn, name_of
from app.core.shapes import EventShapes
from app.core.sqs.message import Delivery, Message
from app.core.sqs.queue import Queue
from app.core.sqs.queues import Queues
from app.core.sqs.receiving import Receiving
from app.core.time import Instant


@dataclass(slots=True)
class Polling:
    """Works for all mappings. `submit` runs a call or says what forbids it; `changed` is told of a mapping that may
    poll or has another next wake-up, `gone` of one that polls no more; `pipe_of` finds the pipe of a mapping's own."""

    ids: Ids
    shapes: EventShapes
    outbox: list[Effect]
    mappings: Mappings
    queues: Queues
    receiving: Receiving
    remote: RemotePolling
    functions: Functions
    submit: Callable[[Function, Call, Instant], Stopped | None]
    changed: Callable[[Mapping], None]
    gone: Callable[[Mapping], None]
    gate: PollerGate
    afterwork: Afterwork
    pipe_of: Callable[[Arn], Consumer | None] = lambda _: None

    def consumer_of(self, mapping: Mapping) -> Consumer | None:
        """Whom its batches go to; None when that is gone."""
        if mapping.uuid in self.mappings.attached:
            return self.pipe_of(mapping.function)
        function = self.functions.get(mapping.function_arn)
        return None if function is None else FunctionConsumer(function, self.functions, self.shapes, self.submit)

    def wake(self, mapping: Mapping, now: Instant) -> None:
        """Let a transition end, a window close and throttled batches have another try."""
        if mapping.settle_transition(now):
            self._end(mapping)
            return
        for batch in mapping.due_again(now):
            self._try_again(mapping, batch, now)
        self.changed(mapping)

    def flush(self, mapping: Mapping, reason: str, now: Instant) -> None:
        """Run what was gathered so far."""
        if mapping.gathering is not None:
            self._close(mapping, reason)
            self._start_ready(mapping, now)

    def feed(self, mapping: Mapping, now: Instant) -> None:
        """Receive and invoke for as long as there are messages, pollers and free environments."""
        if mapping.uuid not in self.mappings.by_uuid:
            return
        self._close_if_due(mapping, now)
        self._start_ready(mapping, now)
        consumer = self.consumer_of(mapping)
        if consumer is None:
            mapping.observe(now, has_messages=False)
        elif (remote := self.remote.queues.get(mapping.queue)) is not None:
            self.remote.poll(mapping, remote, consumer, now)
        elif (queue := self.queues.get(mapping.queue)) is not None:
            self._receive_all(mapping, queue, consumer, now)
        else:
            mapping.observe(now, has_messages=False)
        for change in mapping.scale.take_changes():
            self.outbox.append(
                PollersScaled(
                    mapping.queue, mapping.function, mapping.uuid, change.before, change.pollers,
                    mapping.concurrency_limit, change.reason,
                )
            )  # fmt: skip

    def settle(self, owner: ForBatch, outcome: Outcome, now: Instant) -> None:
        """Delete what succeeded; leave the rest hidden until its visibility timeout ends."""
        batch = owner.batch
        # Deleted while its last batches run, it finishes them all the same.
        mapping = self.mappings.by_uuid.get(owner.mapping) or self.mappings.finishing[owner.mapping]
        mapping.running.pop(batch.request_id, None)
        if not mapping.running:
            self.mappings.finishing.pop(mapping.uuid, None)
        match outcome:
            case Throttled() if mapping.uuid not in self.mappings.by_uuid:
                self._tell(batch, outcome)
                self._abandon(mapping, batch)
            case Throttled():
                self._wait_or_abandon(mapping, batch, outcome, now, was_begun=True)
            case Succeeded(payload=payload):
                mapping.is_done_with(batch)
                mapping.scale.recover()
                if self._may_delete_later(mapping, batch, payload):
                    self.queues.changed(self.queues[mapping.queue], now)
                    self.afterwork.do(partial(self._succeed, mapping, batch, outcome, payload, now))
                else:
                    self._succeed(mapping, batch, outcome, payload, now)
            case _:
                mapping.is_done_with(batch)
                self._tell(batch, outcome)
                mapping.count.failed += len(batch.items)
                # Who reports failures one by one is not scaled down for them (DG:services-sqs-errorhandling).
                if not mapping.parameters.reports_item_failures:
                    mapping.scale.stumble()
        if batch.request_id not in mapping.throttled:
            for other in mapping.take_out_of_turn(batch):
                self._abandon(mapping, other)
        if mapping.uuid in self.mappings.by_uuid:
            self.changed(mapping)

    def arrive(self, command: SettleReceive, now: Instant) -> None:
        """What a receive at a broker elsewhere brought: gathered like what a queue of ours gives."""
        queue, poll = self.remote.settle(command, now)
        mapping = self.mappings.by_uuid.get(poll.mapping) if poll is not None else None
        consumer = self.consumer_of(mapping) if mapping is not None else None
        if poll is not None and mapping is not None and consumer is not None:
            taken = self.remote.queues.take(queue, poll, command.deliveries, by=consumer.name, now=now)
            self._take_in(mapping, taken, now)
        elif command.deliveries:
            self.remote.queues.leave(queue, command.deliveries, "the mapping or its function is gone")

    # Receiving ----------------------------------------------------------------------------------

    def _receive_all(self, mapping: Mapping, queue: Queue, consumer: Consumer, now: Instant) -> None:
        """Receive for as long as there is something, and somebody for it."""
        had_messages = bool(queue.visible_count)
        mapping.observe(now, has_messages=had_messages)
        while mapping.may_receive(has_room_at_function=consumer.room > 0) and mapping.is_fast_enough(now):
            if not self.gate.lets_receive(mapping, queue, now):
                mapping.observe(now, has_messages=False)
                return
            if not self._receive(mapping, queue, consumer, now):
                break
        if had_messages:
            mapping.observe(now, has_messages=bool(queue.visible_count))

    def _receive(self, mapping: Mapping, queue: Queue, consumer: Consumer, now: Instant) -> bool:
        """One receive of one poller; false when the queue had nothing."""
        timeout_s = mapping.visibility_timeout_s(queue.settings.visibility_timeout_s, consumer.timeout_s)
        taken = self.receiving.take(queue, mapping.wanted(), timeout_s, by=consumer.name, now=now)
        self._take_in(mapping, taken, now)
        return bool(taken)

    def _take_in(self, mapping: Mapping, taken: list[tuple[Message, Delivery]], now: Instant) -> None:
        """Gather what a receive brought, and run what is ready."""
        if not taken:
            return
        mapping.count.polled += len(taken)
        queue, has_window, render = mapping.queue, mapping.window_ms > 0, self.shapes.sqs_record
        items = [
            Item(message, delivery, message.attempts[-1], render(delivery, queue=queue, has_window=has_window))
            for message, delivery in taken
        ]
        size_bytes = sum([len(item.record) for item in items])
        kept = self._filtered(mapping, items, now) if mapping.parameters.filters is not None else items
        if not mapping.gather_all(kept, now=now):
            for item in kept:
                if (full := mapping.gather(item, now=now)) is not None:
                    self._form(mapping, full, "6 MB payload")
        mapping.note_received(size_bytes, now)
        self._close_if_due(mapping, now)
        self._start_ready(mapping, now)

    def _filtered(self, mapping: Mapping, items: list[Item], now: Instant) -> list[Item]:
        """Those that the filters let pass; the others are done with."""
        filters, dropped, kept = mapping.parameters.filters, [], []
        assert filters is not None, "only a mapping with filters filters"
        for item in items:
            reason = filters.reason_to_drop(item.delivery.content.body, item.record)
            if reason is None:
                kept.append(item)
            else:
                item.attempt.outcome, item.attempt.error_message = "filtered", reason
                dropped.append(item)
        if dropped:
            self._drop(mapping, dropped, now)
        return kept

    def _drop(self, mapping: Mapping, items: list[Item], now: Instant) -> None:
        """What the filters refuse is deleted and goes to no dead-letter queue."""
        reasons = tuple(item.attempt.error_message or "" for item in items)
        ids = tuple(item.id for item in items)
        mapping.count.filtered_out += len(items)
        self.outbox.append(MessagesFiltered(mapping.queue, mapping.function, ids, reasons))
        self._delete(mapping, items, now)

    def _close_if_due(self, mapping: Mapping, now: Instant) -> None:
        if mapping.gathering is not None and (reason := mapping.reason_to_close(now)) is not None:
            self._close(mapping, reason)

    def _close(self, mapping: Mapping, reason: str) -> None:
        self._form(mapping, mapping.take_gathered(), reason)

    def _form(self, mapping: Mapping, gathered: Gathering, reason: str) -> None:
        """Make a batch of what was gathered; it is ready to be run."""
        batch = Batch(self.ids.uuid(), tuple(gathered.items), reason, gathered.hidden_until)
        for item in batch.items:
            item.attempt.request_id = batch.request_id
        ids = tuple(item.id for item in batch.items)
        chain = furthest(_causes(batch), mapping.function).chain
        self.outbox.append(
            BatchFormed(mapping.queue, mapping.function, mapping.uuid, batch.request_id, ids, reason, chain)
        )
        mapping.ready.append(batch)

    # Invoking -----------------------------------------------------------------------------------

    def _start_ready(self, mapping: Mapping, now: Instant) -> None:
        if not mapping.ready:
            return
        for overdue in mapping.take_overdue(now):
            self._abandon(mapping, overdue)
        while (batch := mapping.next_ready(now)) is not None:
            self._run(mapping, batch, now)

    def _try_again(self, mapping: Mapping, batch: Batch, now: Instant) -> None:
        if now >= batch.hidden_until:
            self._abandon(mapping, batch)
        else:
            self._run(mapping, batch, now)

    def _run(self, mapping: Mapping, batch: Batch, now: Instant) -> None:
        mapping.count.invoked += len(batch.items)
        consumer = self.consumer_of(mapping)
        if consumer is None:
            self._wait_or_abandon(mapping, batch, Throttled("FunctionDeleted"), now)
            return
        cause = furthest(_causes(batch), mapping.function).via(name_of(mapping.queue))
        # It runs before it is given away: a pipe may be done with it at once.
        mapping.running[batch.request_id] = batch
        stopped: Stopped | None = consumer.run(mapping, batch, cause, now)
        if stopped is not None:
            del mapping.running[batch.request_id]
        match stopped:
            case None:
                if batch.request_id in mapping.running:
                    mapping.throttled.pop(batch.request_id, None)
            case RecursiveInvocation(message=message):
                # The messages stay; each receive counts, until maxReceiveCount moves them.
                mapping.is_done_with(batch)
                mapping.count.failed += len(batch.items)
                for item in batch.items:
                    item.attempt.outcome = "refused"
                    item.attempt.error_type = "RecursiveInvocationException"
                    item.attempt.error_message = message
            case Throttled():
                self._wait_or_abandon(mapping, batch, stopped, now)
            case _:
                assert_never(stopped)

    def _wait_or_abandon(
        self, mapping: Mapping, batch: Batch, throttled: Throttled, now: Instant, *, was_begun: bool = False
    ) -> None:
        """A throttled batch is kept and tried again until its messages are about to reappear."""
        self._tell(batch, throttled)
        mapping.count.failed += len(batch.items)
        mapping.scale.stumble()
        throttling = mapping.throttle(batch, now=now)
        retry_at = throttling.retry_at if throttling is not None else None
        chain = batch.items[0].delivery.content.chain
        self.outbox.append(
            InvocationThrottled(mapping.function, batch.request_id, chain, throttled.reason, retry_at, was_begun)
        )
        if throttling is None:
            self._abandon(mapping, batch)

    def _abandon(self, mapping: Mapping, batch: Batch) -> None:
        mapping.is_done_with(batch)
        ids = tuple(item.id for item in batch.items)
        self.outbox.append(BatchAbandoned(mapping.queue, mapping.function, batch.request_id, ids))

    def _end(self, mapping: Mapping) -> None:
        self.mappings.remove(mapping)
        for batch in mapping.take_waiting():
            self._abandon(mapping, batch)
        self.remote.forget(mapping)
        self.gone(mapping)

    # Settling -----------------------------------------------------------------------------------

    def _may_delete_later(self, mapping: Mapping, batch: Batch, payload: bytes) -> bool:
        """Whether what is received meanwhile would be the same. An answer that may tell of failures is read before."""
        if not self.afterwork.is_put_off:
            return False
        if mapping.parameters.reports_item_failures and payload not in NO_FAILURES:
            return False
        queue = self.queues.get(mapping.queue)
        return queue is not None and queue.may_delete_later([item.message for item in batch.items])

    def _succeed(self, mapping: Mapping, batch: Batch, outcome: Outcome, payload: bytes, now: Instant) -> None:
        self._tell(batch, outcome)
        self._settle_items(mapping, batch, payload, now)

    def _settle_items(self, mapping: Mapping, batch: Batch, payload: bytes, now: Instant) -> None:
        """Delete what the function did; without ReportBatchItemFailures that is all, whatever it returned."""
        if not mapping.parameters.reports_item_failures:
            self._delete(mapping, batch.items, now)
            return
        answer = read_partial_response(payload, frozenset(item.id for item in batch.items))
        if isinstance(answer, UnusableResponse):
            mapping.count.failed += len(batch.items)
            for item in batch.items:
                item.attempt.outcome = "failed"
                item.attempt.error_message = f"the whole batch counts as failed: {answer.why}"
            return
        mapping.count.failed += len(answer.ids)
        for item in batch.items:
            if item.id in answer.ids:
                item.attempt.outcome = "failed"
                item.attempt.error_message = "reported in batchItemFailures"
        self._delete(mapping, [item for item in batch.items if item.id not in answer.ids], now)

    def _delete(self, mapping: Mapping, items: Sequence[Item], now: Instant) -> None:
        if (remote := self.remote.queues.get(mapping.queue)) is not None:
            self.remote.queues.delete(remote, items, by=name_of(mapping.function), count=mapping.count)
            return
        if mapping.queue not in self.queues:
            return
        queue, by = self.queues[mapping.queue], name_of(mapping.function)
        if (forbidden := self.gate.undeletable(mapping, queue, now)) is not None:
            for item in items:
                item.attempt.error_message = f"not deleted: {forbidden}"
            return
        # A FIFO queue whose visibility timeout the function outran: the message comes again. Or a queue deleted and
        # created again under its name, which knows no handle of its earlier life.
        refused = self.receiving.delete_taken(queue, [(item.message, item.delivery) for item in items], by=by)
        for place, refusal in refused.items():
            items[place].attempt.error_message = f"not deleted: {refusal.message}"
        mapping.count.deleted += len(items) - len(refused)
        self.queues.changed(queue, now)

    def _tell(self, batch: Batch, outcome: Outcome) -> None:
        """Write the outcome into the story of each message."""
        error_type, message = error_of(outcome)
        word, log_tail = word_of(outcome), ran_of(outcome).log_tail
        for item in batch.items:
            attempt = item.attempt
            attempt.outcome, attempt.error_type, attempt.error_message = word, error_type, message
            attempt.log_tail = log_tail


def furthest(causes: Iterable[Cause], function: Arn) -> Cause:
    """The cause of a batch that mixes chains: that of the message whose path came to the function most often.

    What AWS takes is UNCONFIRMED; this one lets no loop hide behind other messages.
    """
    return max(causes, key=lambda cause: cause.hop.times.get(function, 0) if cause.hop else -1)


def _causes(batch: Batch) -> list[Cause]:
    known = [item.delivery.content.cause for item in batch.items if item.delivery.content.cause is not None]
    assert known, "every message has a cause"
    return known
