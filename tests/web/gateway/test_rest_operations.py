"""Every operation of API Gateway, both versions, as the models have them: none fails; what is not there says so."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.serving import Serving, serving

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
DOCUMENT = json.dumps({"openapi": "3.0.1", "info": {"title": "a", "version": "1"}, "paths": {}}).encode()
NOT_THERE = {
    "apigateway": {"GetSdk"},
    "apigatewayv2": {
        *(f"{verb}{kind}" for kind in ("Portal", "PortalProduct", "ProductPage", "ProductRestEndpointPage")
          for verb in ("Create", "Get", "Update", "Delete")),
        "ListPortals", "ListPortalProducts", "ListProductPages", "ListProductRestEndpointPages", "PublishPortal",
        "PreviewPortal", "DisablePortal", "GetPortalProductSharingPolicy", "PutPortalProductSharingPolicy",
        "DeletePortalProductSharingPolicy", "CreateRoutingRule", "GetRoutingRule", "PutRoutingRule",
        "DeleteRoutingRule", "ListRoutingRules",
    },
}  # fmt: skip
"""What is deliberately not emulated, and refuses with `BadRequestException` and a sentence about it."""


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving("functions: {f: {script: {succeed_after: 1ms}}}") as running:
        yield running


def operations(model: str) -> list[str]:
    return list(botocore.session.get_session().get_service_model(model).operation_names)


def some(shape: Any, name: str, known: Mapping[str, Any], depth: int = 0) -> Any:
    """A value of a shape: what is known by the member's name, else the least that the model takes."""
    if name in known:
        return known[name]
    if shape.type_name == "structure":
        return {member: some(inner, member, known, depth + 1) for member, inner in shape.members.items()
                if member in shape.required_members or (depth == 0 and member in known)}  # fmt: skip
    if shape.type_name in ("string", "blob") and getattr(shape, "enum", None):
        return shape.enum[0]
    plain: dict[str, Any] = {"list": [], "map": {}, "integer": 1, "long": 1, "double": 1.0, "boolean": True,
                             "blob": DOCUMENT, "timestamp": 0}  # fmt: skip
    return plain.get(shape.type_name, "xyz")


