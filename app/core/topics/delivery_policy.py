"""Delivery policies: how often and when a failed delivery is tried again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core.time import SECOND_MS
from app.core.topics.refusals import Refuse, read_json

_DELAY_MOST_S = 3_600
_RETRIES_MOST = 100
_BACKOFFS = ("linear", "arithmetic", "geometric", "exponential")
_DEFAULT_CONTENT_TYPE = "text/plain; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Four phases: without delay, at the least delay, backing off from the least to the most, at the most delay.

    The defaults are those of HTTP endpoints, as EffectiveDeliveryPolicy shows them.
    """

    min_delay_s: int = 20
    max_delay_s: int = 20
    retries: int = 3
    max_delay_retries: int = 0
    no_delay_retries: int = 0
    min_delay_retries: int = 0
    backoff: str = "linear"

    def delay_ms(self, retry: int) -> int | None:
        """How long before the `retry`-th retry, counted from 1; None when there are no more."""
        if retry > self.retries:
            return None
        if retry <= self.no_delay_retries:
            return 0
        if retry <= self.no_delay_retries + self.min_delay_retries:
            return self.min_delay_s * SECOND_MS
        if retry > self.retries - self.max_delay_retries:
            return self.max_delay_s * SECOND_MS
        place = retry - self.no_delay_retries - self.min_delay_retries - 1
        steps = self.retries - self.no_delay_retries - self.min_delay_retries - self.max_delay_retries - 1
        return round(self._backed_off_s(place, steps) * SECOND_MS)

    def view(self) -> dict[str, Any]:
        """As the attributes show it."""
        return {
            "minDelayTarget": self.min_delay_s,
            "maxDelayTarget": self.max_delay_s,
            "numRetries": self.retries,
            "numMaxDelayRetries": self.max_delay_retries,
            "numNoDelayRetries": self.no_delay_retries,
            "numMinDelayRetries": self.min_delay_retries,
            "backoffFunction": self.backoff,
        }

    def _backed_off_s(self, place: int, steps: int) -> float:
        """The curves reach from the least delay to the most; how they bend in between AWS shows in a picture only."""
        least, most = self.min_delay_s, self.max_delay_s
        if not steps:
            return least
        match self.backoff:
            case "linear":
                share = place / steps
            case "arithmetic":
                share = place * (place + 1) / (steps * (steps + 1))
            case "geometric":
                return float(least * (most / least) ** (place / steps)) if least else most * place / steps
            case _:
                share = (2.0**place - 1) / (2.0**steps - 1)
        return least + (most - least) * share


MANAGED = RetryPolicy(1, 20, 100_015, 100_000, 3, 2, "exponential")
"""Of endpoints that AWS manages, Lambda and SQS: 100,015 retries over 23 days."""

# As a subscription's policy fills what it leaves out (recorded 2024-10).
_SUBSCRIPTION_DEFAULTS = RetryPolicy(1, 1, 0)
_MEMBERS = {
    "minDelayTarget": "min_delay_s",
    "maxDelayTarget": "max_delay_s",
    "numRetries": "retries",
    "numMaxDelayRetries": "max_delay_retries",
    "numNoDelayRetries": "no_delay_retries",
    "numMinDelayRetries": "min_delay_retries",
    "backoffFunction": "backoff",
}


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """A policy as it was given, of a topic or of a subscription; `given` is what to show of it."""

    given: Mapping[str, Any]
    retries: RetryPolicy | None = None
    content_type: str | None = None
    disables_overrides: bool = False
    throttle: Mapping[str, Any] | None = None


def read_topic_policy(text: str, refuse: Refuse) -> DeliveryPolicy | None:
    """The policy of a topic; None for "". Raises InvalidParameter."""
    if not text:
        return None
    document = read_json("DeliveryPolicy", text, refuse)
    http = _object(document, "", refuse).get("http")
    if http is None and document:
        raise refuse("DeliveryPolicy: Unexpected JSON member: " + next(iter(document)))
    http = _object(http or {}, "http", refuse)
    _check_members(
        http,
        "http",
        ("defaultHealthyRetryPolicy", "defaultThrottlePolicy", "defaultRequestPolicy", "disableSubscriptionOverrides"),
        refuse,
    )
    retries = _retries(http.get("defaultHealthyRetryPolicy"), "http.defaultHealthyRetryPolicy", RetryPolicy(), refuse)
    disables = bool(http.get("disableSubscriptionOverrides", False))
    content_type = _content_type(http.get("defaultRequestPolicy"), "http.defaultRequestPolicy", refuse)
    throttle = http.get("defaultThrottlePolicy")
    # What is null is not shown (recorded 2024-10), and the switch always is.
    shown = {name: member for name, member in http.items() if member is not None}
    given = {"http": {**shown, "disableSubscriptionOverrides": disables}}
    return DeliveryPolicy(given, retries, content_type, disables, throttle)


def read_subscription_policy(text: str, refuse: Refuse) -> DeliveryPolicy | None:
    """The policy of a subscription; None for "". Raises InvalidParameter."""
    if not text:
        return None
    document = _object(read_json("DeliveryPolicy", text, refuse), "", refuse)
    allowed = ("healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed")
    _check_members(document, "", allowed, refuse)
    retries = _retries(document.get("healthyRetryPolicy"), "healthyRetryPolicy", _SUBSCRIPTION_DEFAULTS, refuse)
    content_type = _content_type(document.get("requestPolicy"), "requestPolicy", refuse)
    throttle = document.get("throttlePolicy")
    return DeliveryPolicy(_subscription_view(retries, throttle, content_type), retries, content_type, False, throttle)


