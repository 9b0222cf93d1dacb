"""Message move tasks: dead letters on their way back, at a rate, on the clock."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import Any

from app.core.agenda import Agenda
from app.core.commands import CancelMessageMoveTask, StartMessageMoveTask
from app.core.errors import InvalidParameterValue, ResourceNotFound
from app.core.facts import Configured, Effect
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.names import Arn, name_of, parse_arn
from app.core.sqs.message import Message
from app.core.sqs.queue import Queue
from app.core.sqs.queue_refusals import code_of
from app.core.sqs.queues import Queues
from app.core.sqs.redriving import Redriving, check_same_type
from app.core.time import SECOND_MS, Instant

# Without a rate of its own AWS moves as fast as it thinks good; here so many a millisecond.
_CHUNK = 100
_TASKS_KEPT = 10


class TaskStatus(StrEnum):
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


@dataclass(slots=True, eq=False)
class MoveTask:
    """One task; `next_at` is when it moves again, None once it has ended."""

    id: str
    source: Arn
    destination: Arn | None
    rate_per_s: int | None
    started_at: Instant
    to_move: int
    next_at: Instant | None
    moved: int = 0
    status: TaskStatus = TaskStatus.RUNNING
    failure_reason: str | None = None

    @property
    def is_running(self) -> bool:
        return self.status is TaskStatus.RUNNING

    @property
    def handle(self) -> str:
        """Looks like AWS's: base64 of the task id and the source."""
        return b64encode(json.dumps({"taskId": self.id, "sourceArn": self.source}).encode()).decode()


