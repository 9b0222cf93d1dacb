"""Function URLs: their dialect of payload 2.0, and what they answer."""

from typing import Any

import orjson

from app.core.gateway.request import GatewayAnswer, GatewayRequest, Headers
from app.wire.gateway.headers import BadHeader, answer_headers
from app.wire.gateway.occasion import Occasion
from app.wire.gateway.payload_v2 import event_members
from app.wire.gateway.results import BadResult, cookies_of, inferred, pairs_of, status_of

_JSON = ("content-type", "application/json")
REMAPPED = ("www-authenticate",)
"""Headers of a function that go out under another name (as is reported; the whole list is UNCONFIRMED)."""

INTEGRATION_TYPE = "application/vnd.awslambda.http-integration-response"
PRELUDE_END = b"\x00" * 8
_MOST_PRELUDE_BYTES = 1_048_576


def url_event(request: GatewayRequest, occasion: Occasion) -> bytes:
    """The event: payload 2.0 with one route, whose path keeps its encoding (recorded in November 2025).

    The headers that tell of TLS are left out: there is none here.
    """
    return orjson.dumps(event_members(request, occasion, path=request.path))


def answer_of_result(payload: bytes) -> GatewayAnswer:
    """The answer that a result makes. Raises BadResult."""
    return inferred(payload, default_type="application/json", remapped=REMAPPED)


def head_of_prelude(prelude: bytes) -> GatewayAnswer:
    """Status and headers of a streamed answer, from the JSON that begins it. Raises BadResult."""
    try:
        told: Any = orjson.loads(prelude) if prelude else {}
    except orjson.JSONDecodeError as error:
        raise BadResult(f"what begins the stream is no JSON: {error}") from None
    if not isinstance(told, dict):
        raise BadResult("what begins the stream is no object")
    headers = pairs_of(told.get("headers")) + cookies_of(told)
    return head_of(status_of(told.get("statusCode", 200)), headers)


def head_of(status: int, headers: list[tuple[str, str]]) -> GatewayAnswer:
    """Raises BadResult for a header that is none."""
    try:
        kept = answer_headers(headers, remapped=REMAPPED)
    except BadHeader as bad:
        raise BadResult(str(bad)) from None
    if not any(name.lower() == "content-type" for name, _ in kept):
        kept.append(("content-type", "application/octet-stream"))
    return GatewayAnswer(status, tuple(kept))


def split_prelude(received: bytes) -> tuple[bytes, bytes] | None:
    """What stands before and after the eight NULs; None as long as they have not come.

    Raises BadResult when so much came without them that they will not.
    """
    before, end, after = received.partition(PRELUDE_END)
    if end:
        return before, after
    if len(received) > _MOST_PRELUDE_BYTES:
        raise BadResult("the stream never ends what begins it")
    return None


def refusal(status: int, message: str, error: str) -> GatewayAnswer:
    headers: Headers = (_JSON, ("x-amzn-ErrorType", error))
    return GatewayAnswer(status, headers, orjson.dumps({"Message": message}))


def unsigned(words: str) -> GatewayAnswer:
    """What is said to a signature that is not taken; the member begins with a small letter (UNCONFIRMED)."""
    return GatewayAnswer(
        403, (_JSON, ("x-amzn-ErrorType", "InvalidSignatureException")), orjson.dumps({"message": words})
    )


FORBIDDEN = refusal(
    403,
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
    "AccessDeniedException",
)
THROTTLED = refusal(429, "Rate Exceeded.", "TooManyRequestsException")
FAILED = GatewayAnswer(502, (_JSON,), b"Internal Server Error")
# The words of these three are UNCONFIRMED.
BODY_TOO_LARGE = refusal(
    413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation", "RequestEntityTooLargeException"
)
URI_TOO_LONG = refusal(414, "Request-URI Too Long", "BadRequestException")
HEADERS_TOO_LARGE = refusal(431, "Request Header Fields Too Large", "BadRequestException")
