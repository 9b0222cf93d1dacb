"""Deployments of a REST API, and the stages that they are deployed to."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from app.core.errors import InvalidParameterValue
from app.core.gateway.rest.definition.checks import check_deployable, check_stage_variables
from app.core.gateway.rest.definition.compiling import compiled_deployment
from app.core.gateway.rest.definition.creating import check_kind, created
from app.core.gateway.rest.definition.definition import Definition, Deployed
from app.core.gateway.rest.definition.kinds import OF_APIS
from app.core.gateway.rest.definition.patches import Members, patches_in
from app.core.gateway.rest.definition.stages import canary_of, check_stage, patched_stage, shown_stage
from app.core.ids import Ids
from app.core.time import Instant, to_datetime

_OF_STAGES = ("cacheClusterEnabled", "cacheClusterSize", "variables", "tracingEnabled")

Act: TypeAlias = Callable[[Definition, Members, Ids, Instant], Members]
"""What an operation does to an API, given its parameters; it gives AWS's result."""


def create_deployment(api: Definition, given: Members, ids: Ids, now: Instant) -> Members:
    """Raises InvalidParameterValue, ResourceNotFound."""
    check_deployable(api)
    name, canary = given.get("stageName"), given.get("canarySettings")
    if name:
        check_kind(OF_APIS["Stage"], {"stageName": name})
    check_stage_variables(given.get("variables"))
    _check_canary_stage(api, name, canary)
    own = {"description": given["description"]} if "description" in given else {}
    made = created(api, OF_APIS["Deployment"], own, ids, now)
    snapshot = api.snapshot()
    try:
        api.deployed[made["id"]] = Deployed(snapshot, compiled_deployment(made["id"], snapshot))
    except ValueError as error:
        del api.kinds["Deployment"][made["id"]]
        raise InvalidParameterValue(f"Invalid deployment content specified. {error}") from None
    if name:
        _deploy_to(api, name, made["id"], given, canary, ids, now)
    return made


def _deploy_to(
    api: Definition, name: str, deployment: str, given: Members, canary: Members | None, ids: Ids, now: Instant
) -> None:
    stage = api.kinds["Stage"].get(name)
    if stage is not None and canary is not None:
        api.kinds["Stage"][name] = {**stage, "canarySettings": canary_of(canary, deployment)}
        return
    own = {key: given[key] for key in _OF_STAGES if key in given}
    if "stageDescription" in given:
        own["description"] = given["stageDescription"]
    if stage is None:
        own |= {"restApiId": api.id, "stageName": name, "deploymentId": deployment}
        _create_stage(api, own, ids, now)
        return
    api.kinds["Stage"][name] = {**stage, **own, "deploymentId": deployment, "lastUpdatedDate": to_datetime(now)}


def delete_deployment(api: Definition, given: Members, _: Ids, __: Instant) -> Members:
    """Raises ResourceNotFound, InvalidParameterValue while a stage has it."""
    api.found(OF_APIS["Deployment"], given["deploymentId"])
    for stage in api.kinds["Stage"].values():
        if given["deploymentId"] in (
            stage["deploymentId"],
            (stage.get("canarySettings") or {}).get("deploymentId"),
        ):
            raise InvalidParameterValue(
                "Active stages pointing to this deployment must be moved or deleted before deleting"
            )
    del api.kinds["Deployment"][given["deploymentId"]], api.deployed[given["deploymentId"]]
    return {}


def create_stage(api: Definition, given: Members, ids: Ids, now: Instant) -> Members:
    """Raises InvalidParameterValue, ResourceConflict, ResourceNotFound."""
    canary = canary_of(given.get("canarySettings"), given["deploymentId"])
    return _create_stage(api, given | ({"canarySettings": canary} if canary else {}), ids, now)


def _create_stage(api: Definition, given: Members, ids: Ids, now: Instant) -> Members:
    stage = {**OF_APIS["Stage"].defaults, **given}
    check_stage(api, stage)
    return shown_stage(created(api, OF_APIS["Stage"], {**given, "lastUpdatedDate": to_datetime(now)}, ids, now))


def update_stage(api: Definition, given: Members, _: Ids, now: Instant) -> Members:
    """Raises InvalidParameterValue, ResourceNotFound."""
    before = api.found(OF_APIS["Stage"], given["stageName"])
    after = patched_stage(before, patches_in(given.get("patchOperations")))
    check_stage(api, after)
    api.kinds["Stage"][given["stageName"]] = {**after, "lastUpdatedDate": to_datetime(now)}
    return shown_stage(api.kinds["Stage"][given["stageName"]])


def delete_stage(api: Definition, given: Members, _: Ids, __: Instant) -> Members:
    """Raises ResourceNotFound."""
    api.found(OF_APIS["Stage"], given["stageName"])
    del api.kinds["Stage"][given["stageName"]]
    return {}


def _check_canary_stage(api: Definition, name: str | None, canary: Members | None) -> None:
    """Recorded 2025-05-30."""
    if canary is None:
        return
    if not name:
        raise InvalidParameterValue(
            "Invalid deployment content specified.Non null and non empty stageName must be provided for canary "
            f"deployment. Provided value is {name if name is not None else 'null'}"
        )
    if name not in api.kinds["Stage"]:
        raise InvalidParameterValue(
            f"Invalid deployment content specified.Stage {name} must already be created before making a canary release "
            "deployment"
        )


CHANGES: Mapping[str, Act] = {
    "CreateDeployment": create_deployment,
    "DeleteDeployment": delete_deployment,
    "CreateStage": create_stage,
    "UpdateStage": update_stage,
    "DeleteStage": delete_stage,
}
