"""How mappings poll queues that another broker keeps: whether they may, and how many receives are under way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from app.core.awslambda.function import Function
from app.core.awslambda.functions import Functions
from app.core.commands import DescribeRemoteQueue, ReportBrokerFailure, SettleDeletes, SettleReceive
from app.core.errors import Refused
from app.core.facts import Effect, MappingBlocked
from app.core.limits import Limits
from app.core.mappings.consumers import Consumer
from app.core.mappings.mapping import Mapping
from app.core.mappings.mapping_parameters import check_visibility
from app.core.names import Arn
from app.core.sqs.remote_queues import Poll, RemoteQueue, RemoteQueues
from app.core.time import Instant


@dataclass(slots=True)
class RemotePolling:
    """`changed` is told of a mapping that may poll now. What AWS asks of a queue before there is a mapping (is its
    visibility timeout long enough?) only the broker knows, and it may be away: until it said so, or while it says no,
    the mapping is there and does not poll."""

    limits: Limits
    outbox: list[Effect]
    queues: RemoteQueues
    functions: Functions
    mappings_of: Callable[[Arn], Iterable[Mapping]]
    changed: Callable[[Mapping], None]
    _unchecked: dict[str, str | None] = field(default_factory=dict)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            DescribeRemoteQueue: self.describe,
            SettleDeletes: self.settle_deletes,
            ReportBrokerFailure: self.report_failure,
        }

    # Whether --------------------------------------------------------------------------------------------

    def check(self, mapping: Mapping) -> None:
        """Let it poll once its broker was asked anew; nothing happens for a queue of ours."""
        if (queue := self.queues.get(mapping.queue)) is not None:
            self._unchecked.setdefault(mapping.uuid)
            self.queues.watch(queue)

    def check_visibility(self, queue: RemoteQueue, function: Function) -> None:
        """Raises InvalidParameterValue by what the broker said last, if it said anything yet."""
        if queue.attributes is not None:
            check_visibility(queue.attributes.visibility_timeout_s, function.spec.timeout_s)

    def forget(self, mapping: Mapping) -> None:
        """The mapping is gone."""
        self._unchecked.pop(mapping.uuid, None)
        if (queue := self.queues.get(mapping.queue)) is not None:
            self.queues.stop(queue, mapping.uuid)

    # What the broker tells ------------------------------------------------------------------------------

    def describe(self, command: DescribeRemoteQueue, now: Instant) -> None:
        queue = self.queues.describe(command, now)
        for mapping in self.mappings_of(queue.arn):
            self._check_again(mapping, queue)
        self._look_after(queue)

    def report_failure(self, command: ReportBrokerFailure, now: Instant) -> None:
        self._look_after(self.queues.fail(command, now))

    def settle_deletes(self, command: SettleDeletes, now: Instant) -> None:
        self._look_after(self.queues.settle_deletes(command, now))

    def settle(self, command: SettleReceive, now: Instant) -> tuple[RemoteQueue, Poll | None]:
        """The receive's queue, and the receive itself if it is known."""
        queue, poll = self.queues.end(command, now)
        self._look_after(queue)
        return queue, poll

    def _look_after(self, queue: RemoteQueue) -> None:
        """Say of each of its mappings what is wrong now, and let it poll."""
        for mapping in self.mappings_of(queue.arn):
            if queue.error is not None:
                mapping.problem = f"{queue.broker} does not answer: {queue.error}"
            else:
                mapping.problem = self._unchecked.get(mapping.uuid)
            self.changed(mapping)

    def _check_again(self, mapping: Mapping, queue: RemoteQueue) -> None:
        function = self.functions.get(mapping.function_arn)
        if mapping.uuid not in self._unchecked or function is None:
            return
        try:
            self.check_visibility(queue, function)
        except Refused as refusal:
            if self._unchecked[mapping.uuid] != refusal.message:
                blocked = MappingBlocked(mapping.queue, function.arn, mapping.uuid, refusal.message)
                self.outbox.append(blocked)
            self._unchecked[mapping.uuid] = refusal.message
        else:
            del self._unchecked[mapping.uuid]

    # How many -------------------------------------------------------------------------------------------

    def poll(self, mapping: Mapping, queue: RemoteQueue, consumer: Consumer, now: Instant) -> None:
        """Keep receives under way for as many pollers and environments as are free for what they bring.

        One waits where nothing comes; while something does, there are as many as AWS begins with.
        """
        flows = queue.flows_to(mapping.uuid)
        mapping.observe(now, has_messages=flows)
        if not mapping.polls:
            self.queues.stop(queue, mapping.uuid)
            return
        if mapping.uuid in self._unchecked or queue.attributes is None:
            return
        if not mapping.is_fast_enough(now):
            return
        own_s = queue.attributes.visibility_timeout_s
        timeout_s = mapping.visibility_timeout_s(own_s, consumer.timeout_s)
        room = min(mapping.room, consumer.room)
        pollers = self.limits.pollers_at_start if flows else 1
        for max_messages in _receives(mapping, queue.polls_of(mapping.uuid), pollers, room):
            self.queues.poll(queue, mapping.uuid, max_messages, timeout_s)


def _receives(mapping: Mapping, under_way: list[Poll], pollers: int, room: int) -> Iterable[int]:
    """How many messages each receive to be begun asks for."""
    if not mapping.window_ms:
        # Each brings a batch of its own.
        for _ in range(min(pollers, room) - len(under_way)):
            yield mapping.wanted()
        return
    # Together they fill one batch, and there is one environment for it.
    missing = mapping.missing - sum(poll.max_messages for poll in under_way)
    if not room and not mapping.gathering:
        return
    for _ in range(pollers - len(under_way)):
        if missing <= 0:
            return
        max_messages = min(missing, mapping.wanted())
        missing -= max_messages
        yield max_messages
