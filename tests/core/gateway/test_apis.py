"""APIs as they are created: what is refused, and when a change takes effect."""

from typing import Any

import pytest

from app.core.commands import ChangeApi
from app.core.errors import InvalidParameterValue, Refused, ResourceConflict, ResourceNotFound
from app.core.gateway.http_api import HttpApi, select
from app.core.gateway.websocket.api import WebSocketApi
from tests.core.stage import SCOPE, Stage

FUNCTION = SCOPE.function_arn("web")
PATH = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


class Scene(Stage):
    """A stage with one API, and a short way to change it."""

    def __init__(self, **api: Any) -> None:
        super().__init__()
        self.api = self.change("CreateApi", Name="shop", ProtocolType="HTTP", **api)["ApiId"]

    def change(self, operation: str, **given: Any) -> dict[str, Any]:
        if operation != "CreateApi":
            given = {"ApiId": self.api, **given}
        answer: dict[str, Any] = self.submit(ChangeApi(SCOPE, operation, given))
        return answer

    def integration(self, **more: Any) -> str:
        given = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0", **more}
        return f"integrations/{self.change('CreateIntegration', **given)['IntegrationId']}"

    @property
    def front(self) -> HttpApi:
        front = self.world.gateways.get(self.api)
        assert isinstance(front, HttpApi)
        return front

    def takes(self, path: str) -> bool:
        found = select(self.front, "GET", path)
        return found is not None and found.route is not None


def test_an_api_with_a_target_answers_at_once() -> None:
    scene = Scene(Target=FUNCTION)

    route = scene.front.stages["$default"].routing.default
    assert route is not None
    assert route.integration is not None
    assert (route.integration.function, route.integration.payload_version) == (FUNCTION, "2.0")


@pytest.mark.parametrize("uri", [FUNCTION, PATH, f"{FUNCTION}:live"])
def test_a_uri_leads_to_a_function(uri: str) -> None:
    scene = Scene()
    scene.change("CreateStage", StageName="$default", AutoDeploy=True)
    scene.change("CreateRoute", RouteKey="GET /a", Target=scene.integration(IntegrationUri=uri))

    integration = scene.front.stages["$default"].routing.routes.match("GET", "/a").route.integration  # type: ignore[union-attr]
    assert integration is not None
    assert integration.function == uri.removeprefix(PATH.partition("arn:aws:lambda")[0]).removesuffix("/invocations")


def test_a_stage_that_deploys_by_itself_takes_every_change_at_once() -> None:
    scene = Scene()
    scene.change("CreateStage", StageName="$default", AutoDeploy=True)

    scene.change("CreateRoute", RouteKey="GET /a", Target=scene.integration())

    assert scene.takes("/a")
    assert len(scene.world.apis.get(SCOPE, scene.api).resources["Deployment"]) == 1


def test_another_stage_takes_changes_at_a_deployment() -> None:
    scene = Scene()
    scene.change("CreateStage", StageName="dev")
    route = scene.change("CreateRoute", RouteKey="GET /a", Target=scene.integration())
    before = scene.takes("/dev/a")

    scene.change("CreateDeployment", StageName="dev")
    after = scene.takes("/dev/a")
    scene.change("UpdateRoute", RouteId=route["RouteId"], RouteKey="GET /b")

    assert (before, after) == (False, True)
    assert scene.takes("/dev/a")
    assert not scene.takes("/dev/b")


def test_a_stage_goes_back_to_an_earlier_deployment() -> None:
    scene = Scene()
    route = scene.change("CreateRoute", RouteKey="GET /a", Target=scene.integration())
    first = scene.change("CreateDeployment")["DeploymentId"]
    scene.change("UpdateRoute", RouteId=route["RouteId"], RouteKey="GET /b")
    second = scene.change("CreateDeployment")["DeploymentId"]
    scene.change("CreateStage", StageName="$default", DeploymentId=second)

    scene.change("UpdateStage", StageName="$default", DeploymentId=first)

    assert scene.takes("/a")
    with pytest.raises(InvalidParameterValue, match="Active stages"):
        scene.change("DeleteDeployment", DeploymentId=first)


REFUSED: list[tuple[str, dict[str, Any], type[Refused]]] = [
    ("CreateRoute", {"RouteKey": "FETCH /a"}, InvalidParameterValue),
    ("CreateRoute", {"RouteKey": "GET /there/{other}"}, ResourceConflict),
    ("CreateRoute", {"RouteKey": "GET /there/{id}"}, ResourceConflict),
    ("CreateRoute", {"RouteKey": "GET /a", "Target": "integrations/none"}, ResourceNotFound),
    ("CreateRoute", {"RouteKey": "GET /a", "AuthorizationType": "JWT"}, InvalidParameterValue),
    ("CreateRoute", {"RouteKey": "GET /a", "AuthorizationType": "MAYBE"}, InvalidParameterValue),
    ("CreateIntegration", {"IntegrationType": "MOCK"}, InvalidParameterValue),
    ("CreateIntegration", {"IntegrationType": "AWS_PROXY", "IntegrationUri": "x"}, InvalidParameterValue),
    ("CreateIntegration", {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "TimeoutInMillis": 30_001},
     InvalidParameterValue),
    ("CreateIntegration", {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "3.0"},
     InvalidParameterValue),
    ("CreateIntegration", {"IntegrationType": "HTTP_PROXY", "IntegrationUri": "ftp://x"}, InvalidParameterValue),
    ("CreateAuthorizer", {"Name": "a", "AuthorizerType": "TOKEN"}, InvalidParameterValue),
    ("CreateAuthorizer", {"Name": "a", "AuthorizerType": "REQUEST"}, InvalidParameterValue),
    ("CreateAuthorizer", {"Name": "a", "AuthorizerType": "JWT"}, InvalidParameterValue),
    ("CreateStage", {"StageName": "a b"}, InvalidParameterValue),
    ("CreateStage", {"StageName": "there"}, ResourceConflict),
    ("CreateStage", {"StageName": "new", "DeploymentId": "none"}, ResourceNotFound),
    ("CreateDeployment", {"StageName": "none"}, ResourceNotFound),
    ("UpdateRoute", {"RouteId": "none"}, ResourceNotFound),
    ("DeleteStage", {"StageName": "none"}, ResourceNotFound),
    ("UpdateApi", {"ApiId": "none"}, ResourceNotFound),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "given", "refusal"), REFUSED)
