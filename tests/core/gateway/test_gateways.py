"""The fronts of the world: made, found, removed; what the journal is told of requests; throttles."""

from dataclasses import replace

import pytest

from app.core.commands import CloseRequest, OpenRequest, Origin, PutFront, RemoveFront
from app.core.errors import InvalidParameterValue, ResourceNotFound
from app.core.facts import RequestAnswered, RequestReceived, RequestUnrouted
from app.core.gateway.http_api import HttpApi, Integration, Route, Routing, Stage, Throttle
from app.core.gateway.routes import parse_route_key
from tests.core.stage import SCOPE
from tests.core.stage import Stage as Scene

ROUTE = Route(parse_route_key("GET /pets"), Integration(function="f"))
API = HttpApi("a1", "shop", SCOPE, {"$default": Stage("$default", Routing.of([ROUTE]))}, routes=(ROUTE,))


def test_a_front_is_found_by_its_id_and_by_its_name() -> None:
    scene = Scene()
    scene.submit(PutFront(API))

    assert scene.world.gateways.get("a1") is API
    assert scene.world.gateways.get("shop") is API

    scene.submit(RemoveFront("a1"))
    assert scene.world.gateways.get("a1") is None
    assert scene.world.gateways.get("shop") is None
    with pytest.raises(ResourceNotFound):
        scene.submit(RemoveFront("a1"))


def test_two_fronts_cannot_have_one_port() -> None:
    scene = Scene()
    scene.submit(PutFront(replace(API, port=3_000)))

    with pytest.raises(InvalidParameterValue, match="port 3000 is that of HTTP API shop already"):
        scene.submit(PutFront(replace(API, id="a2", name="other", port=3_000)))
    assert scene.world.gateways.get("a2") is None


def test_a_request_from_outside_starts_a_chain_that_its_invocation_goes_on() -> None:
    scene = Scene()
    scene.function("worker")

    opened = scene.submit(OpenRequest("a1", "shop", "GET", "/pets"))
    scene.invoke("worker", origin=opened.origin)

    assert scene.of(RequestReceived)[0].chain == opened.chain
    assert scene.calls[0].trace_header.startswith(f"Root={opened.chain};")


def test_a_trace_header_from_outside_is_kept() -> None:
    scene = Scene()
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

    opened = scene.submit(OpenRequest("a1", "shop", "GET", "/pets", Origin(header)))

    assert opened.origin.trace_header == header
    assert opened.chain == "1-5759e988-bd862e3fe1be46a994272793"


def test_a_request_of_a_function_is_of_the_functions_chain() -> None:
    scene = Scene()
    scene.function("worker")
    scene.invoke("worker")
    header = scene.calls[0].trace_header

    opened = scene.submit(OpenRequest("a1", "shop", "GET", "/pets", Origin(header)))

    assert opened.origin.trace_header == header
    assert f"Root={opened.chain};" in header


def test_the_journal_tells_of_each_request() -> None:
    scene = Scene()

    scene.submit(OpenRequest("a1", "shop", "GET", "/pets"))
    scene.submit(CloseRequest("a1", "shop", "r1", "c1", "GET", "/pets", 200, 3.25))
    scene.submit(CloseRequest("a1", "shop", "r2", "c2", "GET", "/x", 404, 0.5, unrouted="no route takes the path /x"))
    scene.submit(CloseRequest("a1", "shop", "r3", "c3", "GET", "/x", 500, 0.5, problem="the function failed"))

    assert [fact.text for fact in scene.of(RequestUnrouted)] == [
        "shop has nothing for GET /x: no route takes the path /x [r2]"
    ]
    assert [fact.text for fact in scene.of(RequestAnswered)] == [
        "shop answered 200 after 3.2 ms [r1]",
        "shop answered 404 after 0.5 ms [r2]",
        "shop answered 500 after 0.5 ms: the function failed [r3]",
    ]


def throttled(scene: Scene, throttle: Throttle) -> HttpApi:
    stage = replace(API.stages["$default"], throttle=throttle)
    api = replace(API, stages={"$default": stage})
    scene.submit(PutFront(api))
    return api


def test_a_throttle_lets_a_burst_through_and_then_its_rate() -> None:
    scene = Scene()
    api = throttled(scene, Throttle(burst=2, rate=1))
    gateways, stage = scene.world.gateways, api.stages["$default"]

    at_noon = [gateways.admits(api, stage, "GET /pets", scene.now) for _ in range(3)]
    later = [gateways.admits(api, stage, "GET /pets", scene.now + 1_000) for _ in range(2)]

    assert at_noon == [True, True, False]
    assert later == [True, False]


def test_a_rate_of_nothing_lets_nothing_through_after_its_burst() -> None:
    scene = Scene()
    api = throttled(scene, Throttle(burst=0, rate=0))

    assert not scene.world.gateways.admits(api, api.stages["$default"], "GET /pets", scene.now)


def test_without_a_throttle_everything_goes_through() -> None:
    scene = Scene()

    assert all(scene.world.gateways.admits(API, API.stages["$default"], "x", scene.now) for _ in range(1_000))


def test_a_front_that_is_renamed_answers_to_its_new_name_alone() -> None:
    scene = Scene()
    scene.submit(PutFront(API))

    scene.submit(PutFront(replace(API, name="other")))

    assert scene.world.gateways.get(API.name) is None
    assert scene.world.gateways.get("other") is not None
