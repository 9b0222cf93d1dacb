"""REST APIs as they are written down: what is refused and in which words, and when a change takes effect."""

from typing import Any

import pytest

from app.core.commands import ChangeRest
from app.core.errors import InvalidParameterValue, Refused, ResourceConflict, ResourceNotFound
from app.core.gateway.rest.api import RestApi, select
from tests.core.stage import SCOPE, Stage

FUNCTION = SCOPE.function_arn("web")
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


class Scene(Stage):
    """A stage with one API, and a short way to change it."""

    def __init__(self, **api: Any) -> None:
        super().__init__()
        made = self.change("CreateRestApi", name="pets", **api)
        self.api, self.root = made["id"], made["rootResourceId"]

    def change(self, operation: str, **given: Any) -> Any:
        if operation != "CreateRestApi":
            given = {"restApiId": self.api, **given}
        return self.submit(ChangeRest(SCOPE, operation, given))

    def patch(self, operation: str, op: str, path: str, value: str | None = None, **given: Any) -> Any:
        return self.change(operation, patchOperations=[{"op": op, "path": path, "value": value}], **given)

    def resource(self, part: str, parent: str = "") -> str:
        made: str = self.change("CreateResource", parentId=parent or self.root, pathPart=part)["id"]
        return made

    def method(self, resource: str, name: str = "GET", **more: Any) -> dict[str, str]:
        at = {"resourceId": resource, "httpMethod": name}
        self.change("PutMethod", **at, **{"authorizationType": "NONE", **more})
        self.change("PutIntegration", **at, type="AWS_PROXY", integrationHttpMethod="POST", uri=URI)
        return at

    @property
    def front(self) -> RestApi:
        front = self.world.gateways.get(self.api)
        assert isinstance(front, RestApi)
        return front

    def takes(self, path: str, method: str = "GET") -> bool:
        found = select(self.front, method, path)
        return found is not None and found.taken is not None


# Trees ----------------------------------------------------------------------------------------------


def test_resources_have_paths_and_move_with_what_is_below() -> None:
    scene = Scene()
    pets = scene.resource("pets")
    dogs = scene.resource("dogs", pets)

    scene.patch("UpdateResource", "replace", "/pathPart", "animals", resourceId=pets)

    resources = scene.world.rest_apis.get(SCOPE, scene.api).resources
    assert [resources[each]["path"] for each in (pets, dogs)] == ["/animals", "/animals/dogs"]


@pytest.mark.parametrize(
    ("parts", "refused", "words"),
    [
        (["pets", "pets"], ResourceConflict, "Another resource with the same parent already has this name: pets"),
        (["{id}", "{name}"], InvalidParameterValue,
         "A sibling ({id}) of this resource already has a variable path part -- only one is allowed"),
        (["a b"], InvalidParameterValue, "Resource's path part only allow"),
        (["{proxy+"], InvalidParameterValue, "Resource's path part only allow"),
        ([""], InvalidParameterValue, "Resource's path part must be specified"),
    ],
)  # fmt: skip
def test_where_a_resource_cannot_be(parts: list[str], refused: type[Refused], words: str) -> None:
    scene = Scene()
    for part in parts[:-1]:
        scene.resource(part)

    with pytest.raises(refused) as caught:
        scene.resource(parts[-1])

    assert caught.value.message.startswith(words)


def test_nothing_is_below_a_greedy_variable_and_nothing_below_itself() -> None:
    scene = Scene()
    greedy, pets = scene.resource("{proxy+}"), scene.resource("pets")
    below = scene.resource("dogs", pets)

    with pytest.raises(InvalidParameterValue, match="greedy path variable"):
        scene.resource("x", greedy)
    with pytest.raises(InvalidParameterValue, match=r"Resources cannot be cyclical\."):
        scene.patch("UpdateResource", "replace", "/parentId", below, resourceId=pets)
    with pytest.raises(InvalidParameterValue, match=r"Root resource cannot update its pathPart\."):
        scene.patch("UpdateResource", "replace", "/pathPart", "x", resourceId=scene.root)


