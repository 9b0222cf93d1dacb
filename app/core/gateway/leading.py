"""Which functions a target group or a distribution may lead to: asked when they are told of, refused as AWS does."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.access.gates import Gate
from app.core.awslambda.function import Function
from app.core.awslambda.functions import Functions
from app.core.commands.functions import Asker
from app.core.commands.gateway import CheckEdgeFunctions, CheckTargets
from app.core.errors import AccessDenied, Refused
from app.core.gateway.distribution import EVENT_TYPES
from app.core.names import Arn, parse_arn
from app.core.time import Instant

BALANCER = "elasticloadbalancing.amazonaws.com"

_VERSION = re.compile(r".*:function:[A-Za-z0-9_-]+:\d+")
_EDGE_REGION = "us-east-1"

MOST_AT_VIEWER: Mapping[str, int] = {"timeout_s": 5, "memory_mb": 128, "code_bytes": 1_048_576}
MOST_AT_ORIGIN: Mapping[str, int] = {"timeout_s": 30, "memory_mb": 10_240, "code_bytes": 52_428_800}
_EPHEMERAL_MB = 512
"""CloudFront guide, cloudfront-limits and lambda-at-edge-function-restrictions."""


class InvalidTarget(Refused):
    """A target that its target group cannot have."""


class InvalidLambdaFunctionAssociation(Refused):
    """A function that cannot be at the edge."""


@dataclass(slots=True)
class Leading:
    """`gate` asks resource policies."""

    functions: Functions
    gate: Gate

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {CheckTargets: self.check_targets, CheckEdgeFunctions: self.check_edge_functions}

    def check_targets(self, command: CheckTargets, now: Instant) -> None:
        """Raises InvalidTarget, and AccessDenied where permissions are enforced. The words of the first are
        UNCONFIRMED."""
        if len(command.functions) > 1:
            raise InvalidTarget("A target group with target type 'lambda' can have one target")
        for function in command.functions:
            if self.functions.get(function) is None:
                raise InvalidTarget(f"The Lambda function '{function}' does not exist")
            if self.gate.judge(function, Asker(BALANCER, command.group)) is not None:
                raise AccessDenied(
                    "elasticloadbalancing principal does not have permission to invoke "
                    f"{function} from target group {command.group}"
                )

    def check_edge_functions(self, command: CheckEdgeFunctions, now: Instant) -> None:
        """Raises InvalidLambdaFunctionAssociation for the first that cannot be at the edge."""
        events = [event for event, _ in command.associations]
        for event, function in command.associations:
            if event not in EVENT_TYPES:
                raise InvalidLambdaFunctionAssociation(
                    f"The event type is not one of {', '.join(EVENT_TYPES)}: {event}"
                )
            if events.count(event) > 1:
                raise InvalidLambdaFunctionAssociation(
                    f"The distribution has more than one Lambda function for the event type: {event}"
                )
            self._check_edge_function(event, function)

    def _check_edge_function(self, event: str, arn: Arn) -> None:
        """What is not known of a function of the settings is not asked."""
        if _VERSION.fullmatch(arn) is None:
            raise InvalidLambdaFunctionAssociation(
                "The function ARN must reference a specific function version. (The ARN must end with the version "
                f"number.) ARN: {arn}"
            )
        if parse_arn(arn).region != _EDGE_REGION:
            raise InvalidLambdaFunctionAssociation(f"The function must be in region '{_EDGE_REGION}'. ARN: {arn}")
        function = self.functions.get(arn)
        if function is None:
            raise InvalidLambdaFunctionAssociation(
                "Lambda@Edge cannot retrieve the specified Lambda function. Update the IAM policy to add permission: "
                f"lambda:GetFunction for resource: {arn} and try again."
            )
        for words in _wrong_at_edge(event, function):
            raise InvalidLambdaFunctionAssociation(f"{words} Function: {arn}")


def _wrong_at_edge(event: str, function: Function) -> list[str]:
    """What of a function's configuration the edge does not take. Words of sizes are reported, others UNCONFIRMED."""
    spec, most = function.spec, MOST_AT_VIEWER if event.startswith("viewer") else MOST_AT_ORIGIN
    deployed = spec.deployment
    wrong = [
        f"The function {what} is larger than the maximum allowed {unit}for functions that are triggered by a "
        f"CloudFront event: {value} Max allowed: {limit}"
        for what, unit, value, limit in (
            ("code size", "size ", deployed.code.size if deployed is not None else 0, most["code_bytes"]),
            ("timeout", "", spec.timeout_s, most["timeout_s"]),
            ("memory size", "", spec.memory_mb, most["memory_mb"]),
            ("ephemeral storage", "", deployed.ephemeral_storage_mb if deployed is not None else 0, _EPHEMERAL_MB),
        )
        if value > limit
    ]
    if deployed is None:
        return wrong
    others = deployed.others
    for is_there, what in (
        (deployed.variables, "environment variables"),
        (deployed.layers, "layers"),
        ((others.get("VpcConfig") or {}).get("SubnetIds"), "a VPC configuration"),
        (spec.dead_letter_target, "a dead letter queue"),
        ((others.get("TracingConfig") or {}).get("Mode") == "Active", "active tracing"),
        (others.get("FileSystemConfigs"), "a file system"),
    ):
        if is_there:
            wrong.append(f"The function cannot have {what}.")
    if deployed.package_type == "Image":
        wrong.append("The function cannot be a container image.")
    if deployed.architectures != ("x86_64",):
        wrong.append("The function architecture must be x86_64.")
    if not deployed.runtime.startswith(("nodejs", "python")):
        wrong.append(f"The function has an invalid runtime: {deployed.runtime}.")
    return wrong
