"""Payload 2.0: the event of HTTP APIs, and with other words of function URLs."""

from typing import Any

import orjson

from app.core.gateway.paths import decoded, query_items
from app.core.gateway.request import GatewayRequest
from app.wire.gateway.bodies import body_by_type
from app.wire.gateway.headers import forwarding, lowered
from app.wire.gateway.occasion import Occasion, clf_time


def http_api_event(request: GatewayRequest, occasion: Occasion) -> bytes:
    """What an integration of payload 2.0 gets. What is empty is not there at all.

    `rawPath` has the stage in it unless that is `$default`, and is decoded (UNCONFIRMED, as adapters of frameworks
    report it).
    """
    return orjson.dumps(event_members(request, occasion, path=occasion.prefix + decoded(occasion.path)))


def event_members(request: GatewayRequest, occasion: Occasion, *, path: str) -> dict[str, Any]:
    """The members of the event, in AWS's order."""
    headers, cookies = headers_and_cookies(request, occasion.trace_header)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": occasion.route_key,
        "rawPath": path,
        "rawQueryString": request.query,
    }
    if cookies:
        event["cookies"] = cookies
    event["headers"] = headers
    query = joined_query(request)
    if query:
        event["queryStringParameters"] = query
    event["requestContext"] = request_context(request, occasion, path=path)
    if request.body:
        event["body"], is_base64 = body_by_type(request)
    else:
        is_base64 = False
    if occasion.variables:
        event["pathParameters"] = dict(occasion.variables)
    event["isBase64Encoded"] = is_base64
    if occasion.stage_variables:
        event["stageVariables"] = dict(occasion.stage_variables)
    return event


def request_context(request: GatewayRequest, occasion: Occasion, *, path: str) -> dict[str, Any]:
    context: dict[str, Any] = {"accountId": occasion.account, "apiId": occasion.api_id}
    if occasion.authorizer is not None:
        context["authorizer"] = occasion.authorizer
    context |= {
        "domainName": occasion.domain,
        "domainPrefix": occasion.domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent") or "",
        },
        "requestId": occasion.request_id,
        "routeKey": occasion.route_key,
        "stage": occasion.stage,
        "time": clf_time(occasion.now),
        "timeEpoch": occasion.now,
    }
    return context


def headers_and_cookies(request: GatewayRequest, trace_header: str) -> tuple[dict[str, str], list[str]]:
    """Cookies stand apart, one by one; all other names are lower case, values that came twice joined with a comma."""
    headers = lowered(request)
    cookies = [part.strip() for line in request.all_of("cookie") for part in line.split(";") if part.strip()]
    headers.pop("cookie", None)
    if request.body:
        headers.setdefault("content-length", str(len(request.body)))
    headers.update(forwarding(request, trace_header))
    return headers, cookies


def joined_query(request: GatewayRequest) -> dict[str, str]:
    """Decoded; the values of a name that came twice joined with a comma."""
    query: dict[str, str] = {}
    for name, text in query_items(request.query):
        query[name] = f"{query[name]},{text}" if name in query else text
    return query
