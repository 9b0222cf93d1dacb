"""Functions: created, told of, changed, published as versions, deleted; and their recursion setting."""

from dataclasses import replace
from typing import Any

from app.core.commands import (
    CreateFunction,
    DeleteVersion,
    PublishVersion,
    PutFunction,
    PutRuntimeManagement,
    UpdateFunctionCode,
    UpdateFunctionConfiguration,
)
from app.core.errors import InvalidParameterValue, ResourceNotFound, ValidationFailed
from app.core.names import LATEST, parse_arn
from app.wire.awslambda.code import CODE, location_of
from app.wire.awslambda.configuration import configuration, listed
from app.wire.awslambda.names import named, page_of, unqualified
from app.wire.calls import Call, Caller, Params, Readable, Result

_NAME_MOST = 64
"""The model's 140 are those of an ARN (API reference, CreateFunction)."""


def create_function(params: Params, caller: Caller) -> Call:
    arn, _ = named(params, caller)
    name = parse_arn(arn).name
    if len(name) > _NAME_MOST:
        raise ValidationFailed(
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_NAME_MOST}"
        )
    given = {name: value for name, value in params.items() if name not in ("FunctionName", "Code", CODE)}
    return Call(CreateFunction(arn, given, params[CODE]), configuration)


def update_function_code(params: Params, caller: Caller) -> Call:
    arn, qualifier = named(params, caller)
    _refuse_qualifier(arn, qualifier)
    given = {name: params[name] for name in ("RevisionId", "DryRun", "Publish", "Architectures") if name in params}
    is_published = bool(params.get("Publish")) and not params.get("DryRun")
    return Call(
        UpdateFunctionCode(arn, given, params[CODE]),
        lambda told: configuration(told, qualifier=told.version if is_published else None),
    )


def update_function_configuration(params: Params, caller: Caller) -> Call:
    arn, qualifier = named(params, caller)
    _refuse_qualifier(arn, qualifier)
    given = {name: value for name, value in params.items() if name != "FunctionName"}
    return Call(UpdateFunctionConfiguration(arn, given), configuration)


def publish_version(params: Params, caller: Caller) -> Call:
    arn, qualifier = named(params, caller)
    _refuse_qualifier(arn, qualifier)
    given = {name: value for name, value in params.items() if name != "FunctionName"}
    return Call(PublishVersion(arn, given), lambda told: configuration(told, qualifier=told.version))


def delete_function(params: Params, caller: Caller) -> Call:
    arn, qualifier = named(params, caller)
    return Call(DeleteVersion(arn, qualifier), lambda _: {"StatusCode": 204})


def get_function(params: Params, caller: Caller, engine: Readable) -> Result:
    arn, qualifier = named(params, caller)
    deployments = engine.world.families
    described = deployments.describe(arn, qualifier)
    spec = engine.world.functions[arn].spec
    deployment = described.spec.deployment
    result: Result = {"Configuration": configuration(described, qualifier=qualifier), "Code": {}}
    if deployment is not None and deployment.package_type == "Image":
        uri = deployment.code.image_uri
        result["Code"] = {"RepositoryType": "ECR", "ImageUri": uri, "ResolvedImageUri": uri}
    elif deployment is not None:
        result["Code"] = {"RepositoryType": "S3", "Location": location_of(deployment.code, caller.base_url)}
    if tags := deployments.tags(arn):
        result["Tags"] = dict(tags)
    if spec.reserved_concurrency is not None:
        result["Concurrency"] = {"ReservedConcurrentExecutions": spec.reserved_concurrency}
    return result


def get_function_configuration(params: Params, caller: Caller, engine: Readable) -> Result:
    arn, qualifier = named(params, caller)
    return configuration(engine.world.families.describe(arn, qualifier), qualifier=qualifier)


