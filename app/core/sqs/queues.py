"""The queues of the world: made, changed, emptied and deleted, and found."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.commands import (
    AddPermission,
    CreateQueue,
    DeleteQueue,
    PurgeQueue,
    RemovePermission,
    SetQueueAttributes,
    TagQueue,
    UntagQueue,
)
from app.core.errors import (
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
)
from app.core.facts import (
    Configured,
    Effect,
    QueuePurged,
)
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.names import Arn, Scope, parse_arn
from app.core.sqs.call_quota import CallQuota
from app.core.sqs.message import Message
from app.core.sqs.message_rules import (
    check_queue_name,
)
from app.core.sqs.queue import Queue
from app.core.sqs.queue_attributes import QueueAttributes, first_difference, with_attributes
from app.core.sqs.queue_keys import QueueKeys
from app.core.sqs.queue_policy import with_permission, without_permission
from app.core.sqs.queue_refusals import QueueRefusals
from app.core.sqs.queue_tags import check_tag_keys, check_tags
from app.core.sqs.redrive import RedriveAllowPolicy
from app.core.time import Instant


@dataclass(slots=True)
class Queues:
    """All queues by ARN. `changed` is called with each queue that may have something to hand out or another next
    wake-up, `gone` with each that is about to be deleted; effects go to `outbox`."""

    ids: Ids
    limits: Limits
    outbox: list[Effect]
    changed: Callable[[Queue, Instant], None]
    gone: Callable[[Queue], None]
    keys: QueueKeys
    refusals: QueueRefusals = field(init=False)
    _queues: dict[Arn, Queue] = field(default_factory=dict)
    _sources: dict[Arn, dict[Arn, None]] = field(default_factory=dict)
    _deleted_at: dict[Arn, Instant] = field(default_factory=dict)
    _open: set[Arn] = field(default_factory=set)
    _quota: CallQuota = field(init=False)

    def __post_init__(self) -> None:
        self._quota = CallQuota(self.limits.fifo_calls_per_s)
        self.refusals = QueueRefusals(self.keys, self.outbox, self.__getitem__, self.changed)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        """Those that nobody else has to know of; who may use a queue changes with the others."""
        return {PurgeQueue: self.purge, **self.refusals.verbs()}

    # Reading --------------------------------------------------------------------------------------------

    def __getitem__(self, arn: Arn) -> Queue:
        try:
            return self._queues[arn]
        except KeyError:
            raise QueueDoesNotExist from None

    def get(self, arn: Arn) -> Queue | None:
        return self._queues.get(arn)

    def __contains__(self, arn: object) -> bool:
        return arn in self._queues

    def all(self, scope: Scope | None = None) -> list[Queue]:
        queues = sorted(self._queues.values(), key=lambda queue: queue.name)
        return [queue for queue in queues if scope is None or parse_arn(queue.arn).scope == scope]

    def permits_all(self, arn: Arn) -> bool:
        """Whether the queue's policy is not asked, because who sends to it is declared beside it."""
        return arn in self._open

    def find_message(self, message_id: str) -> tuple[Queue, Message] | None:
        """Where a message is now. Looks into every queue: for people, not for the hot path."""
        for queue in self.all():
            if (message := queue.find(message_id)) is not None:
                return queue, message
        return None

    def sources_of(self, arn: Arn) -> Collection[Arn]:
        """Whose dead-letter queue this is, in the order in which they named it."""
        return self._sources.get(arn, {})

    def dead_letter_sources(self, arn: Arn) -> list[Queue]:
        """The queues whose redrive policy names `arn`, by name."""
        return sorted((self._queues[source] for source in self._sources.get(arn, {})), key=lambda queue: queue.name)

    # Queues ---------------------------------------------------------------------------------------------

    def create(self, command: CreateQueue, now: Instant) -> Arn:
        arn, given = command.queue, command.attributes
        name = arn.split(":", 5)[5]
        is_fifo = given.get("FifoQueue", "").lower() == "true"
        check_queue_name(name, is_fifo=is_fifo)
        check_tags(command.tags)
        if (existing := self._queues.get(arn)) is not None:
            wanted = self._attributes(existing.settings, given, arn)
            if (different := first_difference(existing.settings, wanted, given)) is not None:
                raise QueueNameExists(
                    "A queue already exists with the same name and a different value for attribute " + different
                )
            return arn
        deleted_at = self._deleted_at.get(arn)
        if deleted_at is not None and now < deleted_at + self.limits.recreate_interval_ms:
            raise QueueDeletedRecently
        attributes = self._attributes(QueueAttributes(is_fifo=is_fifo), given, arn)
        seal = self.ids.hex(32).encode()
        queue = Queue(arn, attributes, tags=command.tags, seal=seal, limits=self.limits, now=now)
        self._queues[arn] = queue
        if command.permits_all:
            self._open.add(arn)
        self._note_source(queue)
        self.refusals.note(queue)
        self.outbox.append(Configured(f"queue {name} created", queue=arn))
        self.changed(queue, now)
        return arn

    def delete(self, command: DeleteQueue, now: Instant) -> None:
        queue = self[command.queue]
        self._forget_source(queue)
        self.refusals.forget(queue)
        queue.purge(now=now)
        del self._queues[queue.arn]
        self._open.discard(queue.arn)
        self._deleted_at[queue.arn] = now
        self.gone(queue)
        self.outbox.append(Configured(f"queue {queue.name} deleted", queue=queue.arn))
        self.changed(queue, now)

    def set_attributes(self, command: SetQueueAttributes, now: Instant) -> None:
        queue = self[command.queue]
        attributes = self._attributes(queue.settings, command.attributes, queue.arn)
        self._forget_source(queue)
        queue.change_settings(attributes, now=now)
        if queue.is_fifo and "DelaySeconds" in command.attributes:
            queue.spread_delay(now)
        self._note_source(queue)
        self.refusals.note(queue)
        names = ", ".join(command.attributes)
        self.outbox.append(Configured(f"queue {queue.name}: {names} set", queue=queue.arn))
        self.changed(queue, now)

    def tag(self, command: TagQueue, now: Instant) -> None:
        queue = self[command.queue]
        check_tags(command.tags)
        queue.tags.update(command.tags)

    def untag(self, command: UntagQueue, now: Instant) -> None:
        tags = self[command.queue].tags
        check_tag_keys(command.keys)
        for key in command.keys:
            tags.pop(key, None)

    def add_permission(self, command: AddPermission, now: Instant) -> None:
        queue = self[command.queue]
        policy = with_permission(
            queue.settings.texts.get("Policy"), queue=queue.arn, label=command.label,
            accounts=command.accounts, actions=command.actions,
        )  # fmt: skip
        self.set_attributes(SetQueueAttributes(queue.arn, {"Policy": policy}), now)

    def remove_permission(self, command: RemovePermission, now: Instant) -> None:
        queue = self[command.queue]
        policy = without_permission(queue.settings.texts.get("Policy"), queue=queue.arn, label=command.label)
        self.set_attributes(SetQueueAttributes(queue.arn, {"Policy": policy}), now)

    def purge(self, command: PurgeQueue, now: Instant) -> None:
        queue = self[command.queue]
        if queue.purged_at is not None and now < queue.purged_at + self.limits.purge_interval_ms:
            raise PurgeQueueInProgress(f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.")
        self.outbox.append(QueuePurged(queue.arn, queue.purge(now=now)))
        self.changed(queue, now)

    # Calls -----------------------------------------------------------------------------------------------

    def count_call(self, queue: Queue, action: str, now: Instant) -> None:
        """Count a call against the quota of a FIFO queue. Raises RequestThrottled."""
        if queue.is_fifo and queue.settings.fifo_throughput_limit != "perMessageGroupId":
            self._quota.count(queue.arn, action, now)

    # Inside ---------------------------------------------------------------------------------------------

    def _attributes(self, current: QueueAttributes, given: Mapping[str, str], arn: Arn) -> QueueAttributes:
        return with_attributes(current, given, queue=arn, allow_policy_of=self._allow_policy_of)

    def _allow_policy_of(self, arn: Arn) -> RedriveAllowPolicy | None:
        queue = self._queues.get(arn)
        return queue.settings.redrive_allow if queue is not None else None

    def _note_source(self, queue: Queue) -> None:
        if queue.settings.redrive is not None:
            self._sources.setdefault(queue.settings.redrive.dead_letter_target, {})[queue.arn] = None

    def _forget_source(self, queue: Queue) -> None:
        if queue.settings.redrive is not None:
            self._sources.get(queue.settings.redrive.dead_letter_target, {}).pop(queue.arn, None)
