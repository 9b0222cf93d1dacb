"""From a published message to a delivery for each subscription that wants it, and the reason of each that does not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.core.chain import Cause
from app.core.commands.sns import Publish, SubscriptionRoute
from app.core.facts import Effect, NotificationFiltered
from app.core.sqs.deduplication import content_id
from app.core.time import Instant
from app.core.topics.deliveries import Deliveries, Delivery
from app.core.topics.notification import Notification
from app.core.topics.subscription import Subscription
from app.core.topics.topic import Topic

_PENDING = "it waits to be confirmed"


@dataclass(slots=True)
class FanOut:
    """Effects go to `outbox`."""

    deliveries: Deliveries
    outbox: list[Effect]

    def deliver(
        self, topic: Topic, wanted: Publish, messages: Mapping[str, str], message_id: str, number: str | None,
        cause: Cause, now: Instant,
    ) -> tuple[SubscriptionRoute, ...]:  # fmt: skip
        """Tell every subscription that wants it, in the order they were made."""
        further = cause.via(f"topic {topic.name}")
        routes = []
        for subscription, message, reason in choose(topic, wanted, messages):
            told = (subscription.arn, subscription.protocol, subscription.shown_endpoint)
            if reason is not None:
                self.outbox.append(NotificationFiltered(topic.arn, message_id, cause.chain, *told, reason))
                routes.append(SubscriptionRoute(*told, is_taken=False, reason=reason))
                continue
            notification = Notification(
                topic.arn, message_id, message, now, wanted.subject, wanted.attributes, topic.signature_version, number
            )
            delivery = Delivery(
                topic, subscription, notification, further, wanted.origin.trace_header, wanted.group_id,
                wanted.deduplication_id or (content_id(wanted.message) if topic.is_fifo else None), now,
            )  # fmt: skip
            self.deliveries.begin(delivery, now)
            routes.append(SubscriptionRoute(*told, is_taken=delivery.is_taken, reason=delivery.outcome))
        return tuple(routes)


def choose(
    topic: Topic, wanted: Publish, messages: Mapping[str, str]
) -> Iterator[tuple[Subscription, str, str | None]]:
    """Each subscription with the message that its protocol gets, and why it does not want it, if so."""
    # A copy: a delivery may lead to what changes them.
    for subscription in list(topic.subscriptions.values()):
        message = messages.get(subscription.protocol, messages["default"])
        policy = subscription.settings.filter
        if subscription.is_pending:
            yield subscription, message, _PENDING
        else:
            yield subscription, message, policy.reason_to_drop(message, wanted.attributes) if policy else None
