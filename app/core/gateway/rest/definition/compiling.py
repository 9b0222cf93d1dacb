"""REST APIs as they are written down, made into the values that requests are routed by."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.core.gateway.rest.api import (
    Canary,
    Deployment,
    IntegrationResponse,
    MethodThrottle,
    Resource,
    RestApi,
    RestAuthorizer,
    RestIntegration,
    RestMethod,
    RestStage,
    Validator,
)
from app.core.gateway.rest.definition.definition import Definition, Snapshot
from app.core.gateway.rest.definition.patches import Members
from app.core.gateway.rest.gateway_responses import GatewayResponse
from app.core.gateway.rest.usage import ApiKey, Quota, UsagePlan


def compiled_api(api: Definition) -> RestApi:
    """The API with its stages, each with what was deployed to it."""
    stages = {name: _stage(api, name, members) for name, members in api.kinds["Stage"].items()}
    return RestApi(
        api.id, api.name, api.scope, stages, is_disabled=bool(api.members.get("disableExecuteApiEndpoint")),
        stream_idle_ms=30_000 if api.members["endpointConfiguration"]["types"] == ["EDGE"] else 300_000
    )  # fmt: skip


def compiled_deployment(id: str, snapshot: Snapshot) -> Deployment:
    """What a deployment makes of the API as it was."""
    authorizers = {key: compiled_authorizer(members) for key, members in snapshot.authorizers.items()}
    resources = tuple(
        Resource(resource["id"], resource["path"], _methods(resource, snapshot, authorizers))
        for resource in snapshot.resources.values()
    )
    changed = {kind: _gateway_response(members) for kind, members in snapshot.gateway_responses.items()}
    members = snapshot.members
    return Deployment(
        id, resources, tuple(members.get("binaryMediaTypes") or ()), changed, members.get("apiKeySource", "HEADER"),
        minimum_compression=members.get("minimumCompressionSize"),
    )  # fmt: skip


def compiled_keys(keys: Mapping[str, Members]) -> dict[str, ApiKey]:
    return {name: ApiKey(name, key["value"], key.get("name", ""), bool(key["enabled"])) for name, key in keys.items()}


def compiled_plan(plan: Members, keys: tuple[str, ...]) -> UsagePlan:
    """A usage plan with the ids of its keys."""
    stages = plan.get("apiStages") or ()
    by_method = {
        (stage["apiId"], stage["stage"]): {name: _throttle(given) for name, given in stage["throttle"].items()}
        for stage in stages
        if stage.get("throttle")
    }
    quota = plan.get("quota")
    return UsagePlan(
        plan["id"], plan.get("name", ""), frozenset((stage["apiId"], stage["stage"]) for stage in stages), keys,
        _throttle(plan["throttle"]) if plan.get("throttle") else None,
        Quota(int(quota["limit"]), quota.get("period", "DAY"), int(quota.get("offset") or 0)) if quota else None,
        by_method,
    )  # fmt: skip


def _stage(api: Definition, name: str, members: Members) -> RestStage:
    canary = members.get("canarySettings")
    variables = dict(members.get("variables") or {})
    return RestStage(
        name,
        api.deployed[members["deploymentId"]].compiled,
        variables,
        _throttles(members.get("methodSettings") or {}),
        None
        if canary is None
        else Canary(
            api.deployed[canary["deploymentId"]].compiled, float(canary["percentTraffic"]),
            {**variables, **(canary.get("stageVariableOverrides") or {})},
        ),
    )  # fmt: skip


def _throttles(settings: Mapping[str, Members]) -> dict[str, MethodThrottle]:
    """By `/resource path/METHOD`, with `*/*` for all."""
    throttles = {}
    for key, given in settings.items():
        rate, burst = given.get("throttlingRateLimit"), given.get("throttlingBurstLimit")
        if rate is None and burst is None:
            continue
        path, _, method = key.replace("~1", "/").rpartition("/")
        name = key if key == "*/*" else f"/{path.strip('/')}/{method}"
        throttles[name] = MethodThrottle(
            float(rate if rate is not None else burst or 0), int(burst if burst is not None else rate or 0)
        )  # fmt: skip
    return throttles


def _throttle(given: Members) -> MethodThrottle:
    """Where one of the two is not said it is the other."""
    rate, burst = given.get("rateLimit"), given.get("burstLimit")
    return MethodThrottle(
        float(rate if rate is not None else burst or 0), int(burst if burst is not None else rate or 0)
    )  # fmt: skip


def _methods(resource: Members, snapshot: Snapshot, authorizers: Mapping[str, RestAuthorizer]) -> dict[str, RestMethod]:
    methods = resource.get("resourceMethods", {})
    return {name: _method(method, snapshot, authorizers) for name, method in methods.items()}


def _method(method: Members, snapshot: Snapshot, authorizers: Mapping[str, RestAuthorizer]) -> RestMethod:
    validator = snapshot.validators.get(method.get("requestValidatorId", ""))
    integration = method.get("methodIntegration")
    return RestMethod(
        method["httpMethod"],
        None if integration is None else _integration(integration),
        method["authorizationType"],
        authorizers.get(method.get("authorizerId", "")),
        tuple(method.get("authorizationScopes") or ()),
        bool(method.get("apiKeyRequired")),
        Validator()
        if validator is None
        else Validator(bool(validator["validateRequestParameters"]), bool(validator["validateRequestBody"])),
        tuple(name for name, required in (method.get("requestParameters") or {}).items() if required),
        _models(method.get("requestModels") or {}, snapshot.models),
    )


def _integration(integration: Members) -> RestIntegration:
    return RestIntegration(
        integration["type"],
        integration.get("uri") or "",
        integration.get("httpMethod") or "",
        integration["timeoutInMillis"],
        str(integration["passthroughBehavior"]).upper(),
        {kind.lower(): template or "" for kind, template in (integration.get("requestTemplates") or {}).items()},
        dict(integration.get("requestParameters") or {}),
        tuple(
            IntegrationResponse(
                int(response["statusCode"]), response.get("selectionPattern") or None,
                dict(response.get("responseParameters") or {}),
                {kind: text for kind, text in (response.get("responseTemplates") or {}).items() if text},
                response.get("contentHandling"),
            )
            for response in (integration.get("integrationResponses") or {}).values()
        ),
        integration.get("contentHandling"),
        integration.get("responseTransferMode") == "STREAM",
        bool(integration.get("credentials")),
    )  # fmt: skip


def compiled_authorizer(members: Members) -> RestAuthorizer:
    sources = tuple(source.strip() for source in (members.get("identitySource") or "").split(",") if source.strip())
    return RestAuthorizer(
        members["id"], members["name"], members["type"], members.get("authorizerUri") or "", sources,
        members.get("identityValidationExpression") or None, members["authorizerResultTtlInSeconds"],
        tuple(members.get("providerARNs") or ()), has_role=bool(members.get("authorizerCredentials")),
    )  # fmt: skip


def _gateway_response(members: Members) -> GatewayResponse:
    status = members.get("statusCode")
    return GatewayResponse(
        None if status is None else int(status), dict(members.get("responseParameters") or {}),
        dict(members.get("responseTemplates") or {}),
    )  # fmt: skip


def _models(named: Mapping[str, str], models: Mapping[str, Members]) -> dict[str, Mapping[str, Any]]:
    """The schemas by media type, with the other models of the API where they are referred to."""
    schemas: dict[str, Mapping[str, Any]] = {}
    for content_type, name in named.items():
        schema = _schema(models.get(name))
        if schema is not None:
            others = {other: found for other, members in models.items() if (found := _schema(members)) is not None}
            schemas[content_type.lower()] = _with_references(schema, others)
    return schemas


def _schema(model: Members | None) -> dict[str, Any] | None:
    try:
        schema = orjson.loads(model["schema"]) if model is not None else None
    except orjson.JSONDecodeError:
        return None
    return schema if isinstance(schema, dict) else None


def _with_references(schema: dict[str, Any], others: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A schema that says `https://apigateway.amazonaws.com/restapis/{api}/models/{name}` of another model of the API
    has that model in its own definitions."""
    text = orjson.dumps(schema).decode()
    if "/models/" not in text:
        return schema
    used: dict[str, Any] = {}
    return {**_referred(schema, others, used), "definitions": {**schema.get("definitions", {}), **used}}


def _referred(value: Any, others: Mapping[str, dict[str, Any]], used: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_referred(member, others, used) for member in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str) and "/models/" in reference:
        name = reference.rpartition("/models/")[2]
        if name in others:
            if name not in used:
                used[name] = {}
                used[name] = _referred(others[name], others, used)
            return {"$ref": f"#/definitions/{name}"}
    return {key: _referred(member, others, used) for key, member in value.items()}