def effective_of_topic(policy: DeliveryPolicy | None) -> dict[str, Any]:
    """What EffectiveDeliveryPolicy of a topic shows."""
    retries = (policy and policy.retries) or RetryPolicy()
    shown: dict[str, Any] = {
        "defaultHealthyRetryPolicy": retries.view(),
        "disableSubscriptionOverrides": policy is not None and policy.disables_overrides,
    }
    if policy is not None and policy.throttle is not None:
        shown["defaultThrottlePolicy"] = policy.throttle
    shown["defaultRequestPolicy"] = {"headerContentType": content_type_of(policy, None)}
    return {"http": shown}


def effective_of_subscription(topic: DeliveryPolicy | None, own: DeliveryPolicy | None) -> dict[str, Any]:
    """What EffectiveDeliveryPolicy of an HTTP subscription shows."""
    own = None if topic is not None and topic.disables_overrides else own
    throttles = [policy.throttle for policy in (own, topic) if policy is not None and policy.throttle is not None]
    throttle = throttles[0] if throttles else None
    return _subscription_view(retries_of(topic, own), throttle, content_type_of(topic, own))


def retries_of(topic: DeliveryPolicy | None, own: DeliveryPolicy | None) -> RetryPolicy:
    """The retries of an HTTP subscription: its own, unless the topic forbids or it has none."""
    if own is not None and own.retries is not None and not (topic is not None and topic.disables_overrides):
        return own.retries
    return (topic and topic.retries) or RetryPolicy()


def content_type_of(topic: DeliveryPolicy | None, own: DeliveryPolicy | None) -> str:
    """The `Content-Type` of notifications to an HTTP endpoint."""
    if own is not None and own.content_type and not (topic is not None and topic.disables_overrides):
        return own.content_type
    return (topic and topic.content_type) or _DEFAULT_CONTENT_TYPE


def _subscription_view(
    retries: RetryPolicy | None, throttle: Mapping[str, Any] | None, content_type: str | None
) -> dict[str, Any]:
    return {
        "healthyRetryPolicy": retries.view() if retries else None,
        "sicklyRetryPolicy": None,
        "throttlePolicy": throttle,
        "requestPolicy": {"headerContentType": content_type} if content_type else None,
        "guaranteed": False,
    }


def _retries(given: object, place: str, defaults: RetryPolicy, refuse: Refuse) -> RetryPolicy | None:
    if given is None:
        return None
    members = _object(given, place, refuse)
    _check_members(members, place, tuple(_MEMBERS), refuse)
    values: dict[str, Any] = {}
    for name, member in members.items():
        if name == "backoffFunction":
            if member not in _BACKOFFS:
                raise refuse(f"DeliveryPolicy: {place}.{name} must be one of {', '.join(_BACKOFFS)}")
        elif isinstance(member, bool) or not isinstance(member, int):
            raise refuse(f"DeliveryPolicy: {place}.{name} must be an integer")
        values[_MEMBERS[name]] = member
    policy = replace(defaults, **values)
    _check_ranges(policy, place, refuse)
    return policy


def _check_ranges(policy: RetryPolicy, place: str, refuse: Refuse) -> None:
    """The text for `numRetries` is as users saw it; the others are made after it (UNCONFIRMED)."""
    for name, member in policy.view().items():
        if name == "backoffFunction":
            continue
        least = 1 if name == "minDelayTarget" else 0
        most = _DELAY_MOST_S if name.endswith("Target") else _RETRIES_MOST
        if member < least:
            raise refuse(f"DeliveryPolicy: {place}.{name} must be greater than or equal to {least}")
        if member > most:
            raise refuse(f"DeliveryPolicy: {place}.{name} must be less than or equal to {most}")
    if policy.max_delay_s < policy.min_delay_s:
        raise refuse(f"DeliveryPolicy: {place}.maxDelayTarget must be greater than or equal to minDelayTarget")
    if policy.retries < policy.min_delay_retries + policy.no_delay_retries + policy.max_delay_retries:
        raise refuse(
            f"DeliveryPolicy: {place}.numRetries must be greater than or equal to total of numMinDelayRetries, "
            "numNoDelayRetries and numMaxDelayRetries"
        )


def _content_type(given: object, place: str, refuse: Refuse) -> str | None:
    if given is None:
        return None
    members = _object(given, place, refuse)
    _check_members(members, place, ("headerContentType",), refuse)
    content_type = members.get("headerContentType")
    if content_type is not None and not isinstance(content_type, str):
        raise refuse(f"DeliveryPolicy: {place}.headerContentType must be a string")
    return content_type


def _object(given: object, place: str, refuse: Refuse) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise refuse(f"DeliveryPolicy: {place or 'DeliveryPolicy'} must be an object")
    return given


def _check_members(members: Mapping[str, Any], place: str, allowed: tuple[str, ...], refuse: Refuse) -> None:
    for name in members:
        if name not in allowed:
            raise refuse(f"DeliveryPolicy: Unexpected JSON member: {place + '.' if place else ''}{name}")
