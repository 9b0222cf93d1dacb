"""Refusals in the words of Lambda: one table, rendered as its JSON bodies."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from app.core import errors as core
from app.core.errors import Refused, TooManyRequests
from app.wire import refusals
from app.wire.awslambda.invoke_errors import FAULT_OF_SERVICE, INVOKE_STATUSES, LOWER_CASE_MESSAGE, ON_THE_WIRE
from app.wire.http import HttpAnswer

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class LambdaError:
    """An error's name, status and how its body spells the message member."""

    type: str
    status: int
    member: str = "message"
    fault: str | None = "User"


ERRORS: Mapping[type[Refused], LambdaError] = {
    core.InvalidParameterValue: LambdaError("InvalidParameterValueException", 400),
    core.MissingParameter: LambdaError("InvalidParameterValueException", 400),
    core.ResourceNotFound: LambdaError("ResourceNotFoundException", 404, "Message"),
    core.ResourceConflict: LambdaError("ResourceConflictException", 409),
    core.ResourceInUse: LambdaError("ResourceInUseException", 400, "Message"),
    core.ValidationFailed: LambdaError("ValidationException", 400, fault=None),
    core.InvalidRequestContent: LambdaError("InvalidRequestContentException", 400),
    core.RequestTooLarge: LambdaError("RequestEntityTooLargeException", 413),
    core.TooManyRequests: LambdaError("TooManyRequestsException", 429),
    core.PreconditionFailed: LambdaError("PreconditionFailedException", 412, "Message"),
    core.ProvisionedConcurrencyNotFound: LambdaError("ProvisionedConcurrencyConfigNotFoundException", 404),
    core.SnapshotNotReady: LambdaError("SnapStartNotReadyException", 409, "Message"),
    core.PolicyTooLong: LambdaError("PolicyLengthExceededException", 400),
    core.RecursiveInvocation: LambdaError("RecursiveInvocationException", 400, "Message"),
    core.AccessDenied: LambdaError("AccessDeniedException", 403, "Message", fault=None),
    refusals.ServiceFailed: LambdaError("ServiceException", 500, "Message", fault="Service"),
    core.InvocationRefused: LambdaError("ServiceException", 500, "Message", fault="Service"),
    refusals.SerializationFailed: LambdaError("SerializationException", 400, "Message"),
    refusals.UnknownOperation: LambdaError("UnknownOperationException", 404, fault=None),
    refusals.NotEmulated: LambdaError("NotImplementedException", 501, "Message", fault="Service"),
    refusals.BodyTooLarge: LambdaError("RequestEntityTooLargeException", 413),
    refusals.MissingAuthenticationToken: LambdaError("MissingAuthenticationTokenException", 403, fault=None),
    refusals.InvalidClientToken: LambdaError("UnrecognizedClientException", 403, fault=None),
    refusals.SignatureDoesNotMatch: LambdaError("InvalidSignatureException", 403, fault=None),
    refusals.RequestExpired: LambdaError("InvalidSignatureException", 403, fault=None),
    refusals.ContentHashMismatch: LambdaError("InvalidSignatureException", 403, fault=None),
}


def refuse(refused: Refused) -> HttpAnswer:
    """The error as Lambda writes it: a JSON body and `x-amzn-errortype`."""
    error = _error_of(refused)
    body: dict[str, str] = {}
    headers = [("x-amzn-errortype", error.type)]
    if isinstance(refused, TooManyRequests):
        body["Reason"] = refused.reason
        headers.append(("retry-after", "1"))
    if error.fault is not None:
        body["Type"] = error.fault
    body[error.member] = refused.message
    return HttpAnswer(error.status, orjson.dumps(body), JSON_TYPE, tuple(headers))


def _error_of(refused: Refused) -> LambdaError:
    if isinstance(refused, core.InvocationRefused) and refused.code in INVOKE_STATUSES:
        status = INVOKE_STATUSES[refused.code]
        member = "message" if refused.code in LOWER_CASE_MESSAGE else "Message"
        fault = "Service" if status >= FAULT_OF_SERVICE else "User"
        return LambdaError(ON_THE_WIRE.get(refused.code, refused.code), status, member, fault)
    return next(ERRORS[kind] for kind in (*type(refused).__mro__, core.InvalidParameterValue) if kind in ERRORS)
