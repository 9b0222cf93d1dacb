"""A stage to play scenes on: a World over virtual time from noon, and its facts told as short lines."""

from collections.abc import Callable
from typing import Any

from app.core.awslambda.function import FunctionSpec, Script
from app.core.awslambda.invocation import Invocation, InvocationType, Outcome, Succeeded
from app.core.commands import (
    ChangeMessageVisibility,
    ChangeObject,
    Command,
    ConfirmSubscription,
    CreateAlias,
    CreateEventSourceMapping,
    CreateQueue,
    CreateTopic,
    DeleteMessage,
    Invoke,
    Origin,
    Publish,
    Published,
    PutFunction,
    ReceiveMessage,
    SendMessage,
    SettleInvocation,
    SettleOutsideCall,
    SettleWarming,
    Subscribe,
)
from app.core.delivery.outside_calls import OutsideAnswer, OutsideCall
from app.core.errors import Refused
from app.core.facts import (
    Answered,
    BatchAbandoned,
    BatchFormed,
    BrokerWish,
    CallFunction,
    CallOutside,
    Configured,
    DeleteAt,
    Effect,
    EventAccepted,
    EventDropped,
    EventRetried,
    Fact,
    InvocationEnded,
    InvocationStarted,
    InvocationThrottled,
    LoopWarned,
    MessageDeleted,
    MessageExpired,
    MessageMoved,
    MessageReceived,
    MessageReturned,
    MessageSent,
    NotificationFailed,
    NotificationSent,
    ObjectChanged,
    QueuePurged,
    ReceiveAt,
    RecycleEnvironment,
    ReleaseEndpoint,
    StopReceiving,
    VisibilityChanged,
    WarmEnvironments,
    WatchQueue,
)
from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.mappings.mapping import Mapping
from app.core.names import Arn, Scope, name_of, parse_arn
from app.core.sqs.message import Delivery
from app.core.sqs.queue import Queue
from app.core.time import Instant, format_instant, parse_duration_ms, parse_instant
from app.core.world import World
from app.wire.events.shapes import Shapes

NOON = parse_instant("2026-11-21T12:00:00Z")
SCOPE = Scope()


def clock_time(instant: Instant) -> str:
    """`12:00:30`, with milliseconds only where there are some."""
    return format_instant(instant)[11:23].removesuffix(".000")


