"""REST APIs tried, exported, imported, and asked under names of their own, with boto3."""

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.serving import Serving, serving

HANDLERS = Path(__file__).parent / "handlers"
SETTINGS = f"""
enforce_permissions: true
clock: {{frozen: 2026-11-27T12:00:00Z}}
functions:
  echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
  authorize: {{CodeUri: {HANDLERS}, Handler: rest.authorize, Timeout: 10}}
apis:
  second:
    routes:
      ANY /{{proxy+}}: echo
"""
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:{}"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


def document(title: str = "pets") -> dict[str, Any]:
    """An API with most of what a document can say."""
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": URI.format("echo")}
    mock = {
        "type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": '{"mocked": true}'}}},
    }  # fmt: skip
    return {
        "openapi": "3.0.1",
        "info": {"title": title, "version": "7", "description": "all of them"},
        "x-amazon-apigateway-request-validators": {
            "all": {"validateRequestBody": True, "validateRequestParameters": True}
        },
        "x-amazon-apigateway-binary-media-types": ["image/*"],
        "x-amazon-apigateway-gateway-responses": {
            "MISSING_AUTHENTICATION_TOKEN": {
                "statusCode": 404, "responseTemplates": {"application/json": '{"none": $context.error.messageString}'},
            }
        },
        "paths": {
            "/pets/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "get": {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": integration},
                "put": {
                    "operationId": "putPet",
                    "requestBody": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}
                    },
                    "x-amazon-apigateway-request-validator": "all",
                    "responses": {"200": {"description": "ok"}},
                    "x-amazon-apigateway-integration": integration,
                },
                "delete": {
                    "security": [{"tokens": []}], "responses": {"200": {"description": "ok"}},
                    "x-amazon-apigateway-integration": integration,
                },
            },
            "/health": {
                "x-amazon-apigateway-any-method": {
                    "responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": mock,
                }
            },
        },
        "components": {
            "schemas": {
                "Pet": {
                    "type": "object", "required": ["name"],
                    "properties": {"name": {"type": "string"}, "of": {"$ref": "#/components/schemas/Kind"}},
                },
                "Kind": {"type": "string", "enum": ["cat", "dog"]},
            },
            "securitySchemes": {
                "tokens": {
                    "type": "apiKey", "name": "token", "in": "header", "x-amazon-apigateway-authtype": "custom",
                    "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": URI.format("authorize")},
                }
            },
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(service: Serving) -> Any:
    return service.client("apigateway")


@pytest.fixture(scope="module")
def api(gateway: Any) -> str:
    id_: str = gateway.import_rest_api(body=json.dumps(document()).encode())["id"]
    gateway.create_deployment(restApiId=id_, stageName="dev")
    return id_


