"""What SQS takes as a message: size, characters, attributes."""

import re
from collections.abc import Mapping, Sequence

from app.core.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    InvalidMessageContents,
    InvalidParameterValue,
    MissingParameter,
    TooManyEntriesInBatchRequest,
)
from app.core.limits import Limits
from app.core.sqs.message import MessageAttribute

# Everything XML 1.0 forbids: #x9 #xA #xD #x20-#xD7FF #xE000-#xFFFD #x10000-#x10FFFF are allowed (SQSAPI:SendMessage).
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ALLOWED = "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]"
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_GROUP_ID = re.compile(r"[!-~]{1,128}")
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_FIFO_NAME = re.compile(r"(?=.{1,80}$)[A-Za-z0-9_-]+\.fifo")
_TYPE = re.compile(r"(String|Number|Binary)(\..+)?", re.DOTALL)
_NAME_MOST = 256


def check_queue_name(name: str, *, is_fifo: bool) -> None:
    """Raises InvalidParameterValue unless `name` may name a queue of this kind."""
    if is_fifo and not _FIFO_NAME.fullmatch(name):
        raise InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with "
            ".fifo suffix and be 1 to 80 in length"
        )
    if not is_fifo and not _QUEUE_NAME.fullmatch(name):
        raise InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )


def check_message(body: str, attributes: Mapping[str, MessageAttribute]) -> None:
    """What the content of one message must keep to, its size apart. Raises the refusal of the first rule broken."""
    if not body:
        raise MissingParameter("The request must contain the parameter MessageBody.")
    # What is printable is allowed: finding that out takes half as long.
    if not body.isprintable() and (found := _FORBIDDEN.search(body)):
        raise InvalidMessageContents(_forbidden(found[0], "message body"))
    if attributes:
        _check_attributes(attributes)


def check_ids_of_standard(group_id: str | None, deduplication_id: str | None) -> None:
    """A standard queue takes a group, for fairness, and no deduplication id."""
    if group_id is not None:
        _check_id("MessageGroupId", group_id)
    if deduplication_id is not None:
        raise InvalidParameterValue(
            f"Value {deduplication_id} for parameter MessageDeduplicationId is invalid. Reason: "
            "The request include parameter that is not valid for this queue type."
        )


def check_ids_of_fifo(
    group_id: str | None, deduplication_id: str | None, *, has_content_based: bool, in_batch: bool
) -> None:
    """A FIFO queue needs a group and something to tell duplicates by; without, a batch fails whole."""
    if group_id is None:
        refusal = InvalidParameterValue if in_batch else MissingParameter
        raise refusal("The request must contain the parameter MessageGroupId.")
    if deduplication_id is None and not has_content_based:
        raise InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly"
        )


def check_fifo_entry(group_id: str, deduplication_id: str | None, delay_s: int | None) -> None:
    """The forms of a FIFO message's ids, and that it has no delay of its own; 0 is taken and means the queue's."""
    _check_id("MessageGroupId", group_id)
    if deduplication_id is not None:
        _check_id("MessageDeduplicationId", deduplication_id)
    if delay_s:
        raise InvalidParameterValue(
            f"Value {delay_s} for parameter DelaySeconds is invalid. Reason: "
            "The request include parameter that is not valid for this queue type."
        )


def check_attempt_id(attempt_id: str) -> None:
    """The form of a ReceiveRequestAttemptId, that of a deduplication id (SQSAPI:ReceiveMessage)."""
    _check_id("ReceiveRequestAttemptId", attempt_id)


def _check_id(name: str, value: str) -> None:
    if not _GROUP_ID.fullmatch(value):
        raise InvalidParameterValue(
            f"Value {value} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and "
            "punctuation characters. 1 to 128 in length."
        )


def check_delay(delay_s: int | None, limits: Limits) -> None:
    if delay_s is not None and not 0 <= delay_s <= limits.delay_s:
        raise InvalidParameterValue(
            f"Value {delay_s} for parameter DelaySeconds is invalid. "
            f"Reason: DelaySeconds must be >= 0 and <= {limits.delay_s}."
        )


