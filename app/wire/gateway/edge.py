"""Lambda@Edge: CloudFront's event, and what a function at the edge may give back."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import orjson

from app.core.gateway.distribution import Origin
from app.core.gateway.request import GatewayAnswer
from app.wire.gateway.headers import is_good_header

_DISALLOWED = frozenset(
    {
        "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
        "trailer", "upgrade", "x-accel-buffering", "x-accel-charset", "x-accel-limit-rate", "x-accel-redirect",
        "x-cache", "x-forwarded-proto", "x-real-ip",
    }
)  # fmt: skip
_DISALLOWED_BEGINNINGS = (
    "x-amz-cf-", "x-amzn-auth", "x-amzn-cf-", "x-amzn-errortype", "x-amzn-fle-profile", "x-amzn-header-",
    "x-amzn-lambda-integration-tag", "x-amzn-requestid", "x-edge-",
)  # fmt: skip
_READ_ONLY: Mapping[str, frozenset[str]] = {
    "viewer-request": frozenset({"content-length", "host", "transfer-encoding", "via"}),
    "origin-request": frozenset(
        {
            "accept-encoding", "content-length", "if-modified-since", "if-none-match", "if-range",
            "if-unmodified-since", "transfer-encoding", "via",
        }
    ),
    "origin-response": frozenset({"transfer-encoding", "via"}),
    "viewer-response": frozenset({"content-encoding", "content-length", "transfer-encoding", "warning", "via"}),
}  # fmt: skip
"""Headers that a function sees and may not change (CloudFront guide, edge-functions-restrictions)."""

_MOST_GENERATED = {"viewer-request": 40_960, "viewer-response": 40_960}
_MOST_GENERATED_AT_ORIGIN = 1_048_576
_MOST_BODY = {"viewer-request": 40_960, "origin-request": 1_048_576}

TIMEOUT_MS = {
    "viewer-request": 5_000,
    "viewer-response": 5_000,
    "origin-request": 30_000,
    "origin-response": 30_000,
}

EdgeHeaders = dict[str, list[dict[str, str]]]
"""By name in lower case: each as often as it came, with its name as it was written."""


class InvalidAtEdge(Exception):
    """A function's result that CloudFront does not take: 502; the text says why."""


@dataclass(frozen=True, slots=True)
class EdgeRequest:
    """A request on its way through the edge. `body` is None where functions do not see it."""

    method: str
    uri: str
    querystring: str
    headers: EdgeHeaders
    client_ip: str
    body: bytes = b""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class EdgeResponse:
    status: int
    headers: EdgeHeaders
    body: bytes = b""


def edge_headers(pairs: list[tuple[str, str]]) -> EdgeHeaders:
    """From names and values in their order."""
    headers: EdgeHeaders = {}
    for name, value in pairs:
        headers.setdefault(name.lower(), []).append({"key": name, "value": value})
    return headers


def flat(headers: EdgeHeaders) -> list[tuple[str, str]]:
    """Back to names and values."""
    return [(pair.get("key", name), pair["value"]) for name, pairs in headers.items() for pair in pairs]


def edge_event(
    kind: str, request: EdgeRequest, response: EdgeResponse | None, *, distribution: str, domain: str, request_id: str,
    includes_body: bool,
) -> bytes:  # fmt: skip
    """The event. The origin is told to origin events only, the response to response events only."""
    asked: dict[str, Any] = {
        "clientIp": request.client_ip,
        "headers": request.headers,
        "method": request.method,
        "querystring": request.querystring,
        "uri": request.uri,
    }
    if includes_body and kind in _MOST_BODY:
        most = _MOST_BODY[kind]
        asked["body"] = {
            "inputTruncated": len(request.body) > most,
            "action": "read-only",
            "encoding": "base64",
            "data": b64encode(request.body[:most]).decode(),
        }
    if kind.startswith("origin") and request.origin is not None:
        asked["origin"] = _origin(request.origin)
    cf: dict[str, Any] = {
        "config": {
            "distributionDomainName": domain,
            "distributionId": distribution,
            "eventType": kind,
            "requestId": request_id,
        },
        "request": asked,
    }
    if response is not None:
        cf["response"] = {
            "headers": response.headers,
            "status": str(response.status),
            "statusDescription": _description(response.status),
        }
    return orjson.dumps({"Records": [{"cf": cf}]})


