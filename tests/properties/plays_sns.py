"""Plays with topics: subscriptions of every kind, messages that some want, endpoints that fail."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.core.commands import (
    AddTopicPermission,
    Command,
    ConfirmSubscription,
    CreateTopic,
    DeleteTopic,
    Publish,
    PublishBatch,
    PublishText,
    PutDataProtectionPolicy,
    RemoveTopicPermission,
    SetSubscriptionAttribute,
    SetTopicAttribute,
    Subscribe,
    TagTopic,
    Unsubscribe,
    UntagTopic,
)
from app.core.facts import ConfirmationAsked
from app.core.names import Arn
from app.core.sqs.message import MessageAttribute
from tests.core.stage import SCOPE

if TYPE_CHECKING:
    from tests.properties.plays import Play

_TOPICS = ("news", "line.fifo", "alerts")
_FILTERS = ('{"kind": ["a"]}', '{"kind": [{"anything-but": ["a"]}]}', '{"n": [{"numeric": [">", 3]}]}', "{}", "broken")


def set_up(play: "Play") -> None:
    """A standard and a FIFO topic, each with subscriptions of several kinds."""
    news, line = play.topic("news"), play.topic("line.fifo", FifoTopic="true", ContentBasedDeduplication="true")
    play.subscribe(news, play.arn(0), FilterPolicy=_FILTERS[0])
    play.subscribe(news, SCOPE.function_arn("quick"))
    play.subscribe(news, SCOPE.function_arn("nobody"), RedrivePolicy=_redrive(play))
    play.subscribe(line, play.arn(3), RawMessageDelivery="true")


def _redrive(play: "Play") -> str:
    return json.dumps({"deadLetterTargetArn": play.arn(1)})


def topic(number: int) -> Arn:
    return SCOPE.topic_arn(_TOPICS[number % len(_TOPICS)])


def _create(play: "Play", a: int, b: int) -> Command:
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"} if topic(a).endswith(".fifo") else {}
    return CreateTopic(topic(a), attributes, {"by": "play"} if b % 2 else {})


def _subscribe(play: "Play", a: int, b: int) -> Command:
    protocol, endpoint = (
        ("sqs", play.arn(b)),
        ("lambda", SCOPE.function_arn(("real", "quick", "slow")[b % 3])),
        ("sqs", play.arn(3)),
        ("http", "http://localhost:9/hook"),
        ("email", "ann@example.com"),
        ("lambda", SCOPE.function_arn("nobody")),
        ("fax", "12"),
    )[b % 7]
    attributes = {}
    if a % 3 == 0:
        attributes["FilterPolicy"] = _FILTERS[b % len(_FILTERS)]
    if a % 4 == 0:
        attributes["RedrivePolicy"] = _redrive(play)
    if a % 5 == 0 and protocol != "lambda":
        attributes["RawMessageDelivery"] = "true"
    return Subscribe(topic(a), protocol, endpoint, attributes)


def _subscription(play: "Play", number: int) -> Arn:
    arns = [arn for each in play.world.topics.all() for arn in each.subscriptions]
    return arns[number % len(arns)] if arns else f"{topic(0)}:gone"


def _set_subscription(play: "Play", a: int, b: int) -> Command:
    name, value = (
        ("FilterPolicy", _FILTERS[a % len(_FILTERS)]),
        ("RedrivePolicy", _redrive(play)),
        ("RawMessageDelivery", ("true", "false")[a % 2]),
        ("FilterPolicyScope", ("MessageBody", "MessageAttributes")[a % 2]),
        ("Colour", "blue"),
    )[b % 5]
    return SetSubscriptionAttribute(_subscription(play, a), name, value)


def _message(play: "Play", a: int, b: int) -> Publish:
    is_fifo = topic(a).endswith(".fifo")
    attributes = {
        "kind": MessageAttribute("String", ("a", "b")[b % 2]),
        "n": MessageAttribute("Number", str(b % 7)),
    }
    return Publish(
        topic(a), f"text {a * 7 + b}", None if b % 3 else "subject", attributes=attributes if b % 4 else {},
        group_id=f"g{b % 3}" if is_fifo else None, origin=play.origin(a),
    )  # fmt: skip


def _batch(play: "Play", a: int, b: int) -> Command:
    return PublishBatch(topic(a), tuple((str(n), _message(play, a, b + n)) for n in range(b % 12)))


def _confirm(play: "Play", a: int, b: int) -> Command:
    asked = play.of(ConfirmationAsked)
    if not asked or b % 5 == 0:
        return ConfirmSubscription(topic(a), ("0" * 192, "garbage")[b % 2])
    question = asked[-1 - a % len(asked)]
    return ConfirmSubscription(question.topic, question.token, authenticates=b % 2 == 0)


# ruff: noqa: ARG005 -- every verb takes the same three arguments
VERBS: dict[str, Callable[["Play", int, int], Command | None]] = {
    "create topic": _create,
    "delete topic": lambda play, a, b: DeleteTopic(topic(a)) if b % 5 == 0 else None,
    "set topic attribute": lambda play, a, b: SetTopicAttribute(
        topic(a), *(("DisplayName", "x"), ("FifoThroughputScope", "MessageGroup"), ("SignatureVersion", "2"))[b % 3]
    ),
    "protect topic": lambda play, a, b: PutDataProtectionPolicy(topic(a), "{}"),
    "tag topic": lambda play, a, b: TagTopic(topic(a), {str(b % 3): "x"}),
    "untag topic": lambda play, a, b: UntagTopic(topic(a), (str(b % 3),)),
    "add topic permission": lambda play, a, b: AddTopicPermission(
        topic(a), str(b % 3), ("123456789012",), ("Publish", "Fly")[: 1 + b % 2]
    ),
    "remove topic permission": lambda play, a, b: RemoveTopicPermission(topic(a), str(b % 3)),
    "subscribe": _subscribe,
    "confirm subscription": _confirm,
    "unsubscribe": lambda play, a, b: Unsubscribe(_subscription(play, a)) if b % 4 == 0 else None,
    "set subscription attribute": _set_subscription,
    "publish": _message,
    "publish batch": _batch,
    "publish text": lambda play, a, b: PublishText(("+15550001", "nobody")[b % 2], "hello"),
}

OFTEN = ["subscribe", "publish", "publish batch"]
