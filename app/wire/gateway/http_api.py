"""What an HTTP API answers: for a function's result, and by itself."""

import orjson

from app.core.gateway.request import GatewayAnswer
from app.wire.gateway.results import (
    BadResult,
    answer_of,
    body_of,
    inferred,
    multi_pairs_of,
    pairs_of,
    parsed,
    status_of,
)

_JSON = ("content-type", "application/json")
DEFAULT_TYPE = "text/plain;charset=UTF-8"
"""Of a formatted answer without a content type (UNCONFIRMED, as it is reported)."""


def answer_of_result(payload: bytes, payload_version: str) -> GatewayAnswer:
    """The answer that a function's result makes. Raises BadResult."""
    if payload_version == "2.0":
        return inferred(payload, default_type=DEFAULT_TYPE)
    result = parsed(payload)
    if not isinstance(result, dict) or "statusCode" not in result:
        raise BadResult("a result in payload 1.0 is an object with a statusCode")
    multi = multi_pairs_of(result.get("multiValueHeaders"))
    named = {name.lower() for name, _ in multi}
    headers = multi + [pair for pair in pairs_of(result.get("headers")) if pair[0].lower() not in named]
    return answer_of(status_of(result["statusCode"]), headers, body_of(result), default_type=DEFAULT_TYPE)


def refusal(status: int, message: str, *more: tuple[str, str]) -> GatewayAnswer:
    """`{"message":…}` as HTTP APIs write it."""
    return GatewayAnswer(status, (_JSON, *more), orjson.dumps({"message": message}))


NOT_FOUND = refusal(404, "Not Found")
INTERNAL_ERROR = refusal(500, "Internal Server Error")
TIMED_OUT = refusal(503, "Service Unavailable")
UNAVAILABLE = refusal(503, "Service Unavailable")
THROTTLED = refusal(429, "Too Many Requests")
FORBIDDEN = refusal(403, "Forbidden")
UNAUTHORIZED = refusal(401, "Unauthorized")
NO_TOKEN = refusal(401, "Unauthorized", ("www-authenticate", "Bearer"))
"""To whoever brings no token at all (the header's value is UNCONFIRMED)."""
BODY_TOO_LARGE = refusal(413, "Request Entity Too Large")
URI_TOO_LONG = refusal(414, "Request-URI Too Long")
HEADERS_TOO_LARGE = refusal(431, "Request Header Fields Too Large")


def unauthorized_token(description: str) -> GatewayAnswer:
    """A token that was not accepted, and why."""
    challenge = f'Bearer scope="" error="invalid_token" error_description="{description}"'
    return refusal(401, "Unauthorized", ("www-authenticate", challenge))


def insufficient_scope(scopes: tuple[str, ...]) -> GatewayAnswer:
    """A good token without the scope that the route wants; that the header comes too is UNCONFIRMED."""
    challenge = f'Bearer scope="{" ".join(scopes)}" error="insufficient_scope"'
    return refusal(403, "Forbidden", ("www-authenticate", challenge))