def outcome(client: Any, operation: str, known: Mapping[str, Any]) -> tuple[int, str, str]:
    """Status, code and message."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    params = some(shape, "", known) if shape is not None else {}
    try:
        answer = getattr(client, xform_name(operation))(**params)
    except ClientError as refused:
        error = refused.response["Error"]
        return refused.response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]
    return answer["ResponseMetadata"]["HTTPStatusCode"], "", ""


class There:
    """An API of each version with one resource of each kind, by the names that requests call them."""

    def __init__(self, service: Serving) -> None:
        gateway = service.client("apigateway", parameter_validation=False)
        api = gateway.create_rest_api(name="all")
        at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
        gateway.put_method(**at, authorizationType="NONE")
        gateway.put_method_response(**at, statusCode="200")
        gateway.put_integration(**at, type="AWS_PROXY", integrationHttpMethod="POST", uri=URI)
        gateway.put_integration_response(**at, statusCode="200")
        deployment = gateway.create_deployment(restApiId=api["id"], stageName="dev")["id"]
        one = {"restApiId": api["id"]}
        authorizer = gateway.create_authorizer(
            **one, name="a", type="TOKEN", authorizerUri=URI, identitySource="method.request.header.Auth"
        )["id"]
        gateway.create_model(**one, name="pet", contentType="application/json", schema='{"type": "object"}')
        gateway.create_domain_name(domainName="all.example")
        gateway.create_base_path_mapping(domainName="all.example", restApiId=api["id"], basePath="v1", stage="dev")
        part = gateway.create_documentation_part(**one, location={"type": "API"}, properties='{"a": 1}')["id"]
        gateway.create_documentation_version(**one, documentationVersion="1", stageName="dev")
        key = gateway.create_api_key(name="k")["id"]
        plan = gateway.create_usage_plan(name="p", apiStages=[{"apiId": api["id"], "stage": "dev"}],
                                         quota={"limit": 5, "period": "DAY"})["id"]  # fmt: skip
        gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
        domain = "arn:aws:apigateway:us-east-1::/domainnames/all.example"
        self.known: dict[str, dict[str, Any]] = {}
        self.known["apigateway"] = {
            **at, "statusCode": "200", "stageName": "dev", "deploymentId": deployment, "authorizerId": authorizer,
            "modelName": "pet", "domainName": "all.example", "basePath": "v1", "documentationPartId": part,
            "documentationVersion": "1", "apiKey": key, "keyId": key, "usagePlanId": plan, "keyType": "API_KEY",
            "requestValidatorId": gateway.create_request_validator(**one, name="v")["id"],
            "clientCertificateId": gateway.generate_client_certificate()["clientCertificateId"],
            "vpcLinkId": gateway.create_vpc_link(name="l", targetArns=["arn:x"])["id"], "responseType": "THROTTLED",
            "exportType": "oas30", "id": "java", "parentId": api["rootResourceId"], "pathPart": "new", "format": "csv",
            "resourceArn": f"arn:aws:apigateway:us-east-1::/restapis/{api['id']}", "tags": {"a": "b"},
            "tagKeys": ["a"], "startDate": "2026-11-01", "endDate": "2026-11-30", "location": {"type": "API"},
            "domainNameArn": domain, "accessAssociationSource": "vpce-1", "authorizationType": "NONE",
            "schema": '{"type": "object"}', "authorizerUri": URI, "targetArns": ["arn:y"],
            "identitySource": "method.request.header.Auth",
            "domainNameAccessAssociationArn": gateway.create_domain_name_access_association(
                domainNameArn=domain, accessAssociationSourceType="VPCE", accessAssociationSource="vpce-2"
            )["domainNameAccessAssociationArn"],
        }  # fmt: skip
        second = service.client("apigatewayv2", parameter_validation=False)
        id_ = second.create_api(Name="all", ProtocolType="HTTP", Target=FUNCTION)["ApiId"]
        socket = second.create_api(Name="sock", ProtocolType="WEBSOCKET")["ApiId"]
        integration = second.get_integrations(ApiId=id_)["Items"][0]["IntegrationId"]
        route = second.get_routes(ApiId=id_)["Items"][0]["RouteId"]
        second.create_domain_name(DomainName="all2.example")
        self.known["apigatewayv2"] = {
            "ApiId": id_, "IntegrationId": integration, "RouteId": route, "StageName": "$default",
            "AuthorizerId": second.create_authorizer(
                ApiId=id_, AuthorizerType="JWT", Name="j", IdentitySource=["$request.header.A"],
                JwtConfiguration={"Issuer": "https://x.example", "Audience": ["a"]},
            )["AuthorizerId"],
            "DeploymentId": second.create_deployment(ApiId=id_)["DeploymentId"],
            "ModelId": second.create_model(ApiId=id_, Name="m", Schema="{}")["ModelId"],
            "RouteResponseId": second.create_route_response(
                ApiId=id_, RouteId=route, RouteResponseKey="$default"
            )["RouteResponseId"],
            "IntegrationResponseId": second.create_integration_response(
                ApiId=id_, IntegrationId=integration, IntegrationResponseKey="/200/"
            )["IntegrationResponseId"],
            "DomainName": "all2.example",
            "ApiMappingId": second.create_api_mapping(ApiId=id_, DomainName="all2.example", Stage="$default")[
                "ApiMappingId"
            ],
            "Stage": "$default", "VpcLinkId": second.create_vpc_link(Name="l", SubnetIds=["s-1"])["VpcLinkId"],
            "ResourceArn": f"arn:aws:apigateway:us-east-1::/apis/{id_}", "Tags": {"a": "b"}, "TagKeys": ["a"],
            "RouteKey": "$default", "Body": DOCUMENT.decode(), "OutputType": "JSON", "Specification": "OAS30",
            "RequestParameterKey": "route.request.querystring.a", "IntegrationType": "AWS_PROXY", "SubnetIds": ["s-1"],
            "_": socket,
        }  # fmt: skip


@pytest.fixture(scope="module")
def there(service: Serving) -> There:
    return There(service)


@pytest.fixture(scope="module")
def clients(service: Serving) -> dict[str, Any]:
    return {model: service.client(model, parameter_validation=False) for model in NOT_THERE}


ALL = [(model, operation) for model in NOT_THERE for operation in operations(model)]
VERBS = ("Get", "List", "Update", "Create", "Put", "Test", "Import")
LAST = ("DeleteStage", "DeleteResource", "DeleteRestApi", "DeleteApi")


@pytest.mark.parametrize(("model", "operation"), ALL, ids=[f"{model}-{operation}" for model, operation in ALL])
def test_what_names_nothing_is_refused_and_never_fails(
    clients: dict[str, Any], model: str, operation: str
) -> None:  # fmt: skip
    known = {
        "Body": DOCUMENT.decode(),
        "resourceArn": "arn:x",
        "ResourceArn": "arn:x",
        "TagKeys": ["a"],
        "tagKeys": ["a"],
    }
    status, code, message = outcome(clients[model], operation, known)

    assert status < 500, (code, message)
    assert (operation in NOT_THERE[model]) <= (code in ("BadRequestException", "NotFoundException")), (code, message)


@pytest.mark.parametrize("model", list(NOT_THERE))
def test_what_is_there_answers(clients: dict[str, Any], there: There, model: str) -> None:
    """All that tell, then all that change, then all that delete, those first that others do not need."""
    names = sorted(operations(model), key=lambda name: (name in LAST, *[not name.startswith(verb) for verb in VERBS]))
    names = [name for name in names if name not in LAST] + [name for name in LAST if name in names]
    found = {name: outcome(clients[model], name, there.known[model]) for name in names}

    assert {name: told for name, told in found.items() if told[0] >= 500} == {}
    absent = {name for name, told in found.items() if "does not" in told[2] and "Triggerfish" in told[2]}
    assert absent == NOT_THERE[model]
    told = {name: answer for name, answer in found.items() if name.startswith(("Get", "Update", "List"))}
    assert {
        name: answer for name, answer in told.items() if not 200 <= answer[0] < 300 and name not in NOT_THERE[model]
    } == {}


def test_the_models_are_those_that_were_looked_at() -> None:
    """More operations than these would be new ones of AWS's."""
    assert boto3.__version__ >= "1.40"
    assert (len(operations("apigateway")), len(operations("apigatewayv2"))) == (124, 103)
