"""The HTTP requests of API destinations and of their connections' authorization."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import orjson

from app.core.delivery.outside_calls import HttpAnswered, HttpCall, OutsideAnswer
from app.core.delivery.targets import Parcel

# eb-api-destinations: the request ends after five seconds; these headers it always has.
TIMEOUT_MS = 5_000
_HEADERS = (
    ("Content-Type", "application/json; charset=utf-8"),
    ("User-Agent", "Amazon/EventBridge/ApiDestinations"),
    ("Range", "bytes=0-1048575"),
)
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


def as_request(
    method: str, endpoint: str, parcel: Parcel, authorization: Sequence[tuple[str, str]],
    invocation: Mapping[str, Any],
) -> HttpCall:  # fmt: skip
    """The request that a delivery is. What the connection says (`invocation`, `authorization`) goes before what the
    target says, and that before EventBridge's own headers."""
    target = parcel.http or {}
    headers = _merged(
        _HEADERS,
        list((target.get("HeaderParameters") or {}).items()),
        _pairs(invocation.get("HeaderParameters")),
        authorization,
    )
    query = _merged(
        list((target.get("QueryStringParameters") or {}).items()), _pairs(invocation.get("QueryStringParameters"))
    )
    body = b"" if method in _WITHOUT_BODY else _body(parcel.body, _pairs(invocation.get("BodyParameters")))
    url = _url(endpoint, target.get("PathParameterValues") or (), query)
    return HttpCall(method, url, tuple(headers), body, TIMEOUT_MS)


def token_request(parameters: Mapping[str, Any]) -> HttpCall:
    """The client credentials grant of a connection's OAuthParameters (RFC 6749, 4.4)."""
    client = parameters["ClientParameters"]
    more = parameters.get("OAuthHttpParameters") or {}
    form = _merged(
        [
            ("grant_type", "client_credentials"),
            ("client_id", client["ClientID"]),
            ("client_secret", client["ClientSecret"]),
        ],
        _pairs(more.get("BodyParameters")),
    )
    headers = _merged(
        [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
        _pairs(more.get("HeaderParameters")),
    )
    method, query = parameters["HttpMethod"], _pairs(more.get("QueryStringParameters"))
    if method == "GET":
        query, form = [*form, *query], []
    url = _url(parameters["AuthorizationEndpoint"], (), query)
    return HttpCall(method, url, tuple(headers), urlencode(form).encode(), TIMEOUT_MS)


def token_in(answer: OutsideAnswer) -> str | None:
    """The access token that an authorization endpoint answered with; None for any other answer."""
    if not isinstance(answer, HttpAnswered) or not 200 <= answer.status < 300:
        return None
    try:
        given = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    token = given.get("access_token") if isinstance(given, dict) else None
    return token if isinstance(token, str) and token else None


def _pairs(given: Sequence[Mapping[str, Any]] | None) -> list[tuple[str, str]]:
    return [(str(each.get("Key", "")), str(each.get("Value", ""))) for each in given or ()]


def _merged(*layers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The last of equal names wins, whatever its case."""
    merged: dict[str, tuple[str, str]] = {}
    for layer in layers:
        for name, value in layer:
            merged[name.lower()] = (name, value)
    return list(merged.values())


def _body(body: bytes, more: Sequence[tuple[str, str]]) -> bytes:
    """What is to be in the body besides goes into it where it is an object."""
    if not more:
        return body
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    return orjson.dumps({**given, **dict(more)}) if isinstance(given, dict) else body


def _url(endpoint: str, path_values: Sequence[str], query: Sequence[tuple[str, str]]) -> str:
    """The endpoint with each `*` of its path replaced, in order, and the query behind its own."""
    parts = urlsplit(endpoint)
    path = parts.path
    for value in path_values:
        path = path.replace("*", quote(value, safe=""), 1)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *query]
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(pairs), parts.fragment))