@dataclass(slots=True)
class MoveTasks:
    """The tasks of every source, newest first, the last ten of each."""

    ids: Ids
    limits: Limits
    queues: Queues
    redriving: Redriving
    outbox: list[Effect]
    _tasks: dict[Arn, list[MoveTask]] = field(default_factory=dict)
    _due: Agenda[MoveTask] = field(init=False)

    def __post_init__(self) -> None:
        self._due = Agenda(attrgetter("next_at"), self._running_count)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            StartMessageMoveTask: self.start,
            CancelMessageMoveTask: self.cancel,
        }

    def of(self, source: Arn, most: int) -> list[MoveTask]:
        """The newest first. Raises ResourceNotFound for an unknown queue, InvalidParameterValue for a text that is no
        ARN or unless `most` is from 1 to 10."""
        if not 1 <= most <= _TASKS_KEPT:
            raise InvalidParameterValue(
                "Value for parameter MaxResults is invalid. Reason: You must enter a number that's between 1 and 10."
            )
        self._source(source)
        return self._tasks.get(source, [])[:most]

    def start(self, command: StartMessageMoveTask, now: Instant) -> str:
        """The handle of the new task. Nothing has moved when this returns."""
        queue = self._source(command.source)
        if not self.queues.dead_letter_sources(queue.arn):
            raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
        if command.destination is not None:
            self._check_destination(queue, command.destination)
        rate = command.rate_per_s
        if rate is not None and not 1 <= rate <= 500:
            raise InvalidParameterValue(
                "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's "
                "between 1 and 500."
            )
        if any(task.is_running for task in self._tasks.get(queue.arn, [])):
            raise InvalidParameterValue(
                "There is already a task running. Only one active task is allowed for a source queue arn "
                "at a given time."
            )
        account = parse_arn(queue.arn).account
        running = sum(task.is_running for task in self._all() if parse_arn(task.source).account == account)
        if running >= self.limits.move_tasks_running:
            # AWS documents the number, not the words (UNCONFIRMED).
            raise InvalidParameterValue(
                f"There are already {running} active message move tasks in this account, which is the limit."
            )
        first_at = now + (_pause_ms(0, rate) or 1)
        task = MoveTask(self.ids.uuid(), queue.arn, command.destination, rate, now, queue.visible_count, first_at)
        self._tasks[queue.arn] = [task, *self._tasks.get(queue.arn, [])][:_TASKS_KEPT]
        self._due.add(first_at, task)
        self.outbox.append(Configured(f"move task started on {queue.name}: {task.to_move} messages", queue.arn))
        return task.handle

    def cancel(self, command: CancelMessageMoveTask, now: Instant) -> int:
        """How many messages the task has moved; they stay moved."""
        task = self._find(command.handle)
        if not task.is_running:
            raise InvalidParameterValue("Only active tasks can be cancelled.")
        self._end(task, TaskStatus.CANCELLED)
        return task.moved

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        return self._due.next()

    def wake(self, now: Instant) -> None:
        for task in list(self._due.due(now)):
            self._step(task, now)

    # Inside ---------------------------------------------------------------------------------------------

    def _step(self, task: MoveTask, now: Instant) -> None:
        if now >= task.started_at + self.limits.move_task_ms:
            # AWS ends it after 36 hours; which reason it gives is UNCONFIRMED.
            return self._fail(task, "TaskTimedOut")
        for _ in range(1 if task.rate_per_s else _CHUNK):
            source = self.queues.get(task.source)
            if source is None:
                return self._fail(task, "AWS.SimpleQueueService.NonExistentQueue")
            message = source.next_visible()
            if message is None:
                return self._end(task, TaskStatus.COMPLETED)
            refusal = self.queues.refusals.take(source, "ReceiveMessage", now)
            arn = task.destination or message.source
            destination = self.queues.get(arn) if arn else None
            if destination is None:
                source.put_back(message)
                reason = "AWS.SimpleQueueService.NonExistentQueue" if arn else "CouldNotDetermineMessageSource"
                return self._fail(task, reason)
            refusal = refusal or self.queues.refusals.take(destination, "SendMessage", now)
            if refusal is not None:
                source.put_back(message)
                return self._fail(task, code_of(refusal))
            self._move(task, message, source, destination, now)
        task.next_at = now + _pause_ms(task.moved, task.rate_per_s)
        self._due.add(task.next_at, task)
        return None

    def _move(self, task: MoveTask, message: Message, source: Queue, destination: Queue, now: Instant) -> None:
        self.redriving.resend(message, source, destination, None, now)
        task.moved += 1

    def _fail(self, task: MoveTask, reason: str) -> None:
        task.failure_reason = reason
        self._end(task, TaskStatus.FAILED)

    def _end(self, task: MoveTask, status: TaskStatus) -> None:
        task.status = status
        task.next_at = None
        words = f"move task on {name_of(task.source)} {status.lower()}: {task.moved} messages moved"
        self.outbox.append(Configured(words, task.source))

    def _check_destination(self, source: Queue, arn: Arn) -> None:
        _check_form("DestinationArn", arn)
        destination = self.queues.get(arn)
        if destination is None:
            raise ResourceNotFound("The resource that you specified for the DestinationArn parameter doesn't exist.")
        # A task from a queue to itself would never end.
        if destination is source:
            raise InvalidParameterValue("Source queue arn and destination queue arn cannot be the same.")
        check_same_type(source, destination)

    def _source(self, arn: Arn) -> Queue:
        _check_form("SourceArn", arn)
        queue = self.queues.get(arn)
        if queue is None:
            raise ResourceNotFound("The resource that you specified for the SourceArn parameter doesn't exist.")
        return queue

    def _find(self, handle: str) -> MoveTask:
        try:
            told = json.loads(b64decode(handle, validate=True))
            task_id, source = told["taskId"], told["sourceArn"]
        except (ValueError, KeyError, TypeError):
            raise InvalidParameterValue("Value for parameter TaskHandle is invalid.") from None
        for task in self._tasks.get(source, []):
            if task.id == task_id:
                return task
        raise ResourceNotFound("Task does not exist.")

    def _running_count(self) -> int:
        return sum(task.next_at is not None for task in self._all())

    def _all(self) -> Iterator[MoveTask]:
        return (task for tasks in self._tasks.values() for task in tasks)


def _check_form(parameter: str, arn: Arn) -> None:
    try:
        parse_arn(arn)
    except ValueError:
        raise InvalidParameterValue(
            f"You must use this format to specify the {parameter}: "
            "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        ) from None


def _pause_ms(moved: int, rate_per_s: int | None) -> int:
    """How long until the next message: the fractions of a rate that does not divide a second even out."""
    if rate_per_s is None:
        return 1
    return (moved + 1) * SECOND_MS // rate_per_s - moved * SECOND_MS // rate_per_s
