"""Executions: what a schedule hands to its target in its time, tried again, and dead-lettered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from app.core.agenda import Agenda
from app.core.chain import Cause
from app.core.delivery.outside import Outside
from app.core.delivery.outside_calls import AwsAnswered, AwsCall, AwsRefused, NoAnswer, OutsideAnswer
from app.core.delivery.targets import Parcel, Settled, Targets, Teller
from app.core.errors import (
    AccessDenied,
    DeliveryFailed,
    InternalFailure,
    InvalidRequestContent,
    KeyRefused,
    KmsThrottled,
    OverLimit,
    QueueDoesNotExist,
    RecursiveInvocation,
    Refused,
    RequestThrottled,
    ResourceNotFound,
    ServiceUnavailable,
    TooManyRequests,
    TopicDoesNotExist,
)
from app.core.facts import (
    Effect,
    ScheduleDeadLettered,
    ScheduleDelivered,
    ScheduleDropped,
    ScheduleFired,
    ScheduleRetried,
)
from app.core.ids import Ids
from app.core.limits import KIB, Limits
from app.core.schedule.schedule import Schedule
from app.core.schedule.target import ScheduleTarget, is_json, is_json_object
from app.core.sqs.message import MessageAttribute
from app.core.time import SECOND_MS, Instant, format_instant

_ATTEMPTS, _AGE = "MaximumRetryAttempts", "MaximumEventAgeInSeconds"
_NO_CODE = "InternalServerError"
_ERROR_MESSAGE_CHARS = 1_024
_ATTRIBUTES_BYTES = 16 * KIB
"""What is left for attributes where a payload has to be cut to fit into a message; where AWS cuts is UNCONFIRMED."""
_HANDED_OVER = frozenset({"lambda", "sqs", "sns", "events"})
"""What this world has as targets of its own; everything else is called by its API."""

# The name under which the target's API refuses, and whether Scheduler tries again: what will be no better later ends at
# once, as for rules. That Scheduler draws the line in the same place is UNCONFIRMED.
_CODES: Mapping[type[Refused], tuple[str, bool]] = {
    AccessDenied: ("AccessDeniedException", False),
    InternalFailure: ("InternalFailure", True),
    InvalidRequestContent: ("InvalidRequestContentException", False),
    OverLimit: ("OverLimit", True),
    QueueDoesNotExist: ("AWS.SimpleQueueService.NonExistentQueue", False),
    RecursiveInvocation: ("RecursiveInvocationException", False),
    RequestThrottled: ("RequestThrottled", True),
    ServiceUnavailable: ("ServiceUnavailable", True),
    ResourceNotFound: ("ResourceNotFoundException", False),
    TooManyRequests: ("TooManyRequestsException", True),
    TopicDoesNotExist: ("NotFoundException", False),
}
_FOR_NOW = ("Throttl", "TooManyRequests", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "LimitExceeded",
            "InternalFailure", "InternalError", "InternalServer", "ServiceUnavailable", "ServiceException")  # fmt: skip
"""How the codes begin of answers that may be others later."""


@dataclass(slots=True, eq=False)
class Execution:
    """`due_at` is when it is tried next: within its window first, then after each pause."""

    id: str
    schedule: Schedule
    target: ScheduleTarget
    scheduled_at: Instant
    begun_at: Instant
    cause: Cause
    attempts: int = 0
    due_at: Instant | None = None
    ends_with: str | None = None
    code: str = ""
    reason: str = ""
    sent: str = ""


@dataclass(slots=True)
class Executions:
    """Those that are not over. `ended` is told of each that is."""

    ids: Ids
    limits: Limits
    outbox: list[Effect]
    targets: Targets
    outside: Outside
    ended: Callable[[Schedule, Instant], None] | None = None
    _waiting: dict[Execution, None] = field(default_factory=dict)
    _agenda: Agenda[Execution] = field(init=False)

    def __post_init__(self) -> None:
        self._agenda = Agenda(attrgetter("due_at"), self._waiting.__len__)

    def begin(
        self, schedule: Schedule, scheduled_at: Instant, cause: Cause, now: Instant, *, by_hand: bool
    ) -> Execution:
        """Ask the target now, or at some moment of the schedule's flexible window."""
        delay_ms = self.ids.below(schedule.plan.window_ms) if schedule.plan.window_ms and not by_hand else 0
        execution = Execution(
            self.ids.hex(16), schedule, schedule.plan.target, scheduled_at, now + delay_ms, cause.via(schedule.station)
        )
        schedule.open += 1
        fact = ScheduleFired(schedule.arn, scheduled_at, cause.chain, execution.id, by_hand)
        if delay_ms:
            self._wait(execution, now + delay_ms)
        else:
            self.outbox.append(fact)
            self._try(execution, now)
        return execution

    def next_wakeup(self) -> Instant | None:
        return self._agenda.next()

    def wake(self, now: Instant) -> None:
        for execution in self._agenda.due(now):
            execution.due_at = None
            del self._waiting[execution]
            if execution.ends_with is not None:
                self._give_up(execution, now)
            elif not execution.attempts and execution.schedule.is_gone:
                # Deleted within its window; that AWS asks nobody then is UNCONFIRMED.
                self._over(execution, now)
            else:
                if not execution.attempts:
                    chain = execution.cause.chain
                    fired = ScheduleFired(execution.schedule.arn, execution.scheduled_at, chain, execution.id)
                    self.outbox.append(fired)
                self._try(execution, now)

    # Inside ---------------------------------------------------------------------------------------------

    def _wait(self, execution: Execution, at: Instant) -> None:
        execution.due_at = at
        self._waiting[execution] = None
        self._agenda.add(at, execution)

    def _try(self, execution: Execution, now: Instant) -> None:
        execution.attempts += 1
        target = execution.target
        text = execution.sent = self._input(execution)
        teller = Teller(self.outbox)

        def settled(refusal: Refused | None, at: Instant) -> None:
            self._settle(execution, refusal, teller, at)

        if target.takes_json_only and not (is_json_object(text) if target.service != "lambda" else is_json(text)):
            settled(InvalidRequestContent("The input of the target is no JSON once its attributes are filled in."), now)
        elif target.service in _HANDED_OVER:
            self.targets.deliver(self._parcel(execution, text), now, settled)
        else:
            self._call(execution, text, settled)
        teller.goes_on_later()

    def _parcel(self, execution: Execution, text: str) -> Parcel:
        """Handed over with the schedule's role, so as no service principal."""
        target, schedule = execution.target, execution.schedule
        if target.service == "events":
            event = {"source": target.source, "detail-type": target.detail_type, "detail": json.loads(text)}
            text = json.dumps(event, separators=(",", ":"))
        return Parcel(
            target.arn, text.encode("utf-8", "replace"), execution.cause, schedule.station,
            source_arn=schedule.arn, group_id=target.group_id,
        )  # fmt: skip

    def _call(self, execution: Execution, text: str, settled: Settled) -> None:
        call = execution.target.call(text)

        def then(answer: OutsideAnswer, at: Instant) -> None:
            settled(_refusal_in(answer), at)

        self.outside.call(
            AwsCall(
                call.service, call.operation, call.parameters, scope=execution.schedule.scope,
                # The chain and no more: a lineage would say that AWS follows the path through Scheduler.
                trace_header=f"Root={execution.cause.chain}",
            ),
            then,
        )  # fmt: skip

    def _input(self, execution: Execution) -> str:
        """The input with its context attributes filled in (managing-schedule-context-attributes)."""
        schedule, text = execution.schedule, execution.target.input
        if text is None:
            return self._notification(execution)
        if "<aws.scheduler." not in text:
            return text
        attributes = {
            "schedule-arn": schedule.arn,
            "scheduled-time": _second(execution.scheduled_at),
            "execution-id": execution.id,
            "attempt-number": str(execution.attempts),
        }
        for name, value in attributes.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text

    def _notification(self, execution: Execution) -> str:
        """What a target without an input gets: like a rule's Scheduled Event, with a text as detail (UNCONFIRMED)."""
        schedule = execution.schedule
        if execution.target.service == "aws-sdk":
            return "{}"
        told = {
            "version": "0",
            "id": execution.id,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": schedule.scope.account,
            "time": _second(execution.scheduled_at),
            "region": schedule.scope.region,
            "resources": [schedule.arn],
            "detail": "{}",
        }
        return json.dumps(told, separators=(",", ":"))

    def _settle(self, execution: Execution, refusal: Refused | None, teller: Teller, now: Instant) -> None:
        schedule, target, chain = execution.schedule, execution.target, execution.cause.chain
        if refusal is None:
            teller.tell(ScheduleDelivered(schedule.arn, execution.id, target.arn, execution.attempts, chain))
            self._over(execution, now)
            return
        execution.code, is_retried = _judged(refusal)
        execution.reason = refusal.message
        again = self._next_try(execution, now) if is_retried else None
        if again is None:
            self._give_up(execution, now)
            return
        if execution.ends_with is None:
            teller.tell(
                ScheduleRetried(
                    schedule.arn, execution.id, target.arn, execution.attempts + 1, again, again - now, execution.code,
                    execution.reason, chain,
                )
            )  # fmt: skip
        self._wait(execution, again)

    def _next_try(self, execution: Execution, now: Instant) -> Instant | None:
        """When to try again; where that is past its age, when it is given up; None when it is now."""
        retry = execution.target.retry
        if execution.attempts > retry.attempts_most:
            execution.ends_with = _ATTEMPTS
            return None
        most = self.limits.event_backoff_most_ms
        pause = min(self.limits.event_backoff_first_ms << min(execution.attempts - 1, 32), most)
        # A tenth more or less, so that what failed together does not come back together.
        again = now + max(pause - pause // 10 + self.ids.below(pause // 5 + 1), 1)
        end = execution.begun_at + retry.age_most_s * SECOND_MS
        if again <= end:
            return again
        execution.ends_with = _AGE
        return end if end > now else None

    def _give_up(self, execution: Execution, now: Instant) -> None:
        schedule, target, chain = execution.schedule, execution.target, execution.cause.chain
        queue = target.dead_letter_queue
        told = (execution.attempts, execution.code, execution.reason, chain)
        if queue is None:
            self.outbox.append(ScheduleDropped(schedule.arn, execution.id, target.arn, *told))
            self._over(execution, now)
            return
        teller = Teller(self.outbox)

        def settled(refusal: Refused | None, at: Instant) -> None:
            if refusal is None:
                teller.tell(ScheduleDeadLettered(schedule.arn, execution.id, target.arn, queue, *told))
            else:
                reason = f"{execution.reason}; and the dead-letter queue did not take it: {refusal.message}"
                told_too = (execution.attempts, execution.code, reason, chain)
                teller.tell(ScheduleDropped(schedule.arn, execution.id, target.arn, *told_too))
            self._over(execution, at)

        self.targets.deliver(self._dead_letter(execution, queue), now, settled)
        teller.goes_on_later()

    def _dead_letter(self, execution: Execution, queue: str) -> Parcel:
        """The call that failed, as JSON, and what came of it (configuring-schedule-dlq)."""
        schedule, target = execution.schedule, execution.target
        text = execution.sent
        if target.service != "aws-sdk" or is_json_object(text):
            text = json.dumps(target.call(text).parameters, separators=(",", ":"), ensure_ascii=False)
        body = text.encode("utf-8", "replace")
        room = self.limits.batch_bytes - _ATTRIBUTES_BYTES
        told = {
            "ERROR_CODE": execution.code or _NO_CODE,
            "ERROR_MESSAGE": (execution.reason or execution.code or _NO_CODE)[:_ERROR_MESSAGE_CHARS],
            "EXECUTION_ID": execution.id,
            "EXHAUSTED_RETRY_CONDITION": execution.ends_with,
            "IS_PAYLOAD_TRUNCATED": "true" if len(body) > room else "false",
            "RETRY_ATTEMPTS": str(execution.attempts - 1),
            "SCHEDULED_TIME": _second(execution.scheduled_at),
            "SCHEDULE_ARN": schedule.arn,
            "TARGET_ARN": target.arn,
        }
        attributes = {name: MessageAttribute("String", text) for name, text in told.items() if text is not None}
        if len(body) > room:
            body = body[:room].decode("utf-8", "ignore").encode()
        return Parcel(
            queue, body, execution.cause, schedule.station, source_arn=schedule.arn,
            attributes=attributes,
        )  # fmt: skip

    def _over(self, execution: Execution, now: Instant) -> None:
        execution.schedule.open -= 1
        if self.ended is not None:
            self.ended(execution.schedule, now)


def _judged(refusal: Refused) -> tuple[str, bool]:
    """The code, and whether it is tried again."""
    if isinstance(refusal, DeliveryFailed):
        return refusal.code, refusal.is_retried
    if isinstance(refusal, KeyRefused):
        return refusal.code, isinstance(refusal, KmsThrottled)
    for kind in type(refusal).__mro__:
        if kind in _CODES:
            return _CODES[kind]
    # Whoever refuses for another reason says that the request is wrong, which it stays.
    return "ValidationException", False


def _refusal_in(answer: OutsideAnswer) -> Refused | None:
    match answer:
        case AwsAnswered():
            return None
        case AwsRefused(code=code, message=message):
            return DeliveryFailed(message, code, is_retried=any(code.startswith(word) for word in _FOR_NOW))
        case NoAnswer(message=message):
            return DeliveryFailed(message, "ServiceUnavailable", is_retried=True)
        case _:
            raise AssertionError("an AWS operation is answered in AWS's way")


def _second(instant: Instant) -> str:
    """`2022-03-22T18:59:43Z`."""
    return format_instant(instant)[:19] + "Z"
