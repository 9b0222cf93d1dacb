"""Refusals as AWS writes them in each of its protocols; every service gives a table of its own names."""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

import orjson

from app.core import errors as core
from app.core.errors import Refused
from app.wire import refusals
from app.wire.http import HttpAnswer, HttpRequest


@dataclass(frozen=True, slots=True)
class AwsError:
    """An error's code and status, and the member that its message stands in where JSON is spoken."""

    code: str
    status: int = 400
    member: str = "message"


ErrorTable = Mapping[type[Refused], AwsError]

COMMON_ERRORS: ErrorTable = {
    core.ValidationFailed: AwsError("ValidationException"),
    core.AccessDenied: AwsError("AccessDeniedException", 403),
    core.ResourceNotFound: AwsError("ResourceNotFoundException", 404),
    core.ResourceConflict: AwsError("ConflictException", 409),
    core.InvalidParameterValue: AwsError("InvalidParameterValue"),
    core.MissingParameter: AwsError("MissingParameter"),
    refusals.ServiceFailed: AwsError("InternalFailure", 500),
    refusals.SerializationFailed: AwsError("SerializationException", member="Message"),
    refusals.UnknownOperation: AwsError("UnknownOperationException", 404),
    refusals.NotEmulated: AwsError("NotImplementedException", 501),
    refusals.BodyTooLarge: AwsError("RequestEntityTooLargeException", 413),
    refusals.MissingAuthenticationToken: AwsError("MissingAuthenticationTokenException", 403),
    refusals.InvalidClientToken: AwsError("UnrecognizedClientException", 403),
    refusals.SignatureDoesNotMatch: AwsError("InvalidSignatureException", 403),
    refusals.RequestExpired: AwsError("InvalidSignatureException", 403),
    refusals.ContentHashMismatch: AwsError("InvalidSignatureException", 403),
}
"""What a service says that has no other name for it."""


def protocol_of(request: HttpRequest) -> str:
    """The protocol a request is made in, also where its operation cannot be told: `json`, `query` or `rest-json`."""
    if "x-amz-target" in request.headers:
        return "json"
    is_form = request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")
    return "query" if is_form or "Action=" in request.query else "rest-json"


def refuse(refused: Refused, table: ErrorTable, *, protocol: str, request_id: str, namespace: str = "") -> HttpAnswer:
    """The error as `table` names it; a kind of refusal that it does not know has the name of the kind it is of."""
    error = error_of(refused, table)
    if protocol == "query":
        return _as_xml(error, refused.message, request_id, namespace)
    body = {error.member: refused.message}
    if protocol == "json":
        body = {"__type": error.code, **body}
        return HttpAnswer(error.status, orjson.dumps(body), "application/x-amz-json-1.1")
    return HttpAnswer(error.status, orjson.dumps(body), "application/json", (("x-amzn-errortype", error.code),))


def error_of(refused: Refused, table: ErrorTable) -> AwsError:
    """Its own entry, or that of the nearest kind; the service's before the common ones."""
    for kind in type(refused).__mro__:
        found = table.get(kind) or COMMON_ERRORS.get(kind)
        if found is not None:
            return found
    return COMMON_ERRORS[core.ValidationFailed]


def _as_xml(error: AwsError, message: str, request_id: str, namespace: str) -> HttpAnswer:
    fault = "Receiver" if error.status >= 500 else "Sender"
    xmlns = f' xmlns="{namespace}"' if namespace else ""
    body = (
        f"<ErrorResponse{xmlns}><Error><Type>{fault}</Type><Code>{error.code}</Code>"
        f"<Message>{escape(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return HttpAnswer(error.status, body.encode(), "text/xml")
