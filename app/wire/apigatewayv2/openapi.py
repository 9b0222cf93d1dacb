"""An OpenAPI document as an HTTP API: what ImportApi makes of it (HTTP API guide, http-api-open-api)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from app.core.commands import ChangeApi
from app.core.errors import InvalidParameterValue
from app.wire.calls import Call, Caller, Params

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
AUTHORIZER = "x-amazon-apigateway-authorizer"
CORS = "x-amazon-apigateway-cors"


def import_api(host_of: Callable[[Caller], str], params: Params, caller: Caller) -> Call:
    """The API with its integrations, authorizers and routes; a stage it has none yet.

    Raises InvalidParameterValue for what is no OpenAPI 3 document.
    """
    parts = {"Body": read_openapi(params["Body"])}
    return Call(ChangeApi(caller.scope, "ImportApi", parts, host_of(caller)), dict)


def reimport_api(params: Params, caller: Caller) -> Call:
    """What a document has in it instead of what an API had. Raises InvalidParameterValue."""
    parts = {"ApiId": params["ApiId"], "Body": read_openapi(params["Body"])}
    return Call(ChangeApi(caller.scope, "ReimportApi", parts), dict)


def read_openapi(text: str) -> dict[str, Any]:
    """The document as the parameters of Create operations: `Api`, `Integrations`, `Authorizers`, `Routes`. Routes name
    integrations by number, and authorizers by name. Raises InvalidParameterValue."""
    document = _parsed(text)
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise InvalidParameterValue("Invalid OpenAPI input.")
    info = document.get("info") or {}
    api: dict[str, Any] = {"Name": info.get("title", ""), "ProtocolType": "HTTP"}
    if info.get("description"):
        api["Description"] = info["description"]
    if info.get("version"):
        api["Version"] = str(info["version"])
    if isinstance(document.get(CORS), Mapping):
        api["CorsConfiguration"] = _titled(document[CORS])
    authorizers = _authorizers(document)
    integrations: list[dict[str, Any]] = []
    routes: list[dict[str, Any]] = []
    for path, item in (document.get("paths") or {}).items():
        for name, operation in item.items() if isinstance(item, Mapping) else ():
            if name not in (*_METHODS, ANY) or not isinstance(operation, Mapping):
                continue
            method = "ANY" if name == ANY else name.upper()
            key = "$default" if path in ("/$default", "$default") else f"{method} {path}"
            route: dict[str, Any] = {"RouteKey": key, **_security(operation, document, authorizers)}
            given = operation.get(INTEGRATION)
            if isinstance(given, Mapping):
                route["Integration"] = len(integrations)
                integrations.append(_integration(given, document))
            routes.append(route)
    return {"Api": api, "Integrations": integrations, "Authorizers": authorizers, "Routes": routes}


def _parsed(text: str) -> Any:
    """JSON, or else YAML. Raises InvalidParameterValue."""
    try:
        return json.loads(text)
    except ValueError:
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            raise InvalidParameterValue("Unable to parse API definition because of a malformed body") from None


def _integration(given: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in given:
        name = str(given["$ref"]).rpartition("/")[2]
        shared = (document.get("components") or {}).get("x-amazon-apigateway-integrations") or {}
        if name not in shared:
            raise InvalidParameterValue(f"Invalid OpenAPI input. There is no integration {name}")
        given = shared[name]
    members = {
        "IntegrationType": str(given.get("type", "")).upper(),
        "IntegrationUri": given.get("uri"),
        "IntegrationMethod": given.get("httpMethod"),
        "IntegrationSubtype": given.get("subtype"),
        "PayloadFormatVersion": given.get("payloadFormatVersion"),
        "TimeoutInMillis": given.get("timeoutInMillis"),
        "CredentialsArn": given.get("credentials"),
        "RequestParameters": given.get("requestParameters"),
        "ResponseParameters": given.get("responseParameters"),
        "ConnectionType": given.get("connectionType"),
    }
    return {name: str(value) if name == "PayloadFormatVersion" else value
            for name, value in members.items() if value is not None}  # fmt: skip


def _authorizers(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    for name, scheme in schemes.items():
        given = scheme.get(AUTHORIZER) if isinstance(scheme, Mapping) else None
        if not isinstance(given, Mapping):
            continue
        source = given.get("identitySource")
        members: dict[str, Any] = {
            "Name": name,
            "AuthorizerType": str(given.get("type", "")).upper(),
            "IdentitySource": source.split(",") if isinstance(source, str) else source,
            "AuthorizerUri": given.get("authorizerUri"),
            "AuthorizerPayloadFormatVersion": given.get("authorizerPayloadFormatVersion"),
            "AuthorizerResultTtlInSeconds": given.get("authorizerResultTtlInSeconds"),
            "EnableSimpleResponses": given.get("enableSimpleResponses"),
        }
        if isinstance(given.get("jwtConfiguration"), Mapping):
            members["JwtConfiguration"] = _titled(given["jwtConfiguration"])
        found[name] = {key: value for key, value in members.items() if value is not None}
    return found


def _security(
    operation: Mapping[str, Any], document: Mapping[str, Any], authorizers: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    for wanted in operation.get("security", document.get("security")) or ():
        for name, scopes in wanted.items():
            if name in authorizers:
                kind = "JWT" if authorizers[name]["AuthorizerType"] == "JWT" else "CUSTOM"
                return {"Authorizer": name, "AuthorizationType": kind, "AuthorizationScopes": list(scopes)}
    return {}


def _titled(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name[:1].upper() + name[1:]: value for name, value in given.items()}