def ask(service: Serving, api: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
    return service.ask(method, f"/restapis/{api}/dev/_user_request_{path}", body, headers=headers)


# Documents ------------------------------------------------------------------------------------------


def test_a_document_becomes_all_that_it_says(service: Serving, gateway: Any, api: str) -> None:
    wrong = ask(service, api, "PUT", "/pets/7", {"name": "rex", "of": "cow"})
    right = ask(service, api, "PUT", "/pets/7", {"name": "rex", "of": "dog"})
    denied = ask(service, api, "DELETE", "/pets/7")
    allowed = ask(service, api, "DELETE", "/pets/7", token="allow")
    missing = ask(service, api, "GET", "/none")

    assert (wrong.status, wrong.content) == (400, b'{"message":"Invalid request body"}')
    assert right.json["pathParameters"] == {"id": "7"}
    assert (denied.status, allowed.status) == (401, 200)
    assert ask(service, api, "PATCH", "/health").json == {"mocked": True}
    assert (missing.status, missing.json) == (404, {"none": "Missing Authentication Token"})
    assert gateway.get_rest_api(restApiId=api)["binaryMediaTypes"] == ["image/*"]


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
def test_what_is_exported_imports_as_the_same(service: Serving, gateway: Any, api: str, kind: str) -> None:
    exported = gateway.get_export(
        restApiId=api,
        stageName="dev",
        exportType=kind,
        accepts="application/yaml",
        parameters={"extensions": "apigateway"},
    )
    body = exported["body"].read()
    copied = gateway.import_rest_api(body=body)["id"]
    gateway.create_deployment(restApiId=copied, stageName="dev")
    again = gateway.get_export(
        restApiId=copied, stageName="dev", exportType=kind, parameters={"extensions": "apigateway"}
    )

    first, second = yaml.safe_load(body), json.loads(again["body"].read())
    for place in ("host", "servers"):
        first.pop(place, None), second.pop(place, None)
    assert first == second
    assert exported["contentType"] == "application/yaml"
    assert exported["contentDisposition"].startswith(f'attachment; filename="{kind}_')
    assert ask(service, copied, "PUT", "/pets/7", {"name": 7}).status == 400
    assert ask(service, copied, "DELETE", "/pets/7").status == 401


def test_without_extensions_an_export_is_plain(gateway: Any, api: str) -> None:
    body = gateway.get_export(restApiId=api, stageName="dev", exportType="oas30")["body"].read()

    assert b"x-amazon-apigateway-integration" not in body
    assert b"x-amazon-apigateway-authorizer" not in body
    assert json.loads(body)["servers"][0]["variables"]["basePath"]["default"] == "/dev"
    with pytest.raises(ClientError) as refused:
        gateway.get_export(restApiId=api, stageName="dev", exportType="raml")
    assert refused.value.response["Error"]["Message"] == "No API exporter for type 'raml'"


def test_a_document_is_merged_or_takes_the_place_of_all(service: Serving, gateway: Any) -> None:
    id_ = gateway.import_rest_api(body=json.dumps(document()).encode())["id"]
    more = document("dogs")
    more["paths"] = {"/dogs": {"get": more["paths"]["/pets/{id}"]["get"]}}

    gateway.put_rest_api(restApiId=id_, mode="merge", body=json.dumps(more).encode())
    merged = [each["path"] for each in gateway.get_resources(restApiId=id_)["items"]]
    answer = gateway.put_rest_api(restApiId=id_, mode="overwrite", body=json.dumps(more).encode())
    alone = [each["path"] for each in gateway.get_resources(restApiId=id_)["items"]]

    assert merged == ["/", "/dogs", "/health", "/pets", "/pets/{id}"]
    assert alone == ["/", "/dogs"]
    assert (answer["id"], answer["name"]) == (id_, "dogs")


def test_a_document_that_is_wrong_changes_nothing(gateway: Any, api: str) -> None:
    wrong = document()
    wrong["paths"]["/pets/{id}"]["get"]["x-amazon-apigateway-integration"] = {"type": "aws_proxy", "uri": "x"}
    before = gateway.get_resources(restApiId=api, embed=["methods"])["items"]

    for body in (json.dumps(wrong).encode(), b"{", b"[]", b"swagger: '1.2'"):
        with pytest.raises(ClientError) as refused:
            gateway.put_rest_api(restApiId=api, mode="overwrite", body=body)
        assert refused.value.response["Error"]["Code"] == "BadRequestException"

    assert gateway.get_resources(restApiId=api, embed=["methods"])["items"] == before


# Trials ---------------------------------------------------------------------------------------------


def resource_at(gateway: Any, api: str, path: str) -> str:
    found: str = next(each["id"] for each in gateway.get_resources(restApiId=api)["items"] if each["path"] == path)
    return found


def test_a_method_is_tried_without_a_deployment(gateway: Any) -> None:
    id_ = gateway.import_rest_api(body=json.dumps(document()).encode())["id"]

    told = gateway.test_invoke_method(
        restApiId=id_, resourceId=resource_at(gateway, id_, "/pets/{id}"), httpMethod="GET",
        pathWithQueryString="/pets/7?a=1", stageVariables={"v": "1"},
    )  # fmt: skip

    event = json.loads(told["body"])
    assert (told["status"], event["pathParameters"], event["queryStringParameters"]) == (200, {"id": "7"}, {"a": "1"})
    assert (event["headers"], event["multiValueHeaders"]) == (None, None)
    assert event["requestContext"]["stage"] == "test-invoke-stage"
    assert event["requestContext"]["identity"]["sourceIp"] == "test-invoke-source-ip"
    assert event["requestContext"]["identity"]["apiKey"] == "test-invoke-api-key"
    assert event["stageVariables"] == {"v": "1"}
    lines = [line.partition(" : ")[2] or line.partition(" ")[0] for line in told["log"].splitlines()]
    assert lines[0] == "Execution"
    assert lines[2:7] == [
        "HTTP Method: GET, Resource Path: /pets/7",
        "Method request path: {id=7}",
        "Method request query string: {a=1}",
        "Method request headers: {}",
        "Method request body before transformations: ",
    ]
    assert lines[-2:] == ["Successfully completed execution", "Method completed with status: 200"]


def test_a_trial_needs_neither_authorizer_nor_path(gateway: Any, api: str) -> None:
    at = {"restApiId": api, "resourceId": resource_at(gateway, api, "/pets/{id}"), "httpMethod": "DELETE"}
    event = json.loads(gateway.test_invoke_method(**at)["body"])

    assert (event["path"], event["pathParameters"]) == ("/pets/{id}", {"id": "{id}"})
    with pytest.raises(ClientError) as refused:
        gateway.test_invoke_method(**{**at, "httpMethod": "PATCH"})
    assert refused.value.response["Error"]["Message"] == "Invalid Method identifier specified"


def test_a_trial_that_fails_says_why_in_its_log(gateway: Any, api: str) -> None:
    told = gateway.test_invoke_method(
        restApiId=api, resourceId=resource_at(gateway, api, "/pets/{id}"), httpMethod="PUT", body='{"name": 7}'
    )

    assert (told["status"], told["body"]) == (400, '{"message":"Invalid request body"}')
    assert told["headers"]["x-amzn-ErrorType"] == "BadRequestException"
    assert "Execution failed due to configuration error: the body does not fit the model" in told["log"]


@pytest.mark.parametrize(("token", "status"), [("allow", 200), ("deny", 200), ("raise", 500), (None, 401)])
def test_an_authorizer_is_tried(gateway: Any, api: str, token: str | None, status: int) -> None:
    authorizer = gateway.get_authorizers(restApiId=api)["items"][0]["id"]

    told = gateway.test_invoke_authorizer(
        restApiId=api, authorizerId=authorizer, headers={"token": token} if token else {}
    )

    assert told["clientStatus"] == status
    if status == 200:
        assert told["principalId"] == "me"
        assert json.loads(told["policy"])["Statement"][0]["Effect"] == token.title()  # type: ignore[union-attr]


# Names ----------------------------------------------------------------------------------------------


def test_an_api_answers_under_a_domain_name(service: Serving, gateway: Any, api: str) -> None:
    gateway.create_domain_name(domainName="api.example.com", regionalCertificateArn="arn:aws:acm:us-east-1:1:c/1",
                               endpointConfiguration={"types": ["REGIONAL"]})  # fmt: skip
    gateway.create_base_path_mapping(domainName="api.example.com", basePath="v1", restApiId=api, stage="dev")
    gateway.create_base_path_mapping(domainName="api.example.com", restApiId=api)

    def get(path: str) -> Any:
        return service.ask("GET", path, headers={"host": "api.example.com"})

    event, by_stage = get("/v1/pets/7?a=1").json, get("/dev/pets/8").json
    context = event["requestContext"]
    assert (event["path"], event["pathParameters"], context["path"]) == ("/v1/pets/7", {"id": "7"}, "/v1/pets/7")
    assert (context["stage"], context["domainName"], context["domainPrefix"]) == ("dev", "api.example.com", "api")
    assert (by_stage["path"], by_stage["requestContext"]["path"]) == ("/pets/8", "/pets/8")

    explained = service.post("explain", {"url": "http://api.example.com/v1/pets/7", "method": "GET"})
    assert explained["conclusion"]["verdict"] == "yes", explained

    gateway.delete_base_path_mapping(domainName="api.example.com", basePath="(none)")
    lost = get("/other")
    assert (lost.status, lost.content) == (403, b'{"message":"Forbidden"}')


def test_an_http_api_answers_under_the_same_names(service: Serving) -> None:
    gateway = service.client("apigatewayv2")
    api = gateway.create_api(Name="named", ProtocolType="HTTP", Target=FUNCTION.format("echo"))["ApiId"]
    gateway.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
    made = gateway.create_domain_name(
        DomainName="http.example.com",
        DomainNameConfigurations=[{"CertificateArn": "arn:aws:acm:us-east-1:1:c/1", "EndpointType": "REGIONAL"}],
    )
    gateway.create_api_mapping(DomainName="http.example.com", ApiId=api, Stage="dev", ApiMappingKey="shop/v1")
    gateway.create_api_mapping(DomainName="http.example.com", ApiId=api, Stage="$default")

    def event_of(path: str) -> Any:
        return service.ask("GET", path, headers={"host": "http.example.com"}).json

    deep, plain = event_of("/shop/v1/pets"), event_of("/pets")
    assert made["DomainNameConfigurations"][0]["DomainNameStatus"] == "AVAILABLE"
    assert (deep["rawPath"], deep["requestContext"]["stage"]) == ("/shop/v1/pets", "dev")
    assert (plain["rawPath"], plain["requestContext"]["stage"]) == ("/pets", "$default")
    assert plain["requestContext"]["domainName"] == "http.example.com"


def test_an_http_api_is_exported_and_imported_anew(service: Serving) -> None:
    gateway = service.client("apigatewayv2")
    api = gateway.create_api(Name="out", ProtocolType="HTTP", Target=FUNCTION.format("echo"))["ApiId"]
    body = gateway.export_api(ApiId=api, Specification="OAS30", OutputType="YAML")["body"].read().decode()

    gateway.reimport_api(ApiId=api, Body=body.replace("/$default", "/only/{id}").replace("isDefaultRoute: true", ""))
    with pytest.raises(ClientError):
        gateway.reimport_api(ApiId=api, Body="[")

    assert [route["RouteKey"] for route in gateway.get_routes(ApiId=api)["Items"]] == ["ANY /only/{id}"]
    event = service.ask("GET", f"/_triggerfish/gateway/{api}/$default/only/7").json
    assert event["pathParameters"] == {"id": "7"}


def test_an_endpoint_that_is_disabled_answers_under_domain_names_alone(service: Serving, gateway: Any) -> None:
    id_ = gateway.import_rest_api(body=json.dumps(document("own")).encode())["id"]
    gateway.create_deployment(restApiId=id_, stageName="dev")
    gateway.create_domain_name(domainName="own.example.com")
    gateway.create_base_path_mapping(domainName="own.example.com", restApiId=id_, stage="dev")

    patch = [{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}]
    gateway.update_rest_api(restApiId=id_, patchOperations=patch)

    own = service.ask("GET", "/dev/health", headers={"host": f"{id_}.execute-api.localhost:4566"})
    named = service.ask("GET", "/health", headers={"host": "own.example.com"})
    assert (own.status, own.content) == (403, b'{"message":"Forbidden"}')
    assert named.json == {"mocked": True}


# Permissions ----------------------------------------------------------------------------------------


def test_a_function_has_to_permit_the_method(service: Serving, gateway: Any) -> None:
    """Of a function that was deployed: one of the settings has nobody's policy to ask."""
    client = service.client("lambda")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(HANDLERS / "fronts.py", "fronts.py")
    client.create_function(
        FunctionName="own", Role="arn:aws:iam::000000000000:role/r", Runtime="python3.12", Handler="fronts.echo",
        Code={"ZipFile": packed.getvalue()},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName="own")
    given = document("permitted")
    given["paths"] = {"/pets/{id}": {"get": given["paths"]["/pets/{id}"]["get"]}}
    given["paths"]["/pets/{id}"]["get"]["x-amazon-apigateway-integration"]["uri"] = URI.format("own")
    id_ = gateway.import_rest_api(body=json.dumps(given).encode())["id"]
    gateway.create_deployment(restApiId=id_, stageName="dev")

    before = ask(service, id_, "GET", "/pets/7")
    client.add_permission(
        FunctionName="own", StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{id_}/*/GET/pets/*",
    )  # fmt: skip
    after = ask(service, id_, "GET", "/pets/7")

    assert (before.status, before.content) == (500, b'{"message": "Internal server error"}')
    assert after.status == 200, after.content


# What counts and what is compressed -----------------------------------------------------------------


def test_usage_is_told_by_day(service: Serving, gateway: Any) -> None:
    given = document("metered")
    given["components"]["securitySchemes"]["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    given["paths"]["/health"]["x-amazon-apigateway-any-method"]["security"] = [{"api_key": []}]
    id_ = gateway.import_rest_api(body=json.dumps(given).encode())["id"]
    gateway.create_deployment(restApiId=id_, stageName="dev")
    plan = gateway.create_usage_plan(
        name="basic", apiStages=[{"apiId": id_, "stage": "dev"}], quota={"limit": 5, "period": "MONTH"}
    )["id"]
    csv = b"name,key,enabled,usageplanIds\nme,abcdefghijklmnopqrst,TRUE," + plan.encode()
    key = gateway.import_api_keys(format="csv", body=csv)["ids"][0]

    for _ in range(2):
        assert ask(service, id_, "GET", "/health", **{"x-api-key": "abcdefghijklmnopqrst"}).status == 200
    service.post("clock/advance", {"duration": "1d"})
    ask(service, id_, "GET", "/health", **{"x-api-key": "abcdefghijklmnopqrst"})
    days = {"startDate": "2026-11-26", "endDate": "2026-11-28"}
    used = gateway.get_usage(usagePlanId=plan, **days)["items"][key]
    gateway.update_usage(
        usagePlanId=plan, keyId=key, patchOperations=[{"op": "replace", "path": "/remaining", "value": "0"}]
    )
    last = ask(service, id_, "GET", "/health", **{"x-api-key": "abcdefghijklmnopqrst"})

    assert used == [[0, 5], [2, 3], [1, 2]]
    assert (last.status, last.content) == (429, b'{"message":"Limit Exceeded"}')


def test_large_answers_are_compressed_for_who_takes_that(service: Serving, gateway: Any) -> None:
    id_ = gateway.import_rest_api(
        body=json.dumps({**document("small"), "x-amazon-apigateway-minimum-compression-size": 100}).encode()
    )["id"]
    gateway.create_deployment(restApiId=id_, stageName="dev")

    plain = ask(service, id_, "GET", "/pets/7")
    packed = ask(service, id_, "GET", "/pets/7", **{"accept-encoding": "br, gzip"})
    little = ask(service, id_, "GET", "/health", **{"accept-encoding": "gzip"})

    assert json.loads(gzip.decompress(packed.content))["path"] == plain.json["path"] == "/pets/7"
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in little.headers


def test_a_canary_takes_its_part_and_a_cache_of_verdicts_is_flushed(service: Serving, gateway: Any, api: str) -> None:
    asked = [ask(service, api, "DELETE", "/pets/7", token="allow").json["requestContext"]["authorizer"]["asked"]
             for _ in range(2)]  # fmt: skip
    gateway.flush_stage_authorizers_cache(restApiId=api, stageName="dev")
    again = ask(service, api, "DELETE", "/pets/7", token="allow").json["requestContext"]["authorizer"]["asked"]
    gateway.flush_stage_cache(restApiId=api, stageName="dev")

    id_ = gateway.import_rest_api(body=json.dumps(document("canary")).encode())["id"]
    gateway.create_deployment(restApiId=id_, stageName="dev", variables={"v": "stable"})
    gateway.create_deployment(
        restApiId=id_, stageName="dev",
        canarySettings={"percentTraffic": 50.0, "stageVariableOverrides": {"v": "canary"}},
    )  # fmt: skip
    seen = [ask(service, id_, "GET", "/pets/7").json["stageVariables"]["v"] for _ in range(40)]

    assert asked[0] == asked[1] != again
    # One world's ids are always the same: this is no matter of luck.
    assert 10 <= seen.count("canary") <= 30
