"""Topics keep accounts: each message ends once at each subscription, and a FIFO group stays in order on its way."""

import json
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.core.commands import ConfirmSubscription, Published, SetSubscriptionAttribute, Subscribe, Unsubscribe
from app.core.delivery.outside_calls import HttpAnswered, HttpCall, NoAnswer, OutsideAnswer
from app.core.delivery.targets import Parcel, Settled
from app.core.errors import QueueDoesNotExist, Refused, TooManyRequests
from app.core.facts import (
    NotificationDeadLettered,
    NotificationDelivered,
    NotificationDropped,
    NotificationFiltered,
    NotificationRecorded,
)
from app.core.names import Arn, name_of
from app.core.sqs.message import MessageAttribute
from app.core.time import Instant
from tests.core.stage import SCOPE, Stage

ENDS = (
    NotificationDelivered, NotificationFiltered, NotificationDeadLettered, NotificationDropped, NotificationRecorded,
)  # fmt: skip
OK = HttpAnswered(200, {}, b"")
ANSWERS: tuple[OutsideAnswer, ...] = (
    OK, OK, HttpAnswered(503, {}, b""), HttpAnswered(429, {}, b""), HttpAnswered(404, {}, b""), NoAnswer("nobody"),
)  # fmt: skip
QUEUES = ("good", "moody", "gone", "good.fifo", "moody.fifo", "gone.fifo")
FILTERS = ("", '{"kind": ["a"]}', '{"kind": [{"exists": false}]}')


@dataclass
class Queues:
    """Queues by their names: good ones take, moody ones throttle each message as often as they are told, others are
    gone."""

    throttles: dict[str, int] = field(default_factory=dict)
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    def exists(self, arn: Arn) -> bool:
        return True

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        name = name_of(parcel.target)
        message = re.findall(r"m\d+(?=\W|$)", parcel.body.decode())[0]
        self.seen[parcel.target, message] += 1
        if name.startswith("gone"):
            settled(QueueDoesNotExist(), now)
        elif name.startswith("moody") and self.seen[parcel.target, message] <= self.throttles[message]:
            settled(TooManyRequests("ConcurrentInvocationLimitExceeded"), now)
        else:
            settled(None, now)