def size_of(body: str, attributes: Mapping[str, MessageAttribute]) -> int:
    """Bytes charged for a message: the body, and each attribute's name, type and value."""
    size = text_bytes(body)
    if not attributes:
        return size
    for name, attribute in attributes.items():
        value = attribute.value
        size += len(name.encode()) + len(attribute.data_type.encode())
        size += len(value) if isinstance(value, bytes) else len(value.encode())
    return size


def text_bytes(text: str) -> int:
    """The length of the text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def check_batch(ids: Sequence[str], *, entry: str, limits: Limits) -> None:
    """The rules of every batch call, in the order AWS tries them; `entry` is the entry type's name."""
    if not ids:
        raise EmptyBatchRequest(f"There should be at least one {entry} in the request.")
    if len(ids) > limits.batch_entries:
        raise TooManyEntriesInBatchRequest(
            f"Maximum number of entries per request are {limits.batch_entries}. You have sent {len(ids)}."
        )
    if not all(map(_ENTRY_ID.fullmatch, ids)):
        raise InvalidBatchEntryId
    if len(set(ids)) == len(ids):
        return
    seen: set[str] = set()
    for entry_id in ids:
        if entry_id in seen:
            raise BatchEntryIdsNotDistinct(f"Id {entry_id} repeated.")
        seen.add(entry_id)


def _check_attributes(attributes: Mapping[str, MessageAttribute]) -> None:
    if len(attributes) > 10:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [10]."
        )
    for name, attribute in attributes.items():
        _check_attribute_name(name)
        if not attribute.data_type:
            raise InvalidParameterValue(
                f"The message (user) attribute '{name}' must contain a non-empty message attribute type."
            )
        if not _TYPE.fullmatch(attribute.data_type):
            raise InvalidParameterValue(
                f"The type of message (user) attribute '{name}' is invalid. You must use only the following supported "
                "type prefixes: Binary, Number, String."
            )
        if len(attribute.data_type) > _NAME_MOST:
            raise InvalidParameterValue("Message (user) attribute type must be shorter than 256 bytes.")
        kind = attribute.data_type.split(".", 1)[0]
        if not attribute.value or (kind == "Binary") != isinstance(attribute.value, bytes):
            raise InvalidParameterValue(
                f"Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
            )
        if isinstance(attribute.value, str):
            # Recorded as InvalidParameterValue, unlike a body's; the words are not.
            if found := _FORBIDDEN.search(attribute.value):
                raise InvalidParameterValue(_forbidden(found[0], f"value of message (user) attribute '{name}'"))
            if kind == "Number" and not _is_number(attribute.value):
                raise InvalidParameterValue(f"Can't cast the value of message (user) attribute '{name}' to a number.")


def _check_attribute_name(name: str) -> None:
    if not name:
        raise InvalidParameterValue("The request must contain non-empty message (user) attribute names.")
    if len(name) > _NAME_MOST:
        raise InvalidParameterValue("Message (user) attribute name must be shorter than 256 bytes.")
    if name.lower().startswith(("aws.", "amazon.")):
        raise InvalidParameterValue(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for "
            "internal use."
        )
    # Non-ASCII letters and doubled dots pass, as recorded.
    if name[0] == ".":
        raise InvalidParameterValue("Message (user) attribute name must not begin with character '.'.")
    if name[-1] == ".":
        raise InvalidParameterValue("Message (user) attribute name must not end with character '.'.")
    if not all(c.isalnum() or c in "_-." for c in name):
        # AWS's own words, the blank at their end too.
        raise InvalidParameterValue(
            "Message (user) attributes name can only contain upper and lower score characters, digits, periods, "
            "hyphens and underscores. "
        )


def _forbidden(character: str, where: str) -> str:
    return (
        f"Invalid binary character '#x{ord(character):X}' was found in the {where}, the set of allowed characters is "
        f"{_ALLOWED}."
    )


def _is_number(text: str) -> bool:
    """At most 38 digits of precision, magnitude from 10^-128 to 10^126."""
    match = re.fullmatch(r"[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?", text)
    if match is None or not (match[1] or match[2]):
        return False
    digits = (match[1] + match[2]).strip("0")
    if not digits:
        return True
    if len(digits) > 38:
        return False
    magnitude = len(match[1].lstrip("0")) if match[1].strip("0") else -(len(match[2]) - len(match[2].lstrip("0")))
    return -128 <= magnitude - 1 + int(match[3] or 0) <= 126
