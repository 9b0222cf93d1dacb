"""A message of a topic as its subscriptions get it: values alone."""

from collections.abc import Mapping
from dataclasses import field

from app.core.names import Arn
from app.core.sqs.message import MessageAttribute
from app.core.time import Instant
from app.core.value import value


@value(frozen=True, slots=True)
class Notification:
    """`sequence_number` is a FIFO topic's, whose notifications are not signed."""

    topic: Arn
    message_id: str
    message: str
    at: Instant
    subject: str | None = None
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    signature_version: str = "1"
    sequence_number: str | None = None


@value(frozen=True, slots=True)
class Confirmation:
    """What an endpoint is asked when it is to be subscribed, or was unsubscribed."""

    kind: str
    """`SubscriptionConfirmation` or `UnsubscribeConfirmation`."""
    topic: Arn
    subscription: Arn
    message_id: str
    token: str
    at: Instant
    signature_version: str = "1"