def list_functions(params: Params, caller: Caller, engine: Readable) -> Result:
    deployments = engine.world.families
    told: list[dict[str, Any]] = []
    for function in engine.world.functions.all(caller.scope):
        versions = deployments.versions(function.spec.arn)
        is_all = params.get("FunctionVersion") == "ALL"
        told += [listed(version, is_qualified=is_all) for version in (versions if is_all else versions[:1])]
    page, marker = page_of(sorted(told, key=lambda each: str(each["FunctionArn"])), "FunctionArn", params)
    return ({"NextMarker": marker} if marker else {}) | {"Functions": page}


def list_versions_by_function(params: Params, caller: Caller, engine: Readable) -> Result:
    arn, _ = named(params, caller)
    told = [listed(version, is_qualified=True) for version in engine.world.families.versions(arn)]
    # In their own order, which is not that of their numbers as text.
    numbered = [{"Order": f"{number:09d}", **each} for number, each in enumerate(told)]
    page, marker = page_of(numbered, "Order", params)
    versions = [{name: value for name, value in each.items() if name != "Order"} for each in page]
    return ({"NextMarker": marker} if marker else {}) | {"Versions": versions}


def get_function_code_signing_config(params: Params, caller: Caller, engine: Readable) -> Result:
    """No function has one here."""
    engine.world.functions[named(params, caller)[0]]
    return {}


def get_runtime_management_config(params: Params, caller: Caller, engine: Readable) -> Result:
    """Runtimes are this machine's, and are updated with it, whatever is told."""
    arn, qualifier = named(params, caller)
    update_on, version = engine.world.families.runtime_management(arn, qualifier or LATEST)
    return _runtime_management(PutRuntimeManagement(arn, qualifier or LATEST, update_on, version))


def put_runtime_management_config(params: Params, caller: Caller) -> Call:
    arn, qualifier = named(params, caller)
    command = PutRuntimeManagement(arn, qualifier or LATEST, params["UpdateRuntimeOn"], params.get("RuntimeVersionArn"))
    return Call(command, _runtime_management)


def _runtime_management(told: PutRuntimeManagement) -> Result:
    version = {"RuntimeVersionArn": told.runtime_version} if told.runtime_version else {}
    return {"UpdateRuntimeOn": told.update_on, "FunctionArn": f"{told.function}:{told.qualifier}", **version}


def get_function_recursion_config(params: Params, caller: Caller, engine: Readable) -> Result:
    return {"RecursiveLoop": engine.world.functions[unqualified(params, caller)].spec.recursive_loop}


def put_function_recursion_config(params: Params, caller: Caller, engine: Readable) -> Call:
    loop = params.get("RecursiveLoop")
    if loop not in ("Allow", "Terminate"):
        raise ValidationFailed(
            f"1 validation error detected: Value '{loop}' at 'recursiveLoop' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Terminate, Allow]"
        )
    spec = engine.world.functions[unqualified(params, caller)].spec
    return Call(PutFunction(replace(spec, recursive_loop=loop)), lambda _: {"RecursiveLoop": loop})


def account_settings(_: Params, caller: Caller, engine: Readable) -> Result:
    functions, limits = engine.world.functions.all(caller.scope), engine.world.limits
    reserved = sum(function.spec.reserved_concurrency or 0 for function in functions)
    sizes = [
        version.spec.deployment.code.size
        for function in functions
        for version in engine.world.families.versions(function.spec.arn)
        if version.spec.deployment is not None
    ]
    return {
        "AccountLimit": {
            "TotalCodeSize": limits.account_code_bytes,
            "CodeSizeUnzipped": limits.unzipped_bytes,
            "CodeSizeZipped": limits.zip_bytes,
            "ConcurrentExecutions": limits.account_concurrency,
            "UnreservedConcurrentExecutions": limits.account_concurrency - reserved,
        },
        "AccountUsage": {"TotalCodeSize": sum(sizes), "FunctionCount": len(functions)},
    }


def _refuse_qualifier(arn: str, qualifier: str | None) -> None:
    """Only the function itself is changed: a version is what it was published as."""
    if qualifier is None:
        return
    if qualifier != LATEST:
        raise ResourceNotFound(f"Function not found: {arn}:{qualifier}")
    raise InvalidParameterValue(f"{parse_arn(arn).name}:{LATEST} cannot be changed by its qualifier.")
