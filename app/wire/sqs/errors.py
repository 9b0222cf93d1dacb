"""Refusals in the words of SQS: one table, rendered for the JSON protocol, the query protocol and batch entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import orjson

from app.core import errors as core
from app.core.errors import Refused
from app.wire import refusals
from app.wire.http import HttpAnswer

JSON_TYPE = "application/x-amz-json-1.0"
XML_TYPE = "text/xml"
NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"

_MODELLED = "com.amazonaws.sqs#"
_FRAMEWORK = "com.amazon.coral.service#"


@dataclass(frozen=True, slots=True)
class AwsError:
    """One error under its names. `status` is the query protocol's, and JSON's in query mode; else JSON says 400."""

    type: str
    code: str
    status: int = 400
    query_message: str | None = None

    @property
    def fault(self) -> str:
        return "Receiver" if self.status >= 500 else "Sender"


def _modelled(name: str, *, prefix: str = "", status: int = 400, query_message: str | None = None) -> AwsError:
    return AwsError(_MODELLED + name, prefix + name, status, query_message)


def _key_refused(kind: type[core.KeyRefused], status: int = 400) -> AwsError:
    return AwsError(_MODELLED + kind.__name__, kind.code, status)


_OLD = "AWS.SimpleQueueService."

ERRORS: Mapping[type[Refused], AwsError] = {
    core.QueueDoesNotExist: AwsError(
        _MODELLED + "QueueDoesNotExist",
        _OLD + "NonExistentQueue",
        query_message="The specified queue does not exist for this wsdl version.",
    ),
    core.QueueOutOfReach: AwsError(_MODELLED + "QueueDoesNotExist", _OLD + "NonExistentQueue"),
    core.QueueNameExists: AwsError(_MODELLED + "QueueNameExists", "QueueAlreadyExists"),
    core.QueueDeletedRecently: _modelled("QueueDeletedRecently", prefix=_OLD),
    core.BatchEntryIdsNotDistinct: _modelled("BatchEntryIdsNotDistinct", prefix=_OLD),
    core.BatchRequestTooLong: _modelled("BatchRequestTooLong", prefix=_OLD),
    core.EmptyBatchRequest: _modelled("EmptyBatchRequest", prefix=_OLD),
    core.InvalidBatchEntryId: _modelled("InvalidBatchEntryId", prefix=_OLD),
    core.TooManyEntriesInBatchRequest: _modelled("TooManyEntriesInBatchRequest", prefix=_OLD),
    core.MessageNotInflight: _modelled("MessageNotInflight", prefix=_OLD),
    core.UnsupportedOperation: _modelled("UnsupportedOperation", prefix=_OLD),
    core.PurgeQueueInProgress: _modelled("PurgeQueueInProgress", prefix=_OLD, status=403),
    core.OverLimit: _modelled("OverLimit", status=403),
    core.RequestThrottled: _modelled("RequestThrottled", status=403),
    core.KeyRefused: _key_refused(core.KmsAccessDenied),
    core.KmsAccessDenied: _key_refused(core.KmsAccessDenied),
    core.KmsDisabled: _key_refused(core.KmsDisabled),
    core.KmsInvalidKeyUsage: _key_refused(core.KmsInvalidKeyUsage),
    core.KmsInvalidState: _key_refused(core.KmsInvalidState),
    core.KmsNotFound: _key_refused(core.KmsNotFound),
    core.KmsOptInRequired: _key_refused(core.KmsOptInRequired, 403),
    core.KmsThrottled: _key_refused(core.KmsThrottled),
    core.InvalidAddress: _modelled("InvalidAddress", status=404),
    core.InvalidSecurity: _modelled("InvalidSecurity", status=403),
    core.InternalFailure: AwsError(_FRAMEWORK + "InternalFailure", "InternalFailure", 500),
    core.ServiceUnavailable: AwsError(_FRAMEWORK + "ServiceUnavailableException", "ServiceUnavailable", 503),
    core.ResourceNotFound: _modelled("ResourceNotFoundException", status=404),
    core.ReceiptHandleIsInvalid: _modelled("ReceiptHandleIsInvalid", status=404),
    core.InvalidIdFormat: _modelled("InvalidIdFormat"),
    core.InvalidAttributeName: _modelled("InvalidAttributeName"),
    core.InvalidAttributeValue: _modelled("InvalidAttributeValue"),
    core.InvalidMessageContents: _modelled("InvalidMessageContents"),
    core.EmptyValue: AwsError(_FRAMEWORK + "EmptyValueException", "EmptyValue"),
    core.InvalidParameterValue: AwsError(_FRAMEWORK + "InvalidParameterValueException", "InvalidParameterValue"),
    core.MissingParameter: AwsError(_FRAMEWORK + "MissingRequiredParameterException", "MissingParameter"),
    core.AccessDenied: AwsError(_FRAMEWORK + "AccessDeniedException", "AccessDenied", 403),
    refusals.SerializationFailed: AwsError(_FRAMEWORK + "SerializationException", "MalformedInput"),
    refusals.UnknownOperation: AwsError(_FRAMEWORK + "UnknownOperationException", "InvalidAction"),
    refusals.NoOperation: AwsError(_FRAMEWORK + "UnknownOperationException", "InvalidAction", 404),
    refusals.NotEmulated: _modelled("UnsupportedOperation", prefix=_OLD),
    refusals.BodyTooLarge: AwsError(_FRAMEWORK + "RequestEntityTooLargeException", "RequestEntityTooLarge", 413),
    refusals.MissingAuthenticationToken: AwsError(
        _FRAMEWORK + "MissingAuthenticationTokenException", "MissingAuthenticationToken", 403
    ),
    refusals.InvalidClientToken: AwsError(_FRAMEWORK + "UnrecognizedClientException", "InvalidClientTokenId", 403),
    refusals.SignatureDoesNotMatch: AwsError(_FRAMEWORK + "InvalidSignatureException", "SignatureDoesNotMatch", 403),
    refusals.RequestExpired: AwsError(_FRAMEWORK + "InvalidSignatureException", "SignatureDoesNotMatch", 403),
    refusals.ContentHashMismatch: AwsError(_FRAMEWORK + "InvalidSignatureException", "SignatureDoesNotMatch", 403),
}
"""Names and statuses; those of requests that are not well-formed or not signed are the framework's."""


