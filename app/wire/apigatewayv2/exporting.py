"""An HTTP API as an OpenAPI 3 document (HTTP API guide, http-api-export)."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
import yaml

from app.core.errors import InvalidParameterValue
from app.core.gateway.api import Api, Members
from app.wire.apigatewayv2.openapi import ANY, AUTHORIZER, CORS, INTEGRATION


def exported(api: Api, params: Mapping[str, Any]) -> bytes:
    """The document in JSON or YAML, with API Gateway's extensions unless `IncludeExtensions` is false. Raises
    InvalidParameterValue."""
    if not api.is_http:
        raise InvalidParameterValue("Export is only supported for HTTP APIs")
    if params["Specification"] != "OAS30":
        raise InvalidParameterValue("Invalid specification. Must be OAS30")
    if params["OutputType"] not in ("JSON", "YAML"):
        raise InvalidParameterValue("Invalid output type. Must be one of [JSON, YAML]")
    document = _document(api, with_extensions=params.get("IncludeExtensions", True))
    if params["OutputType"] == "YAML":
        return yaml.safe_dump(document, sort_keys=False).encode()
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _document(api: Api, *, with_extensions: bool) -> Members:
    members = api.members
    info: Members = {"title": members.get("Name", api.id)}
    if members.get("Description"):
        info["description"] = members["Description"]
    info["version"] = members.get("Version") or f"{members['CreatedDate']:%Y-%m-%d %H:%M:%SUTC}"
    paths: dict[str, Members] = {}
    for route in sorted(api.resources["Route"].values(), key=lambda each: str(each["RouteKey"])):
        method, _, path = str(route["RouteKey"]).partition(" ")
        name = ANY if method in ("ANY", "$default") else method.lower()
        paths.setdefault(path or "/$default", {})[name] = _operation(api, route, path, with_extensions=with_extensions)
    document: Members = {"openapi": "3.0.1", "info": info, "paths": paths}
    if schemes := _schemes(api, with_extensions=with_extensions):
        document["components"] = {"securitySchemes": schemes}
    if with_extensions:
        if members.get("CorsConfiguration"):
            document[CORS] = _lowered(members["CorsConfiguration"])
        document["x-amazon-apigateway-importexport-version"] = "1.0"
    return document


def _operation(api: Api, route: Members, path: str, *, with_extensions: bool) -> Members:
    told: Members = {"responses": {"default": {"description": f"Default response for {route['RouteKey']}"}}}
    names = re.findall(r"\{([^}+]+)\+?\}", path)
    if names:
        told["parameters"] = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                              for name in names]  # fmt: skip
    if route["RouteKey"] == "$default":
        told["isDefaultRoute"] = True
    authorizer = api.resources["Authorizer"].get(route.get("AuthorizerId", ""))
    if authorizer is not None:
        told["security"] = [{authorizer["Name"]: list(route.get("AuthorizationScopes") or ())}]
    integration = api.resources["Integration"].get(str(route.get("Target") or "").removeprefix("integrations/"))
    if with_extensions and integration is not None:
        told[INTEGRATION] = _integration(integration)
    return told


def _integration(integration: Members) -> Members:
    is_function = integration["IntegrationType"] == "AWS_PROXY" and not integration.get("IntegrationSubtype")
    members = {
        "payloadFormatVersion": integration.get("PayloadFormatVersion"),
        "type": str(integration["IntegrationType"]).lower(),
        "subtype": integration.get("IntegrationSubtype"),
        "httpMethod": integration.get("IntegrationMethod") or ("POST" if is_function else None),
        "uri": integration.get("IntegrationUri"),
        "credentials": integration.get("CredentialsArn"),
        "connectionType": integration.get("ConnectionType"),
        "requestParameters": integration.get("RequestParameters"),
        "timeoutInMillis": integration.get("TimeoutInMillis"),
    }  # fmt: skip
    return {name: value for name, value in members.items() if value is not None}


def _schemes(api: Api, *, with_extensions: bool) -> Members:
    told: Members = {}
    for authorizer in api.resources["Authorizer"].values():
        is_jwt = authorizer["AuthorizerType"] == "JWT"
        scheme: Members = (
            {"type": "oauth2", "flows": {}} if is_jwt else {"type": "apiKey", "name": "Authorization", "in": "header"}
        )
        if with_extensions:
            given = {
                "identitySource": ",".join(authorizer.get("IdentitySource") or ()),
                "type": authorizer["AuthorizerType"].lower(),
                "authorizerUri": authorizer.get("AuthorizerUri"),
                "authorizerPayloadFormatVersion": authorizer.get("AuthorizerPayloadFormatVersion"),
                "authorizerResultTtlInSeconds": authorizer.get("AuthorizerResultTtlInSeconds"),
                "enableSimpleResponses": authorizer.get("EnableSimpleResponses"),
                "jwtConfiguration": _lowered(authorizer["JwtConfiguration"]) if is_jwt else None,
            }
            scheme[AUTHORIZER] = {name: value for name, value in given.items() if value is not None}
        told[authorizer["Name"]] = scheme
    return told


def _lowered(given: Mapping[str, Any]) -> Members:
    return {name[:1].lower() + name[1:]: value for name, value in given.items()}