def test_what_aws_would_not_take_is_refused_and_changes_nothing(
    operation: str, given: dict[str, Any], refusal: type[Refused]
) -> None:
    scene = Scene()
    scene.change("CreateStage", StageName="there", AutoDeploy=True)
    scene.change("CreateRoute", RouteKey="GET /there/{id}")
    api = scene.world.apis.get(SCOPE, scene.api)
    before = repr(api)

    with pytest.raises(refusal):
        scene.change(operation, **given)

    assert repr(api) == before


def test_an_integration_in_use_stays() -> None:
    scene = Scene()
    target = scene.integration()
    scene.change("CreateRoute", RouteKey="GET /a", Target=target)

    with pytest.raises(ResourceConflict, match="referenced by 1 or more Routes"):
        scene.change("DeleteIntegration", IntegrationId=target.removeprefix("integrations/"))


def test_an_api_that_is_deleted_answers_no_more() -> None:
    scene = Scene(Target=FUNCTION)
    scene.change("DeleteApi")

    assert scene.world.gateways.get(scene.api) is None
    with pytest.raises(ResourceNotFound, match=f"Invalid API identifier specified 000000000000:{scene.api}"):
        scene.change("UpdateApi", Name="x")


def test_a_websocket_api_is_kept_and_is_no_http_api() -> None:
    scene = Stage()
    given = {"Name": "chat", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}
    api = scene.submit(ChangeApi(SCOPE, "CreateApi", given))["ApiId"]

    route = scene.submit(ChangeApi(SCOPE, "CreateRoute", {"ApiId": api, "RouteKey": "$connect"}))
    given = {"ApiId": api, "RouteId": route["RouteId"], "RouteResponseKey": "$default"}
    scene.submit(ChangeApi(SCOPE, "CreateRouteResponse", given))

    assert len(scene.world.apis.resources(SCOPE, "RouteResponse", given)) == 1
    found = scene.world.gateways.get(api)
    assert isinstance(found, WebSocketApi)


def test_a_route_that_takes_the_same_is_a_conflict_as_long_as_the_other_is_there() -> None:
    scene = Scene()

    def refused(operation: str, **given: Any) -> bool:
        try:
            scene.change(operation, **given)
        except ResourceConflict:
            return True
        return False

    first = scene.change("CreateRoute", RouteKey="GET /pets/{id}")["RouteId"]
    second = scene.change("CreateRoute", RouteKey="GET /pets/{id+}")["RouteId"]
    same = refused("CreateRoute", RouteKey="GET /pets/{name}")
    itself = refused("UpdateRoute", RouteId=first, RouteKey="GET /pets/{name}")
    other = refused("UpdateRoute", RouteId=second, RouteKey="GET /pets/{x}")
    moved = refused("UpdateRoute", RouteId=first, RouteKey="GET /dogs/{id}")
    freed = refused("CreateRoute", RouteKey="GET /pets/{x}")
    scene.change("DeleteRoute", RouteId=first)
    again = refused("CreateRoute", RouteKey="GET /dogs/{name}")
    default = [refused("CreateRoute", RouteKey="$default") for _ in range(2)]

    assert (same, itself, other, moved, freed, again, default) == (
        True,
        False,
        True,
        False,
        False,
        False,
        [False, True],
    )


def test_ten_thousand_routes_are_imported_as_fast_as_they_are_read() -> None:
    """Each is looked up among the others; looking through them took minutes."""
    scene = Scene()
    parts = {
        "Api": {"Name": "large", "ProtocolType": "HTTP"},
        "Integrations": [{"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0"}],
        "Authorizers": {},
        "Routes": [{"RouteKey": f"GET /r{number}/{{id}}", "Integration": 0} for number in range(10_000)],
    }
    made = scene.submit(ChangeApi(SCOPE, "ImportApi", {"Body": parts}))["ApiId"]
    with pytest.raises(ResourceConflict):
        scene.submit(ChangeApi(SCOPE, "CreateRoute", {"ApiId": made, "RouteKey": "GET /r9999/{name}"}))

    front = scene.world.gateways.get(made)
    assert isinstance(front, HttpApi)
    assert len(front.routes) == 10_000
