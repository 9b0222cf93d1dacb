"""REST APIs made by boto3: deployments, stages, keys and plans, and imported ones."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.serving import Serving, serving

HANDLERS = Path(__file__).parent / "handlers"
SETTINGS = f"""
clock: {{frozen: 2026-11-27T12:00:00Z}}
functions:
  echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
"""
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:{}"
URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


@pytest.fixture
def gateway(service: Serving) -> Any:
    return service.client("apigateway")


class Made:
    """An API with one method, not deployed yet."""

    def __init__(self, gateway: Any, service: Serving, **method: Any) -> None:
        self.gateway, self.service = gateway, service
        self.id = gateway.create_rest_api(name="pets")["id"]
        self.root = gateway.get_resources(restApiId=self.id)["items"][0]["id"]
        self.add("pets", **method)

    def add(self, part: str, **method: Any) -> str:
        resource: str = self.gateway.create_resource(restApiId=self.id, parentId=self.root, pathPart=part)["id"]
        at = {"restApiId": self.id, "resourceId": resource, "httpMethod": "GET"}
        self.gateway.put_method(**at, **{"authorizationType": "NONE", **method})
        self.gateway.put_integration(
            **at, type="AWS_PROXY", integrationHttpMethod="POST",
            uri=URI.format(FUNCTION.format("${stageVariables.fn}")),
        )  # fmt: skip
        return resource

    def deploy(self, stage: str = "dev", **more: Any) -> str:
        deployment: str = self.gateway.create_deployment(
            restApiId=self.id, stageName=stage, variables={"fn": "echo"}, **more
        )["id"]
        return deployment

    def ask(self, path: str, stage: str = "dev", **headers: str) -> Any:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.service.ask("GET", f"/restapis/{self.id}/{stage}/_user_request_{path}", headers=named)


def test_an_api_answers_once_it_is_deployed(gateway: Any, service: Serving) -> None:
    api = Made(gateway, service)
    before = api.ask("/pets").status

    api.deploy()
    answer = api.ask("/pets")

    assert before != 200
    assert answer.status == 200, answer.content
    assert answer.json["requestContext"]["apiId"] == api.id
    assert answer.json["stageVariables"] == {"fn": "echo"}


def test_what_changes_takes_effect_at_the_next_deployment(gateway: Any, service: Serving) -> None:
    api = Made(gateway, service)
    api.deploy()
    api.add("dogs")
    before = api.ask("/dogs").status

    api.deploy()

    assert (before, api.ask("/dogs").status) == (403, 200)


def test_stages_stand_beside_each_other(gateway: Any, service: Serving) -> None:
    api = Made(gateway, service)
    first = api.deploy()
    api.add("dogs")
    api.deploy("next")
    gateway.create_stage(restApiId=api.id, stageName="old", deploymentId=first, variables={"fn": "echo"})

    assert (api.ask("/dogs", "old").status, api.ask("/dogs", "next").status) == (403, 200)


def test_it_answers_under_its_host(gateway: Any, service: Serving) -> None:
    api = Made(gateway, service)
    api.deploy()

    answer = service.ask("GET", "/dev/pets", headers={"host": f"{api.id}.execute-api.localhost:4566"})

    assert answer.json["requestContext"]["domainName"].startswith(api.id)


def test_a_stage_variable_changes_at_once(gateway: Any, service: Serving) -> None:
    api = Made(gateway, service)
    api.deploy()
    change = [{"op": "replace", "path": "/variables/fn", "value": "nobody"}]

    gateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=change)

    answer = api.ask("/pets")
    assert (answer.status, answer.content) == (500, b'{"message": "Internal server error"}')


def test_an_api_that_is_deleted_answers_no_more(gateway: Any, service: Serving) -> None:
    api = Made(gateway, service)
    api.deploy()

    gateway.delete_rest_api(restApiId=api.id)

    assert api.ask("/pets").status == 404


def test_a_gateway_response_changes_what_the_api_says(gateway: Any, service: Serving) -> None:
    api = Made(gateway, service)
    gateway.put_gateway_response(
        restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN", statusCode="404",
        responseParameters={"gatewayresponse.header.X-Why": "'none'"},
        responseTemplates={"application/json": '{"error":$context.error.messageString,"at":"$context.stage"}'},
    )  # fmt: skip
    api.deploy()

    answer = api.ask("/nothing")

    assert (answer.status, answer.headers["x-why"]) == (404, "none")
    assert answer.json == {"error": "Missing Authentication Token", "at": "dev"}


def test_keys_plans_throttles_and_quotas(gateway: Any, service: Serving) -> None:
    api = Made(gateway, service, apiKeyRequired=True)
    api.deploy()
    key = gateway.create_api_key(name="me", enabled=True, value="0123456789abcdefghij")
    plan = gateway.create_usage_plan(
        name="basic", apiStages=[{"apiId": api.id, "stage": "dev"}], throttle={"rateLimit": 1, "burstLimit": 2},
        quota={"limit": 3, "period": "DAY"},
    )  # fmt: skip
    gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")

    none = api.ask("/pets")
    wrong = api.ask("/pets", x_api_key="wrong")
    first = api.ask("/pets", x_api_key="0123456789abcdefghij")
    second = api.ask("/pets", x_api_key="0123456789abcdefghij")
    third = api.ask("/pets", x_api_key="0123456789abcdefghij")
    service.post("clock/advance", {"duration": "10s"})
    fourth = api.ask("/pets", x_api_key="0123456789abcdefghij")
    fifth = api.ask("/pets", x_api_key="0123456789abcdefghij")
    service.post("clock/advance", {"duration": "1d"})
    next_day = api.ask("/pets", x_api_key="0123456789abcdefghij")

    assert [(none.status, none.content), wrong.status] == [(403, b'{"message":"Forbidden"}'), 403]
    assert first.json["requestContext"]["identity"]["apiKeyId"] == key["id"]
    assert second.status == 200
    assert (third.status, third.content) == (429, b'{"message":"Too Many Requests"}')
    assert fourth.status == 200
    assert (fifth.status, fifth.content) == (429, b'{"message":"Limit Exceeded"}')
    assert next_day.status == 200


def test_an_api_is_imported_from_openapi(gateway: Any, service: Serving) -> None:
    document = {
        "openapi": "3.0.1",
        "info": {"title": "imported", "version": "1", "description": ""},
        "paths": {
            "/pets/{id}": {
                "get": {
                    "responses": {"200": {"description": "ok"}},
                    "x-amazon-apigateway-integration": {
                        "type": "AWS_PROXY", "httpMethod": "POST", "uri": URI.format(FUNCTION.format("echo")),
                    },
                }
            }
        },
    }  # fmt: skip
    api = gateway.import_rest_api(body=json.dumps(document).encode())["id"]
    gateway.create_deployment(restApiId=api, stageName="dev")

    answer = service.ask("GET", f"/restapis/{api}/dev/_user_request_/pets/7")

    assert answer.json["pathParameters"] == {"id": "7"}


@pytest.mark.parametrize(
    ("operation", "given", "words"),
    [
        ("put_integration", {"type": "HTTPS_PROXY"},
         ("1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy "
         "constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]")),
        ("update_method_response", {"statusCode": "wrong", "patchOperations": [{"op": "wrong_op"}]},
         ("2 validation errors detected: Value 'wrong_op' at 'updateMethodResponseInput.patchOperations.1.member.op' "
         "failed to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]; "
         "Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: "
         "[1-5]\\d\\d")),
        ("get_integration_response", {"statusCode": "wrong"},
         ("1 validation error detected: Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must "
         "satisfy regular expression pattern: [1-5]\\d\\d")),
    ],
)  # fmt: skip
def test_what_the_model_does_not_allow_is_told_as_recorded(
    gateway: Any, operation: str, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(gateway, operation)(restApiId="x", resourceId="x", httpMethod="GET", **given)

    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationException", words)
