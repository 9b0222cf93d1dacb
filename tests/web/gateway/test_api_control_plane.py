"""API Gateway v2's API by boto3: an API made piece by piece, by a document, and taken away."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.serving import Serving

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:echo"


@pytest.fixture
def apis(fronts: Serving) -> Iterator[Any]:
    client = fronts.client("apigatewayv2")
    yield client
    client.close()


def get(fronts: Serving, api: str, path: str, method: str = "GET", **headers: str) -> Any:
    return fronts.ask(method, path, headers={"Host": f"{api}.execute-api.localhost:4566", **headers})


def test_an_api_is_made_piece_by_piece(fronts: Serving, apis: Any) -> None:
    api = apis.create_api(Name="pets", ProtocolType="HTTP", Tags={"team": "a"})
    api_id = api["ApiId"]
    integration = apis.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=FUNCTION, PayloadFormatVersion="2.0"
    )
    target = f"integrations/{integration['IntegrationId']}"
    route = apis.create_route(ApiId=api_id, RouteKey="GET /pets/{id}", Target=target)
    before = get(fronts, api_id, "/dev/pets/7")
    stage = apis.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True, StageVariables={"a": "b"})
    after = get(fronts, api_id, "/dev/pets/7").json
    apis.update_api(ApiId=api_id, CorsConfiguration={"AllowOrigins": ["*"]})
    preflight = get(fronts, api_id, "/dev/pets/7", "OPTIONS", Origin="https://a.example")
    with pytest.raises(ClientError) as conflict:
        apis.create_route(ApiId=api_id, RouteKey="GET /pets/{id}", Target=target)
    apis.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    gone = get(fronts, api_id, "/dev/pets/7")
    tags = apis.get_tags(ResourceArn=f"arn:aws:apigateway:us-east-1::/apis/{api_id}")["Tags"]
    listed = [item["ApiId"] for item in apis.get_apis()["Items"]]
    apis.delete_api(ApiId=api_id)
    with pytest.raises(ClientError) as missing:
        apis.get_api(ApiId=api_id)

    assert api["ApiEndpoint"] == f"http://{api_id}.execute-api.localhost:{fronts.port}"
    assert (integration["TimeoutInMillis"], integration["ConnectionType"]) == (30_000, "INTERNET")
    assert (route["AuthorizationType"], route["ApiKeyRequired"]) == ("NONE", False)
    assert (before.status, before.json) == (404, {"message": "Not Found"})
    assert (after["rawPath"], after["stageVariables"]) == ("/dev/pets/7", {"a": "b"})
    assert stage["CreatedDate"].year >= 2026
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert conflict.value.response["Error"] == {
        "Code": "ConflictException", "Message": "Route with key GET /pets/{id} already exists for this API",
    }  # fmt: skip
    assert gone.status == 404
    assert tags == {"team": "a"}
    assert api_id in listed
    assert missing.value.response["Error"]["Code"] == "NotFoundException"


def test_an_api_with_a_target_answers_at_once(fronts: Serving, apis: Any) -> None:
    api_id = apis.create_api(Name="quick", ProtocolType="HTTP", Target=FUNCTION)["ApiId"]

    assert get(fronts, api_id, "/any/path").json["routeKey"] == "$default"
    assert apis.get_stage(ApiId=api_id, StageName="$default")["AutoDeploy"] is True
    apis.delete_api(ApiId=api_id)


def test_a_document_is_an_api(fronts: Serving, apis: Any) -> None:
    integration = {"type": "aws_proxy", "uri": FUNCTION, "payloadFormatVersion": "2.0"}
    document = {
        "openapi": "3.0.1",
        "info": {"title": "imported", "version": "1.0"},
        "x-amazon-apigateway-cors": {"allowOrigins": ["*"]},
        "paths": {
            "/pets/{id}": {"get": {"x-amazon-apigateway-integration": integration}},
            "/{proxy+}": {
                "x-amazon-apigateway-any-method": {
                    "security": [{"check": []}],
                    "x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/shared"},
                }
            },
        },
        "components": {
            "x-amazon-apigateway-integrations": {"shared": {**integration, "payloadFormatVersion": "1.0"}},
            "securitySchemes": {
                "check": {
                    "type": "apiKey",
                    "x-amazon-apigateway-authorizer": {
                        "type": "request",
                        "identitySource": "$request.header.token",
                        "authorizerUri": FUNCTION.replace(":echo", ":authorize"),
                        "authorizerPayloadFormatVersion": "2.0",
                        "enableSimpleResponses": True,
                    },
                }
            },
        },
    }
    api_id = apis.import_api(Body=json.dumps(document))["ApiId"]
    apis.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)

    assert get(fronts, api_id, "/pets/7").json["pathParameters"] == {"id": "7"}
    assert get(fronts, api_id, "/other").status == 401
    assert get(fronts, api_id, "/other", token="allow").json["version"] == "1.0"
    with pytest.raises(ClientError) as invalid:
        apis.import_api(Body='{"swagger": "2.0"}')
    assert invalid.value.response["Error"]["Code"] == "BadRequestException"
    apis.delete_api(ApiId=api_id)
