"""What a function returned, read as the answer it means to be."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

import orjson

from app.core.gateway.request import GatewayAnswer
from app.wire.gateway.headers import OUR_OWN, BadHeader, answer_headers

LEAST_STATUS, MOST_STATUS = 200, 599
"""An answer that ends a request; 1xx would be an answer before the answer."""


class BadResult(Exception):
    """The function's result is no answer; the text says why, for the journal."""


def parsed(payload: bytes) -> Any:
    """Raises BadResult for what is no JSON."""
    try:
        return orjson.loads(payload) if payload else None
    except orjson.JSONDecodeError as error:
        raise BadResult(f"the result is no JSON: {error}") from None


def inferred(payload: bytes, *, default_type: str, remapped: tuple[str, ...] = ()) -> GatewayAnswer:
    """The answer that payload 2.0 makes of a result.

    An object with `statusCode` is the answer; of anything else the answer is 200 with the result as JSON, written
    without blanks, and a text as it is. Raises BadResult.
    """
    result = parsed(payload)
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result.encode(errors="replace") if isinstance(result, str) else orjson.dumps(result)
        return GatewayAnswer(200, (("content-type", "application/json"),), body)
    headers = pairs_of(result.get("headers")) + cookies_of(result)
    return answer_of(
        status_of(result["statusCode"]), headers, body_of(result), default_type=default_type, remapped=remapped
    )


def answer_of(
    status: int,
    headers: list[tuple[str, str]],
    body: bytes,
    *,
    default_type: str,
    remapped: tuple[str, ...] = (),
    ours: frozenset[str] = OUR_OWN,
) -> GatewayAnswer:
    """The answer, with a content type if it lacks one. Raises BadResult for a header that is none."""
    try:
        headers = answer_headers(headers, remapped=remapped, ours=ours)
    except BadHeader as bad:
        raise BadResult(str(bad)) from None
    if default_type and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", default_type))
    return GatewayAnswer(status, tuple(headers), body)


def status_of(given: Any) -> int:
    """A number, or a text of digits. Raises BadResult."""
    if isinstance(given, str) and given.isascii() and given.isdecimal() and len(given) <= 3:
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not LEAST_STATUS <= given <= MOST_STATUS:
        raise BadResult(f"statusCode is {given!r}, not a status from {LEAST_STATUS} to {MOST_STATUS}")
    return given


def pairs_of(given: Any) -> list[tuple[str, str]]:
    """`headers` of a result, whose values may be any scalar. Raises BadResult."""
    if given is None:
        return []
    if not isinstance(given, Mapping):
        raise BadResult("headers is no object")
    return [(name, text_of(name, value)) for name, value in given.items() if value is not None]


def cookies_of(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """`cookies` of a result, each a header of its own. Raises BadResult."""
    cookies = result.get("cookies")
    if cookies is None:
        return []
    if not isinstance(cookies, list) or not all(isinstance(cookie, str) for cookie in cookies):
        raise BadResult("cookies is no list of texts")
    return [("set-cookie", cookie) for cookie in cookies]


def multi_pairs_of(given: Any) -> list[tuple[str, str]]:
    """`multiValueHeaders` of a result. Raises BadResult."""
    if given is None:
        return []
    if not isinstance(given, Mapping):
        raise BadResult("multiValueHeaders is no object")
    pairs = []
    for name, values in given.items():
        if not isinstance(values, list):
            raise BadResult(f"multiValueHeaders.{name} is no list")
        pairs += [(name, text_of(name, value)) for value in values if value is not None]
    return pairs


def text_of(name: str, value: Any) -> str:
    """A scalar as JSON writes it, a text without its quotes. Raises BadResult."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        raise BadResult(f"the header {name} is no text")
    return orjson.dumps(value).decode()


def body_of(result: Mapping[str, Any]) -> bytes:
    """`body`, decoded if `isBase64Encoded` says so. Raises BadResult."""
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise BadResult("body is no text")
    if result.get("isBase64Encoded") is True:
        try:
            return b64decode(body, validate=True)
        except (Base64Error, ValueError):
            raise BadResult("body is no base64, though isBase64Encoded says so") from None
    return body.encode(errors="replace")