class TopicAccounts(RuleBasedStateMachine):
    """Nothing lost without a word, nothing delivered twice, nothing out of order within a group."""

    @initialize()
    def begin(self) -> None:
        self.stage = Stage()
        self.news = self.stage.topic("news")
        self.line = self.stage.topic("line.fifo", FifoTopic="true", ContentBasedDeduplication="true")
        self.queues = Queues()
        self.stage.world.targets.register("sqs", self.queues)
        self.stage.subscribe(self.line, SCOPE.queue_arn("moody.fifo"))
        self.expected: set[tuple[str, Arn]] = set()
        self.group_of: dict[str, str] = {}
        self.published = 0
        self.seen = 0
        self.ended: dict[tuple[str, Arn], str] = {}
        self.order: dict[tuple[Arn, str], list[int]] = {}
        self.number_of: dict[str, int] = {}

    # What is done ---------------------------------------------------------------------------------------

    @rule(
        is_fifo=st.booleans(), queue=st.sampled_from(QUEUES), policy=st.sampled_from(FILTERS),
        dead=st.sampled_from(["", "good.fifo", "moody.fifo", "gone.fifo"]), is_raw=st.booleans(),
    )  # fmt: skip
    def subscribe_queue(self, is_fifo: bool, queue: str, policy: str, dead: str, is_raw: bool) -> None:
        attributes = {"RawMessageDelivery": "true"} if is_raw else {}
        if policy:
            attributes["FilterPolicy"] = policy
        if dead:
            attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": SCOPE.queue_arn(dead)})
        self._try(Subscribe(self._topic(is_fifo), "sqs", SCOPE.queue_arn(queue), attributes))

    @rule(protocol=st.sampled_from(["http", "sms", "email"]), is_confirmed=st.booleans())
    def subscribe_other(self, protocol: str, is_confirmed: bool) -> None:
        endpoint = {"http": "http://localhost:9/hook", "sms": "+15550001", "email": "ann@example.com"}[protocol]
        self._try(Subscribe(self.news, protocol, endpoint))
        for wish in list(self.stage.outside):
            call = wish.call
            assert isinstance(call, HttpCall), "a topic calls nobody but by HTTP"
            if dict(call.headers)["x-amz-sns-message-type"] == "SubscriptionConfirmation" and is_confirmed:
                self._try(ConfirmSubscription(self.news, json.loads(call.body)["Token"]))

    @rule(
        is_fifo=st.booleans(), group=st.sampled_from("ab"), kind=st.sampled_from(["a", "b", ""]),
        throttles=st.sampled_from([0, 1, 4, 12]),
    )  # fmt: skip
    def publish(self, is_fifo: bool, group: str, kind: str, throttles: int) -> None:
        self.published += 1
        self.queues.throttles[f"m{self.published}"] = throttles
        topic = self._topic(is_fifo)
        attributes = {"kind": MessageAttribute("String", kind)} if kind else {}
        published: Published = self.stage.publish(
            topic, f"m{self.published}", attributes=attributes, group_id=group if is_fifo else None
        )

        subscriptions = set(self.stage.world.topics[topic].subscriptions)
        assert {route.subscription for route in published.routes} == subscriptions
        self.expected |= {(published.message_id, arn) for arn in subscriptions}
        self.number_of[published.message_id] = self.published
        if is_fifo:
            self.group_of[published.message_id] = group
        self._read()
        for route in published.routes:
            if route.is_taken and route.reason is None:
                assert self.ended[published.message_id, route.subscription] == "NotificationDelivered"

    @precondition(lambda self: self.stage.outside)
    @rule(answer=st.sampled_from(ANSWERS), last=st.booleans())
    def answer(self, answer: OutsideAnswer, last: bool) -> None:
        if last:
            self.stage.outside.insert(0, self.stage.outside.pop())
        self.stage.settle_outside(answer)

    @rule(number=st.integers(0, 20))
    def unsubscribe(self, number: int) -> None:
        if number % 4 == 0 and (arn := self._subscription(number)) is not None:
            self.stage.submit(Unsubscribe(arn))

    @rule(number=st.integers(0, 20), policy=st.sampled_from([*FILTERS, "broken"]))
    def set_filter(self, number: int, policy: str) -> None:
        if (arn := self._subscription(number)) is not None:
            self._try(SetSubscriptionAttribute(arn, "FilterPolicy", policy))

    @rule(duration=st.sampled_from(["1s", "20s", "5m", "1h"]))
    def advance(self, duration: str) -> None:
        self.stage.advance(duration)

    # What must hold -------------------------------------------------------------------------------------

    @invariant()
    def each_ends_once_and_a_group_in_order(self) -> None:
        if hasattr(self, "stage"):
            self._read()

    def teardown(self) -> None:
        """In the end, when everybody answers, nothing is left over."""
        if not hasattr(self, "stage"):
            return
        while self.stage.outside or self.stage.world.next_wakeup() is not None:
            while self.stage.outside:
                self.stage.settle_outside(OK)
            self.stage.advance("1h")
        self._read()
        assert set(self.ended) == self.expected

    # Helpers --------------------------------------------------------------------------------------------

    def _read(self) -> None:
        for _, fact in self.stage.facts[self.seen :]:
            if isinstance(fact, ENDS):
                key = fact.message, fact.subscription
                assert key not in self.ended, f"{key} ends as {fact}, and was {self.ended[key]}"
                self.ended[key] = type(fact).__name__
                group = self.group_of.get(fact.message)
                if group is not None and not isinstance(fact, NotificationFiltered):
                    numbers = self.order.setdefault((fact.subscription, group), [])
                    numbers.append(self.number_of[fact.message])
                    assert numbers == sorted(numbers), "a group stays in order"
        self.seen = len(self.stage.facts)

    def _topic(self, is_fifo: bool) -> Arn:
        return self.line if is_fifo else self.news

    def _subscription(self, number: int) -> Arn | None:
        arns = [arn for topic in self.stage.world.topics.all() for arn in topic.subscriptions]
        return arns[number % len(arns)] if arns else None

    def _try(self, command: Any) -> None:
        with suppress(Refused):
            self.stage.submit(command)


TestTopicAccounts = TopicAccounts.TestCase
