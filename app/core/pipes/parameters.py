"""What CreatePipe and UpdatePipe take: checked once, in AWS's words where users have quoted them.

Two forms are known: a value that breaks the API's schema (`[numeric instance is lower than the required minimum
(minimum: 1, found: 0)]`, terraform-provider-aws#32423), in the words of the validator that many of AWS's front ends
use (java-json-tools/json-schema-validator), and what the service itself misses or will not take
(`{"ValidationErrorFields":[{"Name":…,"Message":…}]}`, terraform-provider-aws#30773 and #41573).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core.errors import InvalidEventPattern, ValidationFailed
from app.core.limits import Limits
from app.core.mappings.filter import Filter, FilterCriteria
from app.core.mappings.mapping_parameters import MappingParameters
from app.core.names import Arn, parse_arn

NAME = r"[\.\-_A-Za-z0-9]+"
ROLE = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z0-9+=,.@\-_/]+"
_NAME_MOST = 64
_STATES = ("RUNNING", "STOPPED")
_WINDOW_MOST_S = 300
_BATCH_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Taker:
    """How an enrichment or a target takes events: so many at once, or as many as there are where `most` is None; as
    one list, or each for itself."""

    most: int | None
    as_list: bool = False


# eb-pipes-batching-concurrency: targets and enrichments with their largest batch; "doesn't support batching" is 1.
_ONE = Taker(1)
_TARGETS: Mapping[str, Taker] = {
    "api-destination": _ONE,
    "event-bus": Taker(10),
    "execute-api": _ONE,
    "firehose": Taker(500),
    "kinesis": Taker(500),
    "lambda": Taker(None, as_list=True),
    "logs": Taker(10_000),
    "sns": Taker(10),
    "sqs": Taker(10),
    "states": Taker(None, as_list=True),
}
_ENRICHMENTS: Mapping[str, Taker] = {
    kind: _TARGETS[kind] for kind in ("api-destination", "execute-api", "lambda", "states")
}
# What else a pipe of AWS's may read from (CreatePipe, API reference), with the parameters that it then needs.
_OTHER_SOURCES: Mapping[str, str] = {
    "dynamodb": "DynamoDBStreamParameters",
    "kafka": "ManagedStreamingKafkaParameters",
    "kinesis": "KinesisStreamParameters",
    "mq": "ActiveMQBrokerParameters",
}


def kind_of(arn: Arn) -> str:
    """What an ARN names, as far as pipes tell kinds apart: its service, and of EventBridge's things which."""
    parsed = parse_arn(arn)
    return parsed.resource.partition("/")[0] if parsed.service == "events" else parsed.service


def target_taker(arn: Arn) -> Taker:
    return _TARGETS[kind_of(arn)]


def enrichment_taker(arn: Arn) -> Taker:
    return _ENRICHMENTS[kind_of(arn)]


def check_name(name: str) -> None:
    """Raises ValidationFailed."""
    _check_length(name, 1, _NAME_MOST)
    _check_pattern(name, NAME)


def check_members(told: Mapping[str, Any]) -> None:
    """Raises ValidationFailed for what is missing, or has another form than AWS takes."""
    if missing := sorted(member for member in ("RoleArn", "Source", "Target") if not told.get(member)):
        raise _of_schema(f"object has missing required properties ({json.dumps(missing, separators=(',', ':'))})")
    _check_pattern(told["RoleArn"], ROLE)
    state = told.get("DesiredState")
    if state not in (None, *_STATES):
        possible = json.dumps(_STATES, separators=(",", ":"))
        raise _of_schema(f"instance value ({json.dumps(state)}) not found in enum (possible values: {possible})")
    for stage in ("EnrichmentParameters", "TargetParameters"):
        _check_length((told.get(stage) or {}).get("InputTemplate") or "", 0, 8_192)
    _check_ends(told)
    _check_target(told)


def polling_of(told: Mapping[str, Any], limits: Limits) -> MappingParameters:
    """How the pipe polls. What a target reports as failed stays in the queue, always. Raises ValidationFailed.

    A batch that is not told is as large as its takers allow, at most ten (UNCONFIRMED).
    """
    given = told.get("SourceParameters") or {}
    queue = given.get("SqsQueueParameters") or {}
    most = _batch_most(told)
    parameters = MappingParameters(reports_item_failures=True)
    if most is not None and parameters.batch_size > most:
        parameters = replace(parameters, batch_size=most)
    if (batch_size := queue.get("BatchSize")) is not None:
        parameters = replace(parameters, batch_size=_ranged(batch_size, 1, _BATCH_MOST))
    if (window_s := queue.get("MaximumBatchingWindowInSeconds")) is not None:
        parameters = replace(parameters, window_s=_ranged(window_s, 0, _WINDOW_MOST_S))
    if most is not None and parameters.batch_size > most:
        words = f"BatchSize must be at most {most}, which is the largest batch that the enrichment and the target take."
        raise _of_field("SourceParameters.SqsQueueParameters.BatchSize", words)
    if parameters.batch_size > limits.receive_messages and not parameters.window_s:
        # As for an event source mapping; of a pipe it is not recorded.
        words = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        raise _of_field("SourceParameters.SqsQueueParameters.MaximumBatchingWindowInSeconds", words)
    filters = (given.get("FilterCriteria") or {}).get("Filters") or []
    if len(filters) > limits.mapping_filters:
        words = (
            f"array is too long: must have at most {limits.mapping_filters} elements but instance has {len(filters)}"
        )
        raise _of_schema(f"{words} elements")
    if filters:
        parameters = replace(parameters, filters=FilterCriteria(tuple(_filter(entry, limits) for entry in filters)))
    return parameters


