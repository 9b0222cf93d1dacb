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

    Raises InvalidParameterValue or InvalidAttributeValue with AWS's texts. The ARN is parsed before it is looked up, as
    recorded.
    """
    if not text:
        return None

    def refuse(reason: str) -> InvalidParameterValue:
        return InvalidParameterValue(f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}")

    policy = _loads(text)
    if not isinstance(policy, dict):
        # Users saw this one as InvalidAttributeValue, and without the value.
        raise InvalidAttributeValue(
            "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map."
        )
    for member in ("maxReceiveCount", "deadLetterTargetArn"):
        if member not in policy:
            raise refuse(f"Redrive policy does not contain mandatory attribute: {member}.")
    if set(policy) - {"deadLetterTargetArn", "maxReceiveCount"}:
        raise refuse("Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].")
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
    if parsed.service != "sqs":
        raise refuse("Only SQS queues are valid resources for deadLetterTargetArn.")
    if parsed.scope != own.scope:
        raise refuse("Dead-letter target owner should be same as the source.")
    if target.endswith(".fifo") != queue.endswith(".fifo"):
        # With both of its full stops, as users saw it.
        raise refuse("Dead-letter queue must be same type of queue as the source..")
    allow_policy = allow_policy_of(target)
    if allow_policy is None:
        raise refuse("Dead letter target does not exist.")
    if not allow_policy.allows(queue):
        # That it is refused is documented (SQSAPI:SetQueueAttributes); the words are not (UNCONFIRMED).
        raise refuse("The redrive allow policy of the dead letter target does not permit this source queue.")
    return RedrivePolicy(target, count)


def read_allow_policy(text: str) -> RedriveAllowPolicy:
    """The policy; that of "" allows all. Raises InvalidAttributeValue for another form, InvalidParameterValue for
    source ARNs that do not go with the permission: they go with `byQueue` alone."""
    if not text:
        return ALLOW_ALL
    policy = _loads(text)
    if not _is_allow_policy(policy):
        # With AWS's own apostrophe.
        raise InvalidAttributeValue(
            "Invalid value for the parameter RedriveAllowPolicy. Reason: Amazon SQS can't create the redrive allow "
            "policy, as it’s in an unsupported format."
        )
    permission, sources = policy["redrivePermission"], policy.get("sourceQueueArns")

    def refuse(reason: str) -> InvalidParameterValue:
        return InvalidParameterValue(
            f"Value {text} for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't create the redrive "
            f"allow policy. {reason}"
        )

    if permission != "byQueue" and sources:
        raise refuse("To specify one or more source queue ARNs, you must set redrivePermission to byQueue.")
    if permission == "byQueue" and not sources:
        raise refuse(
            "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values."
        )
    if sources and len(sources) > _MOST_SOURCES:
        raise refuse(f"The maximum number of source queue ARNs you can specify is {_MOST_SOURCES}.")
    return RedriveAllowPolicy(permission, tuple(sources or ()))


def _is_allow_policy(policy: Any) -> bool:
    """Whether it has the members of one, each of its kind."""
    if not isinstance(policy, dict) or set(policy) - {"redrivePermission", "sourceQueueArns"}:
        return False
    sources = policy.get("sourceQueueArns", [])
    return (
        policy.get("redrivePermission") in ("allowAll", "denyAll", "byQueue")
        and isinstance(sources, list)
        and all(isinstance(arn, str) for arn in sources)
    )


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