def test_a_resource_goes_with_all_that_is_below() -> None:
    scene = Scene()
    pets = scene.resource("pets")
    scene.resource("dogs", pets)

    scene.change("DeleteResource", resourceId=pets)

    assert list(scene.world.rest_apis.get(SCOPE, scene.api).resources) == [scene.root]


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ({"httpMethod": "FETCH"}, "Invalid HttpMethod specified."),
        ({"authorizationType": "CUSTOM"}, "Invalid authorizer ID specified."),
        ({"requestValidatorId": "none"}, "Invalid Request Validator identifier specified"),
        ({"requestModels": {"application/json": "petModel"}}, "Invalid model identifier specified: petModel"),
        ({"requestParameters": {"method.request.header.a": True, "method.request.querystring.a": True}},
         "Parameter names must be unique across querystring, header and path"),
    ],
)  # fmt: skip
def test_methods_that_are_refused(method: dict[str, Any], words: str) -> None:
    scene = Scene()

    given = {"httpMethod": "GET", "authorizationType": "NONE", **method}
    with pytest.raises(InvalidParameterValue) as caught:
        scene.change("PutMethod", resourceId=scene.root, **given)

    assert caught.value.message.startswith(words)


@pytest.mark.parametrize(
    ("integration", "words"),
    [
        ({"uri": FUNCTION}, "AWS ARN for integration must contain path or action"),
        ({"uri": "nonsense"}, "Invalid ARN specified in the request"),
        ({"uri": "arn:aws:apigateway:us-east-1:sqs:path/000000000000/q"}, "Integrations of type 'AWS_PROXY'"),
        ({"type": "AWS", "uri": "arn:aws:apigateway:us-east-1:sqs:action/SendMessage"}, "Role ARN must be specified"),
        ({"type": "HTTP", "uri": "nonsense"}, "Invalid HTTP endpoint specified for URI"),
        ({"integrationHttpMethod": None}, "Enumeration value for HttpMethod must be non-empty"),
        ({"timeoutInMillis": 29_001}, "Timeout should be between 50 ms and 29000 ms"),
        ({"timeoutInMillis": 900_001, "responseTransferMode": "STREAM"}, "Timeout should be between 50 ms and 900000"),
        ({"type": "MOCK", "responseTransferMode": "STREAM"}, "Response transfer mode STREAM is only supported"),
        ({"requestParameters": {"integration.request.header.a": "true"}}, "Invalid mapping expression specified"),
    ],
)
def test_integrations_that_are_refused(integration: dict[str, Any], words: str) -> None:
    scene = Scene()
    scene.method(scene.root)
    given = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI, **integration}

    with pytest.raises(InvalidParameterValue) as caught:
        scene.change("PutIntegration", resourceId=scene.root, httpMethod="GET", **given)

    assert caught.value.message.startswith(words)


# Deployments ----------------------------------------------------------------------------------------


def test_a_change_takes_effect_at_the_next_deployment() -> None:
    scene = Scene()
    scene.method(scene.resource("pets"))
    scene.change("CreateDeployment", stageName="dev")
    dogs = scene.method(scene.resource("dogs"))
    before = (scene.takes("/dev/pets"), scene.takes("/dev/dogs"))

    scene.change("CreateDeployment", stageName="dev")
    scene.change("DeleteMethod", **dogs)

    assert (before, scene.takes("/dev/dogs")) == ((True, False), True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"stageName": "a b"}, "Stage name only allows a-zA-Z0-9_-"),
        ({"stageName": "dev", "variables": {"a b": "c"}}, "Stage variable name must be alphanumeric"),
        ({"stageName": "dev", "variables": {"a": "{}"}}, "Invalid stage variable value specified"),
        ({"canarySettings": {}}, "Invalid deployment content specified.Non null and non empty stageName must be"),
        ({"stageName": "none", "canarySettings": {}}, "Invalid deployment content specified.Stage none must already"),
    ],
)  # fmt: skip
def test_a_deployment_that_is_refused_leaves_nothing(given: dict[str, Any], words: str) -> None:
    scene = Scene()
    scene.method(scene.root)

    with pytest.raises(InvalidParameterValue) as caught:
        scene.change("CreateDeployment", **given)

    assert caught.value.message.startswith(words)
    assert scene.world.rest_apis.get(SCOPE, scene.api).kinds["Deployment"] == {}


