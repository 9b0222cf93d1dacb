"""REST APIs: the event of AWS_PROXY, what its result becomes, and what authorizers are asked."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.core.gateway.paths import query_items
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.core.gateway.rest.api import matches_media_type
from app.core.gateway.rest.gateway_responses import GatewayError
from app.core.time import Instant
from app.wire.gateway.headers import BadHeader, answer_headers, forwarded_for
from app.wire.gateway.occasion import clf_time
from app.wire.gateway.payload_v1 import identity_of
from app.wire.gateway.results import BadResult, cookies_of, multi_pairs_of, pairs_of, parsed, status_of

_ALLOWED = {"isBase64Encoded", "statusCode", "headers", "multiValueHeaders", "body"}
_METADATA = {"statusCode", "headers", "multiValueHeaders", "cookies"}
_DROPPED = frozenset(
    {
        "connection", "content-length", "content-md5", "expect", "max-forwards", "proxy-authenticate", "server", "te",
        "transfer-encoding", "trailer", "upgrade", "www-authenticate", "keep-alive", "proxy-connection",
        "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id", "host",
    }
)  # fmt: skip
"""What a REST API does not pass on, and what it writes itself."""

_RECASED = {"authorization": "Authorization", "user-agent": "User-Agent"}
_REMAPPED = ("www-authenticate",)


@dataclass(frozen=True, slots=True)
class RestOccasion:
    """The API, stage and resource that a request came to, when, and who may be behind it.

    `path` is without the stage and `full_path` with it. `variables` are as the path has them, percent-encoded.
    `authorizer` is the member of that name under `requestContext`, `identity` what is known beside the usual. `is_test`
    says that it is TestInvokeMethod which asks.
    """

    account: str
    api_id: str
    stage: str
    deployment: str
    resource_id: str
    resource_path: str
    path: str
    full_path: str
    request_id: str
    extended_id: str
    now: Instant
    trace_header: str
    domain: str
    variables: Mapping[str, str] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    authorizer: Mapping[str, Any] | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)
    is_test: bool = False


def proxy_event(request: GatewayRequest, occasion: RestOccasion, binary_types: tuple[str, ...]) -> bytes:
    """What a function gets through AWS_PROXY. What is empty is null."""
    headers = _event_headers(request, occasion)
    query = query_of(request)
    body, is_base64 = _body_of(request, binary_types)
    return orjson.dumps(
        {
            "resource": occasion.resource_path,
            "path": occasion.path,
            "httpMethod": request.method,
            "headers": {name: values[-1] for name, values in headers.items()} or None,
            "multiValueHeaders": headers or None,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": dict(occasion.variables) or None,
            "stageVariables": dict(occasion.stage_variables) or None,
            "requestContext": request_context(request, occasion),
            "body": body,
            "isBase64Encoded": is_base64,
        }
    )


def request_context(request: GatewayRequest, occasion: RestOccasion) -> dict[str, Any]:
    """`requestContext`, and `$context` of templates. Without an authorizer there is none (recorded 2024-08)."""
    context: dict[str, Any] = {
        "accountId": occasion.account,
        "apiId": occasion.api_id,
        "deploymentId": occasion.deployment,
        "domainName": occasion.domain,
        "domainPrefix": occasion.domain.partition(".")[0],
        "extendedRequestId": occasion.extended_id,
        "httpMethod": request.method,
        "identity": {**identity_of(request), **occasion.identity},
        "path": occasion.full_path,
        "protocol": request.protocol,
        "requestId": occasion.request_id,
        "requestTime": clf_time(occasion.now),
        "requestTimeEpoch": occasion.now,
        "resourceId": occasion.resource_id,
        "resourcePath": occasion.resource_path,
        "stage": occasion.stage,
    }
    if occasion.authorizer is not None:
        context["authorizer"] = dict(occasion.authorizer)
    return context


def _event_headers(request: GatewayRequest, occasion: RestOccasion) -> dict[str, list[str]]:
    """Of a test those that were given and no others, so that there may be none."""
    if occasion.is_test:
        given: dict[str, list[str]] = {}
        for name, text in request.headers:
            given.setdefault(name, []).append(text)
        return given
    return passed_headers(request, occasion.trace_header)


def passed_headers(request: GatewayRequest, trace_header: str) -> dict[str, list[str]]:
    """Names as the client wrote them, but for two, and all their values; then those that the gateway adds."""
    passed: dict[str, list[str]] = {}
    for name, text in request.headers:
        low = name.lower()
        if low not in _DROPPED:
            passed.setdefault(_RECASED.get(low, name), []).append(text)
    passed["Host"] = [request.host]
    passed["X-Amzn-Trace-Id"] = [trace_header]
    passed["X-Forwarded-For"] = [forwarded_for(request)]
    passed["X-Forwarded-Port"] = [str(request.port)]
    passed["X-Forwarded-Proto"] = [request.scheme]
    return passed


def query_of(request: GatewayRequest) -> dict[str, list[str]]:
    """Decoded names and all their values. A semicolon separates as an ampersand does (known issues of the guide)."""
    query: dict[str, list[str]] = {}
    for name, text in query_items(request.query.replace(";", "&")):
        query.setdefault(name, []).append(text)
    return query


def parameters_of(request: GatewayRequest, occasion: RestOccasion) -> dict[str, dict[str, str]]:
    """By place and name, as validators, mappings and templates look for them; header names in lower case."""
    return {
        "path": dict(occasion.variables),
        "querystring": {name: values[-1] for name, values in query_of(request).items()},
        "header": {name.lower(): text for name, text in request.headers},
    }


def _body_of(request: GatewayRequest, binary_types: tuple[str, ...]) -> tuple[str | None, bool]:
    if not request.body:
        return None, False
    if matches_media_type(request.header("content-type"), binary_types):
        return b64encode(request.body).decode(), True
    return request.body.decode(errors="replace"), False


# The result -----------------------------------------------------------------------------------------


def answer_of_result(payload: bytes, request: GatewayRequest, binary_types: tuple[str, ...]) -> GatewayAnswer:
    """The answer that a function's result means (recorded 2024-08). Raises BadResult, GatewayError."""
    result = parsed(payload)
    if not isinstance(result, dict) or not result:
        raise BadResult("the result is no object with an answer in it")
    if unknown := sorted(result.keys() - _ALLOWED):
        raise BadResult(f"the result has {unknown[0]}, which is no member of an answer")
    status = status_of(result["statusCode"]) if result.get("statusCode") is not None else 200
    multi = multi_pairs_of(result.get("multiValueHeaders"))
    casing = {name.lower(): name for name, _ in multi}
    headers = [*multi, *((casing.get(name.lower(), name), text) for name, text in pairs_of(result.get("headers")))]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    body = result.get("body")
    if body is not None and not isinstance(body, str):
        raise BadResult("body is no text")
    is_base64 = result.get("isBase64Encoded") is True
    content = _content(body or "", request, binary_types) if is_base64 else (body or "").encode(errors="replace")
    try:
        return GatewayAnswer(status, tuple(answer_headers(headers, remapped=_REMAPPED)), content)
    except BadHeader as bad:
        raise BadResult(str(bad)) from None


