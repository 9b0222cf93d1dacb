"""OpenAPI 3 and Swagger 2 documents with API Gateway's extensions, as the parts of a REST API (API Gateway guide,
api-gateway-import-api)."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
import yaml

from app.core.errors import InvalidParameterValue
from app.core.gateway.rest.definition.patches import Members

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
AUTHORIZER = "x-amazon-apigateway-authorizer"
AUTH_TYPE = "x-amazon-apigateway-authtype"
VALIDATOR, VALIDATORS = "x-amazon-apigateway-request-validator", "x-amazon-apigateway-request-validators"
_PLACES = {"path": "path", "query": "querystring", "header": "header"}
_MOST_DEPTH = 40


def read_document(body: bytes, options: Mapping[str, str]) -> Members:
    """`Api`, `Models`, `Authorizers`, `Validators`, `GatewayResponses`, `Paths`, `Documentation` and `Warnings` of a
    document in JSON or YAML. `options` has `basepath`: `ignore`, `prepend` or `split`. Raises
    InvalidParameterValue."""
    document = _parsed(body)
    is_swagger = str(document.get("swagger", "")) == "2.0"
    if not is_swagger and not str(document.get("openapi", "")).startswith("3."):
        raise InvalidParameterValue("Invalid OpenAPI input. Only Swagger 2.0 and OpenAPI 3.x.x are supported")
    reader = _Reader(document, is_swagger=is_swagger)
    base = _base_path(document, options.get("basepath", "ignore"), is_swagger=is_swagger)
    warnings: list[str] = []
    return {
        "Api": reader.api(options),
        "Models": reader.models(),
        "Authorizers": reader.authorizers(),
        "Validators": {name: dict(given) for name, given in _objects(document.get(VALIDATORS))},
        "GatewayResponses": reader.gateway_responses(),
        "Paths": {
            f"{base}{path}" if base else path: reader.methods(item) for path, item in _objects(document.get("paths"))
        },
        "Documentation": _documentation(document),
        "Warnings": warnings,
    }


def read_documentation(body: bytes) -> list[Members]:
    """`x-amazon-apigateway-documentation` of a document. Raises InvalidParameterValue."""
    return _documentation(_parsed(body))


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            document = yaml.safe_load(body)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise InvalidParameterValue(f"Invalid OpenAPI input. {error}") from None
    if not isinstance(document, dict):
        raise InvalidParameterValue("Invalid OpenAPI input.")
    return document


def _documentation(document: Mapping[str, Any]) -> list[Members]:
    given = document.get("x-amazon-apigateway-documentation")
    parts = given.get("documentationParts") if isinstance(given, Mapping) else None
    told = []
    for part in parts or ():
        properties = part.get("properties", {})
        text = properties if isinstance(properties, str) else orjson.dumps(properties).decode()
        told.append({"location": dict(part.get("location") or {}), "properties": text})
    return told


def _base_path(document: Mapping[str, Any], mode: str, *, is_swagger: bool) -> str:
    """`prepend` puts the document's base path before every path, `split` all of it but its first part."""
    if mode == "ignore":
        return ""
    if is_swagger:
        base = str(document.get("basePath") or "")
    else:
        server: Mapping[str, Any] = next(iter(document.get("servers") or ()), {})
        variable = (server.get("variables") or {}).get("basePath", {}).get("default")
        base = str(variable if variable is not None else urlsplit(str(server.get("url", ""))).path)
    parts = [part for part in base.split("/") if part]
    if mode == "split":
        parts = parts[1:]
    return "".join(f"/{part}" for part in parts)


