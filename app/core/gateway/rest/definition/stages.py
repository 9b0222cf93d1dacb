"""Stages of a REST API: their method settings, variables and canaries, and what may be patched of them."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from app.core.errors import InvalidParameterValue, ResourceNotFound
from app.core.gateway.rest.definition.checks import check_stage_variables
from app.core.gateway.rest.definition.definition import Definition
from app.core.gateway.rest.definition.patches import Members, Patch, Place, value_of

_SCALARS: Mapping[str, Place] = {
    "deploymentId": Place.TEXT,
    "description": Place.TEXT,
    "cacheClusterEnabled": Place.TRUTH,
    "cacheClusterSize": Place.TEXT,
    "clientCertificateId": Place.TEXT,
    "documentationVersion": Place.TEXT,
    "tracingEnabled": Place.TRUTH,
}
_SETTINGS: Mapping[str, tuple[str, Place]] = {
    "metrics/enabled": ("metricsEnabled", Place.TRUTH),
    "logging/dataTrace": ("dataTraceEnabled", Place.TRUTH),
    "logging/loglevel": ("loggingLevel", Place.TEXT),
    "throttling/burstLimit": ("throttlingBurstLimit", Place.NUMBER),
    "throttling/rateLimit": ("throttlingRateLimit", Place.FRACTION),
    "caching/ttlInSeconds": ("cacheTtlInSeconds", Place.NUMBER),
    "caching/enabled": ("cachingEnabled", Place.TRUTH),
    "caching/dataEncrypted": ("cacheDataEncrypted", Place.TRUTH),
    "caching/requireAuthorizationForCacheControl": ("requireAuthorizationForCacheControl", Place.TRUTH),
    "caching/unauthorizedCacheControlHeaderStrategy": ("unauthorizedCacheControlHeaderStrategy", Place.TEXT),
}
_DEFAULT_SETTINGS: Mapping[str, Any] = {
    "metricsEnabled": False,
    "loggingLevel": "OFF",
    "dataTraceEnabled": False,
    "throttlingBurstLimit": 5_000,
    "throttlingRateLimit": 10_000.0,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}
"""What is told of a setting that was not given; a throttle that was not given is none."""

_CANARY: Mapping[str, Place] = {
    "percentTraffic": Place.FRACTION,
    "deploymentId": Place.TEXT,
    "useStageCache": Place.TRUTH,
}
_GROUPS = (
    "{p}/metrics/enabled, {p}/logging/dataTrace, {p}/logging/loglevel, {p}/throttling/burstLimit{s}"
    "{p}/throttling/rateLimit{s}{p}/caching/ttlInSeconds, {p}/caching/enabled, {p}/caching/dataEncrypted, "
    "{p}/caching/requireAuthorizationForCacheControl, {p}/caching/unauthorizedCacheControlHeaderStrategy, "
)
_KNOWN = (
    "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, "
    "/accessLogSettings/destinationArn, /accessLogSettings/format, "
    + _GROUPS.format(p="/{resourcePath}/{httpMethod}", s="")
    + _GROUPS.format(p="/*/*", s=" ")
    + "/variables/{variable_name}, /tracingEnabled"
)
"""What there is to patch, as AWS tells it, its missing commas included (recorded 2023-09-01)."""


def shown_stage(stage: Members) -> Members:
    """A stage as it is told."""
    told = deepcopy(stage)
    told["methodSettings"] = {
        name: {**_DEFAULT_SETTINGS, **settings} for name, settings in stage.get("methodSettings", {}).items()
    }
    return {name: value for name, value in told.items() if name != "variables" or value}


def canary_of(given: Members | None, stage_deployment: str) -> Members | None:
    """`canarySettings` with what they are where they do not say (recorded 2025-05-30)."""
    if given is None:
        return None
    canary = {"percentTraffic": 0.0, "useStageCache": False, "deploymentId": stage_deployment, **given}
    check_stage_variables(canary.get("stageVariableOverrides"))
    if not 0 <= canary["percentTraffic"] <= 100:
        raise InvalidParameterValue("Canary percent traffic must be between 0.0 and 100.0")
    return canary


def check_stage(api: Definition, stage: Members) -> None:
    """Raises InvalidParameterValue, ResourceNotFound."""
    if stage["deploymentId"] not in api.kinds["Deployment"]:
        raise ResourceNotFound("Invalid Deployment identifier specified")
    canary = stage.get("canarySettings")
    if canary is not None and canary["deploymentId"] not in api.kinds["Deployment"]:
        raise ResourceNotFound("Deployment id does not exist")
    check_stage_variables(stage.get("variables"))


def patched_stage(stage: Members, patches: Sequence[Patch]) -> Members:
    """A copy with all operations carried out. Raises InvalidParameterValue."""
    after = deepcopy(stage)
    for patch in patches:
        _apply(after, patch)
    return after


def _apply(stage: Members, patch: Patch) -> None:
    steps = patch.steps
    match steps:
        case ("canarySettings", *_):
            _apply_to_canary(stage, patch, steps)
        case ("variables",) if patch.op == "copy" and patch.source == "/canarySettings/stageVariableOverrides":
            overrides = (stage.get("canarySettings") or {}).get("stageVariableOverrides", {})
            stage["variables"] = {**stage.get("variables", {}), **overrides}
        case ("deploymentId",) if patch.op == "copy" and patch.source == "/canarySettings/deploymentId":
            stage["deploymentId"] = (stage.get("canarySettings") or {}).get("deploymentId", stage["deploymentId"])
        case ("variables", name):
            _apply_to_map(stage, "variables", name, patch)
        case (name,) if name in _SCALARS:
            if patch.op == "remove":
                stage.pop(name, None)
            else:
                stage[name] = value_of(patch.value, _SCALARS[name])
        case ("accessLogSettings",) if patch.op == "remove":
            stage.pop("accessLogSettings", None)
        case ("accessLogSettings", "destinationArn" | "format" as name):
            _apply_to_map(stage, "accessLogSettings", name, patch)
        case _:
            _apply_to_settings(stage, patch)


def _apply_to_canary(stage: Members, patch: Patch, steps: tuple[str, ...]) -> None:
    if patch.op == "remove":
        if len(steps) > 1:
            told = "/".join(steps[:2])
            raise InvalidParameterValue(
                f"Cannot remove method setting {told} because there is no method setting for this method "
            )
        stage.pop("canarySettings", None)
        return
    canary = canary_of(stage.get("canarySettings") or {}, stage["deploymentId"])
    assert canary is not None, "given an object it gives one"
    match steps[1:]:
        case (name,) if name in _CANARY:
            canary[name] = value_of(patch.value, _CANARY[name])
        case ("stageVariableOverrides", name):
            _apply_to_map(canary, "stageVariableOverrides", name, patch)
        case _:
            raise _wrong_path(patch)
    stage["canarySettings"] = canary_of(canary, stage["deploymentId"])


def _apply_to_map(holder: Members, kind: str, name: str, patch: Patch) -> None:
    entries = dict(holder.get(kind, {}))
    if patch.op == "remove":
        entries.pop(name, None)
    else:
        entries[name] = patch.value or ""
    holder[kind] = entries


def _apply_to_settings(stage: Members, patch: Patch) -> None:
    """`/{resource path}/{METHOD}/throttling/rateLimit`; the resource's path may have its slashes as `~1`, and is kept
    as it is written."""
    raw = (patch.path or "").removeprefix("/").split("/")
    settings: Members = stage.setdefault("methodSettings", {})
    if patch.op == "remove":
        name = "/".join(raw)
        known = name if name in settings else "/".join(raw[:-2])
        if known not in settings:
            raise InvalidParameterValue(
                f"Cannot remove method setting {name} because there is no method setting for this method "
            )
        if known == name:
            del settings[name]
            return
        setting = _SETTINGS.get("/".join(raw[-2:]))
        if setting is None:
            raise _wrong_path(patch)
        settings[known].pop(setting[0], None)
        return
    found = _SETTINGS.get("/".join(raw[-2:]))
    if found is None or len(raw) < 4 or patch.op not in ("add", "replace"):
        raise _wrong_path(patch)
    settings.setdefault("/".join(raw[:-2]), {})[found[0]] = value_of(patch.value, found[1])


def _wrong_path(patch: Patch) -> InvalidParameterValue:
    return InvalidParameterValue(f"Invalid method setting path: {patch.path}. Must be one of: [{_KNOWN}]")
