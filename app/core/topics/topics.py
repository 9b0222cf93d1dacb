"""The topics of the world and the verbs SNS has for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.chain import Cause
from app.core.commands import (
    AddTopicPermission,
    ConfirmSubscription,
    CreateTopic,
    DeleteTopic,
    Origin,
    Publish,
    PublishBatch,
    Published,
    PublishText,
    PutDataProtectionPolicy,
    RemoveTopicPermission,
    SetSubscriptionAttribute,
    SetTopicAttribute,
    Subscribe,
    Subscribed,
    TagTopic,
    Unsubscribe,
    UntagTopic,
)
from app.core.errors import (
    BatchRequestTooLong,
    FilterPolicyLimitExceeded,
    InvalidParameter,
    ResourceNotFound,
    SubscriptionDoesNotExist,
    TopicDoesNotExist,
)
from app.core.facts import Configured, DuplicatePublished, Effect, MessagePublished, TextRecorded
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.names import Arn, Scope, parse_arn
from app.core.sqs.deduplication import Accepted, DeduplicationMemory, content_id
from app.core.sqs.message_rules import size_of
from app.core.time import Instant
from app.core.topics.confirmations import Confirmations
from app.core.topics.delivery_policy import read_topic_policy
from app.core.topics.fan_out import FanOut
from app.core.topics.message_rules import (
    check_attributes,
    check_batch,
    check_ids_of_fifo,
    check_ids_of_standard,
    check_publish,
    messages_by_protocol,
)
from app.core.topics.policy import with_permission, without_permission
from app.core.topics.refusals import refuse_in_create, refuse_in_set
from app.core.topics.subscription import (
    CONFIRMING,
    Context,
    Subscription,
    check_endpoint,
    is_phone_number,
    read_settings,
)
from app.core.topics.topic import Topic, check_topic_name, checked, is_immutable

_TAGS_MOST = 50


@dataclass(slots=True)
class Topics:
    """All topics by ARN, and all subscriptions. `cause_of` says what an origin tells of its cause."""

    ids: Ids
    limits: Limits
    outbox: list[Effect]
    fan_out: FanOut
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    confirmations: Confirmations
    _topics: dict[Arn, Topic] = field(default_factory=dict)
    _subscriptions: dict[Arn, Subscription] = field(default_factory=dict)

    def verbs(self) -> Mapping[type[Any], Callable[[Any, Instant], Any]]:
        return {
            CreateTopic: self.create,
            DeleteTopic: self.delete,
            SetTopicAttribute: self.set_attribute,
            PutDataProtectionPolicy: self.put_data_protection_policy,
            TagTopic: self.tag,
            UntagTopic: self.untag,
            AddTopicPermission: self.add_permission,
            RemoveTopicPermission: self.remove_permission,
            Subscribe: self.subscribe,
            ConfirmSubscription: self.confirm,
            Unsubscribe: self.unsubscribe,
            SetSubscriptionAttribute: self.set_subscription_attribute,
            Publish: self.publish,
            PublishBatch: self.publish_batch,
            PublishText: self.publish_text,
        }

    # Reading --------------------------------------------------------------------------------------------

    def __getitem__(self, arn: Arn) -> Topic:
        try:
            return self._topics[arn]
        except KeyError:
            raise TopicDoesNotExist from None

    def get(self, arn: Arn) -> Topic | None:
        return self._topics.get(arn)

    def __contains__(self, arn: object) -> bool:
        return arn in self._topics

    def all(self, scope: Scope | None = None) -> list[Topic]:
        """By name."""
        topics = sorted(self._topics.values(), key=lambda topic: topic.name)
        return [topic for topic in topics if scope is None or parse_arn(topic.arn).scope == scope]

    def subscription(self, arn: Arn) -> Subscription:
        """Raises SubscriptionDoesNotExist."""
        try:
            return self._subscriptions[arn]
        except KeyError:
            raise SubscriptionDoesNotExist from None

    def subscriptions(self, scope: Scope) -> list[Subscription]:
        """Of all topics of the scope, in the order they were made."""
        return [each for each in self._subscriptions.values() if parse_arn(each.topic).scope == scope]

    # Topics ---------------------------------------------------------------------------------------------

    def create(self, command: CreateTopic, now: Instant) -> Arn:
        arn, given = command.topic, command.attributes
        name = arn.split(":", 5)[5]
        is_fifo = given.get("FifoTopic", "").lower() == "true"
        check_topic_name(name, is_fifo=is_fifo)
        if len(command.tags) > _TAGS_MOST:
            raise InvalidParameter("Invalid parameter: Tags Reason: Too many tags")
        attributes: dict[str, str] = {}
        for key, text in given.items():
            try:
                attributes[key] = checked(key, text, is_fifo=is_fifo, refuse=refuse_in_create)
            except KeyError:
                raise refuse_in_create(f"Unknown attribute {key}") from None
        if not is_fifo:
            attributes.pop("FifoTopic", None)
        if (existing := self._topics.get(arn)) is not None:
            return self._same(existing, attributes, command.tags)
        topic = Topic(
            arn, attributes, dict(command.tags), DeduplicationMemory(self.limits.deduplication_ms),
            command.data_protection_policy, read_topic_policy(attributes.get("DeliveryPolicy", ""), refuse_in_create),
            permits_all=command.permits_all,
        )  # fmt: skip
        self._topics[arn] = topic
        self.outbox.append(Configured(f"topic {name} created"))
        return arn

    def delete(self, command: DeleteTopic, now: Instant) -> None:
        topic = self._topics.pop(command.topic, None)
        if topic is None:
            return
        topic.is_gone = True
        for subscription in topic.subscriptions.values():
            subscription.is_gone = True
            del self._subscriptions[subscription.arn]
        self.confirmations.forget_topic(topic.arn)
        self.outbox.append(Configured(f"topic {topic.name} deleted"))

    def set_attribute(self, command: SetTopicAttribute, now: Instant) -> None:
        topic = self[command.topic]
        name, text = command.name, command.value
        if is_immutable(name):
            raise InvalidParameter("Invalid parameter: AttributeName")
        try:
            value = checked(name, text, is_fifo=topic.is_fifo, refuse=refuse_in_set)
        except KeyError:
            raise InvalidParameter("Invalid parameter: AttributeName") from None
        if name == "DeliveryPolicy":
            topic.delivery_policy = read_topic_policy(text, refuse_in_set)
        topic.attributes[name] = value
        self.outbox.append(Configured(f"topic {topic.name}: {name} set"))

    def put_data_protection_policy(self, command: PutDataProtectionPolicy, now: Instant) -> None:
        """Kept and given back; nothing is audited or masked by it."""
        self[command.topic].data_protection_policy = command.policy

    def tag(self, command: TagTopic, now: Instant) -> None:
        self._tagged(command.topic).tags.update(command.tags)

    def untag(self, command: UntagTopic, now: Instant) -> None:
        tags = self._tagged(command.topic).tags
        for key in command.keys:
            tags.pop(key, None)

    def add_permission(self, command: AddTopicPermission, now: Instant) -> None:
        topic = self[command.topic]
        topic.attributes["Policy"] = with_permission(
            topic.policy, topic=topic.arn, label=command.label, accounts=command.accounts, actions=command.actions
        )

    def remove_permission(self, command: RemoveTopicPermission, now: Instant) -> None:
        topic = self[command.topic]
        topic.attributes["Policy"] = without_permission(topic.policy, label=command.label)

    # Subscriptions --------------------------------------------------------------------------------------

    def subscribe(self, command: Subscribe, now: Instant) -> Subscribed:
        topic, protocol, endpoint = self[command.topic], command.protocol, command.endpoint
        check_endpoint(protocol, endpoint, is_fifo=topic.is_fifo)
        context = Context(topic.arn, protocol, endpoint, refuse_in_create, self.limits)
        settings = read_settings(command.attributes, context)
        existing = self._existing(topic, protocol, endpoint)
        if existing is not None:
            if existing.differs_from(command.attributes):
                raise refuse_in_create("Subscription already exists with different attributes")
            if existing.is_pending:
                self.confirmations.ask(topic, existing, now)
            return Subscribed(existing.arn, existing.is_pending)
        if settings.filter is not None:
            self._check_filter_policies(topic)
        is_pending = protocol in CONFIRMING
        subscription = Subscription(
            f"{topic.arn}:{self.ids.uuid()}", topic.arn, protocol, endpoint, command.scope.account, settings,
            is_pending=is_pending, was_authenticated=not is_pending,
        )  # fmt: skip
        self._add(topic, subscription)
        self.outbox.append(Configured(f"topic {topic.name}: {protocol} {subscription.shown_endpoint} subscribed"))
        if is_pending:
            self.confirmations.ask(topic, subscription, now)
        return Subscribed(subscription.arn, is_pending)

    def confirm(self, command: ConfirmSubscription, now: Instant) -> Arn:
        """With the token of a subscription that was ended, it is there again."""
        subscription = self.confirmations.answered(command.topic, command.token, now)
        topic = self._topics.get(subscription.topic)
        if topic is None:
            raise InvalidParameter("Invalid parameter: Topic")
        if subscription.is_pending or subscription.is_gone:
            subscription.is_pending = subscription.is_gone = False
            subscription.was_authenticated = command.authenticates
            self._add(topic, subscription)
            words = f"{subscription.protocol} {subscription.shown_endpoint} confirmed"
            self.outbox.append(Configured(f"topic {topic.name}: {words}"))
        return subscription.arn

    def unsubscribe(self, command: Unsubscribe, now: Instant) -> None:
        """A subscription that is gone is ended once more without a word, as recorded."""
        subscription = self._subscriptions.pop(command.subscription, None)
        if subscription is None:
            return
        topic = self[subscription.topic]
        subscription.is_gone = True
        del topic.subscriptions[subscription.arn]
        topic.deleted += 1
        words = f"{subscription.protocol} {subscription.shown_endpoint} unsubscribed"
        self.outbox.append(Configured(f"topic {topic.name}: {words}"))
        if subscription.protocol in CONFIRMING and not subscription.is_pending:
            self.confirmations.ask(topic, subscription, now, kind="UnsubscribeConfirmation")

    def set_subscription_attribute(self, command: SetSubscriptionAttribute, now: Instant) -> None:
        subscription = self.subscription(command.subscription)
        topic = self[subscription.topic]
        context = Context(topic.arn, subscription.protocol, subscription.endpoint, refuse_in_set, self.limits)
        try:
            settings = subscription.settings.with_attribute(command.name, command.value, context)
        except KeyError:
            raise InvalidParameter("Invalid parameter: AttributeName") from None
        if settings.filter is not None and subscription.settings.filter is None:
            self._check_filter_policies(topic)
        subscription.settings = settings
        where = f"{subscription.protocol} {subscription.shown_endpoint}"
        self.outbox.append(Configured(f"topic {topic.name}: {command.name} of {where} set"))

    # Publishing -----------------------------------------------------------------------------------------

    def publish(self, command: Publish, now: Instant, *, cause: Cause | None = None) -> Published:
        """`cause` is given where another service publishes and knows it; else the origin tells."""
        topic = self[command.topic]
        messages = self.check(topic, command)
        return self._publish(topic, command, messages, cause or self._cause(command.origin, now), now)

    def publish_batch(self, command: PublishBatch, now: Instant) -> tuple[tuple[str, Published], ...]:
        """One call is one stimulus. What is wrong with one message is refused of the whole batch, as recorded."""
        topic = self[command.topic]
        check_batch([entry_id for entry_id, _ in command.entries], self.limits)
        total = sum(size_of(entry.message, entry.attributes) for _, entry in command.entries)
        if total > self.limits.topic_message_bytes:
            raise BatchRequestTooLong("The length of all the messages put together is more than the limit.")
        checked_entries = [(entry_id, entry, self.check(topic, entry)) for entry_id, entry in command.entries]
        cause = self._cause(checked_entries[0][1].origin, now)
        return tuple(
            (entry_id, self._publish(topic, entry, messages, cause, now))
            for entry_id, entry, messages in checked_entries
        )

    def publish_text(self, command: PublishText, now: Instant) -> Published:
        check_attributes(command.attributes)
        if not is_phone_number(command.number):
            raise InvalidParameter(
                f"Invalid parameter: PhoneNumber Reason: {command.number} is not valid to publish to"
            )
        if not command.message:
            raise InvalidParameter("Invalid parameter: Empty message")
        message_id, chain = self.ids.uuid(), self._cause(command.origin, now).chain
        self.outbox.append(TextRecorded(message_id, chain, command.number, command.message))
        return Published(message_id, chain=chain)

    def check(self, topic: Topic, wanted: Publish) -> Mapping[str, str]:
        """The messages by protocol of a publish that the topic would take. Raises what it would be refused with."""
        check_publish(wanted)
        if topic.is_fifo:
            check_ids_of_fifo(wanted, has_content_based=topic.has_content_based_deduplication)
        else:
            check_ids_of_standard(wanted)
        if size_of(wanted.message, wanted.attributes) > self.limits.topic_message_bytes:
            raise InvalidParameter("Invalid parameter: Message too long")
        return messages_by_protocol(wanted)

    def duplicate(self, topic: Topic, wanted: Publish, now: Instant) -> Accepted | None:
        """The message that a FIFO topic would answer with, because this one is its duplicate; nothing happens."""
        return topic.accepted.peek(_deduplication_key(topic, wanted), now) if topic.is_fifo else None

    # Inside ---------------------------------------------------------------------------------------------

    def _publish(
        self, topic: Topic, wanted: Publish, messages: Mapping[str, str], cause: Cause, now: Instant
    ) -> Published:
        key = number = None
        if topic.is_fifo:
            key = _deduplication_key(topic, wanted)
            first = topic.accepted.find(key, now)
            if first is not None:
                self.outbox.append(DuplicatePublished(topic.arn, first.message_id, cause.chain))
                return Published(first.message_id, first.sequence_number, cause.chain, is_duplicate=True)
            number = topic.next_sequence_number()
        message_id = self.ids.uuid()
        if key is not None and number is not None:
            topic.accepted.remember(key, Accepted(message_id, number), now)
        size = size_of(wanted.message, wanted.attributes)
        self.outbox.append(MessagePublished(topic.arn, message_id, cause.chain, size))
        routes = self.fan_out.deliver(topic, wanted, messages, message_id, number, cause, now)
        return Published(message_id, number, cause.chain, routes)

    def _cause(self, origin: Origin, now: Instant) -> Cause:
        return self.cause_of(origin, origin.trace_header, now)

    def _same(self, existing: Topic, attributes: Mapping[str, str], tags: Mapping[str, str]) -> Arn:
        """The topic that is there already, if what is given of it is so; what is not given is not asked about."""
        if any(existing.view().get(name, "") != text for name, text in attributes.items() if name != "DeliveryPolicy"):
            raise refuse_in_create("Topic already exists with different attributes")
        if any(existing.tags.get(key) != value for key, value in tags.items()):
            raise InvalidParameter("Invalid parameter: Tags Reason: Topic already exists with different tags")
        return existing.arn

    def _tagged(self, arn: Arn) -> Topic:
        topic = self._topics.get(arn)
        if topic is None:
            raise ResourceNotFound("Resource does not exist")
        return topic

    def _existing(self, topic: Topic, protocol: str, endpoint: str) -> Subscription | None:
        """A topic tells an endpoint once."""
        for subscription in topic.subscriptions.values():
            if subscription.protocol == protocol and subscription.endpoint == endpoint:
                return subscription
        return None

    def _add(self, topic: Topic, subscription: Subscription) -> None:
        topic.subscriptions[subscription.arn] = self._subscriptions[subscription.arn] = subscription

    def _check_filter_policies(self, topic: Topic) -> None:
        count = sum(each.settings.filter is not None for each in topic.subscriptions.values())
        if count >= self.limits.filter_policies_per_topic:
            raise FilterPolicyLimitExceeded(
                f"Filter policy limit exceeded: a topic can have {self.limits.filter_policies_per_topic} of them"
            )


def _deduplication_key(topic: Topic, wanted: Publish) -> str:
    assert wanted.group_id is not None, "a FIFO topic's message has its group"
    return topic.deduplication_key(wanted.group_id, wanted.deduplication_id or content_id(wanted.message))
