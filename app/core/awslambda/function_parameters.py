"""The parameters of CreateFunction, UpdateFunctionConfiguration and UpdateFunctionCode, checked in AWS's words.

What the service's model says of each member by itself (lengths, ranges, patterns) is checked before, at the wire.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.core.awslambda.deployment import Code, Deployment, LayerUse
from app.core.awslambda.function import FunctionSpec
from app.core.errors import InvalidParameterValue, ValidationFailed
from app.core.names import Arn, parse_arn

# configuration-envvars, and gettingstarted-limits: 4 KB for all environment variables.
_VARIABLES_BYTES_MOST = 4_096
_LAYERS_MOST = 5
RESERVED_VARIABLES = frozenset(
    {
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
    }
)  # fmt: skip

RUNTIMES = (
    "nodejs26.x", "nodejs24.x", "nodejs22.x", "nodejs20.x", "nodejs18.x", "python3.15", "python3.14", "python3.13",
    "python3.12", "python3.11", "python3.10", "python3.9", "java25", "java21", "java17", "java11", "java8.al2",
    "dotnet10", "dotnet8", "dotnet6", "ruby4.0", "ruby3.4", "ruby3.3", "ruby3.2", "provided.al2023", "provided.al2",
)  # fmt: skip
"""What can be deployed today, the newest first (lambda-runtimes)."""

_RETIRED_RUNTIMES = re.compile(
    r"nodejs(4\.3(-edge)?|6\.10|8\.10|1[0246]\.x)?|python(2\.7|3\.[678])|java8|go1\.x|ruby2\.[57]|provided"
    r"|dotnetcore(1\.0|2\.[01]|3\.1)"
)
"""Refused by AWS since their ends of life, each with a sentence of its own; here they run as their successors do."""

_KEPT = (
    "VpcConfig", "TracingConfig", "LoggingConfig", "ImageConfig", "FileSystemConfigs", "SnapStart", "KMSKeyArn",
    "TenancyConfig", "CapacityProviderConfig", "DurableConfig",
)  # fmt: skip

Layers = Callable[[Arn], LayerUse]
"""A layer version by its ARN. Raises InvalidParameterValue for one that is not there."""


def created(spec: FunctionSpec, given: Mapping[str, Any], code: Code, layers: Layers) -> FunctionSpec:
    """The function that CreateFunction makes; `spec` has its ARN and what the world adds."""
    package_type = given.get("PackageType") or "Zip"
    if package_type == "Zip" and not (given.get("Runtime") and given.get("Handler")):
        raise InvalidParameterValue(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    if package_type == "Image" and (given.get("Runtime") or given.get("Handler") or given.get("Layers")):
        raise InvalidParameterValue(
            "Please don't provide Handler or Runtime or Layer when the intended PackageType is Image."
        )
    check_package(package_type, code, "creating")
    deployment = Deployment(
        given["Role"], code, package_type=package_type, architectures=tuple(given.get("Architectures") or ("x86_64",))
    )
    return configured(replace(spec, deployment=deployment), given, layers)


def configured(spec: FunctionSpec, given: Mapping[str, Any], layers: Layers) -> FunctionSpec:
    """The function with what is given laid over what it has. Raises InvalidParameterValue; then nothing changed."""
    deployment = spec.deployment
    changes: dict[str, Any] = {}
    if deployment is None:
        fixed = [name for name in ("Runtime", "Handler", "Environment", "Layers") if given.get(name) is not None]
        if fixed:
            raise InvalidParameterValue(
                f"{fixed[0]} of {spec.name} is what its settings say; it cannot be changed over the API."
            )
        return replace(spec, **_common(given))
    if given.get("Runtime"):
        _check_runtime(given["Runtime"])
        changes["runtime"] = given["Runtime"]
    if given.get("Environment") is not None:
        changes["variables"] = _variables(given["Environment"].get("Variables") or {})
    if given.get("Layers") is not None:
        changes["layers"] = _layers(given["Layers"], layers)
    for name, field in (("Role", "role"), ("Handler", "handler")):
        if given.get(name):
            changes[field] = given[name]
    if given.get("EphemeralStorage"):
        changes["ephemeral_storage_mb"] = given["EphemeralStorage"]["Size"]
    others = {name: given[name] for name in _KEPT if given.get(name) is not None}
    if others:
        changes["others"] = {**deployment.others, **others}
    return replace(spec, deployment=replace(deployment, **changes), **_common(given))


def check_package(package_type: str, code: Code, doing: str) -> None:
    """Whether the package is of the function's type. Raises InvalidParameterValue."""
    if package_type == "Image" and not code.image_uri:
        raise InvalidParameterValue(f"Please provide ImageUri when {doing} a function with packageType Image.")
    if package_type == "Zip" and code.image_uri:
        raise InvalidParameterValue(f"Please don't provide ImageUri when {doing} a function with packageType Zip.")


def _common(given: Mapping[str, Any]) -> dict[str, Any]:
    """What every function has, wherever it runs."""
    if not given.get("CapacityProviderConfig"):
        # The model's own maxima are those of managed instances.
        _check_most("timeout", given.get("Timeout"), 900)
        _check_most("memorySize", given.get("MemorySize"), 10_240)
        _check_most("ephemeralStorage.size", (given.get("EphemeralStorage") or {}).get("Size"), 10_240)
    changed: dict[str, Any] = {}
    for name, field in (("Timeout", "timeout_s"), ("MemorySize", "memory_mb"), ("Description", "description")):
        if given.get(name) is not None:
            changed[field] = given[name]
    if given.get("DeadLetterConfig") is not None:
        changed["dead_letter_target"] = _dead_letter_target(given["DeadLetterConfig"].get("TargetArn") or "")
    return changed


def _check_most(member: str, value: int | None, most: int) -> None:
    if value is not None and value > most:
        raise ValidationFailed(
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
            f"Member must have value less than or equal to {most}"
        )


def _check_runtime(runtime: str) -> None:
    if runtime not in RUNTIMES and not _RETIRED_RUNTIMES.fullmatch(runtime):
        raise InvalidParameterValue(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(RUNTIMES)}] or be a valid ARN"
        )


def _variables(given: Mapping[str, str]) -> Mapping[str, str]:
    reserved = sorted(name for name in given if name in RESERVED_VARIABLES)
    if reserved:
        raise InvalidParameterValue(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(reserved)}"
        )
    measured = json.dumps(given, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > _VARIABLES_BYTES_MOST:
        raise InvalidParameterValue(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {measured}"
        )
    return dict(given)


def _layers(given: list[Arn], layers: Layers) -> tuple[LayerUse, ...]:
    if len(given) > _LAYERS_MOST:
        raise InvalidParameterValue("Cannot reference more than 5 layers.")
    seen: dict[Arn, Arn] = {}
    for arn in given:
        layer = arn.rpartition(":")[0]
        if layer in seen:
            raise InvalidParameterValue(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{seen[layer]} and {arn} are versions of the same layer."
            )
        seen[layer] = arn
    return tuple(layers(arn) for arn in given)


def _dead_letter_target(arn: Arn) -> Arn | None:
    if not arn:
        return None
    try:
        service = parse_arn(arn).service
    except ValueError:
        service = ""
    if service not in ("sqs", "sns"):
        raise InvalidParameterValue(f"The provided dead letter target is invalid. {arn}")
    return arn
