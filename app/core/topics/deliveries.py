"""Deliveries: how a notification gets to one subscription, is tried again, and where it ends."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from app.core.agenda import Agenda
from app.core.chain import Cause
from app.core.delivery.outside import Outside
from app.core.delivery.outside_calls import HttpAnswered, HttpCall, NoAnswer, OutsideAnswer
from app.core.delivery.targets import Parcel, Targets, Teller
from app.core.errors import (
    InternalFailure,
    KmsThrottled,
    OverLimit,
    Refused,
    RequestThrottled,
    ResourceInUse,
    ServiceUnavailable,
    TooManyRequests,
)
from app.core.facts import (
    ConfirmationAsked,
    Effect,
    NotificationDeadLettered,
    NotificationDelivered,
    NotificationDropped,
    NotificationRecorded,
    NotificationRetried,
)
from app.core.limits import Limits
from app.core.names import Arn, name_of
from app.core.shapes import EventShapes
from app.core.time import Instant, format_instant
from app.core.topics.delivery_policy import MANAGED, RetryPolicy, content_type_of, retries_of
from app.core.topics.notification import Confirmation, Notification
from app.core.topics.subscription import HTTP, Subscription
from app.core.topics.topic import Topic

PRINCIPAL = "sns.amazonaws.com"
_PATIENCE_MS = 15_000
"""How long an HTTP endpoint may take (sns-http-https-endpoint-as-subscriber)."""
_THROTTLED = 429
_FOR_NOW = (
    TooManyRequests, RequestThrottled, OverLimit, ResourceInUse, KmsThrottled, InternalFailure, ServiceUnavailable,
)  # fmt: skip
"""Refusals that are the server's for now; any other is the client's and will be the same next time."""
_AGENT = "Amazon Simple Notification Service Agent"


@dataclass(slots=True, eq=False)
class Delivery:
    """A notification on its way to one subscription. `outcome` says in words what came of it, or what is awaited."""

    topic: Topic
    subscription: Subscription
    notification: Notification
    cause: Cause
    trace_header: str | None
    group_id: str | None
    deduplication_id: str | None
    begun_at: Instant
    attempts: int = 0
    due_at: Instant | None = None
    is_taken: bool = False
    is_over: bool = False
    is_in_hand: bool = False
    """While its target is asked: what is told then, whoever asked goes on with."""
    outcome: str | None = None

    @property
    def line(self) -> tuple[Arn, str] | None:
        """What is delivered in order: the messages of one group of a FIFO topic to one subscription."""
        return (self.subscription.arn, self.group_id or "") if self.topic.is_fifo else None


@dataclass(slots=True)
class Deliveries:
    """The deliveries that are not over. A failure that is the endpoint's for now is tried again as its policy says;
    one for good, or the last one, ends in the subscription's dead-letter queue or nowhere."""

    outbox: list[Effect]
    targets: Targets
    outside: Outside
    shapes: EventShapes
    limits: Limits
    _waiting: Agenda[Delivery] = field(init=False)
    _waiting_count: int = 0
    _lines: dict[tuple[Arn, str], deque[Delivery]] = field(default_factory=dict)
    """Behind a delivery that is tried again or under way: those of its group, the first one included."""

    def __post_init__(self) -> None:
        self._waiting = Agenda(attrgetter("due_at"), lambda: self._waiting_count)

    def __len__(self) -> int:
        """How many wait to be tried again."""
        return self._waiting_count

    def begin(self, delivery: Delivery, now: Instant) -> None:
        """Deliver it now, or behind those of its group that wait."""
        line = self._lines.get(delivery.line) if delivery.line is not None else None
        if line is not None:
            line.append(delivery)
            delivery.is_taken = True
            delivery.outcome = f"waits behind {len(line) - 1} of its group"
            return
        self._attempt(delivery, now)
        if not delivery.is_over and delivery.line is not None:
            self._lines[delivery.line] = deque([delivery])

    def confirm(self, question: Confirmation, topic: Topic, subscription: Subscription) -> None:
        """Ask an endpoint whether it wants to be subscribed, or tell that it no longer is. Not tried again: who
        missed it subscribes once more."""
        told = (topic.arn, subscription.arn, subscription.protocol, subscription.shown_endpoint, question.token)
        if subscription.protocol not in HTTP:
            self.outbox.append(ConfirmationAsked(*told, "nothing is sent there"))
            return

        def then(answer: OutsideAnswer, _: Instant) -> None:
            self.outbox.append(ConfirmationAsked(*told, _failure(answer) or "it was told"))

        headers = (
            ("x-amz-sns-message-type", question.kind),
            ("x-amz-sns-message-id", question.message_id),
            ("x-amz-sns-topic-arn", topic.arn),
            # Its content type is always this one, whatever the policies say (recorded 2024-10).
            ("content-type", content_type_of(None, None)),
            ("user-agent", _AGENT),
        )
        body = self.shapes.sns_confirmation(question)
        self.outside.call(HttpCall("POST", subscription.endpoint, headers, body, _PATIENCE_MS), then)

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        return self._waiting.next()

    def wake(self, now: Instant) -> None:
        for delivery in self._waiting.due(now):
            delivery.due_at = None
            self._waiting_count -= 1
            self._attempt(delivery, now)
            self._go_on(delivery, now)

    # Inside ---------------------------------------------------------------------------------------------

    def _attempt(self, delivery: Delivery, now: Instant) -> None:
        subscription = delivery.subscription
        if subscription.is_gone:
            self._drop(delivery, "the subscription is gone")
            return
        delivery.attempts += 1
        match subscription.protocol:
            case "sqs" | "lambda":
                self._hand_over(delivery, now)
            case "http" | "https":
                self._post(delivery)
            case _:
                self._record(delivery)

    def _hand_over(self, delivery: Delivery, now: Instant) -> None:
        """To a queue or a function, as another service does."""
        teller = Teller(self.outbox)

        def settled(refusal: Refused | None, at: Instant) -> None:
            if refusal is None:
                self._delivered(delivery, teller)
            elif isinstance(refusal, _FOR_NOW):
                self._failed(delivery, refusal.message, MANAGED, at)
            else:
                self._end(delivery, refusal.message, at)
            if not delivery.is_in_hand:
                self._go_on(delivery, at)

        delivery.is_in_hand = True
        self.targets.deliver(self._parcel(delivery), now, settled)
        teller.goes_on_later()
        delivery.is_in_hand = False

    def _parcel(self, delivery: Delivery) -> Parcel:
        subscription, notification, topic = delivery.subscription, delivery.notification, delivery.topic
        cause, endpoint, source = delivery.cause, subscription.endpoint, f"topic {topic.name}"
        if subscription.protocol == "lambda":
            body = self.shapes.sns_event(notification, subscription=subscription.arn)
            return Parcel(endpoint, body, cause, source, PRINCIPAL, topic.arn, trace_header=delivery.trace_header)
        return self._message(endpoint, delivery)

    def _message(self, queue: Arn, delivery: Delivery) -> Parcel:
        """What a queue gets, the subscription's own or its dead-letter queue; those have no more to them (recorded)."""
        notification, topic, subscription = delivery.notification, delivery.topic, delivery.subscription
        is_raw = subscription.settings.is_raw
        body = notification.message.encode() if is_raw else self._envelope(delivery)
        attributes = notification.attributes if is_raw else {}
        is_fifo = queue.endswith(".fifo")
        # A standard queue of a FIFO topic gets no group (recorded 2023); of a standard topic it does, for fairness.
        group_id = delivery.group_id if is_fifo or not topic.is_fifo else None
        return Parcel(
            queue, body, delivery.cause, f"topic {topic.name}", PRINCIPAL, topic.arn, attributes, group_id,
            delivery.deduplication_id if is_fifo else None, trace_header=delivery.trace_header,
        )  # fmt: skip

    def _envelope(self, delivery: Delivery) -> bytes:
        return self.shapes.sns_envelope(delivery.notification, subscription=delivery.subscription.arn)

    def _post(self, delivery: Delivery) -> None:
        subscription, notification, topic = delivery.subscription, delivery.notification, delivery.topic
        settings = subscription.settings
        headers = [
            ("x-amz-sns-message-type", "Notification"),
            ("x-amz-sns-message-id", notification.message_id),
            ("x-amz-sns-topic-arn", topic.arn),
            ("x-amz-sns-subscription-arn", subscription.arn),
            ("content-type", content_type_of(topic.delivery_policy, settings.delivery)),
            ("user-agent", _AGENT),
        ]
        if settings.is_raw:
            headers.append(("x-amz-sns-rawdelivery", "true"))
        if delivery.trace_header is not None:
            # A topic passes the publisher's trace on to endpoints too (sns-active-tracing). An endpoint of ours, such
            # as a function's URL, knows by it whom it comes from.
            headers.append(("x-amzn-trace-id", delivery.trace_header))
        body = notification.message.encode() if settings.is_raw else self._envelope(delivery)
        delivery.is_taken = True
        delivery.outcome = "waits for the endpoint's answer"

        def then(answer: OutsideAnswer, at: Instant) -> None:
            reason = _failure(answer)
            if reason is None:
                self._delivered(delivery, None)
            elif _is_for_now(answer):
                self._failed(delivery, reason, retries_of(topic.delivery_policy, settings.delivery), at)
            else:
                self._end(delivery, reason, at)
            self._go_on(delivery, at)

        call = HttpCall("POST", subscription.endpoint, tuple(headers), body, _PATIENCE_MS)
        name = f"endpoint {subscription.shown_endpoint}"
        self.outside.tell(call, subscription.arn, name, delivery.cause, then)

    def _record(self, delivery: Delivery) -> None:
        delivery.is_taken = delivery.is_over = True
        delivery.outcome = "recorded: nothing is sent there"
        content = delivery.notification.message
        self.outbox.append(NotificationRecorded(**self._told(delivery), content=content))

    # What came of it ------------------------------------------------------------------------------------

    def _delivered(self, delivery: Delivery, teller: Teller | None) -> None:
        delivery.is_taken = delivery.is_over = True
        delivery.outcome = None
        fact = NotificationDelivered(**self._told(delivery), attempt=delivery.attempts)
        if teller is None:
            self.outbox.append(fact)
        else:
            teller.tell(fact)

    def _failed(self, delivery: Delivery, reason: str, policy: RetryPolicy, now: Instant) -> None:
        """Wait for the next attempt, if there is one. Retries to HTTP endpoints go on for an hour at most."""
        delay_ms = policy.delay_ms(delivery.attempts)
        is_http = delivery.subscription.protocol in HTTP
        if delay_ms is None or (is_http and now + delay_ms > delivery.begun_at + self.limits.http_retries_ms):
            self._end(delivery, reason, now)
            return
        # At least a millisecond: what is due at once would come before what was asked of the world.
        at = delivery.due_at = now + max(delay_ms, 1)
        self._waiting_count += 1
        self._waiting.add(at, delivery)
        delivery.is_taken = True
        delivery.outcome = f"failed ({reason}), tried again at {format_instant(at)}"
        attempt = delivery.attempts + 1
        self.outbox.append(
            NotificationRetried(**self._told(delivery), attempt=attempt, at=at, wait_ms=delay_ms, reason=reason)
        )

    def _end(self, delivery: Delivery, reason: str, now: Instant) -> None:
        """No more attempts: the dead-letter queue gets it, if there is one and it takes it."""
        queue = delivery.subscription.settings.dead_letter_queue
        if queue is None:
            self._drop(delivery, reason)
            return
        teller = Teller(self.outbox)

        def settled(refusal: Refused | None, _: Instant) -> None:
            if refusal is not None:
                self._drop(delivery, f"{reason}; and {name_of(queue)} did not take it: {refusal.message}")
                return
            delivery.is_over, delivery.is_taken = True, False
            delivery.outcome = f"{reason}; it is in {name_of(queue)}"
            teller.tell(
                NotificationDeadLettered(**self._told(delivery), queue=queue, attempts=delivery.attempts, reason=reason)
            )

        self.targets.deliver(self._message(queue, delivery), now, settled)
        teller.goes_on_later()

    def _drop(self, delivery: Delivery, reason: str) -> None:
        delivery.is_over, delivery.is_taken = True, False
        delivery.outcome = reason
        self.outbox.append(NotificationDropped(**self._told(delivery), attempts=delivery.attempts, reason=reason))

    def _go_on(self, delivery: Delivery, now: Instant) -> None:
        """Deliver what waited behind one that is over, until one is not."""
        key = delivery.line
        line = self._lines.get(key) if key is not None else None
        if line is None or not delivery.is_over:
            return
        line.popleft()
        while line:
            self._attempt(line[0], now)
            if not line[0].is_over:
                return
            line.popleft()
        assert key is not None, "a line has its key"
        del self._lines[key]

    def _told(self, delivery: Delivery) -> Mapping[str, str]:
        """The fields that every fact of a delivery has."""
        subscription = delivery.subscription
        return {
            "topic": delivery.topic.arn,
            "message": delivery.notification.message_id,
            "chain": delivery.cause.chain,
            "subscription": subscription.arn,
            "protocol": subscription.protocol,
            "endpoint": subscription.shown_endpoint,
        }


def _failure(answer: OutsideAnswer) -> str | None:
    """Why an HTTP delivery failed, in words; None when it did not. Redirections are not followed."""
    match answer:
        case HttpAnswered(status=status) if 200 <= status < 300:
            return None
        case HttpAnswered(status=status):
            return f"the endpoint answered {status}"
        case NoAnswer(message=message):
            return message
        case _:
            return "the endpoint did not answer as HTTP does"


def _is_for_now(answer: OutsideAnswer) -> bool:
    """Whether it may go better later: no answer, one of 5xx, or a throttle. Other statuses are the client's for good
    (sns-message-delivery-retries)."""
    return not isinstance(answer, HttpAnswered) or answer.status >= 500 or answer.status == _THROTTLED
