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
    has_role: bool = False


@dataclass(frozen=True, slots=True)
class SocketResponse:
    """What an integration's answer becomes. `key` is `$default` or `/a pattern/` for a status or an error message;
    `selection` names one of `templates`."""

    key: str
    templates: Mapping[str, str] = field(default_factory=dict)
    selection: str | None = None


@dataclass(frozen=True, slots=True)
class SocketIntegration:
    """An integration that is no proxy to a function: `kind` is AWS, HTTP, HTTP_PROXY or MOCK. `templates` are by what
    `selection` comes to, or `$default`; `passthrough` says what becomes of a message without one."""

    kind: str
    uri: str = ""
    method: str = "POST"
    templates: Mapping[str, str] = field(default_factory=dict)
    selection: str | None = None
    passthrough: str = "WHEN_NO_MATCH"
    parameters: Mapping[str, str] = field(default_factory=dict)
    responses: tuple[SocketResponse, ...] = ()


@dataclass(frozen=True, slots=True)
class SocketRoute:
    """`function` is invoked as a proxy; another `integration` goes before it. Without either the route leads nowhere if
    `has_integration` is False. What comes back goes to the client only if the route has a route response. `has_role`
    says that a role invokes, and no policy is asked."""

    key: str
    function: Arn | None = None
    has_integration: bool = True
    has_response: bool = False
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    authorization: str = "NONE"
    authorizer: SocketAuthorizer | None = None
    integration: SocketIntegration | None = None
    has_role: bool = False


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

    def authorizer_arn(self, authorizer: SocketAuthorizer) -> Arn:
        return f"arn:aws:execute-api:{self.scope.region}:{self.scope.account}:{self.id}/authorizers/{authorizer.id}"


def selected_key(expression: str, body: str) -> str | None:
    """What a route selection expression comes to for a message: `$request.body.action`, or a text with several of them
    as `${request.body.a}`. None for a message that is no JSON. What is not there is empty."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return selected(expression, document)


def selected(expression: str, document: Any) -> str:
    """What an expression comes to for a JSON document; `\\$default` is `$default`."""
    if expression.startswith("\\$"):
        return expression[1:]
    if _INNER.search(expression):
        return _INNER.sub(lambda found: _selected(found[1], document), expression)
    return _selected(expression.removeprefix("$"), document)


def route_of(stage: SocketStage, expression: str, body: str) -> SocketRoute | None:
    """The route that takes a message: the one that it names, else `$default`, else none. The routes of a connection's
    own life are nobody's to name."""
    key = selected_key(expression, body)
    named = stage.routes.get(key) if key and key not in (CONNECT, DISCONNECT) else None
    return named or stage.routes.get(DEFAULT)


def why_unrouted(api: WebSocketApi, stage: SocketStage, body: str) -> str:
    """Why no route takes a message, and which there are: for the journal."""
    key = selected_key(api.expression, body)
    came = "the message is no JSON" if key is None else f"{api.expression} comes to '{key}'"
    there = ", ".join(sorted(stage.routes)) or "none"
    return f"no route takes the message: {came}, and there is no {DEFAULT}; routes of stage {stage.name}: {there}"


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
            bool(given.get("AuthorizerCredentialsArn")),
        )  # fmt: skip
    is_proxy = integration is not None and integration["IntegrationType"] == "AWS_PROXY"
    return SocketRoute(
        members["RouteKey"],
        function_of(integration) if integration is not None and is_proxy else None,
        integration is not None,
        has_response,
        integration["TimeoutInMillis"] if integration is not None else DEFAULT_TIMEOUT_MS,
        members.get("AuthorizationType", "NONE"),
        authorizer,
        None if integration is None or is_proxy else _integration(integration, resources),
        integration is not None and bool(integration.get("CredentialsArn")),
    )


def _integration(
    members: Mapping[str, Any], resources: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> SocketIntegration:
    own = f"{members['IntegrationId']}/"
    responses = tuple(
        SocketResponse(
            each["IntegrationResponseKey"], dict(each.get("ResponseTemplates") or {}),
            each.get("TemplateSelectionExpression"),
        )
        for key, each in resources["IntegrationResponse"].items()
        if key.startswith(own)
    )  # fmt: skip
    return SocketIntegration(
        members["IntegrationType"], members.get("IntegrationUri") or "", members.get("IntegrationMethod") or "POST",
        dict(members.get("RequestTemplates") or {}), members.get("TemplateSelectionExpression"),
        members.get("PassthroughBehavior", "WHEN_NO_MATCH"), dict(members.get("RequestParameters") or {}), responses,
    )  # fmt: skip


def _source(text: str) -> str:
    """`route.request.header.Auth`, as WebSocket APIs write what others call `$request.header.Auth`."""
    return text.removeprefix("route.") if text.startswith("route.") else text
