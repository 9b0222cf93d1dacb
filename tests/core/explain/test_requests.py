"""Requests explained: from the address to the function, or why they do not get there."""

import pytest

from app.core.commands import PutFront
from app.core.explain import OfRequest, Verdict, explain
from app.core.gateway.distribution import Behavior, Distribution, Origin
from app.core.gateway.function_url import FunctionUrl
from app.core.gateway.http_api import HttpApi, Integration, Route, Routing
from app.core.gateway.http_api import Stage as ApiStage
from app.core.gateway.load_balancer import FixedAnswer, Forward, Listener, LoadBalancer, Rule, TargetGroup
from app.core.gateway.request import GatewayRequest
from app.core.gateway.rest.api import Deployment, Resource, RestApi, RestIntegration, RestMethod, RestStage
from app.core.gateway.routes import parse_route_key
from app.core.gateway.websocket.api import SocketRoute, SocketStage, WebSocketApi
from tests.core.stage import SCOPE, Stage


@pytest.fixture
def scene() -> Stage:
    scene = Stage()
    function = scene.function("web")
    keys = {"GET /pets": function, "GET /gone": SCOPE.function_arn("gone"), "GET /url": None}
    routes = tuple(Route(parse_route_key(key), Integration(function=arn)) for key, arn in keys.items())
    stage = ApiStage("$default", Routing.of(routes))
    group = TargetGroup("web", "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/1", function)
    rules = (
        Rule(paths=("/api/*",), action=Forward(((group, 1),))),
        Rule(paths=("/x",), action=FixedAnswer(200, "", "")),
    )
    fronts = (
        HttpApi("shop", "shop", SCOPE, {"$default": stage}, routes=routes),
        FunctionUrl("hello", "hello", SCOPE, function),
        LoadBalancer("front", "front", SCOPE, (Listener(rules=rules),)),
        Distribution("site", "site", SCOPE, (Behavior("*", Origin(bucket="b"), {"viewer-request": function}),)),
    )
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}:function:${{stageVariables.fn}}/invocations"
    mapped = RestIntegration(uri=uri.format(function.rpartition(":function:")[0]))
    methods = {"/pets/{id}": mapped, "/mock": RestIntegration("MOCK")}
    resources = tuple(Resource(path, path, {"GET": RestMethod("GET", each)}) for path, each in methods.items())
    rest = RestApi("petstore", "petstore", SCOPE, {"dev": RestStage("dev", Deployment("d", resources), {"fn": "web"})})
    greeting = SocketStage("dev", {"$connect": SocketRoute("$connect", function)})
    sockets = (
        WebSocketApi("chat", "chat", SCOPE, {"dev": greeting}),
        WebSocketApi("feed", "feed", SCOPE, {"dev": SocketStage("dev"), "prod": greeting}),
    )
    for front in (*fronts, *sockets, rest):
        scene.submit(PutFront(front))
    return scene


@pytest.mark.parametrize(
    ("front", "path", "verdict", "words"),
    [
        ("shop", "/pets", Verdict.YES, "→ web, now"),
        ("shop", "/gone", Verdict.NO, "Function not found"),
        ("shop", "/url", Verdict.NO, "leads to no function"),
        ("shop", "/dogs", Verdict.NO, "no route takes the path /dogs"),
        ("hello", "/any", Verdict.YES, "→ web, now"),
        ("front", "/api/x", Verdict.YES, "→ web, now"),
        ("front", "/other", Verdict.NO, "nearest is path /api/*: path /other does not fit /api/*; rules: path /api/*"),
        ("front", "/x", Verdict.NO, "leads to no function"),
        ("site", "/any", Verdict.YES, "→ web, now"),
        ("chat", "/", Verdict.YES, "→ web, now"),
        ("feed", "/dev", Verdict.YES, "stage dev takes handshakes without a function"),
        ("feed", "/test", Verdict.NO, "there is no stage at /test; stages: dev, prod"),
        ("petstore", "/dev/pets/7", Verdict.YES, "→ web, now"),
        ("petstore", "/dev/pets/7/toys", Verdict.NO, "no resource takes /pets/7/toys"),
        ("petstore", "/dev/mock", Verdict.NO, "resource /mock leads to no function but to a MOCK integration"),
        ("petstore", "/prod/pets/7", Verdict.NO, "begins with no stage that petstore is deployed to; there are: dev"),
        ("nobody", "/", Verdict.NO, "there is nothing named 'nobody'; there are: HTTP API shop"),
        (None, "/", Verdict.NO, "this address is no front's"),
    ],
)
def test_a_request_gets_to_its_function_or_it_is_told_why_not(
    scene: Stage, front: str | None, path: str, verdict: Verdict, words: str
) -> None:
    facts = len(scene.facts)

    explained = explain(scene.world, OfRequest(front, GatewayRequest("GET", path)), now=scene.now)

    assert explained.conclusion.verdict is verdict
    assert words in explained.conclusion.text
    assert len(scene.facts) == facts
