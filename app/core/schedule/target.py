"""A schedule's target as CreateSchedule gives it: checked once, then turned into the call that Scheduler makes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import ValidationFailed
from app.core.limits import Limits
from app.core.names import Arn, ParsedArn, parse_arn

UNIVERSAL = "aws-sdk"
_PARAMETERS_OF: Mapping[str, str] = {
    "EventBridgeParameters": "events",
    "KinesisParameters": "kinesis",
    "SqsParameters": "sqs",
    "EcsParameters": "ecs",
    "SageMakerPipelineParameters": "sagemaker",
}
# The templated targets that the guide names (managing-targets-templated), by the words of their ARNs.
_TEMPLATED = frozenset({
    "codebuild", "codepipeline", "ecs", "events", "firehose", "inspector", "kinesis", "lambda", "sagemaker", "sns",
    "sqs", "states",
})  # fmt: skip
_TAKES_JSON_ONLY = frozenset({"lambda", "states", "events"})
# What only reads cannot be scheduled (managing-targets-universal), by how the operation's name begins.
_READS = (
    "get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup", "discover",
    "validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet", "adminList", "testMigration",
    "retrieve", "testConnection", "translateDocument", "isAuthorized", "invokeModel",
)  # fmt: skip
# A universal target names a service as the SDK for Java does, AwsCall as botocore does.
_BOTOCORE_NAMES: Mapping[str, str] = {
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "eventbridge": "events",
    "sfn": "stepfunctions",
}

_RUN_TASK: Mapping[str, str] = {"taskDefinitionArn": "taskDefinition", "taskCount": "count"}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long and how often an execution is tried again; the first try is no retry."""

    attempts_most: int
    age_most_s: int