def test_there_has_to_be_something_to_deploy() -> None:
    scene = Scene()
    with pytest.raises(InvalidParameterValue, match="The REST API doesn't contain any methods"):
        scene.change("CreateDeployment", stageName="dev")

    scene.change("PutMethod", resourceId=scene.root, httpMethod="GET", authorizationType="NONE")
    with pytest.raises(InvalidParameterValue, match="No integration defined for method"):
        scene.change("CreateDeployment", stageName="dev")


def test_a_deployment_that_a_stage_has_cannot_be_deleted() -> None:
    scene = Scene()
    scene.method(scene.root)
    deployment = scene.change("CreateDeployment", stageName="dev")["id"]

    with pytest.raises(InvalidParameterValue, match="Active stages pointing to this deployment"):
        scene.change("DeleteDeployment", deploymentId=deployment)

    scene.change("DeleteStage", stageName="dev")
    assert scene.change("DeleteDeployment", deploymentId=deployment) == {}


def test_a_canary_takes_its_part_of_the_requests_and_can_be_promoted() -> None:
    scene = Scene()
    scene.method(scene.resource("pets"))
    scene.change("CreateDeployment", stageName="dev", variables={"a": "1", "b": "2"})
    scene.method(scene.resource("dogs"))
    settings = {"percentTraffic": 40.0, "stageVariableOverrides": {"a": "9"}}
    canary = scene.change("CreateDeployment", stageName="dev", canarySettings=settings)["id"]
    stage = scene.front.stages["dev"]

    assert stage.for_draw(0.5) is stage
    assert stage.for_draw(0.39).deployment.id == canary
    assert stage.for_draw(0.39).variables == {"a": "9", "b": "2"}

    promote = [
        {"op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables"},
        {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
        {"op": "remove", "path": "/canarySettings"},
    ]
    after = scene.change("UpdateStage", stageName="dev", patchOperations=promote)
    assert (after["deploymentId"], after["variables"]) == (canary, {"a": "9", "b": "2"})
    assert scene.front.stages["dev"].canary is None


# Stages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/pets/GET/throttling/rateLimit", "/~1pets/GET/throttling/rateLimit"])
def test_a_method_has_settings_of_its_own(path: str) -> None:
    scene = Scene()
    scene.method(scene.resource("pets"))
    scene.change("CreateDeployment", stageName="dev")

    stage = scene.patch("UpdateStage", "replace", path, "7", stageName="dev")

    assert stage["methodSettings"][path.removeprefix("/").rpartition("/throttling")[0]]["throttlingRateLimit"] == 7.0
    assert scene.front.stages["dev"].throttles["/pets/GET"].rate == 7.0


def test_what_there_is_no_setting_for_is_told_with_what_there_is() -> None:
    scene = Scene()
    scene.method(scene.root)
    scene.change("CreateDeployment", stageName="dev")

    with pytest.raises(InvalidParameterValue, match=r"Invalid method setting path: /tags/a\. Must be one of: \["):
        scene.patch("UpdateStage", "replace", "/tags/a", "b", stageName="dev")
    with pytest.raises(InvalidParameterValue, match="Cannot remove method setting canarySettings/badPath because"):
        scene.patch("UpdateStage", "remove", "/canarySettings/badPath", stageName="dev")


@pytest.mark.parametrize(
    "schema",
    ["{'type': 'object'}", "[]", '{"type": "objekt"}', '{"type": "object", "required": []}', '{"enum": ["a", "a"]}'],
    ids=["no JSON", "no object", "no type", "nothing required", "one value twice"],
)
def test_a_model_is_a_json_schema_of_draft_4(schema: str) -> None:
    scene = Scene()

    with pytest.raises(InvalidParameterValue) as refusal:
        scene.change("CreateModel", name="pet", contentType="application/json", schema=schema)

    assert refusal.value.message == (
        "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]"
    )


# Words of what is not there (recorded 2024-04-15) ----------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "given", "refused", "words"),
    [
        ("UpdateRestApi", {}, ResourceNotFound, "Invalid API identifier specified 000000000000:none"),
        ("PutMethod", {"resourceId": "x"}, ResourceNotFound, "Invalid Resource identifier specified"),
        ("CreateAuthorizer", {"name": "a", "type": "TOKEN"}, ResourceConflict,
         "Unable to complete operation due to concurrent modification. Please try again later."),
        ("CreateRequestValidator", {"name": "a"}, InvalidParameterValue, "Invalid REST API identifier specified"),
        ("DeleteRequestValidator", {"requestValidatorId": "x"}, ResourceNotFound,
         "Invalid Request Validator identifier specified"),
        ("DeleteModel", {"modelName": "x"}, ResourceNotFound, "Invalid model name specified: x"),
        ("UpdateDocumentationPart", {"documentationPartId": "x"}, ResourceNotFound,
         "Invalid Documentation part identifier specified"),
        ("DeleteDocumentationPart", {"documentationPartId": "x"}, ResourceNotFound,
         "Invalid API identifier specified 000000000000:none"),
        ("DeleteGatewayResponse", {"responseType": "THROTTLED"}, ResourceNotFound,
         "Invalid API identifier specified 000000000000:none"),
    ],
)  # fmt: skip
def test_what_is_said_of_an_api_that_is_not_there(
    operation: str, given: dict[str, Any], refused: type[Refused], words: str
) -> None:
    with pytest.raises(refused) as caught:
        Scene().change(operation, restApiId="none", **given)

    assert caught.value.message == words


