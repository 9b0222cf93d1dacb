"""A stage of a REST API as an OpenAPI 3 or Swagger 2 document, with API Gateway's extensions where they are asked for
(API Gateway guide, api-gateway-export-api)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import yaml

from app.core.errors import InvalidParameterValue
from app.core.gateway.rest.definition.definition import Definition, Snapshot
from app.core.gateway.rest.definition.patches import Members
from app.wire.apigateway.documents import ANY, AUTH_TYPE, AUTHORIZER, INTEGRATION, VALIDATOR, VALIDATORS

_KINDS = ("oas30", "swagger")
_EXTENSIONS = ("integrations", "apigateway", "authorizers", "postman")
_PLACES = {"path": "path", "querystring": "query", "header": "header"}


def exported(
    api: Definition, stage: Members, snapshot: Snapshot, kind: str, accepts: str, options: Mapping[str, str],
    documentation: Sequence[Members] = (),
) -> bytes:  # fmt: skip
    """The document in JSON or YAML. `options` has `extensions`, of `integrations`, `apigateway`, `authorizers` and
    `postman`. Raises InvalidParameterValue."""
    if kind not in _KINDS:
        raise InvalidParameterValue("No API exporter for type '" + kind + "'")
    if accepts.partition(";")[0] not in ("application/json", "application/yaml", "*/*"):
        raise InvalidParameterValue("Invalid accepts specified. Must be application/json or application/yaml")
    wanted = {name.strip() for name in str(options.get("extensions") or "").split(",") if name.strip()}
    if unknown := sorted(wanted - set(_EXTENSIONS)):
        raise InvalidParameterValue(f"Invalid export extension specified: {unknown[0]}")
    document = _Writer(api, stage, snapshot, kind == "swagger", wanted).document(documentation)
    if "yaml" in accepts:
        return yaml.safe_dump(document, sort_keys=False).encode()
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


class _Writer:
    def __init__(self, api: Definition, stage: Members, snapshot: Snapshot, is_swagger: bool, wanted: set[str]) -> None:
        self._api, self._stage, self._snapshot, self._is_swagger = api, stage, snapshot, is_swagger
        self._with_all = "apigateway" in wanted
        self._with_integrations = self._with_all or "integrations" in wanted
        self._with_authorizers = self._with_all or "authorizers" in wanted
        self._validators = {key: members.get("name") or key for key, members in snapshot.validators.items()}

    def document(self, documentation: Sequence[Members]) -> Members:
        members, host = self._snapshot.members, f"{self._api.id}.execute-api.{self._api.scope.region}.amazonaws.com"
        info: Members = {"title": members["name"]}
        if members.get("description"):
            info["description"] = members["description"]
        info["version"] = members.get("version") or f"{members['createdDate']:%Y-%m-%dT%H:%M:%SZ}"
        base = f"/{self._stage['stageName']}"
        if self._is_swagger:
            document: Members = {"swagger": "2.0", "info": info, "host": host, "basePath": base, "schemes": ["https"]}
        else:
            server = {"url": f"https://{host}/{{basePath}}", "variables": {"basePath": {"default": base}}}
            document = {"openapi": "3.0.1", "info": info, "servers": [server]}
        document["paths"] = {
            resource["path"]: {
                ANY if name == "ANY" else name.lower(): self._operation(resource["path"], method)
                for name, method in sorted(resource["resourceMethods"].items())
            }
            for resource in sorted(self._snapshot.resources.values(), key=lambda each: str(each["path"]))
            if resource.get("resourceMethods")
        }
        self._add_components(document)
        if self._with_all:
            self._add_extensions(document)
        if documentation:
            document["x-amazon-apigateway-documentation"] = {
                "documentationParts": [
                    {"location": part["location"], "properties": _as_json(part["properties"])} for part in documentation
                ]
            }
        return document

    def _add_components(self, document: Members) -> None:
        schemas = {name: self._schema(model) for name, model in sorted(self._snapshot.models.items())
                   if name in self._used_models()}  # fmt: skip
        schemes = self._security_schemes()
        if self._is_swagger:
            document |= {"securityDefinitions": schemes} if schemes else {}
            document |= {"definitions": schemas} if schemas else {}
            return
        components = {**({"schemas": schemas} if schemas else {}), **({"securitySchemes": schemes} if schemes else {})}
        document["components"] = components

    def _add_extensions(self, document: Members) -> None:
        members = self._snapshot.members
        if self._snapshot.validators:
            document[VALIDATORS] = {
                self._validators[key]: {
                    "validateRequestParameters": validator["validateRequestParameters"],
                    "validateRequestBody": validator["validateRequestBody"],
                }
                for key, validator in self._snapshot.validators.items()
            }
        if self._snapshot.gateway_responses:
            document["x-amazon-apigateway-gateway-responses"] = dict(self._snapshot.gateway_responses)
        if members.get("binaryMediaTypes"):
            document["x-amazon-apigateway-binary-media-types"] = list(members["binaryMediaTypes"])
        if members.get("minimumCompressionSize") is not None:
            document["x-amazon-apigateway-minimum-compression-size"] = members["minimumCompressionSize"]
        if members["apiKeySource"] != "HEADER":
            document["x-amazon-apigateway-api-key-source"] = members["apiKeySource"]
        if members.get("policy"):
            document["x-amazon-apigateway-policy"] = _as_json(members["policy"])

    # Operations -----------------------------------------------------------------------------------------

    def _operation(self, path: str, method: Members) -> Members:
        told: Members = {}
        if method.get("operationName"):
            told["operationId"] = method["operationName"]
        if self._is_swagger:
            told["produces"] = ["application/json"]
        parameters = [*self._parameters(path, method)]
        models = method.get("requestModels") or {}
        if self._is_swagger:
            parameters += [{"in": "body", "name": model, "required": True, "schema": self._reference(model)}
                           for model in dict.fromkeys(models.values())]  # fmt: skip
        elif models:
            content = {kind: {"schema": self._reference(model)} for kind, model in models.items()}
            told["requestBody"] = {"content": content, "required": True}
        if parameters:
            told["parameters"] = parameters
        told["responses"] = {
            status: self._response(status, response)
            for status, response in (method.get("methodResponses") or {}).items()
        }
        if security := self._security(method):
            told["security"] = security
        if self._with_all and method.get("requestValidatorId") in self._validators:
            told[VALIDATOR] = self._validators[method["requestValidatorId"]]
        if self._with_integrations and "methodIntegration" in method:
            told[INTEGRATION] = _integration(method["methodIntegration"])
        return told

    def _parameters(self, path: str, method: Members) -> list[Members]:
        told: dict[tuple[str, str], Members] = {}
        for name in re.findall(r"\{([^}+]+)\+?\}", path):
            told["path", name] = self._parameter("path", name, required=True)
        for text, required in (method.get("requestParameters") or {}).items():
            _, _, place, name = text.split(".", 3)
            told[place, name] = self._parameter(place, name, required=required or place == "path")
        return list(told.values())

    def _parameter(self, place: str, name: str, *, required: bool) -> Members:
        told: Members = {"name": name, "in": _PLACES[place]}
        if required:
            told["required"] = True
        return told | ({"type": "string"} if self._is_swagger else {"schema": {"type": "string"}})

    def _response(self, status: str, response: Members) -> Members:
        told: Members = {"description": f"{status} response"}
        text: Members = {"type": "string"} if self._is_swagger else {"schema": {"type": "string"}}
        headers = {name.removeprefix("method.response.header."): dict(text)
                   for name in response.get("responseParameters") or ()}  # fmt: skip
        if headers:
            told["headers"] = headers
        models = response.get("responseModels") or {}
        if models and self._is_swagger:
            told["schema"] = self._reference(next(iter(models.values())))
        elif not self._is_swagger:
            told["content"] = {kind: {"schema": self._reference(model)} for kind, model in models.items()}
        return told

    def _security(self, method: Members) -> list[Members]:
        told: list[Members] = []
        authorizer = self._snapshot.authorizers.get(method.get("authorizerId", ""))
        if authorizer is not None:
            told.append({authorizer["name"]: list(method.get("authorizationScopes") or ())})
        elif method["authorizationType"] == "AWS_IAM":
            told.append({"sigv4": []})
        if method.get("apiKeyRequired"):
            told.append({"api_key": []})
        return told

    def _security_schemes(self) -> Members:
        methods = [method for resource in self._snapshot.resources.values()
                   for method in resource.get("resourceMethods", {}).values()]  # fmt: skip
        told: Members = {}
        for authorizer in self._snapshot.authorizers.values():
            source = str(authorizer.get("identitySource") or "").partition(",")[0]
            header = source.removeprefix("method.request.header.") if ".header." in source else "Unused"
            scheme: Members = {"type": "apiKey", "name": header, "in": "header"}
            if self._with_authorizers:
                scheme[AUTH_TYPE] = authorizer.get("authType", "custom")
                scheme[AUTHORIZER] = {
                    name: value.lower() if name == "type" else value
                    for name, value in authorizer.items()
                    if name not in ("id", "name", "authType")
                }
            told[authorizer["name"]] = scheme
        if any(method["authorizationType"] == "AWS_IAM" for method in methods):
            signed: Members = {"type": "apiKey", "name": "Authorization", "in": "header"}
            told["sigv4"] = signed | ({AUTH_TYPE: "awsSigv4"} if self._with_authorizers else {})
        if any(method.get("apiKeyRequired") for method in methods):
            told["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        return told

    # Models ---------------------------------------------------------------------------------------------

    def _used_models(self) -> set[str]:
        """Those that methods name, and those that they refer to; with all extensions every one but the defaults that
        nobody names."""
        used: set[str] = set()
        waiting: list[str] = []
        for resource in self._snapshot.resources.values():
            for method in resource.get("resourceMethods", {}).values():
                waiting += _models_of(method)
        if self._with_all:
            waiting += [name for name in self._snapshot.models if name not in ("Empty", "Error")]
        while waiting:
            name = waiting.pop()
            model = self._snapshot.models.get(name)
            if model is not None and name not in used:
                used.add(name)
                waiting += re.findall(r"/models/([A-Za-z0-9]+)", model["schema"])
        return used

    def _schema(self, model: Members) -> Any:
        prefix = "#/definitions/" if self._is_swagger else "#/components/schemas/"
        text = re.sub(r'"https://apigateway\.amazonaws\.com/restapis/[^"]*models/([A-Za-z0-9]+)"',
                      rf'"{prefix}\1"', model["schema"])  # fmt: skip
        schema = _as_json(text)
        return {key: value for key, value in schema.items() if key != "$schema"} if isinstance(schema, dict) else {}

    def _reference(self, model: str) -> Members:
        return {"$ref": f"#/{'definitions' if self._is_swagger else 'components/schemas'}/{model}"}


def _integration(integration: Members) -> Members:
    told: Members = {name: value for name, value in integration.items()
                     if name not in ("integrationResponses", "cacheKeyParameters", "cacheNamespace")}  # fmt: skip
    told["type"] = integration["type"].lower()
    told["passthroughBehavior"] = str(integration["passthroughBehavior"]).lower()
    responses = {}
    for response in (integration.get("integrationResponses") or {}).values():
        one = {name: value for name, value in response.items() if name != "selectionPattern"}
        responses[response.get("selectionPattern") or "default"] = one
    return told | ({"responses": responses} if responses else {})


def _models_of(method: Members) -> list[str]:
    found = list((method.get("requestModels") or {}).values())
    for response in (method.get("methodResponses") or {}).values():
        found += list((response.get("responseModels") or {}).values())
    return found


def _as_json(text: Any) -> Any:
    try:
        return orjson.loads(text) if isinstance(text, str) else text
    except orjson.JSONDecodeError:
        return text
