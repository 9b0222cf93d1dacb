"""Deliveries to the targets of rules: tried, tried again with growing pauses, dead-lettered in the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from msgspec.structs import replace

from app.core.agenda import Agenda
from app.core.buses.event import BusEvent
from app.core.buses.rule import Rule
from app.core.buses.target import RuleTarget
from app.core.buses.target_input import is_json
from app.core.chain import Cause
from app.core.commands import TargetTold
from app.core.delivery.targets import Parcel, Targets, Teller
from app.core.errors import (
    AccessDenied,
    DeliveryFailed,
    InvalidMessageContents,
    InvalidParameter,
    InvalidParameterValue,
    InvalidRequestContent,
    KmsAccessDenied,
    KmsThrottled,
    MissingParameter,
    NoSuchBucket,
    OverLimit,
    QueueDoesNotExist,
    Refused,
    RequestThrottled,
    RequestTooLarge,
    ResourceNotFound,
    TooManyRequests,
    TopicDoesNotExist,
    UnsupportedOperation,
    ValidationFailed,
)
from app.core.facts import Effect, EventDeadLettered, EventDelivered, EventDeliveryFailed
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.names import Arn, parse_arn
from app.core.sqs.message import MessageAttribute
from app.core.time import SECOND_MS, Instant

PRINCIPAL = "events.amazonaws.com"
_ATTEMPTS, _AGE = "MaximumRetryAttempts", "MaximumEventAgeInSeconds"
_ERROR_MESSAGE_CHARS = 1_024
_TAKES_JSON_ONLY = frozenset({"lambda", "states", "events"})

# ERROR_CODE by the kind of refusal, and whether the delivery is tried again: a missing permission or target is not
# (eb-rule-dlq, "considerations"). What is in no row is retried as an error of the target.
_CODES: Mapping[type[Refused], tuple[str, bool]] = {
    AccessDenied: ("NO_PERMISSIONS", False),
    KmsAccessDenied: ("NO_PERMISSIONS", False),
    ResourceNotFound: ("NO_RESOURCE", False),
    QueueDoesNotExist: ("NO_RESOURCE", False),
    NoSuchBucket: ("NO_RESOURCE", False),
    TooManyRequests: ("THROTTLING", True),
    OverLimit: ("THROTTLING", True),
    RequestThrottled: ("THROTTLING", True),
    KmsThrottled: ("THROTTLING", True),
    InvalidParameterValue: ("INVALID_PARAMETER", False),
    MissingParameter: ("INVALID_PARAMETER", False),
    ValidationFailed: ("INVALID_PARAMETER", False),
    UnsupportedOperation: ("INVALID_PARAMETER", False),
    InvalidMessageContents: ("INVALID_PARAMETER", False),
    InvalidRequestContent: ("SDK_CLIENT_ERROR", False),
    TopicDoesNotExist: ("NO_RESOURCE", False),
    InvalidParameter: ("INVALID_PARAMETER", False),
    RequestTooLarge: ("SDK_CLIENT_ERROR", False),
}


@dataclass(slots=True, eq=False)
class Delivery:
    """One event on its way to one target. `retry_at` is when it is tried again; `ends_at` when it is given up."""

    event: BusEvent
    rule: Arn
    target: RuleTarget
    body: str
    cause: Cause
    source: str
    group_id: str | None
    attempts: int = 0
    retry_at: Instant | None = None
    ends_with: str | None = None
    failure: tuple[str, str] = ("", "")


@dataclass(slots=True)
class Deliveries:
    """Those that wait for their next try, by when it is."""

    ids: Ids
    limits: Limits
    outbox: list[Effect]
    targets: Targets
    _waiting: dict[Delivery, None] = field(default_factory=dict)
    _agenda: Agenda[Delivery] = field(init=False)

    def __post_init__(self) -> None:
        self._agenda = Agenda(lambda each: each.retry_at if each in self._waiting else None, self._waiting.__len__)

    def begin(self, event: BusEvent, rule: Rule, target: RuleTarget, now: Instant) -> TargetTold:
        """Try the delivery now. What came of it is told where the target says so at once."""
        # EventBridge hands no lineage on: AWS loses sight of the chain here.
        cause = replace(event.cause, through=(*event.cause.through, rule.station), is_seen=False)
        body = target.input.render(event, rule.arn, rule.name)
        delivery = Delivery(event, rule.arn, target, body, cause, f"rule {rule.name}", _group(event, target))
        refusal = self._try(delivery, now)
        return TargetTold(rule.arn, target.id, target.arn, refusal.message if refusal is not None else None)

    def waiting(self) -> list[Delivery]:
        """What is to be tried again, the earliest first."""
        return sorted(self._waiting, key=lambda each: each.retry_at or 0)

    def next_wakeup(self) -> Instant | None:
        return self._agenda.next()

    def wake(self, now: Instant) -> None:
        for delivery in self._agenda.due(now):
            del self._waiting[delivery]
            delivery.retry_at = None
            if delivery.ends_with is not None:
                self._give_up(delivery, now)
            else:
                self._try(delivery, now)

    # Inside ---------------------------------------------------------------------------------------------

    def _try(self, delivery: Delivery, now: Instant) -> Refused | None:
        """The refusal, where it came at once."""
        delivery.attempts += 1
        teller = Teller(self.outbox)
        told: Refused | None = None

        def settled(refusal: Refused | None, at: Instant) -> None:
            nonlocal told
            told = refusal
            self._settle(delivery, refusal, at, teller)

        target = delivery.target
        if (loop := hop_too_many(delivery.event, target.arn)) is not None:
            settled(loop, now)
            return told
        if target.service in _TAKES_JSON_ONLY and not _fits(delivery):
            words = "The input of the target is no JSON once its template is filled in."
            settled(DeliveryFailed(words, "INVALID_JSON", is_retried=False), now)
            return told
        parcel = Parcel(
            target.arn, delivery.body.encode("utf-8", "surrogatepass"), delivery.cause, delivery.source, PRINCIPAL,
            delivery.rule, group_id=delivery.group_id, trace_header=delivery.event.trace_header,
            through=(*delivery.event.through, delivery.event.bus), http=target.given.get("HttpParameters"),
        )  # fmt: skip
        self.targets.deliver(parcel, now, settled)
        teller.goes_on_later()
        return told

    def _settle(self, delivery: Delivery, refusal: Refused | None, now: Instant, teller: Teller) -> None:
        event, target = delivery.event, delivery.target
        chain = delivery.cause.chain
        if refusal is None:
            teller.tell(EventDelivered(event.id, delivery.rule, target.arn, delivery.attempts, chain))
            return
        code, is_retried, pause_ms = _judged(refusal)
        delivery.failure = code, refusal.message
        retry_at = self._next_try(delivery, pause_ms, now) if is_retried else None
        failed = EventDeliveryFailed(
            event.id, delivery.rule, target.arn, delivery.attempts, code, refusal.message,
            retry_at if delivery.ends_with is None else None, chain,
        )  # fmt: skip
        teller.tell(failed)
        if retry_at is not None and retry_at > now:
            delivery.retry_at = retry_at
            self._waiting[delivery] = None
            self._agenda.add(retry_at, delivery)
        else:
            self._give_up(delivery, now)

    def _next_try(self, delivery: Delivery, pause_ms: int, now: Instant) -> Instant | None:
        """When to try again; where that is past the event's age, when it is given up; None when it is now."""
        retry = delivery.target.retry
        if delivery.attempts > retry.attempts_most:
            delivery.ends_with = _ATTEMPTS
            return None
        most = self.limits.event_backoff_most_ms
        pause = min(self.limits.event_backoff_first_ms << min(delivery.attempts - 1, 32), most)
        # A tenth more or less of each pause, so that what failed together does not come back together.
        jittered = pause - pause // 10 + self.ids.below(pause // 5 + 1)
        retry_at = now + max(jittered, pause_ms, 1)
        end = delivery.event.accepted_at + retry.age_most_s * SECOND_MS
        if retry_at <= end:
            return retry_at
        delivery.ends_with = _AGE
        return end

    def _give_up(self, delivery: Delivery, now: Instant) -> None:
        queue = delivery.target.dead_letter_queue
        if queue is None:
            return
        code, message = delivery.failure
        told = {
            "RULE_ARN": delivery.rule,
            "TARGET_ARN": delivery.target.arn,
            "ERROR_CODE": code,
            "ERROR_MESSAGE": message[:_ERROR_MESSAGE_CHARS] or code,
            "RETRY_ATTEMPTS": str(delivery.attempts - 1),
        }
        if delivery.ends_with is not None:
            told["EXHAUSTED_RETRY_CONDITION"] = delivery.ends_with
        parcel = Parcel(
            queue, delivery.event.text.encode("utf-8", "surrogatepass"), delivery.cause, delivery.source, PRINCIPAL,
            delivery.rule, attributes={name: MessageAttribute("String", text) for name, text in told.items()},
        )  # fmt: skip
        teller = Teller(self.outbox)
        event, rule, target = delivery.event.id, delivery.rule, delivery.target.arn

        def settled(refusal: Refused | None, _: Instant) -> None:
            why = refusal.message if refusal is not None else None
            teller.tell(EventDeadLettered(event, rule, target, queue, code, delivery.cause.chain, why))

        self.targets.deliver(parcel, now, settled)
        teller.goes_on_later()


