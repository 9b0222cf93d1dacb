"""Payload 1.0: the event of REST APIs, as an HTTP API makes it."""

from typing import Any

import orjson

from app.core.gateway.paths import decoded, query_items
from app.core.gateway.request import GatewayRequest
from app.wire.gateway.bodies import body_by_type
from app.wire.gateway.headers import HOP_BY_HOP, forwarding
from app.wire.gateway.occasion import Occasion, clf_time

_TITLED = {
    "content-length": "Content-Length",
    "host": "Host",
    "user-agent": "User-Agent",
    "x-amzn-trace-id": "X-Amzn-Trace-Id",
    "x-forwarded-for": "X-Forwarded-For",
    "x-forwarded-port": "X-Forwarded-Port",
    "x-forwarded-proto": "X-Forwarded-Proto",
}
"""How a live event writes these, beside others as the client sent them (a report of January 2021)."""


def http_api_event(request: GatewayRequest, occasion: Occasion, *, identity: dict[str, Any] | None = None) -> bytes:
    """What an integration of payload 1.0 gets. What is empty is null, as in a REST API's event."""
    return orjson.dumps(event_members(request, occasion, identity=identity))


def event_members(
    request: GatewayRequest, occasion: Occasion, *, identity: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The members of the event, in AWS's order."""
    multi_headers = collected_headers(request, occasion.trace_header)
    multi_query: dict[str, list[str]] = {}
    for name, text in query_items(request.query):
        multi_query.setdefault(name, []).append(text)
    stage = occasion.stage
    prefix = occasion.prefix
    path = prefix + decoded(occasion.path)
    resource = occasion.route_key.partition(" ")[2] or occasion.route_key
    body, is_base64 = body_by_type(request) if request.body else (None, False)
    return {
        "version": "1.0",
        "resource": resource,
        "path": path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in multi_headers.items()},
        "multiValueHeaders": multi_headers,
        "queryStringParameters": {name: values[-1] for name, values in multi_query.items()} or None,
        "multiValueQueryStringParameters": multi_query or None,
        "requestContext": {
            "accountId": occasion.account,
            "apiId": occasion.api_id,
            "authorizer": occasion.authorizer or {"claims": None, "scopes": None},
            "domainName": occasion.domain,
            "domainPrefix": occasion.domain.partition(".")[0],
            "extendedRequestId": occasion.request_id,
            "httpMethod": request.method,
            "identity": identity or identity_of(request),
            "path": path,
            "protocol": request.protocol,
            "requestId": occasion.request_id,
            "requestTime": clf_time(occasion.now),
            "requestTimeEpoch": occasion.now,
            "resourceId": None,
            "resourcePath": resource,
            "stage": stage,
        },
        "pathParameters": dict(occasion.variables) or None,
        "stageVariables": dict(occasion.stage_variables) or None,
        "body": body,
        "isBase64Encoded": is_base64,
    }


def collected_headers(request: GatewayRequest, trace_header: str) -> dict[str, list[str]]:
    """Names and all their values: as the client wrote them, but for the names that the gateway itself writes."""
    collected: dict[str, list[str]] = {}
    ours = forwarding(request, trace_header)
    replaced = {name for name, _ in ours}
    for name, text in request.headers:
        low = name.lower()
        if low not in HOP_BY_HOP and low not in replaced:
            collected.setdefault(_TITLED.get(low, name), []).append(text)
    if request.body:
        collected.setdefault("Content-Length", [str(len(request.body))])
    for name, text in ours:
        collected[_TITLED[name]] = [text]
    return collected


def identity_of(request: GatewayRequest) -> dict[str, Any]:
    """`requestContext.identity` of somebody who did not say who they are."""
    return {
        "accessKey": None,
        "accountId": None,
        "caller": None,
        "cognitoAuthenticationProvider": None,
        "cognitoAuthenticationType": None,
        "cognitoIdentityId": None,
        "cognitoIdentityPoolId": None,
        "principalOrgId": None,
        "sourceIp": request.source_ip,
        "user": None,
        "userAgent": request.header("user-agent"),
        "userArn": None,
    }
