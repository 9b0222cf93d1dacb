"""A queue's attributes: AWS's table of them, read from texts and written back."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.errors import InvalidAttributeName, InvalidAttributeValue
from app.core.names import Arn
from app.core.sqs.queue_policy import check_policy
from app.core.sqs.redrive import ALLOW_ALL, RedriveAllowPolicy, RedrivePolicy, read_allow_policy, read_redrive_policy


@dataclass(frozen=True, slots=True)
class QueueAttributes:
    """The settable attributes as values. `texts` keeps the optional ones (Policy, …) as they were given."""

    delay_s: int = 0
    maximum_message_bytes: int = 1_048_576
    retention_s: int = 345_600
    wait_time_s: int = 0
    visibility_timeout_s: int = 30
    redrive: RedrivePolicy | None = None
    redrive_allow: RedriveAllowPolicy = ALLOW_ALL
    is_fifo: bool = False
    content_based_deduplication: bool = False
    deduplication_scope: str = "queue"
    fifo_throughput_limit: str = "perQueue"
    texts: Mapping[str, str] = field(default_factory=dict)

    def as_texts(self) -> dict[str, str]:
        """Every set attribute as GetQueueAttributes shows it."""
        numbers = {name: str(getattr(self, rule.member)) for name, rule in _NUMBERS.items()}
        shown = {**numbers, "SqsManagedSseEnabled": "true", **self.texts}
        if "KmsMasterKeyId" in shown:
            shown.setdefault("KmsDataKeyReusePeriodSeconds", "300")
        if self.is_fifo:
            shown["FifoQueue"] = "true"
            shown["ContentBasedDeduplication"] = str(self.content_based_deduplication).lower()
            shown["DeduplicationScope"] = self.deduplication_scope
            shown["FifoThroughputLimit"] = self.fifo_throughput_limit
        return shown


@dataclass(frozen=True, slots=True)
class _Number:
    member: str
    least: int
    most: int


_NUMBERS = {
    "DelaySeconds": _Number("delay_s", 0, 900),
    "MaximumMessageSize": _Number("maximum_message_bytes", 1_024, 1_048_576),
    "MessageRetentionPeriod": _Number("retention_s", 60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": _Number("wait_time_s", 0, 20),
    "VisibilityTimeout": _Number("visibility_timeout_s", 0, 43_200),
}
_HIGH_THROUGHPUT = {
    "DeduplicationScope": ("deduplication_scope", ("queue", "messageGroup")),
    "FifoThroughputLimit": ("fifo_throughput_limit", ("perQueue", "perMessageGroupId")),
}
_DIGITS = re.compile("[0-9]{1,10}")
_BOTH_ENCRYPTIONS = (
    "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
)


def with_attributes(
    current: QueueAttributes,
    given: Mapping[str, str],
    *,
    queue: Arn,
    allow_policy_of: Callable[[Arn], RedriveAllowPolicy | None],
) -> QueueAttributes:
    """`current` with the texts of `given` laid over it. `allow_policy_of` is None for a queue that is not there.

    Raises InvalidAttributeName, InvalidAttributeValue or InvalidParameterValue, in AWS's words.
    """
    result = current
    texts = dict(current.texts)
    for name, text in given.items():
        if name in _NUMBERS:
            numbers: dict[str, Any] = {_NUMBERS[name].member: _read_number(name, text)}
            result = replace(result, **numbers)
        elif name == "RedrivePolicy":
            result = replace(result, redrive=read_redrive_policy(text, queue=queue, allow_policy_of=allow_policy_of))
            _keep(texts, name, text)
        elif name == "RedriveAllowPolicy":
            result = replace(result, redrive_allow=read_allow_policy(text))
            _keep(texts, name, text)
        elif name == "Policy":
            check_policy(text)
            _keep(texts, name, text)
        elif name == "KmsMasterKeyId":
            if text and given.get("SqsManagedSseEnabled", "").lower() == "true":
                raise InvalidAttributeName(_BOTH_ENCRYPTIONS)
            _keep(texts, name, text)
            if text:
                texts["SqsManagedSseEnabled"] = "false"
        elif name == "KmsDataKeyReusePeriodSeconds":
            texts[name] = str(_checked_number(name, text, 60, 86_400))
        elif name == "SqsManagedSseEnabled":
            texts[name] = _read_boolean(name, text)
            if texts[name] == "true":
                texts.pop("KmsMasterKeyId", None)
        elif name == "FifoQueue" and current.is_fifo:
            if text.lower() != "true":
                raise InvalidAttributeValue(
                    "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
                )
        elif name == "ContentBasedDeduplication" and current.is_fifo:
            result = replace(result, content_based_deduplication=_read_boolean(name, text) == "true")
        elif name in _HIGH_THROUGHPUT and current.is_fifo:
            result = replace(result, **_read_choice(name, text))
        elif name in _HIGH_THROUGHPUT:
            raise InvalidAttributeName(f"You can specify the {name} only when FifoQueue is set to true.")
        else:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if result.fifo_throughput_limit == "perMessageGroupId" and result.deduplication_scope != "messageGroup":
        raise InvalidAttributeValue(
            "Invalid value for the parameter FifoThroughputLimit. Reason: The perMessageGroupId value is allowed only "
            "when the value for DeduplicationScope is messageGroup."
        )
    return replace(result, texts=texts)


def first_difference(current: QueueAttributes, wanted: QueueAttributes, given: Mapping[str, str]) -> str | None:
    """The first attribute of `given` in which the two differ; a second CreateQueue may not change any."""
    now_set, then_set = current.as_texts(), wanted.as_texts()
    for name in given:
        if name == "RedrivePolicy":
            if current.redrive != wanted.redrive:
                return name
        elif now_set.get(name) != then_set.get(name):
            return name
    return None


def _keep(texts: dict[str, str], name: str, text: str) -> None:
    if text:
        texts[name] = text
    else:
        texts.pop(name, None)


def _read_number(name: str, text: str) -> int:
    rule = _NUMBERS[name]
    return _checked_number(name, text, rule.least, rule.most)


def _checked_number(name: str, text: str, least: int, most: int) -> int:
    number = int(text) if _DIGITS.fullmatch(text) else -1
    if not least <= number <= most:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return number


def _read_boolean(name: str, text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return text.lower()


def _read_choice(name: str, text: str) -> dict[str, Any]:
    member, choices = _HIGH_THROUGHPUT[name]
    if text not in choices:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return {member: text}