@dataclass(frozen=True, slots=True)
class ApiCall:
    """The operation that Scheduler calls; a dead letter is its parameters as JSON."""

    service: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScheduleTarget:
    """`given` is the target under AWS's names; `input` None is the notification that Scheduler writes itself."""

    arn: Arn
    given: Mapping[str, Any]
    input: str | None
    retry: RetryPolicy
    dead_letter_queue: Arn | None

    @classmethod
    def read(cls, given: Mapping[str, Any], limits: Limits) -> "ScheduleTarget":
        """Raises ValidationFailed. That the target is there is not asked, nor what its role may do."""
        arn = str(given["Arn"])
        parsed = _parsed(arn)
        is_universal = _is_universal(parsed)
        if is_universal:
            _check_universal(arn, parsed, given.get("Input"))
        elif parsed.service not in _TEMPLATED:
            raise ValidationFailed(f"{parsed.service} is not a supported service for a target.")
        else:
            _check_templated(arn, parsed, given)
        retry = given.get("RetryPolicy") or {}
        attempts, age_s = retry.get("MaximumRetryAttempts"), retry.get("MaximumEventAgeInSeconds")
        policy = RetryPolicy(
            limits.event_retries if attempts is None else attempts, limits.event_age_s if age_s is None else age_s
        )
        return cls(arn, given, given.get("Input"), policy, _dead_letter_queue(given))

    @property
    def service(self) -> str:
        """The word in its ARN, or `aws-sdk` for a universal target."""
        parsed = parse_arn(self.arn)
        return UNIVERSAL if _is_universal(parsed) else parsed.service

    @property
    def takes_json_only(self) -> bool:
        return self.service in _TAKES_JSON_ONLY or self.service == UNIVERSAL

    @property
    def group_id(self) -> str | None:
        return self._of("SqsParameters").get("MessageGroupId")

    @property
    def partition_key(self) -> str:
        return str(self._of("KinesisParameters").get("PartitionKey") or "")

    @property
    def source(self) -> str:
        return str(self._of("EventBridgeParameters").get("Source") or "")

    @property
    def detail_type(self) -> str:
        return str(self._of("EventBridgeParameters").get("DetailType") or "")

    def view(self) -> dict[str, Any]:
        """As GetSchedule has it: with the retry policy that holds."""
        policy = {
            "MaximumEventAgeInSeconds": self.retry.age_most_s,
            "MaximumRetryAttempts": self.retry.attempts_most,
        }
        return {**self.given, "RetryPolicy": policy}

    def call(self, text: str) -> ApiCall:
        """What is called with this input; that of a universal target is known to be a JSON object."""
        parsed = parse_arn(self.arn)
        name = parsed.resource.rpartition("/")[2]
        match self.service:
            case "aws-sdk":
                _, service, action = parsed.resource.split(":", 2)
                operation = action[:1].upper() + action[1:]
                return ApiCall(_BOTOCORE_NAMES.get(service, service), operation, json.loads(text))
            case "lambda":
                return ApiCall(
                    "lambda", "Invoke", {"FunctionName": self.arn, "InvocationType": "Event", "Payload": text}
                )
            case "sqs":
                group = {} if self.group_id is None else {"MessageGroupId": self.group_id}
                url = f"https://sqs.{parsed.region}.amazonaws.com/{parsed.account}/{parsed.resource}"
                return ApiCall("sqs", "SendMessage", {"MessageBody": text, "QueueUrl": url, **group})
            case "sns":
                return ApiCall("sns", "Publish", {"Message": text, "TopicArn": self.arn})
            case "events":
                entry = {
                    "Detail": text, "DetailType": self.detail_type, "EventBusName": self.arn, "Source": self.source,
                }  # fmt: skip
                return ApiCall("events", "PutEvents", {"Entries": [entry]})
            case "kinesis":
                record = {"Data": text, "PartitionKey": self.partition_key, "StreamARN": self.arn}
                return ApiCall("kinesis", "PutRecord", record)
            case "firehose":
                return ApiCall("firehose", "PutRecord", {"DeliveryStreamName": name, "Record": {"Data": text}})
            case "states":
                return ApiCall("stepfunctions", "StartExecution", {"stateMachineArn": self.arn, "input": text})
            case "codebuild":
                return ApiCall("codebuild", "StartBuild", {"projectName": name})
            case "codepipeline":
                return ApiCall("codepipeline", "StartPipelineExecution", {"name": name})
            case "sagemaker":
                parameters = self._of("SageMakerPipelineParameters").get("PipelineParameterList") or []
                given = {"PipelineName": self.arn, "PipelineParameters": parameters}
                return ApiCall("sagemaker", "StartPipelineExecution", given)
            case "inspector":
                return ApiCall("inspector", "StartAssessmentRun", {"assessmentTemplateArn": self.arn})
            case "ecs":
                return ApiCall("ecs", "RunTask", {"cluster": self.arn, **_run_task(self._of("EcsParameters"))})
            case other:
                raise AssertionError(f"a target of {other} was refused when it was read")

    def _of(self, parameters: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.given.get(parameters) or {}
        return found


def is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _parsed(arn: Arn) -> ParsedArn:
    try:
        return parse_arn(arn)
    except ValueError:
        raise ValidationFailed("Provided Arn is not in correct format.") from None


def _is_universal(parsed: ParsedArn) -> bool:
    return parsed.service == "scheduler" and parsed.resource.startswith(f"{UNIVERSAL}:")


def _check_universal(arn: Arn, parsed: ParsedArn, text: str | None) -> None:
    parts = parsed.resource.split(":")
    if len(parts) != 3 or not all(parts):
        raise ValidationFailed("Provided Arn is not in correct format.")
    if any(_begins_with_word(parts[2], word) for word in _READS):
        # That they are refused is documented (managing-targets-universal), the text is UNCONFIRMED.
        raise ValidationFailed(f"{arn} is not a supported target: operations that only read cannot be scheduled.")
    if text is not None and not is_json_object(text):
        # The beginning is as users quote it for members that lack; for what is no JSON it is UNCONFIRMED.
        raise ValidationFailed("Invalid RequestJson provided. Reason Request payload is not a JSON object.")


def _begins_with_word(action: str, word: str) -> bool:
    """Whether the operation's name begins with the word itself: `listQueues`, not `listen`."""
    rest = action.removeprefix(word)
    return rest != action and (not rest or not rest[0].islower())


def _check_templated(arn: Arn, parsed: ParsedArn, given: Mapping[str, Any]) -> None:
    """The texts are UNCONFIRMED but for what rules have in the same words."""
    for parameters, service in _PARAMETERS_OF.items():
        if given.get(parameters) is not None and service != parsed.service:
            raise ValidationFailed(f"Parameter(s) {parameters} not valid for target: {arn}.")
    group_id = (given.get("SqsParameters") or {}).get("MessageGroupId")
    if parsed.service == "sqs" and arn.endswith(".fifo") and not group_id:
        raise ValidationFailed(f"Parameter(s) MessageGroupId must be specified for target: {arn}.")
    for parameters in ("EventBridgeParameters", "KinesisParameters", "EcsParameters"):
        if parsed.service == _PARAMETERS_OF[parameters] and not given.get(parameters):
            raise ValidationFailed(f"Parameter(s) {parameters} must be specified for target: {arn}.")
    if parsed.service == "events":
        parts = given["EventBridgeParameters"]
        missing = [name for name in ("DetailType", "Source") if not parts.get(name)]
        if missing:
            raise ValidationFailed(f"Parameter(s) {', '.join(missing)} must be specified for target: {arn}.")
    text = given.get("Input")
    if text is not None and parsed.service == "events" and not is_json_object(text):
        raise ValidationFailed(f"Input for target {arn} is not a valid JSON text.")
    if text is not None and parsed.service in _TAKES_JSON_ONLY and not is_json(text):
        raise ValidationFailed(f"Input for target {arn} is not a valid JSON text.")


def _dead_letter_queue(given: Mapping[str, Any]) -> Arn | None:
    """A standard queue's ARN; the model's pattern lets no FIFO queue pass."""
    arn: Arn | None = (given.get("DeadLetterConfig") or {}).get("Arn")
    if arn is not None and (_parsed(arn).service != "sqs" or arn.endswith(".fifo")):
        raise ValidationFailed("Parameter DeadLetterConfig.Arn is not valid. Reason: Must be a standard SQS queue.")
    return arn


def _run_task(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Scheduler's parameters under ECS's names."""
    told = _lower_first(parameters)
    return {_RUN_TASK.get(name, name): value for name, value in told.items()}


def _lower_first(value: Any) -> Any:
    """Members as ECS itself writes them."""
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: _lower_first(member) for name, member in value.items()}
    return [_lower_first(each) for each in value] if isinstance(value, list) else value