def test_a_model_that_a_method_names_stays() -> None:
    scene = Scene()
    scene.change("CreateModel", name="pet", contentType="application/json", schema='{"type": "object"}')
    scene.method(scene.root, "ANY", requestModels={"application/json": "pet"})

    with pytest.raises(ResourceConflict) as caught:
        scene.change("DeleteModel", modelName="pet")

    assert caught.value.message == "Cannot delete model 'pet', is referenced in method request: //ANY"


# Keys and plans -------------------------------------------------------------------------------------


def test_a_plan_has_stages_that_are_there_and_throttles_for_their_methods() -> None:
    scene = Scene()
    scene.method(scene.resource("pets"))
    scene.change("CreateDeployment", stageName="dev")
    stage = {"apiId": scene.api, "stage": "dev"}
    plan = scene.change("CreateUsagePlan", name="basic", apiStages=[stage])["id"]

    with pytest.raises(ResourceNotFound):
        scene.change("CreateUsagePlan", name="other", apiStages=[{**stage, "stage": "none"}])
    with pytest.raises(InvalidParameterValue, match="cannot be deleted"):
        scene.change("DeleteUsagePlan", usagePlanId=plan)

    path = f"/apiStages/{scene.api}:dev/throttle/~1pets/GET/rateLimit"
    scene.patch("UpdateUsagePlan", "add", path, "3", usagePlanId=plan)
    found = scene.world.gateways.usage_of(SCOPE).plans[0]
    assert found.method_throttles[scene.api, "dev"]["/pets/GET"].rate == 3.0

    scene.patch("UpdateUsagePlan", "remove", "/apiStages", f"{scene.api}:dev", usagePlanId=plan)
    assert scene.change("DeleteUsagePlan", usagePlanId=plan) == {}


def test_a_key_has_a_value_of_its_own() -> None:
    scene = Scene()
    key = scene.change("CreateApiKey", name="me", value="0123456789abcdefghij")

    with pytest.raises(ResourceConflict, match="API Key already exists"):
        scene.change("CreateApiKey", name="you", value=key["value"])
    with pytest.raises(InvalidParameterValue, match="at least 20 characters"):
        scene.change("CreateApiKey", name="you", value="short")
    assert len(scene.change("CreateApiKey", name="you")["value"]) == 40
