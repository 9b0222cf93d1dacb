"""A function's configuration as Lambda tells it."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from app.core.awslambda.deployment import Deployment
from app.core.awslambda.families import Described
from app.core.names import LATEST
from app.core.time import Instant, format_instant
from app.wire.calls import Result

_ONLY_OF_ONE = {
    "State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode", "RuntimeVersionConfig",
}  # fmt: skip
"""What a list does not tell (API reference, ListFunctions)."""

_TOLD_AS_GIVEN = ("FileSystemConfigs", "TenancyConfig", "CapacityProviderConfig", "DurableConfig")


def configuration(described: Described, *, qualifier: str | None = None) -> Result:
    """FunctionConfiguration, its ARN with the qualifier by which it was asked for."""
    spec, deployment = described.spec, described.spec.deployment
    unqualified = ":".join(spec.arn.split(":")[:7])
    result: Result = {
        "FunctionName": spec.name,
        "FunctionArn": f"{unqualified}:{qualifier}" if qualifier else unqualified,
        "Description": spec.description,
        "Timeout": spec.timeout_s,
        "MemorySize": spec.memory_mb,
        "LastModified": timestamp(described.modified_at),
        "Version": described.version,
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": described.revision_id,
        **_state(described),
    }
    if spec.dead_letter_target:
        result["DeadLetterConfig"] = {"TargetArn": spec.dead_letter_target}
    # What is known of a function that the settings declare ends here.
    return result if deployment is None else result | _deployed(deployment, spec.name, described.version)


def listed(described: Described, *, is_qualified: bool = False) -> Result:
    """The same as a member of a list, which tells less; its ARN with its version if the list has all of them."""
    told = configuration(described, qualifier=described.version if is_qualified else None)
    return {name: value for name, value in told.items() if name not in _ONLY_OF_ONE}


def timestamp(instant: Instant) -> str:
    """`2026-11-21T12:00:00.000+0000`, as Lambda alone writes it."""
    return format_instant(instant).removesuffix("Z") + "+0000"


def _state(described: Described) -> Result:
    if described.is_pending:
        return {"State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating"}
    if described.is_updating:
        # These reasons are as recorded, though nothing is created (S:lapi/test_function_lifecycle).
        return {
            "State": "Active",
            "LastUpdateStatus": "InProgress",
            "LastUpdateStatusReason": "The function is being created.",
            "LastUpdateStatusReasonCode": "Creating",
        }
    return {"State": "Active", "LastUpdateStatus": "Successful"}


def _deployed(deployment: Deployment, name: str, version: str) -> Result:
    others = deployment.others
    result: Result = {
        "Role": deployment.role,
        "CodeSize": deployment.code.size,
        "CodeSha256": deployment.code.sha256 if deployment.package_type == "Zip" else _hexadecimal(deployment),
        "PackageType": deployment.package_type,
        "Architectures": list(deployment.architectures),
        "EphemeralStorage": {"Size": deployment.ephemeral_storage_mb},
        "TracingConfig": others.get("TracingConfig", {"Mode": "PassThrough"}),
        "SnapStart": _snap_start(others.get("SnapStart", {}), version),
        "LoggingConfig": _logging(others.get("LoggingConfig", {}), name),
    }
    if deployment.runtime:
        result |= {
            "Runtime": deployment.runtime,
            "Handler": deployment.handler,
            "RuntimeVersionConfig": {"RuntimeVersionArn": f"arn:aws:lambda:us-east-1::runtime:{deployment.runtime}"},
        }
    if deployment.variables:
        # Without variables there is no environment, also where it was given empty: Terraform takes it away like that.
        result["Environment"] = {"Variables": dict(deployment.variables)}
    if deployment.layers:
        result["Layers"] = [{"Arn": use.arn, "CodeSize": use.code.size if use.code else 0} for use in deployment.layers]
    if others.get("ImageConfig"):
        result["ImageConfigResponse"] = {"ImageConfig": others["ImageConfig"]}
    if others.get("KMSKeyArn"):
        result["KMSKeyArn"] = others["KMSKeyArn"]
    if "VpcConfig" in others:
        result["VpcConfig"] = _vpc(others["VpcConfig"])
    return result | {member: others[member] for member in _TOLD_AS_GIVEN if others.get(member)}


def _vpc(given: Mapping[str, Any]) -> Result:
    """The function is in no network here, so the VPC that its subnets would be in has no id."""
    return {
        "SubnetIds": list(given.get("SubnetIds") or ()),
        "SecurityGroupIds": list(given.get("SecurityGroupIds") or ()),
        "VpcId": "",
        "Ipv6AllowedForDualStack": bool(given.get("Ipv6AllowedForDualStack")),
    }


def _snap_start(given: Mapping[str, Any], version: str) -> Result:
    applies = given.get("ApplyOn", "None")
    is_on = applies == "PublishedVersions" and version != LATEST
    return {"ApplyOn": applies, "OptimizationStatus": "On" if is_on else "Off"}


def _logging(given: Mapping[str, Any], name: str) -> Result:
    group = given.get("LogGroup", f"/aws/lambda/{name}")
    if given.get("LogFormat", "Text") == "Text":
        return {"LogFormat": "Text", "LogGroup": group}
    levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
    return {**levels, **given, "LogGroup": group}


def _hexadecimal(deployment: Deployment) -> str:
    """An image's digest is told in hexadecimal digits, not in base64."""
    return b64decode(deployment.code.sha256).hex()
