"""Plays of HTTP fronts: they are made and removed, requests come to them and are answered."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.core.commands import (
    ChangeApi,
    ChangeRest,
    ChangeUsage,
    CloseRequest,
    Command,
    CreateFunctionUrl,
    DeleteFunctionUrl,
    OpenRequest,
    PutFront,
    RemoveFront,
    UpdateFunctionUrl,
)
from app.core.commands.gateway import CheckEdgeFunctions, CheckTargets, CloseSocket, OpenSocket, TouchSocket
from app.core.gateway.function_url import FunctionUrl
from app.core.gateway.http_api import HttpApi, Integration, Route, Routing, Stage
from app.core.gateway.rest.usage import ApiKey, UsagePlan
from app.core.gateway.routes import parse_route_key
from tests.core.stage import SCOPE

if TYPE_CHECKING:
    from tests.properties.plays import Play

_FUNCTIONS = ("real", "nothing")
_FRONTS = ("shop", "web", "other")


def _put(_: "Play", a: int, b: int) -> Command:
    name, function = _FRONTS[a % 3], SCOPE.function_arn("real")
    if name == "web":
        return PutFront(FunctionUrl(name, name, SCOPE, function))
    route = Route(parse_route_key(f"GET /{'{id}' if b % 2 else 'fixed'}"), Integration(function=function))
    stage = Stage("$default", Routing.of([route]))
    return PutFront(HttpApi(name, name, SCOPE, {stage.name: stage}, port=3_000 + b % 2, routes=(route,)))


def _remove(_: "Play", a: int, b: int) -> Command:
    return RemoveFront(_FRONTS[a % 3])


def _open(play: "Play", a: int, b: int) -> Command:
    name = _FRONTS[a % 3]
    return OpenRequest(name, name, "GET", f"/{b}", play.origin(b))


def _close(_: "Play", a: int, b: int) -> Command:
    name = _FRONTS[a % 3]
    unrouted = "no route takes it" if b % 2 else None
    return CloseRequest(
        name, name, f"request-{b}", "1-0", "GET", f"/{b}", 404 if unrouted else 200, 1.0, None, unrouted
    )


def _check_targets(_: "Play", a: int, b: int) -> Command:
    group = f"arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/{b}"
    return CheckTargets(group, (SCOPE.function_arn(_FUNCTIONS[a % 2]),) * (1 + b % 2))


def _check_edge_functions(_: "Play", a: int, b: int) -> Command:
    arn = SCOPE.function_arn(_FUNCTIONS[a % 2]) + ("", ":1")[b % 2]
    return CheckEdgeFunctions((("viewer-request", arn), (("viewer-response", "nothing")[b % 2], arn)))


def _create_url(_: "Play", a: int, b: int) -> Command:
    auth_type = ("NONE", "AWS_IAM")[b % 2]
    return CreateFunctionUrl(SCOPE.function_arn(_FUNCTIONS[a % 2]), {"AuthType": auth_type})


def _update_url(_: "Play", a: int, b: int) -> Command:
    return UpdateFunctionUrl(SCOPE.function_arn(_FUNCTIONS[a % 2]), {"Cors": {"MaxAge": b}})


def _delete_url(_: "Play", a: int, b: int) -> Command:
    return DeleteFunctionUrl(SCOPE.function_arn(_FUNCTIONS[a % 2]))


def _change_api(play: "Play", a: int, b: int) -> Command:
    """Of the API that was made last, by whatever id the world gave it."""
    made = play.world.apis.all(SCOPE)
    if not made or a % 8 == 0:
        return ChangeApi(SCOPE, "CreateApi", {"Name": f"api-{b % 2}", "Target": SCOPE.function_arn("real")})
    api = made[-1]
    given = {"ApiId": api.id}
    integrations, deployments = list(api.resources["Integration"]), list(api.resources["Deployment"])
    target = {"Target": f"integrations/{integrations[0]}"} if integrations and b % 4 else {}
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("CreateRoute", {"RouteKey": f"GET /{b % 5}", **target}),
        ("CreateRoute", {"RouteKey": f"GET /{{v{b % 3}}}", **target}),
        ("CreateStage", {"StageName": f"s{b % 3}", "AutoDeploy": b % 2 == 0}),
        ("CreateDeployment", {"StageName": f"s{b % 4}"}),
        ("UpdateStage", {"StageName": f"s{b % 3}", "AutoDeploy": b % 2 == 1}),
        ("DeleteDeployment", {"DeploymentId": deployments[b % len(deployments)] if deployments else "none"}),
        ("DeleteApi", {}),
    )
    operation, more = steps[a % len(steps)]
    return ChangeApi(SCOPE, operation, {**given, **more})


def _change_rest(play: "Play", a: int, b: int) -> Command:
    """Of the REST API that was made last, by whatever ids the world gave."""
    made = play.world.rest_apis.all(SCOPE)
    if not made or a % 8 == 0:
        return ChangeRest(SCOPE, "CreateRestApi", {"name": f"api-{b % 2}"})
    api = made[-1]
    resources, deployments = list(api.resources), list(api.deployed)
    resource, deployment = resources[b % len(resources)], deployments[b % len(deployments)] if deployments else "none"
    method = {"resourceId": resource, "httpMethod": ("GET", "ANY")[b % 2]}
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{SCOPE.function_arn('real')}/invocations"
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("CreateResource", {"parentId": resource, "pathPart": ("pets", "{id}", "{proxy+}")[b % 3]}),
        ("DeleteResource", {"resourceId": resource}),
        ("PutMethod", {**method, "authorizationType": "NONE"}),
        ("PutIntegration", {**method, "type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": uri}),
        ("DeleteMethod", method),
        ("CreateDeployment", {"stageName": f"s{b % 2}"}),
        ("CreateStage", {"stageName": f"s{b % 3}", "deploymentId": deployment}),
        ("UpdateStage", {"stageName": f"s{b % 3}",
                         "patchOperations": [{"op": "replace", "path": "/*/*/throttling/rateLimit", "value": str(b)}]}),
        ("DeleteDeployment", {"deploymentId": deployment}),
        ("CreateDomainName", {"domainName": f"d{b % 2}.example"}),
        ("CreateBasePathMapping", {"domainName": f"d{b % 2}.example", "restApiId": api.id, "basePath": "v1"}),
        ("DeleteRestApi", {}),
    )  # fmt: skip
    operation, more = steps[a % len(steps)]
    return ChangeRest(SCOPE, operation, {"restApiId": api.id, **more})


# ruff: noqa: ARG005 -- every verb takes the same three arguments
VERBS: dict[str, Callable[["Play", int, int], Command | None]] = {
    "open socket": lambda _, a, b: OpenSocket(f"c{a % 3}", "chat", "chat", "dev"),
    "touch socket": lambda _, a, b: TouchSocket(f"c{a % 3}"),
    "close socket": lambda _, a, b: CloseSocket(f"c{a % 3}", 1000),
    "change usage": lambda _, a, b: ChangeUsage(SCOPE, {"k": ApiKey("k", str(a))}, (UsagePlan(str(b)),)),
    "put front": _put,
    "remove front": _remove,
    "check targets": _check_targets,
    "check edge functions": _check_edge_functions,
    "open request": _open,
    "close request": _close,
    "change api": _change_api,
    "change rest": _change_rest,
    "create url": _create_url,
    "update url": _update_url,
    "delete url": _delete_url,
}