def read_result(kind: str, payload: bytes, request: EdgeRequest, response: EdgeResponse | None) -> (
    EdgeRequest | EdgeResponse
):  # fmt: skip
    """What a function made of the request, or of the response: a request goes on, a response goes back.

    Raises InvalidAtEdge.
    """
    try:
        result = orjson.loads(payload) if payload else None
    except orjson.JSONDecodeError:
        raise InvalidAtEdge("the function's result is no JSON") from None
    if not isinstance(result, dict):
        raise InvalidAtEdge("the function's result is neither a request nor a response")
    if kind.endswith("response"):
        assert response is not None, "a response event has its response"
        return _response(kind, result, response)
    if "status" in result:
        return _response(kind, result, None)
    return _request(kind, result, request)


def error_page(status: int, words: str, cache: str) -> GatewayAnswer:
    """CloudFront's own answer; `cache` is what X-Cache calls it."""
    page = (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">\n'
        '<HTML><HEAD><META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=iso-8859-1">\n'
        "<TITLE>ERROR: The request could not be satisfied</TITLE>\n</HEAD><BODY>\n"
        f'<H1>{status} ERROR</H1>\n<H2>The request could not be satisfied.</H2>\n<HR noshade size="1px">\n'
        f"{words}\n</BODY></HTML>"
    )
    headers = (("server", "CloudFront"), ("content-type", "text/html"), ("x-cache", f"{cache} from cloudfront"))
    return GatewayAnswer(status, headers, page.encode())


def _request(kind: str, result: Mapping[str, Any], before: EdgeRequest) -> EdgeRequest:
    uri = result.get("uri", before.uri)
    query = result.get("querystring", before.querystring)
    if not isinstance(uri, str) or not uri.startswith("/") or not isinstance(query, str):
        raise InvalidAtEdge("uri and querystring are texts, and a uri begins with a slash")
    if any(char in uri + query for char in " \r\n\x00"):
        raise InvalidAtEdge("uri and querystring are percent-encoded")
    headers = _headers(kind, result.get("headers", before.headers), before.headers)
    body = before.body
    given = result.get("body")
    if isinstance(given, Mapping) and given.get("action") == "replace":
        body = _data(given.get("data", ""), given.get("encoding", "text"))
        if len(body) > _MOST_BODY[kind]:
            raise InvalidAtEdge(f"the body that the function made has more than {_MOST_BODY[kind]} bytes")
    origin = before.origin
    if kind == "origin-request" and isinstance(result.get("origin"), Mapping):
        origin = _changed_origin(result["origin"], origin)
    # The method cannot be changed.
    return replace(before, uri=uri, querystring=query, headers=headers, body=body, origin=origin)


def _response(kind: str, result: Mapping[str, Any], before: EdgeResponse | None) -> EdgeResponse:
    status = result.get("status")
    if isinstance(status, int) and not isinstance(status, bool):
        status = str(status)
    if not isinstance(status, str) or not status.isdecimal() or not 200 <= int(status) <= 599:
        raise InvalidAtEdge(f"the status {status!r} is not one from 200 to 599")
    if kind == "viewer-response" and before is not None and int(status) != before.status:
        raise InvalidAtEdge("the status cannot be changed in a viewer response")
    headers = _headers(kind, result.get("headers") or {}, before.headers if before is not None else {})
    body = before.body if before is not None else b""
    if "body" in result and kind != "viewer-response":
        body = _data(result["body"], result.get("bodyEncoding", "text"))
        most = _MOST_GENERATED.get(kind, _MOST_GENERATED_AT_ORIGIN)
        if len(body) > most:
            raise InvalidAtEdge(f"the body that the function made has more than {most} bytes")
    if int(status) == 204 and body and before is None:
        raise InvalidAtEdge("a 204 has no body")
    return EdgeResponse(int(status), headers, body)


