"""What the requests of an API of API Gateway v2 are answered by: its resources, compiled to a front."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.core.gateway.api import Api
from app.core.gateway.api_resources import compiled_routes
from app.core.gateway.cors import cors_of
from app.core.gateway.http_api import HttpApi, Route, Routing, Stage, Throttle
from app.core.gateway.websocket.api import SocketStage, WebSocketApi


def front_of(api: Api) -> HttpApi | WebSocketApi:
    """The front of what is deployed now."""
    return _http_front(api) if api.is_http else _socket_front(api)


def _http_front(api: Api) -> HttpApi:
    members = api.members
    stages = {
        name: _stage(stage, api.deployed.get(stage.get("DeploymentId", ""), ()))
        for name, stage in api.resources["Stage"].items()
    }
    return HttpApi(
        api.id, members.get("Name", api.id), api.scope, stages, cors_of(members.get("CorsConfiguration")),
        routes=compiled_routes(api.resources), is_disabled=bool(members["DisableExecuteApiEndpoint"]),
    )  # fmt: skip


def _socket_front(api: Api) -> WebSocketApi:
    members = api.members
    stages = {
        name: SocketStage(
            name, {route.key: route for route in api.deployed.get(stage.get("DeploymentId", ""), ())},
            dict(stage.get("StageVariables") or {}),
        )
        for name, stage in api.resources["Stage"].items()
    }  # fmt: skip
    return WebSocketApi(api.id, members.get("Name", api.id), api.scope, stages, members["RouteSelectionExpression"])


def _stage(members: Mapping[str, Any], routes: tuple[Route, ...]) -> Stage:
    throttles = {key: _throttle(given) for key, given in (members.get("RouteSettings") or {}).items()}
    return Stage(
        members["StageName"], Routing.of(routes), dict(members.get("StageVariables") or {}),
        members.get("DeploymentId", ""), _throttle(members.get("DefaultRouteSettings") or {}),
        {key: throttle for key, throttle in throttles.items() if throttle != Throttle()},
    )  # fmt: skip


def _throttle(given: Mapping[str, Any]) -> Throttle:
    return replace(Throttle(), burst=given.get("ThrottlingBurstLimit"), rate=given.get("ThrottlingRateLimit"))
