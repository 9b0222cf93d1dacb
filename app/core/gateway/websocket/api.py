"""A WebSocket API as values: its stages and routes, and which route a message is for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.core.gateway.api_resources import function_of
from app.core.json_text import dump
from app.core.names import Arn, Scope

CONNECT, DISCONNECT, DEFAULT = "$connect", "$disconnect", "$default"
DEFAULT_EXPRESSION = "$request.body.action"
DEFAULT_TIMEOUT_MS = 29_000

_INNER = re.compile(r"\$\{([^}]*)\}")
_BODY = "request.body"


@dataclass(frozen=True, slots=True)
class SocketAuthorizer:
    """A REQUEST authorizer; it is asked at `$connect` alone."""

    id: str
    name: str
    function: Arn | None
    identity_source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SocketRoute:
    """`function` is invoked; without one the route is a MOCK, or leads nowhere if `has_integration` is False. What it
    returns goes back only if the route has a route response."""

    key: str
    function: Arn | None = None
    has_integration: bool = True
    has_response: bool = False
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    authorization: str = "NONE"
    authorizer: SocketAuthorizer | None = None


@dataclass(frozen=True, slots=True)
class SocketStage:
    name: str
    routes: Mapping[str, SocketRoute] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebSocketApi:
    """`name` is for people and for addresses by path; `port` is one of its own."""

    id: str
    name: str
    scope: Scope
    stages: Mapping[str, SocketStage]
    expression: str = DEFAULT_EXPRESSION
    port: int | None = None

    kind = "WebSocket API"

    def route_arn(self, stage: str, key: str) -> Arn:
        """The ARN that an authorizer is asked about, and that its policy names."""
        return f"arn:aws:execute-api:{self.scope.region}:{self.scope.account}:{self.id}/{stage}/{key}"


def selected_key(expression: str, body: str) -> str | None:
    """What a route selection expression comes to for a message: `$request.body.action`, or a text with several of them
    as `${request.body.a}`. None for a message that is no JSON. What is not there is empty."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if _INNER.search(expression):
        return _INNER.sub(lambda found: _selected(found[1], document), expression)
    return _selected(expression.removeprefix("$"), document)


def route_of(stage: SocketStage, expression: str, body: str) -> SocketRoute | None:
    """The route that takes a message: the one that it names, else `$default`, else none. The routes of a connection's
    own life are nobody's to name."""
    key = selected_key(expression, body)
    named = stage.routes.get(key) if key and key not in (CONNECT, DISCONNECT) else None
    return named or stage.routes.get(DEFAULT)


def _selected(selector: str, document: Any) -> str:
    if not selector.startswith(_BODY):
        return ""
    value = document
    for step in selector.removeprefix(_BODY).removeprefix(".").split("."):
        if not step:
            continue
        if not isinstance(value, dict) or step not in value:
            return ""
        value = value[step]
    return value if isinstance(value, str) else dump(value)


def compiled_socket_routes(resources: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> tuple[SocketRoute, ...]:
    """The routes of a WebSocket API as they would be deployed now."""
    responses = {key.partition("/")[0] for key in resources["RouteResponse"]}
    return tuple(_compiled(members, key in responses, resources) for key, members in resources["Route"].items())


def _compiled(
    members: Mapping[str, Any], has_response: bool, resources: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> SocketRoute:
    integration = resources["Integration"].get((members.get("Target") or "").removeprefix("integrations/"))
    authorizer_id = members.get("AuthorizerId", "")
    given = resources["Authorizer"].get(authorizer_id)
    authorizer = None
    if given is not None:
        authorizer = SocketAuthorizer(
            authorizer_id, given.get("Name", authorizer_id), function_of(given, "AuthorizerUri"),
            tuple(_source(source) for source in given.get("IdentitySource") or ()),
        )  # fmt: skip
    return SocketRoute(
        members["RouteKey"],
        function_of(integration) if integration is not None and integration["IntegrationType"] != "MOCK" else None,
        integration is not None,
        has_response,
        integration["TimeoutInMillis"] if integration is not None else DEFAULT_TIMEOUT_MS,
        members.get("AuthorizationType", "NONE"),
        authorizer,
    )


def _source(text: str) -> str:
    """`route.request.header.Auth`, as WebSocket APIs write what others call `$request.header.Auth`."""
    return text.removeprefix("route.") if text.startswith("route.") else text
