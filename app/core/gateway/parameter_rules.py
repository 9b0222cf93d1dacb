"""What a parameter mapping of an HTTP API may say, and what AWS services may be asked with: everything else is refused
when it is given (HTTP API guide: http-api-parameter-mapping, http-api-develop-integrations-aws-services-reference)."""

import re
from collections.abc import Mapping
from typing import Any

from app.core.errors import InvalidParameterValue
from app.core.gateway.parameters import ACTION, INNER
from app.core.value import value

_RESERVED = frozenset(
    {
        "authorization", "connection", "content-encoding", "content-length", "content-location", "forwarded",
        "keep-alive", "origin", "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding",
        "upgrade", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    }
)  # fmt: skip
_RESERVED_BEGINNINGS = ("access-control-", "apigw-", "x-amz-", "x-amzn-")

_IN_REQUEST = re.compile(
    r"request\.(header\.[^.\s]+|querystring\..+|path(\..+)?|body(\..+)?)|context\.[\w.-]+|stageVariables\.\w+"
)
_IN_ANSWER = re.compile(r"response\.(header\.[^.\s]+|body(\..+)?)|context\.[\w.-]+|stageVariables\.\w+")
_JSON_WANTED = ("MessageAttributes", "MessageSystemAttributes")
"""Members that are objects: a static text is no source for them (an error of AWS's, reported in January 2021)."""


@value(frozen=True, slots=True)
class Subtype:
    """An operation of a service that a route may lead to; `service` is botocore's name of it."""

    service: str
    operation: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    is_emulated: bool = True


SUBTYPES: Mapping[str, Subtype] = {
    "EventBridge-PutEvents": Subtype(
        "events", "PutEvents", ("Detail", "DetailType", "Source"),
        ("Time", "EventBusName", "Resources", "Region", "TraceHeader"),
    ),
    "SQS-SendMessage": Subtype(
        "sqs", "SendMessage", ("QueueUrl", "MessageBody"),
        (
            "DelaySeconds", "MessageAttributes", "MessageDeduplicationId", "MessageGroupId",
            "MessageSystemAttributes", "Region",
        ),
    ),
    "SQS-ReceiveMessage": Subtype(
        "sqs", "ReceiveMessage", ("QueueUrl",),
        (
            "AttributeNames", "MaxNumberOfMessages", "MessageAttributeNames", "ReceiveRequestAttemptId",
            "VisibilityTimeout", "WaitTimeSeconds", "Region",
        ),
    ),
    "SQS-DeleteMessage": Subtype("sqs", "DeleteMessage", ("ReceiptHandle", "QueueUrl"), ("Region",)),
    "SQS-PurgeQueue": Subtype("sqs", "PurgeQueue", ("QueueUrl",), ("Region",)),
    "AppConfig-GetConfiguration": Subtype(
        "appconfig", "GetConfiguration", ("Application", "Environment", "Configuration", "ClientId"),
        ("ClientConfigurationVersion", "Region"), is_emulated=False,
    ),
    "Kinesis-PutRecord": Subtype(
        "kinesis", "PutRecord", ("StreamName", "Data", "PartitionKey"),
        ("SequenceNumberForOrdering", "ExplicitHashKey", "Region"),
    ),
    "StepFunctions-StartExecution": Subtype(
        "stepfunctions", "StartExecution", ("StateMachineArn",), ("Name", "Input", "Region")
    ),
    "StepFunctions-StartSyncExecution": Subtype(
        "stepfunctions", "StartSyncExecution", ("StateMachineArn",), ("Name", "Input", "Region", "TraceHeader"),
        is_emulated=False,
    ),
    "StepFunctions-StopExecution": Subtype(
        "stepfunctions", "StopExecution", ("ExecutionArn",), ("Cause", "Error", "Region")
    ),
}  # fmt: skip
"""By AWS's name, which is the service's and the operation's."""


def check_request_parameters(given: Mapping[str, str]) -> None:
    """Raises InvalidParameterValue for a key that changes nothing, a reserved header, a value that selects nothing."""
    for key, source in given.items():
        action = ACTION.fullmatch(key)
        place = action[2] if action is not None else ""
        is_path = place == "path" and key == "overwrite:path"
        if action is None or not (is_path or (place in ("header", "querystring") and action[3])):
            raise _mapping(f"Invalid Request Actioned Parameter destination specified: {key}")
        _check_header(action)
        if action[1] != "remove":
            _check_source(source, key, _IN_REQUEST)


def check_response_parameters(by_status: Mapping[str, Mapping[str, str]]) -> None:
    """Raises InvalidParameterValue for a status that is none, or a mapping that is."""
    for status, given in by_status.items():
        if re.fullmatch(r"[2-5]\d\d", status) is None:
            raise _mapping(f"Invalid status code specified: {status}. It must be from 200 to 599")
        for key, source in given.items():
            action = ACTION.fullmatch(key)
            is_status = key == "overwrite:statuscode"
            if action is None or not (is_status or (action[2] == "header" and action[3])):
                raise _mapping(f"Invalid Response Actioned Parameter destination specified: {key}")
            _check_header(action)
            if action[1] != "remove":
                _check_source(source, key, _IN_ANSWER)


def check_service_parameters(name: str, given: Mapping[str, str]) -> None:
    """Raises InvalidParameterValue for a subtype that is none, or is not emulated, and for what it lacks or has too
    much. The words for what is too much or too little are UNCONFIRMED."""
    subtype = SUBTYPES.get(name)
    if subtype is None:
        raise InvalidParameterValue(f"Invalid IntegrationSubtype specified: {name}. Supported: {', '.join(SUBTYPES)}")
    if not subtype.is_emulated:
        raise InvalidParameterValue(f"Triggerfish does not emulate integrations of the subtype {name}")
    for key, source in given.items():
        if key not in subtype.required + subtype.optional:
            raise _selection(f"Invalid parameter specified: {key} for integration subtype: {name}")
        _check_source(source, key, _IN_REQUEST)
        if key in _JSON_WANTED and not source.startswith("$"):
            raise _selection(f"Invalid source: {source} specified for destination: {key}")
    lacking = [key for key in subtype.required if key not in given]
    if lacking:
        raise _selection(f"Missing required parameters: {', '.join(lacking)} for integration subtype: {name}")


def _check_header(action: re.Match[str]) -> None:
    name = (action[3] or "").lower()
    if action[2] == "header" and (name in _RESERVED or name.startswith(_RESERVED_BEGINNINGS)):
        raise _mapping(f"Operations on header {action[3]} are restricted")


def _check_source(source: Any, key: str, known: re.Pattern[str]) -> None:
    selectors = INNER.findall(source) or ([source[1:]] if source.startswith("$") else [])
    for selector in selectors:
        if known.fullmatch(selector) is None or ".." in selector or "?(" in selector:
            raise _selection(f"Invalid source: {source} specified for destination: {key}")


def _mapping(error: str) -> InvalidParameterValue:
    return InvalidParameterValue(
        f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{error}]"
    )


def _selection(error: str) -> InvalidParameterValue:
    return InvalidParameterValue(
        f"Invalid selection expression specified: Validation Result: warnings : [], errors : [{error}]"
    )