def error_of(refused: Exception) -> AwsError:
    """The row of a refusal, or of the nearest class above it."""
    for kind in type(refused).__mro__:
        if kind in ERRORS:
            return ERRORS[kind]
    return AwsError(_FRAMEWORK + "InvalidParameterValueException", "InvalidParameterValue")


def refuse_json(refused: Refused, *, in_query_mode: bool) -> HttpAnswer:
    """The error in the JSON protocol. `in_query_mode`: the client sent `x-amzn-query-mode: true`."""
    error = error_of(refused)
    # Only a client in query mode is shown the query protocol's statuses; sizes, signatures and a service that fails are
    # HTTP's own matter.
    is_http_matter = error.status >= 500 or isinstance(refused, refusals.BodyTooLarge | refusals.Unauthenticated)
    return HttpAnswer(
        error.status if in_query_mode or is_http_matter else 400,
        orjson.dumps({"__type": error.type, "message": refused.message}),
        JSON_TYPE,
        (("x-amzn-query-error", f"{error.code};{error.fault}"),),
    )


def refuse_query(refused: Refused, request_id: str) -> HttpAnswer:
    """The error in the query protocol. A request that asks for nothing gets the framework's own answer, as recorded."""
    if isinstance(refused, refusals.NoOperation):
        return HttpAnswer(404, b"<UnknownOperationException/>\n", XML_TYPE)
    error = error_of(refused)
    message = escape(_xml_text(error.query_message or refused.message))
    body = (
        f'<?xml version="1.0"?><ErrorResponse xmlns="{NAMESPACE}"><Error><Type>{error.fault}</Type>'
        f"<Code>{error.code}</Code><Message>{message}</Message><Detail/></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return HttpAnswer(error.status, body.encode(), XML_TYPE)


def batch_failure(entry_id: str, refused: Exception) -> dict[str, Any]:
    """A `BatchResultErrorEntry`."""
    error = error_of(refused)
    return {"Id": entry_id, "SenderFault": error.fault == "Sender", "Code": error.code, "Message": str(refused)}


def _xml_text(text: str) -> str:
    """The text without the characters that XML 1.0 cannot carry."""
    return "".join(char if char in "\t\n\r" or " " <= char < "\ufffe" or char > "\uffff" else "?" for char in text)
