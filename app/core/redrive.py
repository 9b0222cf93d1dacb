"""Which queue takes another's dead letters, and which may choose it: the two redrive policies."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.errors import InvalidAttributeValue, InvalidParameterValue
from app.core.names import Arn, parse_arn

_MOST_RECEIVES = 1_000
_MOST_SOURCES = 10


@dataclass(frozen=True, slots=True)
class RedrivePolicy:
    """Where a message goes that was received `max_receive_count` times."""

    dead_letter_target: Arn
    max_receive_count: int


@dataclass(frozen=True, slots=True)
class RedriveAllowPolicy:
    """Which queues may name this one as their dead-letter queue; by default all of its account and region."""

    permission: str = "allowAll"
    sources: tuple[Arn, ...] = ()

    def allows(self, source: Arn) -> bool:
        match self.permission:
            case "denyAll":
                return False
            case "byQueue":
                return source in self.sources
            case _:
                return True


ALLOW_ALL = RedriveAllowPolicy()


def read_json_object(name: str, text: str) -> dict[str, Any]:
    """The JSON object of an attribute. Raises InvalidAttributeValue when it is none."""
    value = _loads(text)
    if not isinstance(value, dict):
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return value


def read_redrive_policy(
    text: str, *, queue: Arn, allow_policy_of: Callable[[Arn], RedriveAllowPolicy | None]
) -> RedrivePolicy | None:
    """The policy of `queue`, or None for "", which clears it. `allow_policy_of` is None for a queue that is not there.

    Raises InvalidParameterValue with AWS's texts. The ARN is parsed before it is looked up, as recorded.
    """
    if not text:
        return None

    def refuse(reason: str) -> InvalidParameterValue:
        return InvalidParameterValue(f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}")

    policy = _loads(text)
    if not isinstance(policy, dict):
        raise refuse("Redrive policy is not a valid JSON map.")
    for member in ("maxReceiveCount", "deadLetterTargetArn"):
        if member not in policy:
            raise refuse(f"Redrive policy does not contain mandatory attribute: {member}.")
    if set(policy) - {"deadLetterTargetArn", "maxReceiveCount"}:
        raise refuse("Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].")
    count = _read_count(policy["maxReceiveCount"])
    if count is None:
        raise refuse(
            f"Invalid value for maxReceiveCount: {policy['maxReceiveCount']}, "
            f"valid values are from 1 to {_MOST_RECEIVES} both inclusive."
        )
    target = str(policy["deadLetterTargetArn"])
    try:
        parsed, own = parse_arn(target), parse_arn(queue)
    except ValueError:
        raise refuse("Invalid value for deadLetterTargetArn.") from None
    if parsed.service != "sqs" or parsed.scope != own.scope:
        raise refuse("Dead-letter target owner should be same as the source.")
    if target.endswith(".fifo") != queue.endswith(".fifo"):
        raise refuse("Dead letter queue must be same type of queue as the source.")
    allow_policy = allow_policy_of(target)
    if allow_policy is None:
        raise refuse("Dead letter target does not exist.")
    if not allow_policy.allows(queue):
        # That it is refused is documented (SQSAPI:SetQueueAttributes); the words are not (UNCONFIRMED).
        raise refuse("The redrive allow policy of the dead letter target does not permit this source queue.")
    return RedrivePolicy(target, count)


def read_allow_policy(text: str) -> RedriveAllowPolicy:
    """The policy; that of "" allows all. Raises InvalidAttributeValue; source ARNs go with `byQueue` alone."""
    if not text:
        return ALLOW_ALL
    policy = read_json_object("RedriveAllowPolicy", text)
    permission, sources = policy.get("redrivePermission"), policy.get("sourceQueueArns")
    if permission == "byQueue":
        is_valid = (
            isinstance(sources, list) and len(sources) <= _MOST_SOURCES and all(isinstance(arn, str) for arn in sources)
        )
    else:
        is_valid = permission in ("allowAll", "denyAll") and sources is None
    if not is_valid:
        raise InvalidAttributeValue("Invalid value for the parameter RedriveAllowPolicy.")
    return RedriveAllowPolicy(str(permission), tuple(sources or ()))


def _loads(text: str) -> Any:
    """What the text says as JSON, or None when it is none or nested deeper than anybody reads."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read_count(value: object) -> int | None:
    """A number, or a text of digits."""
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, int | str) or not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) <= 4 and 1 <= int(text) <= _MOST_RECEIVES else None
