"""Members of SNS's requests, checked as SNS does."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.errors import InvalidParameter, ValidationFailed
from app.core.names import Arn, ParsedArn
from app.core.sqs.message import MessageAttribute
from app.wire.calls import Caller, Params

_ARN_ELEMENTS = 6
PAGE = 100
"""How many topics, or subscriptions, a page has (API reference)."""


def required(params: Params, name: str) -> Any:
    """The member. Raises ValidationFailed when it is not there."""
    value = params.get(name)
    if value is None:
        member = name[:1].lower() + name[1:]
        raise ValidationFailed(
            f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: "
            "Member must not be null"
        )
    return value


def topic_of(params: Params, caller: Caller, name: str = "TopicArn") -> Arn:
    """The topic that a member names. Raises InvalidParameter for what is no topic of the caller's region (recorded)."""
    arn: Arn = required(params, name)
    parsed = parse(arn, name)
    if parsed.service != "sns":
        raise InvalidParameter(f"Invalid parameter: {name}")
    if parsed.region != caller.scope.region:
        raise InvalidParameter(f"Invalid parameter: {name}")
    if ":" in parsed.resource:
        # A subscription's ARN, as users found.
        raise InvalidParameter("Invalid parameter: Topic Name")
    return arn


def subscription_of(params: Params) -> Arn:
    """The subscription's ARN. Raises InvalidParameter for what is none (recorded)."""
    arn: Arn = required(params, "SubscriptionArn")
    parsed = parse(arn, "SubscriptionArn")
    if parsed.service != "sns" or ":" not in parsed.resource:
        raise InvalidParameter("Invalid parameter: SubscriptionId")
    return arn


def parse(arn: str, name: str) -> ParsedArn:
    """The parts of an ARN; an empty part is let pass. Raises InvalidParameter."""
    parts = arn.split(":", _ARN_ELEMENTS - 1)
    if len(parts) < _ARN_ELEMENTS:
        raise InvalidParameter(
            f"Invalid parameter: {name} Reason: An ARN must have at least {_ARN_ELEMENTS} elements, not {len(parts)}"
        )
    return ParsedArn(*parts[1:])


def message_attributes(given: Mapping[str, Mapping[str, Any]] | None) -> dict[str, MessageAttribute]:
    """The attributes of a message. One with a binary value has bytes, whatever its type says."""
    return {name: _attribute(attribute) for name, attribute in (given or {}).items()}


def tags_of(given: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """Raises InvalidParameter for a key that comes twice (recorded), ValidationFailed for a tag without one."""
    tags: dict[str, str] = {}
    for tag in given or ():
        key = required(tag, "Key")
        if key in tags:
            raise InvalidParameter("Invalid parameter: Duplicated keys are not allowed.")
        tags[key] = tag.get("Value", "")
    return tags


def page_of(count: int, token: str | None) -> tuple[slice, str | None]:
    """Which of so many are on the page that the token asks for, and the token of the next. Raises InvalidParameter."""
    if token is not None and not token.isdecimal():
        # What AWS says of a token that it did not give is UNCONFIRMED.
        raise InvalidParameter("Invalid parameter: NextToken")
    begin = int(token or 0)
    end = begin + PAGE
    return slice(begin, end), str(end) if end < count else None


def _attribute(given: Mapping[str, Any]) -> MessageAttribute:
    data_type = given.get("DataType") or ""
    binary = given.get("BinaryValue")
    if binary is not None:
        return MessageAttribute(data_type, b64decode(binary) if isinstance(binary, str) else binary)
    text = given.get("StringValue")
    if text is None and data_type.split(".", 1)[0] == "Binary":
        return MessageAttribute(data_type, b"")
    return MessageAttribute(data_type, text or "")
