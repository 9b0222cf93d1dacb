"""A rule's target as PutTargets gives it: checked once, in AWS's words, then used without asking again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.awslambda.functions import parse_function_name
from app.core.buses.target_input import Input, compile_input
from app.core.errors import ValidationFailed
from app.core.input_template import Path
from app.core.limits import Limits
from app.core.names import Arn, ParsedArn, Scope, parse_arn

# The services that the user guide's page of targets names (eb-targets), by the words of their ARNs.
_SERVICES = frozenset({
    "appsync", "batch", "codebuild", "codepipeline", "ec2", "ecs", "events", "execute-api", "firehose", "inspector",
    "iot", "kinesis", "lambda", "logs", "redshift", "redshift-serverless", "sagemaker", "sns", "sqs", "ssm",
    "ssm-incidents", "states",
})  # fmt: skip
# What EventBridge calls with a role of the rule, not by the target's own policy (eb-use-identity-based).
_NEEDS_ROLE = frozenset({"batch", "codebuild", "codepipeline", "ecs", "firehose", "kinesis", "states"})
_INPUTS = ("Input", "InputPath", "InputTransformer")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long and how often a delivery is tried again; the first try is no retry."""

    attempts_most: int
    age_most_s: int


@dataclass(frozen=True, slots=True)
class RuleTarget:
    """`given` is the target under AWS's names, as ListTargetsByRule gives it back."""

    id: str
    arn: Arn
    given: Mapping[str, Any]
    input: Input
    retry: RetryPolicy
    dead_letter_queue: Arn | None
    group_id: str | None
    partition_key: Path | None

    @property
    def service(self) -> str:
        return parse_arn(self.arn).service

    @classmethod
    def read(cls, given: Mapping[str, Any], scope: Scope, limits: Limits) -> "RuleTarget":
        """Of a rule in `scope`. Raises ValidationFailed. That the target is there is not asked: AWS does not either."""
        target_id, arn = str(given["Id"]), str(given["Arn"])
        parsed = _parsed(arn)
        if parsed.service == "lambda" and parse_function_name(arn, scope) is None:
            raise _malformed(arn)
        if parsed.service not in _SERVICES:
            raise ValidationFailed(f"{parsed.service} is not a supported service for a target.")
        if _needs_role(parsed, scope) and not given.get("RoleArn"):
            raise ValidationFailed(f"RoleArn is required for target {arn}.")
        if parsed.resource.startswith("event-bus/") and any(given.get(name) is not None for name in _INPUTS):
            # As users were told it, in 2026.
            raise ValidationFailed(f"Modifying the input for target {target_id} is not supported")
        group_id = (given.get("SqsParameters") or {}).get("MessageGroupId")
        if parsed.service == "sqs" and arn.endswith(".fifo"):
            if not given.get("SqsParameters"):
                raise ValidationFailed(f"Parameter(s) SqsParameters must be specified for target: {target_id}.")
            if not group_id:
                raise ValidationFailed(f"Parameter(s) MessageGroupId must be specified for target: {target_id}.")
        elif given.get("SqsParameters") is not None and parsed.service != "sqs":
            raise ValidationFailed(f"Parameter(s) SqsParameters not valid for target: {target_id}.")
        return cls(
            target_id,
            arn,
            given,
            compile_input(target_id, given.get("Input"), given.get("InputPath"), given.get("InputTransformer")),
            _retry(given.get("RetryPolicy") or {}, limits),
            _dead_letter_queue(target_id, given),
            group_id,
            _partition_key(target_id, parsed, given),
        )


def _parsed(arn: Arn) -> ParsedArn:
    try:
        return parse_arn(arn)
    except ValueError:
        raise _malformed(arn) from None


def _malformed(arn: Arn) -> ValidationFailed:
    return ValidationFailed(f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.")


def _needs_role(parsed: ParsedArn, scope: Scope) -> bool:
    """Also an API destination, and what is of another account or, of buses, in another region."""
    if parsed.service in _NEEDS_ROLE or parsed.resource.startswith("api-destination/"):
        return True
    if parsed.service == "events":
        return parsed.scope != scope
    return parsed.service == "sns" and parsed.account != scope.account


def _retry(given: Mapping[str, Any], limits: Limits) -> RetryPolicy:
    """Both bounds hold; what is not given is the most there is."""
    attempts, age_s = given.get("MaximumRetryAttempts"), given.get("MaximumEventAgeInSeconds")
    return RetryPolicy(
        limits.event_retries if attempts is None else attempts, limits.event_age_s if age_s is None else age_s
    )


def _dead_letter_queue(target_id: str, given: Mapping[str, Any]) -> Arn | None:
    arn = (given.get("DeadLetterConfig") or {}).get("Arn")
    if arn is None:
        return None
    try:
        service = parse_arn(arn).service
    except ValueError:
        service = ""
    if service != "sqs" or str(arn).endswith(".fifo"):
        raise ValidationFailed(
            f"Parameter DeadLetterConfig.Arn is not valid for target {target_id}. "
            "Reason: Must be the ARN of a standard SQS queue."
        )
    return str(arn)


def _partition_key(target_id: str, parsed: ParsedArn, given: Mapping[str, Any]) -> Path | None:
    text = (given.get("KinesisParameters") or {}).get("PartitionKeyPath")
    if text is None:
        return None
    if parsed.service != "kinesis":
        raise ValidationFailed(f"Parameter(s) KinesisParameters not valid for target: {target_id}.")
    path = Path.read(text)
    if path is None:
        raise ValidationFailed(f"PartitionKeyPath for target {target_id} is invalid.")
    return path
