"""A subscription: whom a topic tells, how, and what of its messages."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from app.core.errors import InvalidParameter
from app.core.limits import Limits
from app.core.names import Arn, parse_arn
from app.core.topics.delivery_policy import DeliveryPolicy, effective_of_subscription, read_subscription_policy
from app.core.topics.filter_policy import MESSAGE_ATTRIBUTES, MESSAGE_BODY, FilterPolicy, read_filter_policy
from app.core.topics.refusals import Refuse, read_json
from app.core.urls import without_password

PROTOCOLS = ("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")
CONFIRMING = frozenset({"http", "https", "email", "email-json"})
"""The protocols whose endpoints have to say that they want to be subscribed."""
HTTP = frozenset({"http", "https"})

_NAMES = (
    "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "ReplayPolicy",
    "SubscriptionRoleArn",
)  # fmt: skip
_RAW = frozenset({"sqs", "http", "https", "firehose"})
_PHONE = re.compile(r"\+?[0-9][0-9-]{2,18}[0-9]")


@dataclass(frozen=True, slots=True)
class SubscriptionSettings:
    """The attributes of a subscription, read; `texts` are those given, as AWS shows them."""

    texts: Mapping[str, str] = field(default_factory=dict)
    is_raw: bool = False
    scope: str = MESSAGE_ATTRIBUTES
    filter: FilterPolicy | None = None
    dead_letter_queue: Arn | None = None
    delivery: DeliveryPolicy | None = None

    def with_attribute(self, name: str, text: str, context: "Context") -> "SubscriptionSettings":
        """These with one changed. Raises InvalidParameter; KeyError for a name that there is not."""
        changed = _RULES[name](self, text, context)
        texts = {**self.texts, name: text}
        is_taken_away = {
            "FilterPolicy": changed.filter is None, "RedrivePolicy": changed.dead_letter_queue is None,
        }.get(name, not text)  # fmt: skip
        if is_taken_away:
            del texts[name]
        return replace(changed, texts=texts)


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules of attributes ask about beside the value."""

    topic: Arn
    protocol: str
    endpoint: str
    refuse: Refuse
    limits: Limits


@dataclass(slots=True, eq=False)
class Subscription:
    """`is_gone` tells a delivery under way that nobody wants it any more."""

    arn: Arn
    topic: Arn
    protocol: str
    endpoint: str
    owner: str
    settings: SubscriptionSettings
    is_pending: bool = False
    was_authenticated: bool = True
    is_gone: bool = False

    def __repr__(self) -> str:
        return f"<Subscription {self.protocol} {self.shown_endpoint}{', pending' if self.is_pending else ''}>"

    @property
    def shown_endpoint(self) -> str:
        """The endpoint as it is told; what is sent goes to `endpoint`."""
        return without_password(self.endpoint)

    def view(self, of_topic: DeliveryPolicy | None) -> dict[str, str]:
        """As GetSubscriptionAttributes shows them (recorded)."""
        settings = self.settings
        shown = {
            "SubscriptionArn": self.arn,
            "TopicArn": self.topic,
            "Owner": self.owner,
            "Protocol": self.protocol,
            "Endpoint": self.shown_endpoint,
            "SubscriptionPrincipal": f"arn:aws:iam::{self.owner}:user/triggerfish",
            "ConfirmationWasAuthenticated": _truth(self.was_authenticated),
            "PendingConfirmation": _truth(self.is_pending),
            "RawMessageDelivery": _truth(settings.is_raw),
        }
        for name in ("RedrivePolicy", "SubscriptionRoleArn"):
            if name in settings.texts:
                shown[name] = settings.texts[name]
        if settings.filter is not None:
            # The scope is shown only where there is a policy (recorded).
            shown |= {"FilterPolicy": settings.filter.text, "FilterPolicyScope": settings.scope}
        if self.protocol in HTTP:
            if settings.delivery is not None:
                shown["DeliveryPolicy"] = json.dumps(settings.delivery.given, separators=(",", ":"))
            if settings.delivery is not None or of_topic is not None:
                effective = effective_of_subscription(of_topic, settings.delivery)
                shown["EffectiveDeliveryPolicy"] = json.dumps(effective, separators=(",", ":"))
        return shown

    def differs_from(self, given: Mapping[str, str]) -> bool:
        """Whether one of the attributes given is another here; those not given are not asked about (recorded)."""
        defaults = {"RawMessageDelivery": "false", "FilterPolicyScope": MESSAGE_ATTRIBUTES}
        for name, text in given.items():
            own = self.settings.texts.get(name) or defaults.get(name, "")
            if own != (text.lower() if name == "RawMessageDelivery" else text):
                return True
        return False


def read_settings(given: Mapping[str, str], context: Context) -> SubscriptionSettings:
    """The attributes of Subscribe. Raises InvalidParameter."""
    settings = SubscriptionSettings()
    for name in given:
        if name not in _NAMES:
            # Recorded for SetSubscriptionAttributes; what Subscribe says is UNCONFIRMED.
            raise InvalidParameter("Invalid parameter: Attributes Reason: Unknown attribute " + name)
    # The scope decides what a policy may be, so it comes first.
    for name in sorted(given, key=lambda name: name != "FilterPolicyScope"):
        settings = settings.with_attribute(name, given[name], context)
    return settings


def check_endpoint(protocol: str, endpoint: str, *, is_fifo: bool) -> None:
    """Raises InvalidParameter unless a topic of this kind can tell such an endpoint."""
    if protocol not in PROTOCOLS:
        raise InvalidParameter(f"Invalid parameter: Amazon SNS does not support this protocol string: {protocol}")
    _CHECKS[protocol](protocol, endpoint)
    if protocol == "sqs" and endpoint.endswith(".fifo") and not is_fifo:
        raise InvalidParameter(
            "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard "
            "SNS topics"
        )
    if is_fifo and protocol != "sqs":
        # As users saw it; only queues can be subscribed to FIFO topics (fifo-message-delivery).
        raise InvalidParameter(f"Invalid parameter: Invalid protocol type: {protocol}")