def _check_ends(told: Mapping[str, Any]) -> None:
    for member in ("Source", "Target", "Enrichment"):
        if told.get(member):
            try:
                parse_arn(told[member])
            except ValueError:
                raise _of_field(member, f"Invalid ARN: {told[member]}") from None
    service = parse_arn(told["Source"]).service
    if service != "sqs":
        needed = _OTHER_SOURCES.get(service)
        if needed is not None and not (told.get("SourceParameters") or {}).get(needed):
            raise _of_field(f"SourceParameters.{needed}", "Missing required parameter.")
        # Not AWS's words: what is not there is said plainly.
        raise ValidationFailed(f"pipes from {service} are not emulated yet; a pipe's source is a queue here")
    enrichment, target = told.get("Enrichment"), told["Target"]
    if enrichment and kind_of(enrichment) not in _ENRICHMENTS:
        words = "An enrichment is a function, an API destination, an API of API Gateway or an Express state machine."
        raise _of_field("Enrichment", words)
    if kind_of(target) == "sns" and target.endswith(".fifo"):
        raise _of_field("Target", "SNS FIFO topics are not supported as a pipe's target.")  # eb-pipes-event-target
    if kind_of(target) not in _TARGETS:
        raise ValidationFailed(f"pipes to {kind_of(target)} are not emulated; {target} cannot be a target here")


def _check_target(told: Mapping[str, Any]) -> None:
    given = told.get("TargetParameters") or {}
    if kind_of(told["Target"]) == "kinesis" and not (given.get("KinesisStreamParameters") or {}).get("PartitionKey"):
        raise _of_field("TargetParameters.KinesisStreamParameters", "Missing required parameter.")
    for member in ("LambdaFunctionParameters", "StepFunctionStateMachineParameters"):
        way = (given.get(member) or {}).get("InvocationType")
        if way not in (None, "REQUEST_RESPONSE", "FIRE_AND_FORGET"):
            possible = '["REQUEST_RESPONSE","FIRE_AND_FORGET"]'
            raise _of_schema(f"instance value ({json.dumps(way)}) not found in enum (possible values: {possible})")
    # eb-pipes-event-target: order would be lost where nobody waits for an answer.
    fires = (given.get("LambdaFunctionParameters") or {}).get("InvocationType") == "FIRE_AND_FORGET"
    if fires and told["Source"].endswith(".fifo"):
        words = "FIFO sources need the invocation type REQUEST_RESPONSE."
        raise _of_field("TargetParameters.LambdaFunctionParameters.InvocationType", words)


def _batch_most(told: Mapping[str, Any]) -> int | None:
    takers = [target_taker(told["Target"])]
    if told.get("Enrichment"):
        takers.append(enrichment_taker(told["Enrichment"]))
    return min((taker.most for taker in takers if taker.most is not None), default=None)


def _filter(entry: Mapping[str, Any], limits: Limits) -> Filter:
    try:
        return Filter.of(entry.get("Pattern") or "{}", limits)
    except InvalidEventPattern as refusal:
        name = "SourceParameters.FilterCriteria"
        raise _of_field(name, f"Invalid filter pattern: {refusal.message}") from None


def _ranged(number: object, least: int, most: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise _of_schema(f"instance type ({_json_type(number)}) does not match any allowed primitive type (allowed: "
                         '["integer"])')  # fmt: skip
    if number < least:
        raise _of_schema(f"numeric instance is lower than the required minimum (minimum: {least}, found: {number})")
    if number > most:
        raise _of_schema(f"numeric instance is greater than the required maximum (maximum: {most}, found: {number})")
    return number


def _check_length(text: str, least: int, most: int) -> None:
    if len(text) > most:
        raise _of_schema(f'string "{text}" is too long (length: {len(text)}, maximum allowed: {most})')
    if len(text) < least:
        raise _of_schema(f'string "{text}" is too short (length: {len(text)}, required minimum: {least})')


def _check_pattern(text: str, pattern: str) -> None:
    if not re.fullmatch(pattern, text):
        raise _of_schema(f'ECMA 262 regex "{pattern}" does not match input string "{text}"')


def _json_type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return {str: "string", float: "number", dict: "object", list: "array"}.get(type(value), "null")


def _of_schema(words: str) -> ValidationFailed:
    return ValidationFailed(f"[{words}]")


def _of_field(name: str, words: str) -> ValidationFailed:
    told = {"ValidationErrorFields": [{"Name": name, "Message": words}]}
    return ValidationFailed(json.dumps(told, ensure_ascii=False, separators=(",", ":")))
