"""Required parameters, and message attributes, as the operations of SQS take them."""

from collections.abc import Mapping
from typing import Any

from app.core.errors import InvalidParameterValue, MissingParameter, UnsupportedOperation
from app.core.names import Arn
from app.core.sqs.message import MessageAttribute
from app.wire.calls import Caller, Params
from app.wire.sqs.urls import queue_arn


def required(params: Params, name: str, *, entry: str = "") -> Any:
    """The value of a required parameter; `entry` is the place of a batch entry, as AWS writes it.

    Raises MissingParameter in AWS's words.
    """
    value = params.get(name)
    if value is None:
        raise MissingParameter(f"The request must contain the parameter {entry}{name}.")
    return value


def queue_of(params: Params, caller: Caller) -> Arn:
    """The queue that the `QueueUrl` of a request names. Raises MissingParameter, QueueDoesNotExist."""
    return queue_arn(required(params, "QueueUrl"), caller.scope)


def message_attributes(given: Mapping[str, Mapping[str, Any]] | None) -> dict[str, MessageAttribute]:
    """User attributes as sent. An absent value is the empty one: the core says what is wrong with it."""
    return {name: _attribute(value) for name, value in given.items()} if given else {}


def _attribute(given: Mapping[str, Any]) -> MessageAttribute:
    if given.get("StringListValues") or given.get("BinaryListValues"):
        raise UnsupportedOperation("Message attribute list values in SendMessage operation are not supported.")
    data_type = given.get("DataType") or ""
    if data_type.split(".", 1)[0] == "Binary":
        return MessageAttribute(data_type, given.get("BinaryValue") or b"")
    return MessageAttribute(data_type, given.get("StringValue") or "")


def trace_header(given: Mapping[str, Mapping[str, Any]] | None) -> str | None:
    """The AWSTraceHeader among the system attributes of a send; AWS takes no other."""
    if not given:
        return None
    for name in given:
        if name != "AWSTraceHeader":
            raise InvalidParameterValue(f"Message system attribute name '{name}' is invalid.")
    header = given["AWSTraceHeader"]
    if header.get("DataType") != "String":
        raise InvalidParameterValue("The message system attribute 'AWSTraceHeader' must be of type 'String'.")
    return header.get("StringValue") or ""
