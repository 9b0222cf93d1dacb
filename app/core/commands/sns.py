"""What can be asked of topics and subscriptions."""

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from app.core.commands.origin import OUTSIDE, Origin
from app.core.names import Arn, Scope
from app.core.sqs.message import MessageAttribute
from app.core.value import value


@value(frozen=True, slots=True)
class CreateTopic:
    """Attributes are AWS's names and texts, not yet validated. `permits_all` waives the topic's policy: who publishes
    to a topic of the settings is declared beside it. Answers the topic's ARN."""

    topic: Arn
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    data_protection_policy: str = ""
    permits_all: bool = False


@value(frozen=True, slots=True)
class DeleteTopic:
    """One that is not there is deleted all the same, as at AWS."""

    topic: Arn


@value(frozen=True, slots=True)
class SetTopicAttribute:
    topic: Arn
    name: str
    value: str


@value(frozen=True, slots=True)
class PutDataProtectionPolicy:
    topic: Arn
    policy: str


@value(frozen=True, slots=True)
class TagTopic:
    topic: Arn
    tags: Mapping[str, str]


@value(frozen=True, slots=True)
class UntagTopic:
    topic: Arn
    keys: tuple[str, ...]


@value(frozen=True, slots=True)
class AddTopicPermission:
    topic: Arn
    label: str
    accounts: tuple[str, ...]
    actions: tuple[str, ...]


@value(frozen=True, slots=True)
class RemoveTopicPermission:
    topic: Arn
    label: str


@value(frozen=True, slots=True)
class Subscribe:
    """Answers `Subscribed`. `scope` is the caller's."""

    topic: Arn
    protocol: str
    endpoint: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)


@value(frozen=True, slots=True)
class Subscribed:
    subscription: Arn
    is_pending: bool = False


@value(frozen=True, slots=True)
class ConfirmSubscription:
    """Answers the subscription's ARN. `authenticates` asks that only its owner may end it."""

    topic: Arn
    token: str
    authenticates: bool = False


@value(frozen=True, slots=True)
class Unsubscribe:
    subscription: Arn


@value(frozen=True, slots=True)
class SetSubscriptionAttribute:
    subscription: Arn
    name: str
    value: str


@value(frozen=True, slots=True)
class Publish:
    """One message to a topic; `structure` "json" has a message for each protocol in it. Answers `Published`."""

    topic: Arn
    message: str
    subject: str | None = None
    structure: str | None = None
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    group_id: str | None = None
    deduplication_id: str | None = None
    origin: Origin = OUTSIDE


@value(frozen=True, slots=True)
class SubscriptionRoute:
    """What a subscription did with a message: whether it was taken for it, and in words why not, or what is awaited."""

    subscription: Arn
    protocol: str
    endpoint: str
    is_taken: bool
    reason: str | None = None


@value(frozen=True, slots=True)
class Published:
    """`is_duplicate`: a FIFO topic had it within five minutes, and nothing was delivered again."""

    message_id: str
    sequence_number: str | None = None
    chain: str = ""
    routes: tuple[SubscriptionRoute, ...] = ()
    is_duplicate: bool = False


@value(frozen=True, slots=True)
class PublishBatch:
    """`entries` pairs ids with messages to the topic. Answers pairs of ids and `Published`."""

    topic: Arn
    entries: tuple[tuple[str, Publish], ...]


@value(frozen=True, slots=True)
class PublishText:
    """A text to a telephone, which is recorded and not sent. Answers `Published`."""

    number: str
    message: str
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    origin: Origin = OUTSIDE


SnsCommand: TypeAlias = (
    CreateTopic
    | DeleteTopic
    | SetTopicAttribute
    | PutDataProtectionPolicy
    | TagTopic
    | UntagTopic
    | AddTopicPermission
    | RemoveTopicPermission
    | Subscribe
    | ConfirmSubscription
    | Unsubscribe
    | SetSubscriptionAttribute
    | Publish
    | PublishBatch
    | PublishText
)
