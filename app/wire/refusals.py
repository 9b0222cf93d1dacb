"""Refusals the wire itself makes, before anything reaches the core."""

from app.core.errors import Refused


class SerializationFailed(Refused):
    """The body is not the JSON, XML or form that the operation takes."""

    message = "The request body could not be read."


class UnknownOperation(Refused):
    """AWS has no such operation."""


class NoOperation(UnknownOperation):
    """The request asks for none."""


class NotEmulated(Refused):
    """AWS has it; Triggerfish does not emulate it yet."""


class ServiceFailed(Refused):
    """Nobody's fault but the service's: what should have answered did not."""


class BodyTooLarge(Refused):
    """More bytes than the endpoint reads."""


class Unauthenticated(Refused):
    """The signature of a request could not be accepted."""


class MissingAuthenticationToken(Unauthenticated):
    message = "Request is missing Authentication Token"


class InvalidClientToken(Unauthenticated):
    message = "The security token included in the request is invalid."


class SignatureDoesNotMatch(Unauthenticated):
    message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method."
    )


class RequestExpired(Unauthenticated):
    """The signature is too old, or from the future."""


class ContentHashMismatch(Unauthenticated):
    message = "The provided 'x-amz-content-sha256' header does not match what was computed."
