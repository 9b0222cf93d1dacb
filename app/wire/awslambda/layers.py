"""Layers: publish, get, list, delete, and their permissions."""

from app.core.awslambda.layers import LayerVersion
from app.core.commands import AddLayerPermission, DeleteLayerVersion, PublishLayerVersion, RemoveLayerPermission
from app.core.errors import ResourceNotFound
from app.core.names import Arn
from app.wire.awslambda.code import CODE, location_of
from app.wire.awslambda.configuration import timestamp
from app.wire.awslambda.names import page_of
from app.wire.calls import Call, Caller, Params, Readable, Result

_ABOUT = ("Description", "CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo")


def publish_layer_version(params: Params, caller: Caller) -> Call:
    about = {name: params[name] for name in _ABOUT if params.get(name) is not None}
    command = PublishLayerVersion(_layer(params["LayerName"], caller), params[CODE], about)
    return Call(command, lambda version: _whole(version, caller))


def delete_layer_version(params: Params, caller: Caller) -> Call:
    return Call(DeleteLayerVersion(_layer(params["LayerName"], caller), params["VersionNumber"]), lambda _: {})


def get_layer_version(params: Params, caller: Caller, engine: Readable) -> Result:
    layer = _layer(params["LayerName"], caller)
    return _whole(engine.world.layers.version(layer, params["VersionNumber"]), caller)


def get_layer_version_by_arn(params: Params, caller: Caller, engine: Readable) -> Result:
    layer, _, number = params["Arn"].rpartition(":")
    return _whole(engine.world.layers.version(layer, int(number)), caller)


def list_layer_versions(params: Params, caller: Caller, engine: Readable) -> Result:
    versions = engine.world.layers.versions(_layer(params["LayerName"], caller))
    told = [_summary(version) for version in versions if _fits(version, params)]
    # The newest comes first: what is sorted by is counted down.
    numbered = [{"Order": f"{10**9 - each['Version']:010d}", **each} for each in told]
    page, marker = page_of(numbered, "Order", params)
    plain = [{name: value for name, value in each.items() if name != "Order"} for each in page]
    return ({"NextMarker": marker} if marker else {}) | {"LayerVersions": plain}


def list_layers(params: Params, caller: Caller, engine: Readable) -> Result:
    told = [
        {"LayerName": version.name, "LayerArn": version.layer, "LatestMatchingVersion": _summary(version)}
        for version in engine.world.layers.newest(caller.scope)
        if _fits(version, params)
    ]
    page, marker = page_of(told, "LayerName", params)
    return ({"NextMarker": marker} if marker else {}) | {"Layers": page}


def add_layer_version_permission(params: Params, caller: Caller) -> Call:
    given = {name: value for name, value in params.items() if name not in ("LayerName", "VersionNumber")}
    command = AddLayerPermission(_layer(params["LayerName"], caller), params["VersionNumber"], given)
    return Call(command, lambda told: {"Statement": told[0], "RevisionId": told[1]})


def remove_layer_version_permission(params: Params, caller: Caller) -> Call:
    command = RemoveLayerPermission(
        _layer(params["LayerName"], caller), params["VersionNumber"], params["StatementId"], params.get("RevisionId")
    )
    return Call(command, lambda _: {})


def get_layer_version_policy(params: Params, caller: Caller, engine: Readable) -> Result:
    version = engine.world.layers.permitted(_layer(params["LayerName"], caller), params["VersionNumber"])
    if not version.policy.statements:
        raise ResourceNotFound("No policy is associated with the given resource.")
    return {"Policy": version.policy.document, "RevisionId": version.policy_revision}


def _layer(name: str, caller: Caller) -> Arn:
    """The layer's ARN, by its name or as it is."""
    scope = caller.scope
    return name if name.startswith("arn:") else f"arn:aws:lambda:{scope.region}:{scope.account}:layer:{name}"


def _fits(version: LayerVersion, params: Params) -> bool:
    """Whether it says that it is for the runtime and architecture that are looked for."""
    runtime, architecture = params.get("CompatibleRuntime"), params.get("CompatibleArchitecture")
    return (runtime is None or runtime in version.about.get("CompatibleRuntimes", ())) and (
        architecture is None or architecture in version.about.get("CompatibleArchitectures", ())
    )


def _summary(version: LayerVersion) -> Result:
    return {
        "LayerVersionArn": version.arn,
        "Version": version.number,
        "Description": version.about.get("Description", ""),
        "CreatedDate": timestamp(version.created_at),
        **{name: version.about[name] for name in _ABOUT if name != "Description" and name in version.about},
    }


def _whole(version: LayerVersion, caller: Caller) -> Result:
    content = {
        "Location": location_of(version.code, caller.base_url),
        "CodeSha256": version.code.sha256,
        "CodeSize": version.code.size,
    }
    return {"Content": content, "LayerArn": version.layer, **_summary(version)}
