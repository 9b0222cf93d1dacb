"""A topic: its attributes, what it remembers of what was published, and whom it tells."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.core.errors import InvalidParameter
from app.core.names import Arn, name_of, parse_arn
from app.core.sqs.deduplication import DeduplicationMemory
from app.core.topics.delivery_policy import DeliveryPolicy, effective_of_topic, read_topic_policy
from app.core.topics.policy import check_policy, default_policy
from app.core.topics.refusals import Refuse, read_json

if TYPE_CHECKING:
    from app.core.topics.subscription import Subscription

_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_FIFO_NAME = re.compile(r"(?=.{6,256}$)[A-Za-z0-9_-]+\.fifo")

_FIRST_SEQUENCE_NUMBER = 10**19
_SEQUENCE_STEP = 1_000
"""As in the example of the developer guide, `10000000000000003000`; how they grow is not documented."""


@dataclass(slots=True, eq=False)
class Topic:
    """Attributes are AWS's names and texts; `deleted` counts the subscriptions that are gone."""

    arn: Arn
    attributes: dict[str, str]
    tags: dict[str, str]
    accepted: DeduplicationMemory
    data_protection_policy: str = ""
    delivery_policy: DeliveryPolicy | None = None
    subscriptions: dict[Arn, "Subscription"] = field(default_factory=dict)
    deleted: int = 0
    permits_all: bool = False
    is_gone: bool = False
    _sequence: int = _FIRST_SEQUENCE_NUMBER

    def __repr__(self) -> str:
        return f"<Topic {self.name}: {len(self.subscriptions)} subscriptions>"

    @property
    def name(self) -> str:
        return name_of(self.arn)

    @property
    def is_fifo(self) -> bool:
        return self.arn.endswith(".fifo")

    @property
    def has_content_based_deduplication(self) -> bool:
        return self.attributes.get("ContentBasedDeduplication") == "true"

    @property
    def signature_version(self) -> str:
        return self.attributes.get("SignatureVersion", "1")

    @property
    def policy(self) -> str:
        return self.attributes.get("Policy") or default_policy(self.arn)

    def next_sequence_number(self) -> str:
        """Of a FIFO topic: 20 digits that grow."""
        self._sequence += _SEQUENCE_STEP
        return str(self._sequence)

    def deduplication_key(self, group_id: str, deduplication_id: str) -> str:
        """What two messages have in common that are one: within the topic, or within a group of it."""
        if self.attributes.get("FifoThroughputScope") == "MessageGroup":
            return f"{group_id}\n{deduplication_id}"
        return deduplication_id

    def view(self) -> dict[str, str]:
        """As GetTopicAttributes shows them (recorded)."""
        states = [subscription.is_pending for subscription in self.subscriptions.values()]
        shown = {
            "TopicArn": self.arn,
            "Owner": parse_arn(self.arn).account,
            "DisplayName": "",
            "Policy": self.policy,
            "SubscriptionsConfirmed": str(states.count(False)),
            "SubscriptionsPending": str(states.count(True)),
            "SubscriptionsDeleted": str(self.deleted),
            "EffectiveDeliveryPolicy": _json(effective_of_topic(self.delivery_policy)),
        }
        if self.is_fifo:
            shown |= {"FifoTopic": "true", "ContentBasedDeduplication": "false"}
        shown |= {name: text for name, text in self.attributes.items() if text and name != "DeliveryPolicy"}
        if self.delivery_policy is not None:
            shown["DeliveryPolicy"] = _json(self.delivery_policy.given)
        return shown


def check_topic_name(name: str, *, is_fifo: bool) -> None:
    """Raises InvalidParameter unless a topic of this kind may have the name."""
    if is_fifo and not _FIFO_NAME.fullmatch(name):
        raise InvalidParameter(
            "Invalid parameter: Fifo Topic names must end with .fifo and must be made up of only uppercase and "
            "lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long."
        )
    if not is_fifo and not _NAME.fullmatch(name):
        raise InvalidParameter("Invalid parameter: Topic Name")


def checked(name: str, text: str, *, is_fifo: bool, refuse: Refuse) -> str:
    """The value of an attribute as it is kept. Raises InvalidParameter, also for a name that there is not."""
    rule = _RULES.get(name) or (_any_text if _FEEDBACK.fullmatch(name) else None)
    if rule is None:
        raise KeyError(name)
    if name in _OF_FIFO and not is_fifo and text:
        raise refuse(f"{name}: Content-based deduplication and its scope can only be set for FIFO topics")
    return rule(name, text, refuse)


def is_immutable(name: str) -> bool:
    """Whether an attribute is given once and for all."""
    return name == "FifoTopic"


# Rules of single attributes -------------------------------------------------------------------------

_FEEDBACK = re.compile(
    r"(HTTP|Firehose|Lambda|Application|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)"
)
_OF_FIFO = {"ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy"}

_Rule = Callable[[str, str, Refuse], str]


def _any_text(_name: str, text: str, _refuse: Refuse) -> str:
    return text


def _truth(name: str, text: str, refuse: Refuse) -> str:
    if text.lower() not in ("true", "false"):
        raise refuse(f"{name}: Invalid value [{text}]. Must be true or false.")
    return text.lower()


def _one_of(*allowed: str) -> _Rule:
    def rule(name: str, text: str, refuse: Refuse) -> str:
        if text and text not in allowed:
            raise refuse(f"{name}: Invalid value [{text}]. Must be one of: {', '.join(allowed)}")
        return text

    return rule


def _display_name(_name: str, text: str, refuse: Refuse) -> str:
    if len(text) > 100:
        raise refuse("DisplayName: DisplayName must be at most 100 characters long")
    return text


def _policy(_name: str, text: str, refuse: Refuse) -> str:
    if text:
        check_policy(text, refuse)
    return text


def _delivery_policy(_name: str, text: str, refuse: Refuse) -> str:
    read_topic_policy(text, refuse)
    return text


def _archive_policy(name: str, text: str, refuse: Refuse) -> str:
    """Kept and shown; messages are not archived here, and nothing can be replayed."""
    if not text:
        return text
    document = read_json(name, text, refuse)
    days = document.get("MessageRetentionPeriod") if isinstance(document, dict) and document else None
    if document == {}:
        return ""
    if not str(days).isdigit() or not 1 <= int(str(days)) <= 365:
        raise refuse("ArchivePolicy: MessageRetentionPeriod must be between 1 and 365")
    return text


_RULES: Mapping[str, _Rule] = {
    "DisplayName": _display_name,
    "Policy": _policy,
    "DeliveryPolicy": _delivery_policy,
    "FifoTopic": _truth,
    "ContentBasedDeduplication": _truth,
    "FifoThroughputScope": _one_of("Topic", "MessageGroup"),
    "KmsMasterKeyId": _any_text,
    "SignatureVersion": _one_of("1", "2"),
    "TracingConfig": _one_of("PassThrough", "Active"),
    "ArchivePolicy": _archive_policy,
}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
