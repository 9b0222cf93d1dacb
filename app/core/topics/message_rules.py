"""What SNS takes as a message: its parts, their sizes and forms."""

import json
import re
from collections.abc import Mapping
from typing import Any

from app.core.commands.sns import Publish
from app.core.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    InvalidParameter,
    ParameterValueInvalid,
    TooManyEntriesInBatchRequest,
)
from app.core.limits import Limits
from app.core.sqs.message import MessageAttribute

_TYPE = re.compile(r"(String|Number|Binary)(\..+)?", re.DOTALL)
_SUBJECT = re.compile(r"[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]{0,99}")
_ID = re.compile(r"[!-~]{1,128}")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NAME_BYTES_BELOW = 256


def check_publish(wanted: Publish) -> None:
    """What a message must keep to, whatever topic it is for, its size apart. Raises the first rule broken."""
    check_attributes(wanted.attributes)
    if not wanted.message:
        raise InvalidParameter("Invalid parameter: Empty message")
    if wanted.subject is not None and not _SUBJECT.fullmatch(wanted.subject):
        raise InvalidParameter("Invalid parameter: Subject")
    if wanted.structure not in (None, "json"):
        # The API reference names only `json`; what else is answered with is UNCONFIRMED.
        raise InvalidParameter("Invalid parameter: MessageStructure")


def check_ids_of_fifo(wanted: Publish, *, has_content_based: bool) -> None:
    """A FIFO topic needs a group and something to tell duplicates by."""
    if wanted.group_id is None:
        raise InvalidParameter("Invalid parameter: The MessageGroupId parameter is required for FIFO topics")
    _check_id("MessageGroupId", wanted.group_id)
    if wanted.deduplication_id is not None:
        _check_id("MessageDeduplicationId", wanted.deduplication_id)
    elif not has_content_based:
        raise InvalidParameter(
            "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly"
        )


def check_ids_of_standard(wanted: Publish) -> None:
    """A standard topic takes a group, for the fairness of its queues, and no deduplication id."""
    if wanted.group_id is not None:
        _check_id("MessageGroupId", wanted.group_id)
    if wanted.deduplication_id is not None:
        raise InvalidParameter(
            "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter "
            "that is not valid for this topic type"
        )


def messages_by_protocol(wanted: Publish) -> Mapping[str, str]:
    """The messages of a `json` structure by protocol, with `default` for the others; else `default` alone.

    Only texts count, as recorded; of two equal keys the last does.
    """
    if wanted.structure is None:
        return {"default": wanted.message}
    try:
        parsed: Any = json.loads(wanted.message)
    except (ValueError, RecursionError):
        raise InvalidParameter("Invalid parameter: Message Structure - JSON message body failed to parse") from None
    messages = (
        {name: text for name, text in parsed.items() if isinstance(text, str)} if isinstance(parsed, dict) else {}
    )
    if not all(_is_sound(text) for text in messages.values()):
        raise InvalidParameter("Invalid parameter: Message Structure - JSON message body failed to parse")
    if "default" not in messages:
        raise InvalidParameter("Invalid parameter: Message Structure - No default entry in JSON message body")
    return messages


def _is_sound(text: str) -> bool:
    """Whether UTF-8 can carry it: an escape in JSON may say half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_batch(ids: list[str], limits: Limits) -> None:
    """The rules of a batch; two texts as recorded, the others from the service's model."""
    if not ids:
        raise EmptyBatchRequest("The batch request doesn't contain any entries.")
    if len(ids) > limits.publish_batch_entries:
        raise TooManyEntriesInBatchRequest("The batch request contains more entries than permissible.")
    if any(not _ENTRY_ID.fullmatch(entry_id) for entry_id in ids):
        raise InvalidBatchEntryId("The Id of a batch entry in a batch request doesn't abide by the specification.")
    if len(set(ids)) != len(ids):
        raise BatchEntryIdsNotDistinct("Two or more batch entries in the request have the same Id.")


def check_attributes(attributes: Mapping[str, MessageAttribute]) -> None:
    """Raises ParameterValueInvalid for the first attribute that SNS would not take."""
    for name, attribute in attributes.items():
        _check_name(name)
        kind = _kind_of(name, attribute)
        value = attribute.value
        if not value:
            raise ParameterValueInvalid(
                f"The message attribute '{name}' must contain non-empty message attribute value for message attribute "
                f"type '{attribute.data_type}'."
            )
        wanted = "Binary" if kind == "Binary" else "String"
        if (wanted == "Binary") != isinstance(value, bytes):
            raise ParameterValueInvalid(
                f"The message attribute '{name}' with type '{attribute.data_type}' must use field '{wanted}'."
            )
        if kind == "Number" and not _is_number(str(value)):
            raise ParameterValueInvalid(f"Could not cast message attribute '{name}' value to number.")


def _check_name(name: str) -> None:
    if not name:
        raise ParameterValueInvalid("The message attribute name can not be empty.")
    if len(name.encode()) > _NAME_BYTES_BELOW:
        raise ParameterValueInvalid("Length of message attribute name must be less than 256 bytes.")
    if (bad := _NOT_IN_NAMES.search(name)) is not None:
        raise ParameterValueInvalid(
            f"Invalid non-alphanumeric character '#x{ord(bad.group()):X}' was found in the message attribute name. "
            "Can only include alphanumeric characters, hyphens, underscores, or dots."
        )
    if name.startswith("."):
        raise ParameterValueInvalid("Invalid message attribute name starting with character '.' was found.")
    if name.endswith("."):
        raise ParameterValueInvalid("Invalid message attribute name ending with character '.' was found.")
    if ".." in name:
        raise ParameterValueInvalid("Message attribute name can not have successive '.' character.")


def _kind_of(name: str, attribute: MessageAttribute) -> str:
    match = _TYPE.fullmatch(attribute.data_type)
    if match is None:
        raise ParameterValueInvalid(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes "
            "is Binary, Number, and String."
        )
    return match[1]


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _check_id(name: str, text: str) -> None:
    if not _ID.fullmatch(text):
        # The form is documented (API reference, Publish), the words are UNCONFIRMED.
        raise InvalidParameter(
            f"Invalid parameter: {name} Reason: {name} can only include alphanumeric and punctuation characters. "
            "1 to 128 in length."
        )