class _Reader:
    """One document, with what its parts refer to."""

    def __init__(self, document: Mapping[str, Any], *, is_swagger: bool) -> None:
        self._document = document
        self._is_swagger = is_swagger
        components = document.get("components") or {}
        self._schemas = (document.get("definitions") if is_swagger else components.get("schemas")) or {}
        self._schemes = (document.get("securityDefinitions") if is_swagger else components.get("securitySchemes")) or {}

    def api(self, options: Mapping[str, str]) -> Members:
        info = self._document.get("info") or {}
        api: Members = {"name": str(info.get("title") or "")}
        if info.get("description"):
            api["description"] = info["description"]
        if info.get("version"):
            api["version"] = str(info["version"])
        types = self._document.get("x-amazon-apigateway-binary-media-types")
        if types:
            api["binaryMediaTypes"] = list(types)
        if (size := self._document.get("x-amazon-apigateway-minimum-compression-size")) is not None:
            api["minimumCompressionSize"] = size
        if (source := self._document.get("x-amazon-apigateway-api-key-source")) is not None:
            api["apiKeySource"] = source
        if (policy := self._document.get("x-amazon-apigateway-policy")) is not None:
            api["policy"] = orjson.dumps(policy).decode()
        if (kinds := options.get("endpointConfigurationTypes")) is not None:
            address = "dualstack" if kinds == "PRIVATE" else "ipv4"
            api["endpointConfiguration"] = {"types": kinds.split(","), "ipAddressType": address}
        return api

    def models(self) -> dict[str, Members]:
        """Of the document's schemas; what they refer to is referred to as models of the API."""
        return {
            str(name): {
                "contentType": "application/json",
                "schema": orjson.dumps(_with_model_references(schema)).decode(),
                **({"description": schema["description"]} if schema.get("description") else {}),
            }
            for name, schema in _objects(self._schemas)
        }

    def authorizers(self) -> dict[str, Members]:
        found = {}
        for name, scheme in _objects(self._schemes):
            given = scheme.get(AUTHORIZER)
            if not isinstance(given, Mapping):
                continue
            kind = str(given.get("type", "")).upper()
            source = given.get("identitySource")
            if source is None and scheme.get("in") == "header":
                source = f"method.request.header.{scheme.get('name')}"
            members: Members = {
                "type": kind,
                "authType": scheme.get(AUTH_TYPE, "custom"),
                "authorizerUri": given.get("authorizerUri"),
                "authorizerCredentials": given.get("authorizerCredentials"),
                "identitySource": source,
                "identityValidationExpression": given.get("identityValidationExpression"),
                "authorizerResultTtlInSeconds": given.get("authorizerResultTtlInSeconds"),
                "providerARNs": given.get("providerARNs"),
            }
            found[name] = {key: value for key, value in members.items() if value is not None}
        return found

    def gateway_responses(self) -> dict[str, Members]:
        told = {}
        for kind, given in _objects(self._document.get("x-amazon-apigateway-gateway-responses")):
            status = given.get("statusCode")
            told[kind] = {
                **({"statusCode": str(status)} if status is not None else {}),
                "responseParameters": dict(given.get("responseParameters") or {}),
                "responseTemplates": dict(given.get("responseTemplates") or {}),
            }
        return told

    # Methods --------------------------------------------------------------------------------------------

    def methods(self, item: Mapping[str, Any]) -> dict[str, Members]:
        """The methods of a path, with what they inherit from it."""
        shared = [self._resolved(parameter) for parameter in item.get("parameters") or ()]
        told = {}
        for name, operation in item.items():
            if name in (*METHODS, ANY) and isinstance(operation, Mapping):
                told["ANY" if name == ANY else name.upper()] = self._method(operation, shared)
        return told

    def _method(self, operation: Mapping[str, Any], shared: list[Mapping[str, Any]]) -> Members:
        parameters = [*shared, *(self._resolved(parameter) for parameter in operation.get("parameters") or ())]
        validator = operation.get(VALIDATOR, self._document.get(VALIDATOR))
        method: Members = {
            **self._security(operation),
            "requestParameters": {
                f"method.request.{_PLACES[parameter['in']]}.{parameter['name']}": bool(parameter.get("required"))
                for parameter in parameters
                if parameter.get("in") in _PLACES
            },
            "requestModels": self._request_models(operation, parameters),
            "methodResponses": self._method_responses(operation),
        }
        if operation.get("operationId"):
            method["operationName"] = operation["operationId"]
        if validator is not None:
            method["validator"] = validator
        given = operation.get(INTEGRATION)
        if isinstance(given, Mapping):
            method["methodIntegration"] = self._integration(self._resolved(given))
        return {name: value for name, value in method.items() if value != {}}

    def _security(self, operation: Mapping[str, Any]) -> Members:
        """An authorizer, a signature, an API key, or nothing."""
        told: Members = {}
        if operation.get("x-amazon-apigateway-auth", {}).get("type", "").upper() == "AWS_IAM":
            told["authorizationType"] = "AWS_IAM"
        for wanted in operation.get("security", self._document.get("security")) or ():
            for name, scopes in wanted.items():
                scheme = self._schemes.get(name) or {}
                given = scheme.get(AUTHORIZER)
                if isinstance(given, Mapping):
                    is_pool = str(given.get("type", "")).lower() == "cognito_user_pools"
                    told["authorizationType"] = "COGNITO_USER_POOLS" if is_pool else "CUSTOM"
                    told["authorizer"] = name
                    if scopes:
                        told["authorizationScopes"] = list(scopes)
                elif scheme.get(AUTH_TYPE) == "awsSigv4":
                    told["authorizationType"] = "AWS_IAM"
                elif scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == "x-api-key":
                    told["apiKeyRequired"] = True
        return told

    def _request_models(self, operation: Mapping[str, Any], parameters: list[Mapping[str, Any]]) -> dict[str, str]:
        if self._is_swagger:
            kinds = operation.get("consumes") or self._document.get("consumes") or ["application/json"]
            named = next((self._model_of(parameter.get("schema")) for parameter in parameters
                          if parameter.get("in") == "body"), None)  # fmt: skip
            return dict.fromkeys(kinds, named) if named else {}
        body = self._resolved(operation.get("requestBody") or {})
        found = {kind: self._model_of(media.get("schema")) for kind, media in _objects(body.get("content"))}
        return {kind: name for kind, name in found.items() if name is not None}

    def _method_responses(self, operation: Mapping[str, Any]) -> dict[str, Members]:
        told: dict[str, Members] = {}
        for status, given in _objects(operation.get("responses")):
            if not str(status).isdecimal():
                continue
            response = self._resolved(given)
            headers = {f"method.response.header.{name}": False for name in response.get("headers") or ()}
            models = self._response_models(operation, response)
            told[str(status)] = {
                "statusCode": str(status),
                **({"responseParameters": headers} if headers else {}),
                **({"responseModels": models} if models else {}),
            }
        return told

    def _response_models(self, operation: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, str]:
        if self._is_swagger:
            kinds = operation.get("produces") or self._document.get("produces") or ["application/json"]
            named = self._model_of(response.get("schema"))
            return dict.fromkeys(kinds, named) if named else {}
        found = {kind: self._model_of(media.get("schema")) for kind, media in _objects(response.get("content"))}
        return {kind: name for kind, name in found.items() if name is not None}

    def _integration(self, given: Mapping[str, Any]) -> Members:
        kind = str(given.get("type") or "").upper()
        members: Members = {
            "type": kind,
            "httpMethod": given.get("httpMethod"),
            "uri": given.get("uri"),
            "credentials": given.get("credentials"),
            "connectionType": given.get("connectionType"),
            "connectionId": given.get("connectionId"),
            "requestParameters": given.get("requestParameters"),
            "requestTemplates": given.get("requestTemplates"),
            "passthroughBehavior": str(given.get("passthroughBehavior", "when_no_match")).upper(),
            "contentHandling": given.get("contentHandling"),
            "timeoutInMillis": given.get("timeoutInMillis"),
            "cacheNamespace": given.get("cacheNamespace"),
            "cacheKeyParameters": given.get("cacheKeyParameters"),
            "responseTransferMode": given.get("responseTransferMode"),
            "tlsConfig": given.get("tlsConfig"),
        }
        told = {name: value for name, value in members.items() if value is not None}
        responses = {}
        for pattern, response in _objects(given.get("responses")):
            status = str(response.get("statusCode", "200"))
            one: Members = {
                "statusCode": status,
                "selectionPattern": None if pattern == "default" else str(pattern),
                "responseParameters": response.get("responseParameters"),
                "responseTemplates": response.get("responseTemplates"),
                "contentHandling": response.get("contentHandling"),
            }
            responses[status] = {name: value for name, value in one.items() if value is not None}
        if responses:
            told["integrationResponses"] = responses
        return told

    # References -----------------------------------------------------------------------------------------

    def _model_of(self, schema: Any) -> str | None:
        """The model that a schema refers to. A schema in place has none of its own name and is not a model."""
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        return str(reference).rpartition("/")[2] if reference else None

    def _resolved(self, given: Any) -> Any:
        """What a `$ref` within the document leads to. Raises InvalidParameterValue."""
        for _ in range(_MOST_DEPTH):
            reference = given.get("$ref") if isinstance(given, Mapping) else None
            if reference is None:
                return given
            found: Any = self._document
            for step in str(reference).removeprefix("#/").split("/"):
                found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
            if found is None:
                raise InvalidParameterValue(f"Invalid OpenAPI input. Unable to resolve {reference}")
            given = found
        raise InvalidParameterValue("Invalid OpenAPI input. A reference leads to itself")


def _objects(given: Any) -> Iterator[tuple[str, Any]]:
    """The members of an object that are objects. Raises InvalidParameterValue for what is none."""
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise InvalidParameterValue("Invalid OpenAPI input. An object is expected")
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield str(name), value


def _with_model_references(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_model_references(member) for member in schema]
    if not isinstance(schema, Mapping):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith(("#/definitions/", "#/components/schemas/")):
        return {"$ref": f"https://apigateway.amazonaws.com/restapis/models/{reference.rpartition('/')[2]}"}
    return {key: _with_model_references(member) for key, member in schema.items()}