def _headers(kind: str, given: Any, before: EdgeHeaders) -> EdgeHeaders:
    if not isinstance(given, Mapping):
        raise InvalidAtEdge("headers is no object")
    headers: EdgeHeaders = {}
    for name, pairs in given.items():
        if not isinstance(pairs, list) or not all(isinstance(pair, Mapping) and "value" in pair for pair in pairs):
            raise InvalidAtEdge(f"the header {name} is no list of key and value")
        headers[str(name).lower()] = [
            {"key": str(pair.get("key", name)), "value": str(pair["value"])} for pair in pairs
        ]
    for name in headers.keys() | before.keys():
        if headers.get(name, []) == before.get(name, []):
            continue
        if name in _READ_ONLY[kind]:
            raise InvalidAtEdge(f"the header {name} is read-only in a {kind}")
        if name in _DISALLOWED or name.startswith(_DISALLOWED_BEGINNINGS):
            raise InvalidAtEdge(f"the header {name} is not allowed")
        for pair in headers.get(name, []):
            if pair["key"].lower() != name:
                raise InvalidAtEdge(f"the header {name} has the key {pair['key']}")
            if not is_good_header(pair["key"], pair["value"]):
                raise InvalidAtEdge(f"the header {name} is none")
    return headers


def _data(data: Any, encoding: Any) -> bytes:
    if not isinstance(data, str) or encoding not in ("text", "base64"):
        raise InvalidAtEdge("a body is a text, and its encoding text or base64")
    if encoding == "text":
        return data.encode(errors="replace")
    try:
        return b64decode(data, validate=True)
    except (Base64Error, ValueError):
        raise InvalidAtEdge("the body is no base64, though its encoding says so") from None


def _origin(origin: Origin) -> dict[str, Any]:
    custom = edge_headers(list(origin.custom_headers.items()))
    if origin.bucket is not None:
        domain = f"{origin.bucket}.s3.amazonaws.com"
        return {"s3": {"authMethod": "none", "customHeaders": custom, "domainName": domain, "path": origin.path,
                       "region": "us-east-1"}}  # fmt: skip
    parts = urlsplit(origin.url or "")
    return {
        "custom": {
            "customHeaders": custom,
            "domainName": parts.hostname or "",
            "keepaliveTimeout": 5,
            "path": origin.path,
            "port": parts.port or (443 if parts.scheme == "https" else 80),
            "protocol": parts.scheme,
            "readTimeout": 30,
            "sslProtocols": ["TLSv1.2"],
        }
    }


def _changed_origin(given: Mapping[str, Any], before: Origin | None) -> Origin | None:
    custom, s3 = given.get("custom"), given.get("s3")
    try:
        if isinstance(custom, Mapping):
            scheme, domain, port = custom["protocol"], custom["domainName"], int(custom["port"])
            headers = dict(flat(dict(custom.get("customHeaders") or {})))
            if scheme not in ("http", "https") or any(char in str(domain) for char in "/@\\ \r\n"):
                raise InvalidAtEdge("the origin that the function chose is none")
            return Origin(f"{scheme}://{domain}:{port}", None, str(custom.get("path", "")), headers)
        if isinstance(s3, Mapping):
            bucket = str(s3["domainName"]).partition(".s3")[0]
            headers = dict(flat(dict(s3.get("customHeaders") or {})))
            return Origin(None, bucket, str(s3.get("path", "")), headers)
    except (KeyError, TypeError, ValueError):
        raise InvalidAtEdge("the origin that the function chose is none") from None
    return before


def _description(status: int) -> str:
    return {200: "OK", 201: "Created", 204: "No Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified",
            400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error",
            502: "Bad Gateway", 503: "Service Unavailable"}.get(status, "")  # fmt: skip
