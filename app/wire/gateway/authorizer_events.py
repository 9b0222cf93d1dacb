"""What an HTTP API asks a Lambda authorizer, in both formats."""

from typing import Any

import orjson

from app.core.gateway.paths import decoded
from app.core.gateway.request import GatewayRequest
from app.core.names import Arn
from app.wire.gateway import payload_v1
from app.wire.gateway.occasion import Occasion
from app.wire.gateway.payload_v2 import headers_and_cookies, joined_query, request_context


def authorizer_event(
    request: GatewayRequest, occasion: Occasion, *, version: str, route_arn: Arn, identity: tuple[str, ...]
) -> bytes:
    """The event of format `version`; `identity` are the values that the identity sources select."""
    make = _event_v1 if version == "1.0" else _event_v2
    return orjson.dumps(make(request, occasion, route_arn, identity))


def _event_v2(request: GatewayRequest, occasion: Occasion, arn: Arn, identity: tuple[str, ...]) -> dict[str, Any]:
    prefix = occasion.prefix
    path = prefix + decoded(occasion.path)
    headers, cookies = headers_and_cookies(request, occasion.trace_header)
    event: dict[str, Any] = {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": arn,
        "identitySource": list(identity) or None,
        "routeKey": occasion.route_key,
        "rawPath": path,
        "rawQueryString": request.query,
    }
    if cookies:
        event["cookies"] = cookies
    event["headers"] = headers
    if query := joined_query(request):
        event["queryStringParameters"] = query
    event["requestContext"] = request_context(request, occasion, path=path)
    if occasion.variables:
        event["pathParameters"] = dict(occasion.variables)
    if occasion.stage_variables:
        event["stageVariables"] = dict(occasion.stage_variables)
    return event


def _event_v1(request: GatewayRequest, occasion: Occasion, arn: Arn, identity: tuple[str, ...]) -> dict[str, Any]:
    full = payload_v1.event_members(request, occasion)
    joined = ",".join(identity) or None
    context = {name: member for name, member in full["requestContext"].items() if name != "authorizer"}
    return {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": arn,
        "identitySource": joined,
        "authorizationToken": joined,
        "resource": full["resource"],
        "path": full["path"],
        "httpMethod": full["httpMethod"],
        "headers": full["headers"],
        "queryStringParameters": full["queryStringParameters"] or {},
        "pathParameters": full["pathParameters"] or {},
        "stageVariables": full["stageVariables"] or {},
        "requestContext": context,
    }