def _judged(refusal: Refused) -> tuple[str, bool, int]:
    """The ERROR_CODE, whether it is tried again, and the least pause until then (ms)."""
    if isinstance(refusal, DeliveryFailed):
        return refusal.code, refusal.is_retried, refusal.retry_after_ms
    for kind in type(refusal).__mro__:
        if kind in _CODES:
            return (*_CODES[kind], 0)
    return "INTERNAL_ERROR", True, 0


def hop_too_many(event: BusEvent, target: Arn) -> DeliveryFailed | None:
    """Why an event is not sent on to this bus: what came from another bus goes no further, and none goes in a circle.

    eb-bus-to-bus: not to a third bus; a user found the codes in dead letters of a real account, in 2026. That one more
    hop may be across regions, with a code of its own for the second such, is a reading of that code's name.
    """
    if ":event-bus/" not in target:
        return None
    passed = (*event.through, event.bus)
    if target in passed:
        return DeliveryFailed("The event would come back to a bus that it passed.", "LOOP_DETECTED", is_retried=False)
    is_across = parse_arn(target).region != parse_arn(event.bus).region
    before = [parse_arn(one).region != parse_arn(two).region for one, two in pairwise(passed)]
    if is_across not in before:
        return None
    words = "Events received from another event bus cannot be forwarded to this event bus."
    return DeliveryFailed(
        words, "THIRD_REGION_HOP_DETECTED" if is_across else "THIRD_ACCOUNT_HOP_DETECTED", is_retried=False
    )


def _fits(delivery: Delivery) -> bool:
    """Whether what the target gets is JSON; the whole event and what a rule was checked with always are."""
    return delivery.body is delivery.event.text or is_json(delivery.body)


def _group(event: BusEvent, target: RuleTarget) -> str | None:
    """The message group of a queue, or the partition key of a stream: the event's id where none is told (model)."""
    if target.group_id is not None:
        return target.group_id
    if target.service != "kinesis":
        return None
    found = target.partition_key.find(event.document) if target.partition_key is not None else None
    return found if isinstance(found, str) and found else event.id
