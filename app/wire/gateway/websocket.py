"""WebSocket APIs: what functions get of a connection's life and of its messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.core.gateway.request import GatewayRequest
from app.core.time import Instant
from app.wire.gateway.headers import HOP_BY_HOP, forwarding
from app.wire.gateway.occasion import clf_time
from app.wire.gateway.rest_api import query_of


@dataclass(frozen=True, slots=True)
class SocketOccasion:
    """The connection, and what happens on it: `event_type` is CONNECT, MESSAGE or DISCONNECT."""

    api_id: str
    stage: str
    domain: str
    connection_id: str
    connected_at: Instant
    source_ip: str
    user_agent: str | None
    route_key: str
    event_type: str
    request_id: str
    now: Instant
    trace_header: str
    message_id: str | None = None
    authorizer: Mapping[str, Any] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def connect_event(request: GatewayRequest, occasion: SocketOccasion) -> dict[str, Any]:
    """The handshake: headers and query, and no body. Members without content are left out."""
    headers = _headers(request, occasion)
    event: dict[str, Any] = {
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
    }
    if query := query_of(request):
        event["queryStringParameters"] = {name: values[-1] for name, values in query.items()}
        event["multiValueQueryStringParameters"] = query
    return {**event, "requestContext": context_of(occasion), "isBase64Encoded": False}


def message_event(body: str, occasion: SocketOccasion) -> bytes:
    """A message: its text, and no headers."""
    return orjson.dumps({"requestContext": context_of(occasion), "body": body, "isBase64Encoded": False})


def disconnect_event(occasion: SocketOccasion) -> bytes:
    """The end, which functions are told as well as it goes."""
    headers = {"Host": occasion.domain, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    return orjson.dumps(
        {
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "requestContext": context_of(occasion),
            "isBase64Encoded": False,
        }
    )


def authorizer_event(
    request: GatewayRequest, occasion: SocketOccasion, method_arn: str, stage_variables: Mapping[str, str]
) -> bytes:
    """What a REQUEST authorizer is asked at the handshake; it has no path parameters."""
    event = connect_event(request, occasion)
    context = event.pop("requestContext")
    event.pop("isBase64Encoded")
    defaults: dict[str, Any] = {"queryStringParameters": {}, "multiValueQueryStringParameters": {}}
    asked = {"type": "REQUEST", "methodArn": method_arn, **defaults, **event,
             "stageVariables": dict(stage_variables)}  # fmt: skip
    return orjson.dumps({**asked, "requestContext": context})


def failure_frame(message: str, connection_id: str, request_id: str) -> str:
    """What goes to the client when its message came to nothing."""
    return orjson.dumps({"message": message, "connectionId": connection_id, "requestId": request_id}).decode()


def context_of(occasion: SocketOccasion) -> dict[str, Any]:
    """`requestContext`, and `$context` of templates."""
    context: dict[str, Any] = {"routeKey": occasion.route_key}
    if occasion.authorizer is not None:
        context["authorizer"] = dict(occasion.authorizer)
    if occasion.message_id is not None:
        context["messageId"] = occasion.message_id
    identity = {"userAgent": occasion.user_agent} if occasion.user_agent is not None else {}
    return {
        **context,
        **occasion.more,
        "eventType": occasion.event_type,
        "extendedRequestId": occasion.request_id,
        "requestTime": clf_time(occasion.now),
        "messageDirection": "IN",
        "stage": occasion.stage,
        "connectedAt": occasion.connected_at,
        "requestTimeEpoch": occasion.now,
        "identity": {**identity, "sourceIp": occasion.source_ip},
        "requestId": occasion.request_id,
        "domainName": occasion.domain,
        "connectionId": occasion.connection_id,
        "apiId": occasion.api_id,
    }


def _headers(request: GatewayRequest, occasion: SocketOccasion) -> dict[str, list[str]]:
    """The client's, those that WebSocket's handshake needs included, and those that the gateway adds."""
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        if name.lower() not in HOP_BY_HOP:
            headers.setdefault(_titled(name), []).append(value)
    for name, value in forwarding(request, occasion.trace_header):
        headers[_titled(name)] = [value]
    return headers


def _titled(name: str) -> str:
    """As a WebSocket API writes names that came in lower case: `Sec-WebSocket-Key`."""
    return "-".join({"websocket": "WebSocket"}.get(part, part[:1].upper() + part[1:]) for part in name.split("-"))