def head_of_metadata(metadata: bytes) -> GatewayAnswer:
    """Status and headers of a streamed answer, from the JSON that begins it; it has no body. Raises BadResult."""
    told = parsed(metadata)
    if told is None:
        told = {}
    if not isinstance(told, dict):
        raise BadResult("what begins the stream is no object")
    if unknown := sorted(told.keys() - _METADATA):
        raise BadResult(f"what begins the stream has {unknown[0]}, which is no member of an answer")
    status = status_of(told["statusCode"]) if told.get("statusCode") is not None else 200
    headers = [*multi_pairs_of(told.get("multiValueHeaders")), *pairs_of(told.get("headers")), *cookies_of(told)]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    try:
        return GatewayAnswer(status, tuple(answer_headers(headers, remapped=_REMAPPED)))
    except BadHeader as bad:
        raise BadResult(str(bad)) from None


def _content(body: str, request: GatewayRequest, binary_types: tuple[str, ...]) -> bytes:
    """Decoded only for a client whose first accepted type is a binary one of the API (recorded 2024-08)."""
    accepted = (request.header("accept") or "").partition(",")[0]
    if not accepted.strip() or not matches_media_type(accepted, binary_types):
        return body.encode(errors="replace")
    try:
        return b64decode(body, validate=True)
    except (Base64Error, ValueError):
        raise GatewayError("API_CONFIGURATION_ERROR", "body is no base64, though isBase64Encoded says so") from None


# Authorizers ----------------------------------------------------------------------------------------


def token_event(token: str, method_arn: str) -> bytes:
    """What a TOKEN authorizer is asked."""
    return orjson.dumps({"type": "TOKEN", "authorizationToken": token, "methodArn": method_arn})


def request_event(request: GatewayRequest, occasion: RestOccasion, method_arn: str) -> bytes:
    """What a REQUEST authorizer is asked: the event without a body, and `{}` where it would be null."""
    headers = _event_headers(request, occasion)
    query = query_of(request)
    return orjson.dumps(
        {
            "type": "REQUEST",
            "methodArn": method_arn,
            "resource": occasion.resource_path,
            "path": occasion.path,
            "httpMethod": request.method,
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": {name: values[-1] for name, values in query.items()},
            "multiValueQueryStringParameters": query,
            "pathParameters": dict(occasion.variables),
            "stageVariables": dict(occasion.stage_variables),
            "requestContext": request_context(request, occasion),
        }
    )