class Stage:
    """Submits commands at `now`, moves time, keeps every fact with its instant, and plays the endpoints by hand:
    a call to a function without script stays in `calls` until the test settles it, one to the outside in `outside`."""

    def __init__(self, *, limits: Limits = DEFAULT_LIMITS, seed: int = 1, enforces_permissions: bool = False) -> None:
        self.world = World(shapes=Shapes(), seed=seed, limits=limits, enforces_permissions=enforces_permissions)
        self.now = NOON
        self.facts: list[tuple[Instant, Fact]] = []
        self.calls: list[Invocation] = []
        self.answers: dict[int, Any] = {}
        self.wishes: list[BrokerWish] = []
        self.outside: list[CallOutside] = []
        self.warmings: list[WarmEnvironments] = []
        self.released: list[Arn] = []
        self.recycled: list[RecycleEnvironment] = []
        self._messages: dict[str, str] = {}
        self._told = 0

    # Acting ---------------------------------------------------------------------------------------------

    def submit(self, command: Command) -> Any:
        """Answer the command at `now`, after what is due until then."""
        self._wake_until(self.now)
        try:
            answer, effects = self._handle(command)
        except Refused:
            self._absorb(self.world.wake(self.now), self.now)
            raise
        self._absorb(effects, self.now)
        self._wake_until(self.now)
        return answer

    def _handle(self, command: Command) -> tuple[Any, list[Effect]]:
        return self.world.handle(command, now=self.now)

    def advance(self, duration: str) -> None:
        """Move time on (`30s`, `10m`), waking what is due at its own instant."""
        target = self.now + parse_duration_ms(duration)
        self._wake_until(target)
        self.now = target

    def settle(self, outcome: Outcome | None = None, *, call: Invocation | None = None) -> None:
        """End the oldest open call, or the one given; without an outcome it succeeds with `null`."""
        invocation = call if call is not None else self.calls[0]
        self.calls.remove(invocation)
        self.submit(SettleInvocation(invocation.request_id, outcome if outcome is not None else Succeeded(b"null")))

    def settle_outside(self, answer: OutsideAnswer) -> OutsideCall:
        """Answer the oldest open call to the outside; gives the call."""
        wish = self.outside.pop(0)
        self.submit(SettleOutsideCall(wish.number, answer))
        return wish.call

    def refusal(self, act: Callable[[], object]) -> str:
        """The message that the act is refused with."""
        try:
            act()
        except Refused as refused:
            return refused.message
        raise AssertionError("it was not refused")

    def warm(self, ready: int | None = None, failure: str | None = None) -> WarmEnvironments:
        """Answer the oldest wish for warm environments: all are there, or so many; gives the wish."""
        wish = self.warmings.pop(0)
        self.submit(SettleWarming(wish.function, wish.count, wish.count if ready is None else ready, failure))
        return wish

    # Setting the scene ----------------------------------------------------------------------------------

    def queue(self, name: str, **attributes: str) -> Arn:
        arn: Arn = self.submit(CreateQueue(SCOPE.queue_arn(name), attributes))
        return arn

    def queue_with_dlq(self, name: str, *, after: int, **attributes: str) -> tuple[Arn, Arn]:
        """A queue whose messages go to `<name>-dlq` once they were received `after` times."""
        dlq = self.queue(f"{name}-dlq")
        policy = f'{{"deadLetterTargetArn":"{dlq}","maxReceiveCount":{after}}}'
        return self.queue(name, RedrivePolicy=policy, **attributes), dlq

    def function(self, name: str, script: Script | None = None, **spec: Any) -> Arn:
        arn = SCOPE.function_arn(name)
        self.submit(PutFunction(FunctionSpec(arn, script=script, **spec)))
        return arn

    def alias(self, function: Arn, name: str, version: str = "$LATEST", **parameters: Any) -> Arn:
        """The alias's ARN."""
        self.submit(CreateAlias(function, {"Name": name, "FunctionVersion": version, **parameters}))
        return f"{function}:{name}"

    def mapping(self, queue: Arn, function: Arn, **parameters: Any) -> str:
        """Its UUID."""
        given = {"EventSourceArn": queue, "FunctionName": function, **parameters}
        uuid: str = self.submit(CreateEventSourceMapping(SCOPE, given))["UUID"]
        return uuid

    def send(self, queue: Arn, body: str = "hello", **more: Any) -> str:
        """The id of the message sent."""
        message_id: str = self.submit(SendMessage(queue, body, **more)).message_id
        return message_id

    def receive(self, queue: Arn, count: int = 1, **more: Any) -> tuple[Delivery, ...]:
        deliveries: tuple[Delivery, ...] = self.submit(ReceiveMessage(queue, count, **more)).deliveries
        return deliveries

    def delete(self, queue: Arn, delivery: Delivery) -> None:
        self.submit(DeleteMessage(queue, delivery.receipt_handle))

    def hide(self, queue: Arn, delivery: Delivery, seconds: int) -> None:
        self.submit(ChangeMessageVisibility(queue, delivery.receipt_handle, seconds))

    def invoke(
        self, function: str, payload: bytes = b"{}", *, event: bool = False, origin: Origin | None = None
    ) -> Any:
        kind = InvocationType.EVENT if event else InvocationType.REQUEST_RESPONSE
        return self.submit(Invoke(SCOPE, function, payload, kind, origin=origin or Origin()))

    def topic(self, name: str, **attributes: str) -> Arn:
        arn: Arn = self.submit(CreateTopic(SCOPE.topic_arn(name), attributes))
        return arn

    def subscribe(self, topic: Arn, endpoint: str, protocol: str = "", **attributes: str) -> Arn:
        """The subscription; without a protocol that of the endpoint: `sqs`, `lambda`, or a URL's scheme."""
        scheme = endpoint.split(":", 1)[0]
        protocol = protocol or (parse_arn(endpoint).service if scheme == "arn" else scheme)
        arn: Arn = self.submit(Subscribe(topic, protocol, endpoint, attributes)).subscription
        return arn

    def confirm(self, topic: Arn, token: str) -> Arn:
        arn: Arn = self.submit(ConfirmSubscription(topic, token))
        return arn

    def publish(self, topic: Arn, message: str = "hello", **more: Any) -> Published:
        published: Published = self.submit(Publish(topic, message, **more))
        return published

    def put_object(self, bucket: str, key: str, *, origin: Origin | None = None) -> Any:
        return self.submit(
            ChangeObject(SCOPE, bucket, "ObjectCreated:Put", key, size=3, etag="e", origin=origin or Origin())
        )

    # Looking --------------------------------------------------------------------------------------------

    def at(self, queue: Arn) -> Queue:
        return self.world.queues[queue]

    def bodies(self, queue: Arn) -> list[str]:
        """What is in the queue, in whatever state, by place."""
        return [message.content.body for message in self.at(queue)]

    def the_mapping(self, uuid: str) -> Mapping:
        return self.world.mappings.get(SCOPE, uuid)

    def of(self, kind: type[Any]) -> list[Any]:
        """All facts of one kind."""
        return [fact for _, fact in self.facts if isinstance(fact, kind)]

    def story(self, *kinds: type[Any]) -> list[str]:
        """What happened since the story was last told, of these kinds only if some are given.

        Creations and settings are left out. Messages are m1, m2, … in the order they were sent.
        """
        return [line for _, line in self._tell(kinds)]

    def timed_story(self, *kinds: type[Any]) -> list[str]:
        """The same, each line with its time of day."""
        return [f"{clock_time(at)} {line}" for at, line in self._tell(kinds)]

    # Inside ---------------------------------------------------------------------------------------------

    def _tell(self, kinds: tuple[type[Any], ...]) -> list[tuple[Instant, str]]:
        new, self._told = self.facts[self._told :], len(self.facts)
        return [
            (at, self._line(fact))
            for at, fact in new
            if not isinstance(fact, Configured) and (not kinds or isinstance(fact, kinds))
        ]

    def _wake_until(self, target: Instant) -> None:
        while (at := self.world.next_wakeup()) is not None and at <= target:
            assert at >= self.now or not self.facts or at >= self.facts[-1][0], "time never goes back"
            self.now = max(self.now, at)
            self._absorb(self.world.wake(at), at)

    def _absorb(self, effects: list[Effect], at: Instant) -> None:
        for effect in effects:
            match effect:
                case CallFunction(invocation=invocation):
                    self.calls.append(invocation)
                case Answered(waiter=waiter, answer=answer):
                    assert waiter not in self.answers, "nobody is answered twice"
                    self.answers[waiter] = answer
                case RecycleEnvironment():
                    self.recycled.append(effect)
                case CallOutside():
                    self.outside.append(effect)
                case WarmEnvironments():
                    self.warmings.append(effect)
                case ReleaseEndpoint():
                    self.released.append(effect.function)
                case WatchQueue() | ReceiveAt() | StopReceiving() | DeleteAt():
                    self.wishes.append(effect)
                case _:
                    self.facts.append((at, effect))
                    if isinstance(effect, MessageSent):
                        self._messages[effect.message] = f"m{len(self._messages) + 1}"

    def _line(self, fact: Fact) -> str:
        m = self._messages
        match fact:
            case MessageSent():
                return f"{name_of(fact.queue)} got {m[fact.message]}"
            case MessageReceived():
                who = "a client" if fact.by == "ReceiveMessage" else fact.by
                return f"{who} received {m.get(fact.message, fact.message)} ({fact.count})"
            case MessageReturned():
                return f"{m[fact.message]} back"
            case MessageDeleted():
                return f"{m.get(fact.message, fact.message)} deleted"
            case MessageMoved():
                return f"{m[fact.message]} moved to {name_of(fact.destination)}"
            case MessageExpired():
                return f"{m[fact.message]} expired"
            case VisibilityChanged():
                return f"{m[fact.message]} hidden for {fact.timeout_s}s"
            case QueuePurged():
                return f"{name_of(fact.queue)} purged of {fact.count}"
            case BatchFormed():
                return f"{name_of(fact.function)} batch of {len(fact.messages)}: {fact.reason}"
            case BatchAbandoned():
                return f"{name_of(fact.function)} batch of {len(fact.messages)} abandoned"
            case InvocationStarted():
                again = f", attempt {fact.attempt}" if fact.attempt > 1 else ""
                return f"{name_of(fact.function)} called by {fact.source}{again}"
            case InvocationEnded():
                return f"{name_of(fact.function)} {fact.outcome}"
            case InvocationThrottled():
                then = f", again at {clock_time(fact.retry_at)}" if fact.retry_at is not None else ""
                return f"{name_of(fact.function)} throttled{then}"
            case EventAccepted():
                return f"{name_of(fact.function)} accepted an event from {fact.source}"
            case EventRetried():
                return f"{name_of(fact.function)} tried again at {clock_time(fact.at)}"
            case EventDropped():
                return f"{name_of(fact.function)} event dropped after {fact.attempts}: {fact.condition}"
            case ObjectChanged():
                return f"{fact.bucket}/{fact.key} {fact.event}"
            case NotificationSent():
                return f"{fact.bucket}/{fact.key} notified {name_of(fact.target)}"
            case NotificationFailed():
                return f"{fact.bucket}/{fact.key} could not notify {name_of(fact.target)}"
            case LoopWarned():
                return f"{name_of(fact.function)} loop {fact.kind}, {fact.times} times"
            case _:
                return fact.text
