"""REST APIs that moto keeps, read into values when they are deployed: until then a change is not there (as on AWS)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.core.gateway.rest.api import (
    DEFAULT_TIMEOUT_MS,
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
from app.core.gateway.rest.gateway_responses import GatewayResponse
from app.core.gateway.rest.usage import ApiKey, Quota, UsagePlan
from app.core.names import Scope

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What is deployed after a request: the APIs of the account and region that have stages, and who may use them."""

    scope: Scope
    apis: tuple[RestApi, ...]
    keys: Mapping[str, ApiKey]
    plans: tuple[UsagePlan, ...]


@dataclass(slots=True)
class DeployedRestApis:
    """Reads moto's backend, on moto's thread, after each request that may have changed something."""

    _deployments: dict[tuple[Scope, str, str], Deployment] = field(default_factory=dict)

    def read(self, backend: Any, scope: Scope) -> Told:
        """What is deployed now. A deployment is read once, when it is first seen."""
        apis = tuple(self._api(api, scope) for api in backend.apis.values() if api.stages)
        keys = {key.id: ApiKey(key.id, key.value, key.name or "", bool(key.enabled)) for key in backend.keys.values()}
        plans = tuple(
            _plan(plan, tuple(backend.usage_plan_keys.get(plan.id, {}))) for plan in backend.usage_plans.values()
        )
        for api in backend.apis.values():
            for deployment in api.deployments:
                self._deployment(api, deployment, scope)
        return Told(scope, apis, keys, plans)

    def _api(self, api: Any, scope: Scope) -> RestApi:
        stages = {}
        for name, stage in api.stages.items():
            deployment = self._deployment(api, stage.deployment_id, scope)
            stages[name] = RestStage(name, deployment, dict(stage.variables or {}), _throttles(stage.method_settings))
        return RestApi(api.id, api.name, scope, stages)

    def _deployment(self, api: Any, deployment: str | None, scope: Scope) -> Deployment:
        if deployment is None:
            return Deployment("")
        key = (scope, api.id, deployment)
        found = self._deployments.get(key)
        if found is None:
            found = self._deployments[key] = _deployment(api, deployment)
        return found


def _deployment(api: Any, deployment: str) -> Deployment:
    resources = tuple(_resource(resource, api) for resource in api.resources.values())
    changed = {
        name: GatewayResponse(
            None if response.status_code is None else int(response.status_code),
            dict(response.response_parameters or {}), dict(response.response_templates or {}),
        )
        for name, response in api.gateway_responses.items()
    }  # fmt: skip
    try:
        return Deployment(deployment, resources, tuple(api.binaryMediaTypes), changed, api.api_key_source)
    except ValueError as error:
        # Two resources that take the same paths, which AWS refuses when they are made and moto does not.
        _LOG.warning("the REST API %s cannot be deployed: %s", api.name, error)
        return Deployment(deployment)


def _resource(resource: Any, api: Any) -> Resource:
    methods = {name: _method(method, api) for name, method in resource.resource_methods.items()}
    return Resource(resource.id, resource.get_path(), methods)


def _method(method: Any, api: Any) -> RestMethod:
    validator = api.request_validators.get(method.request_validator_id)
    return RestMethod(
        method.http_method,
        None if method.method_integration is None else _integration(method.method_integration),
        method.authorization_type or "NONE",
        _authorizer(api.authorizers.get(method.authorizer_id)),
        tuple(method.authorization_scopes or ()),
        _truth(method.api_key_required),
        Validator() if validator is None else Validator(
            _truth(validator.validate_request_parameters), _truth(validator.validate_request_body)
        ),
        tuple(name for name, required in (method.request_parameters or {}).items() if _truth(required)),
        _models(method.request_models or {}, api),
        frozenset(method.method_responses),
    )  # fmt: skip


def _integration(integration: Any) -> RestIntegration:
    responses = (integration.integration_responses or {}).values()
    return RestIntegration(
        integration.integration_type,
        integration.uri or "",
        integration.http_method or "",
        int(integration.timeout_in_millis or DEFAULT_TIMEOUT_MS),
        (integration.passthrough_behaviour or "WHEN_NO_MATCH").upper(),
        dict(integration.request_templates or {}),
        dict(integration.request_parameters or {}),
        tuple(_integration_response(response) for response in responses),
        integration.content_handling,
    )


def _integration_response(response: Any) -> IntegrationResponse:
    return IntegrationResponse(
        int(response.status_code),
        response.selection_pattern or None,
        dict(response.response_parameters or {}),
        {kind: template or "" for kind, template in (response.response_templates or {}).items() if template},
        response.content_handling,
    )


def _authorizer(authorizer: Any) -> RestAuthorizer | None:
    if authorizer is None:
        return None
    sources = tuple(source.strip() for source in (authorizer.identity_source or "").split(",") if source.strip())
    ttl = authorizer.authorizer_result_ttl
    return RestAuthorizer(
        authorizer.id, authorizer.name, authorizer.type, authorizer.authorizer_uri or "", sources,
        authorizer.identity_validation_expression or None, 300 if ttl is None else int(ttl),
        tuple(authorizer.provider_arns or ()),
    )  # fmt: skip


def _models(named: Mapping[str, str], api: Any) -> dict[str, Mapping[str, Any]]:
    """The schemas by media type. A model that is not there, or is no JSON, checks nothing."""
    by_name = {model.name: model for model in api.models.values()}
    schemas: dict[str, Mapping[str, Any]] = {}
    for content_type, name in named.items():
        model = by_name.get(name)
        try:
            schema = orjson.loads(model.schema) if model is not None and model.schema else None
        except orjson.JSONDecodeError:
            schema = None
        if isinstance(schema, dict):
            schemas[content_type.lower()] = schema
    return schemas


def _throttles(settings: Mapping[str, Any]) -> dict[str, MethodThrottle]:
    """moto keeps `path/METHOD` with the path's own slash as `~1`, and `*/*`."""
    throttles = {}
    for key, given in settings.items():
        rate, burst = given.get("throttlingRateLimit"), given.get("throttlingBurstLimit")
        # What moto gives to a setting that says nothing of throttling.
        if rate in (None, 1000, 1000.0) and burst in (None, 500):
            continue
        name = key.replace("~1", "/")
        throttles[name] = MethodThrottle(float(rate or 0), int(float(burst or 0)))
    return throttles


def _plan(plan: Any, keys: tuple[str, ...]) -> UsagePlan:
    stages = frozenset((stage["apiId"], stage["stage"]) for stage in plan.api_stages)
    by_method = {
        (stage["apiId"], stage["stage"]): {name: _throttle(given) for name, given in stage["throttle"].items()}
        for stage in plan.api_stages
        if stage.get("throttle")
    }
    quota = None
    if plan.quota:
        quota = Quota(int(plan.quota["limit"]), plan.quota.get("period", "DAY"), int(plan.quota.get("offset") or 0))
    throttle = _throttle(plan.throttle) if plan.throttle else None
    return UsagePlan(plan.id, plan.name or "", stages, keys, throttle, quota, by_method)


def _throttle(given: Mapping[str, Any]) -> MethodThrottle:
    return MethodThrottle(float(given.get("rateLimit") or 0), int(given.get("burstLimit") or 0))


def _truth(given: Any) -> bool:
    """moto keeps some truths as texts."""
    return given is True or str(given).lower() == "true"
