"""What is said to requests that never reach a service: to S3 in its own XML, and for services not emulated."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

import orjson

from app.core.errors import Refused
from app.wire import refusals
from app.wire.http import HttpAnswer

SERVER = "AmazonS3"
"""How S3 names itself in each answer, which few services do."""

_S3_ERRORS: Mapping[type[Refused], tuple[str, int]] = {
    refusals.BodyTooLarge: ("EntityTooLarge", 400),
    refusals.MissingAuthenticationToken: ("AccessDenied", 403),
    refusals.InvalidClientToken: ("InvalidAccessKeyId", 403),
    refusals.SignatureDoesNotMatch: ("SignatureDoesNotMatch", 403),
    refusals.RequestExpired: ("RequestTimeTooSkewed", 403),
    refusals.ContentHashMismatch: ("XAmzContentSHA256Mismatch", 400),
}


def refuse_s3(refused: Refused, request_id: str) -> HttpAnswer:
    """A request to S3 turned away before S3 saw it: too large, or not signed as it must be."""
    code, status = _S3_ERRORS[type(refused)]
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
        f"<Message>{escape(refused.message)}</Message><RequestId>{request_id}</RequestId></Error>"
    )
    return HttpAnswer(status, body.encode(), "application/xml", (("server", SERVER),))


def refuse_service(service: str, request_id: str, *, speaks_json: bool) -> HttpAnswer:
    """A request to a service that is not emulated; 501, which SDKs do not retry."""
    message = f"Triggerfish does not emulate the AWS service '{service}'."
    names = (("x-amzn-errortype", "NotImplementedException"),)
    if speaks_json:
        body = orjson.dumps({"__type": "NotImplementedException", "message": message})
        return HttpAnswer(501, body, "application/x-amz-json-1.1", names)
    xml = (
        "<ErrorResponse><Error><Type>Receiver</Type><Code>NotImplementedException</Code>"
        f"<Message>{escape(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return HttpAnswer(501, xml.encode(), "text/xml", names)