# Endpoints ------------------------------------------------------------------------------------------


def _arn_of(service: str, text: str, resource: str = "") -> Callable[[str, str], None]:
    def check(_protocol: str, endpoint: str) -> None:
        try:
            parsed = parse_arn(endpoint)
        except ValueError:
            parsed = None
        if parsed is None or parsed.service != service or not parsed.resource.startswith(resource):
            raise InvalidParameter(f"Invalid parameter: {text}")

    return check


def _url(protocol: str, endpoint: str) -> None:
    if not endpoint.startswith(f"{protocol}://") or len(endpoint) == len(protocol) + 3:
        raise InvalidParameter("Invalid parameter: Endpoint must match the specified protocol")


def _address(_protocol: str, endpoint: str) -> None:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", endpoint):
        raise InvalidParameter("Invalid parameter: Email address")


def _phone(_protocol: str, endpoint: str) -> None:
    if not is_phone_number(endpoint):
        raise InvalidParameter(f"Invalid SMS endpoint: {endpoint}")


def is_phone_number(text: str) -> bool:
    """Whether the text is like a telephone number in E.164, with hyphens between digits if one likes."""
    return _PHONE.fullmatch(text) is not None


_CHECKS: Mapping[str, Callable[[str, str], None]] = {
    "sqs": _arn_of("sqs", "SQS endpoint ARN"),
    "lambda": _arn_of("lambda", "Lambda endpoint ARN", "function:"),
    "firehose": _arn_of("firehose", "Firehose endpoint ARN", "deliverystream/"),
    "application": _arn_of("sns", "Application endpoint arn invalid", "endpoint/"),
    "http": _url,
    "https": _url,
    "email": _address,
    "email-json": _address,
    "sms": _phone,
}

# Attributes -----------------------------------------------------------------------------------------


def _raw(settings: SubscriptionSettings, text: str, context: Context) -> SubscriptionSettings:
    if text.lower() not in ("true", "false"):
        raise context.refuse(f"RawMessageDelivery: Invalid value [{text}]. Must be true or false.")
    is_raw = text.lower() == "true"
    if is_raw and context.protocol not in _RAW:
        raise context.refuse(f"Delivery protocol [{context.protocol}] does not support raw message delivery.")
    return replace(settings, is_raw=is_raw)


def _scope(settings: SubscriptionSettings, text: str, context: Context) -> SubscriptionSettings:
    if text not in (MESSAGE_ATTRIBUTES, MESSAGE_BODY):
        raise context.refuse(
            f"FilterPolicyScope: Invalid value [{text}]. Please use either MessageBody or MessageAttributes"
        )
    if settings.filter is None:
        return replace(settings, scope=text)
    return replace(
        settings, scope=text, filter=read_filter_policy(settings.filter.text, text, context.refuse, context.limits)
    )


def _filter(settings: SubscriptionSettings, text: str, context: Context) -> SubscriptionSettings:
    return replace(settings, filter=read_filter_policy(text, settings.scope, context.refuse, context.limits))


def _redrive(settings: SubscriptionSettings, text: str, context: Context) -> SubscriptionSettings:
    if not text:
        return replace(settings, dead_letter_queue=None)
    document = read_json("RedrivePolicy", text, context.refuse, shows_source=False)
    if document == {}:
        return replace(settings, dead_letter_queue=None)
    target = document.get("deadLetterTargetArn") if isinstance(document, dict) else None
    try:
        parsed = parse_arn(str(target))
    except ValueError:
        parsed = None
    if parsed is None or parsed.service != "sqs":
        raise context.refuse("RedrivePolicy: deadLetterTargetArn is an invalid arn")
    if context.endpoint.endswith(".fifo") and context.topic.endswith(".fifo") and not parsed.resource.endswith(".fifo"):
        raise context.refuse("RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.")
    if parsed.scope != parse_arn(context.topic).scope:
        # That it must be of the same account and region is documented (sns-dead-letter-queues), the words are not.
        raise context.refuse("RedrivePolicy: deadLetterTargetArn must be in the same account and region as the topic")
    return replace(settings, dead_letter_queue=str(target))


def _delivery(settings: SubscriptionSettings, text: str, context: Context) -> SubscriptionSettings:
    return replace(settings, delivery=read_subscription_policy(text, context.refuse))


def _role(settings: SubscriptionSettings, text: str, context: Context) -> SubscriptionSettings:
    if text and not re.fullmatch(r"arn:[^:]+:iam::\d{12}:role/.+", text):
        raise context.refuse("SubscriptionRoleArn: Invalid value, must be an IAM role ARN")
    return settings


def _replay(settings: SubscriptionSettings, text: str, context: Context) -> SubscriptionSettings:
    """A replay needs an archive, which topics have not here; AWS refuses likewise where a topic has none."""
    if text:
        raise context.refuse("ReplayPolicy: The topic has no archive policy: nothing can be replayed")
    return settings


_RULES: Mapping[str, Callable[[SubscriptionSettings, str, Context], SubscriptionSettings]] = {
    "RawMessageDelivery": _raw,
    "FilterPolicyScope": _scope,
    "FilterPolicy": _filter,
    "RedrivePolicy": _redrive,
    "DeliveryPolicy": _delivery,
    "SubscriptionRoleArn": _role,
    "ReplayPolicy": _replay,
}


def _truth(value: bool) -> str:
    return "true" if value else "false"
