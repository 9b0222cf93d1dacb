"""Confirmations: the tokens by which endpoints say that they want to be subscribed, or again."""

import re
from dataclasses import dataclass, field

from app.core.errors import InvalidParameter
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.names import Arn
from app.core.time import Instant
from app.core.topics.deliveries import Deliveries
from app.core.topics.notification import Confirmation
from app.core.topics.subscription import Subscription
from app.core.topics.topic import Topic

_TOKEN = re.compile(r"[0-9a-f]{192}")


@dataclass(frozen=True, slots=True)
class _Asked:
    subscription: Subscription
    until: Instant


@dataclass(slots=True)
class Confirmations:
    """What was asked of endpoints, by token. A token is good for three days, and more than once."""

    ids: Ids
    limits: Limits
    deliveries: Deliveries
    _asked: dict[str, _Asked] = field(default_factory=dict)

    def ask(
        self, topic: Topic, subscription: Subscription, now: Instant, *, kind: str = "SubscriptionConfirmation"
    ) -> None:
        """Send the endpoint a token, with which it can confirm; after an unsubscription, come back."""
        for token in [token for token, asked in self._asked.items() if asked.until <= now]:
            del self._asked[token]
        token = self.ids.hex(96) + self.ids.hex(96)
        self._asked[token] = _Asked(subscription, now + self.limits.confirmation_ms)
        question = Confirmation(kind, topic.arn, subscription.arn, self.ids.uuid(), token, now, topic.signature_version)
        self.deliveries.confirm(question, topic, subscription)

    def answered(self, topic: Arn, token: str, now: Instant) -> Subscription:
        """The subscription that a token is of. Raises InvalidParameter with the texts recorded."""
        if not _TOKEN.fullmatch(token):
            raise InvalidParameter("Invalid token")
        asked = self._asked.get(token)
        if asked is None or asked.until <= now:
            raise InvalidParameter("Invalid parameter: Token")
        if asked.subscription.topic != topic:
            raise InvalidParameter("Invalid parameter: Topic")
        return asked.subscription

    def forget_topic(self, topic: Arn) -> None:
        for token in [token for token, asked in self._asked.items() if asked.subscription.topic == topic]:
            del self._asked[token]
