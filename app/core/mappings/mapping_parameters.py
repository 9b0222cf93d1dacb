"""The parameters of an event source mapping for SQS: AWS's table, and what it refuses."""

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, replace
from typing import Any

from app.core.errors import InvalidEventPattern, InvalidParameterValue, ValidationFailed
from app.core.limits import Limits
from app.core.mappings.filter import Filter, FilterCriteria

_STREAM_ONLY = (
    "StartingPosition",
    "StartingPositionTimestamp",
    "ParallelizationFactor",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "TumblingWindowInSeconds",
)
_ELSEWHERE = ("SelfManagedEventSource", "SourceAccessConfigurations", "Topics", "Queues",
              "AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig",
              "DocumentDBEventSourceConfig", "LoggingConfig")  # fmt: skip
_KNOWN = {"EventSourceArn", "FunctionName", "Enabled", "BatchSize", "MaximumBatchingWindowInSeconds", "FilterCriteria",
          "FunctionResponseTypes", "ScalingConfig", "ProvisionedPollerConfig", "MetricsConfig", "KMSKeyArn", "Tags",
          "DestinationConfig", "UUID", *_STREAM_ONLY, *_ELSEWHERE}  # fmt: skip
_LARGEST_OF_ONE_RECEIVE = 10
_FEWEST_POLLERS = 2
_TAGS = 50


@dataclass(frozen=True, slots=True)
class ProvisionedPollers:
    """How many pollers a mapping in provisioned mode has."""

    minimum: int = 2
    maximum: int = 200


@dataclass(frozen=True, slots=True)
class MappingParameters:
    """What a mapping was told, as values. None is 'not set'."""

    batch_size: int = 10
    window_s: int = 0
    reports_item_failures: bool = False
    maximum_concurrency: int | None = None
    provisioned: ProvisionedPollers | None = None
    metrics: tuple[str, ...] = ()
    kms_key_arn: str = ""
    filters: FilterCriteria | None = None

    def as_response(self) -> dict[str, Any]:
        response: dict[str, Any] = {
            "BatchSize": self.batch_size,
            "MaximumBatchingWindowInSeconds": self.window_s,
            "FunctionResponseTypes": ["ReportBatchItemFailures"] if self.reports_item_failures else [],
        }
        if self.maximum_concurrency is not None:
            response["ScalingConfig"] = {"MaximumConcurrency": self.maximum_concurrency}
        if self.provisioned is not None:
            response["ProvisionedPollerConfig"] = {
                "MinimumPollers": self.provisioned.minimum,
                "MaximumPollers": self.provisioned.maximum,
            }
        if self.metrics:
            response["MetricsConfig"] = {"Metrics": list(self.metrics)}
        if self.kms_key_arn:
            response["KMSKeyArn"] = self.kms_key_arn
        if self.filters is not None:
            response["FilterCriteria"] = self.filters.as_response()
        return response


def with_parameters(
    current: MappingParameters, given: MappingType[str, Any], *, is_fifo: bool, limits: Limits
) -> MappingParameters:
    """`current` with `given` laid over it; `given` keeps to Lambda's model (mapping_constraints.py).

    Raises InvalidParameterValue in AWS's words, in the order in which AWS is known to look.
    """
    _check_kind(given)
    result = current
    if given.get("BatchSize") is not None:
        result = replace(result, batch_size=given["BatchSize"])
    if given.get("MaximumBatchingWindowInSeconds") is not None:
        result = replace(result, window_s=given["MaximumBatchingWindowInSeconds"])
    if given.get("FunctionResponseTypes") is not None:
        result = replace(result, reports_item_failures=bool(given["FunctionResponseTypes"]))
    if given.get("ScalingConfig") is not None:
        result = replace(result, maximum_concurrency=given["ScalingConfig"].get("MaximumConcurrency"))
    if given.get("ProvisionedPollerConfig") is not None:
        result = replace(result, provisioned=_provisioned(given["ProvisionedPollerConfig"]))
    if given.get("MetricsConfig") is not None:
        result = replace(result, metrics=_metrics(given["MetricsConfig"]))
    if given.get("KMSKeyArn") is not None:
        result = replace(result, kms_key_arn=given["KMSKeyArn"])
    _check_batching(result, is_fifo)
    if given.get("FilterCriteria") is not None:
        result = replace(result, filters=_filters(given["FilterCriteria"], limits))
    _check_scaling(result)
    return result


def check_visibility(visibility_timeout_s: int, timeout_s: int) -> None:
    """Raises when the queue would show a message again while the function may still work on it."""
    if visibility_timeout_s < timeout_s:
        raise InvalidParameterValue(
            f"Queue visibility timeout: {visibility_timeout_s} seconds is less than "
            f"Function timeout: {timeout_s} seconds"
        )


def with_tags(current: MappingType[str, str], given: MappingType[str, str]) -> dict[str, str]:
    """`current` with more tags. Raises InvalidParameterValue beyond fifty."""
    tags = {**current, **given}
    if len(tags) > _TAGS:
        raise InvalidParameterValue("Number of tags exceeds resource tag limit.")
    return tags


def _check_batching(parameters: MappingParameters, is_fifo: bool) -> None:
    # Recorded with a batch size of 100 as well (aws-lambda-dotnet#1758, June 2024): the window is looked at first.
    if is_fifo and parameters.window_s:
        raise InvalidParameterValue("Batching window is not supported for FIFO queues")
    # So a FIFO queue, which can have no window, has no batch of more than ten; that it is told so is UNCONFIRMED.
    if parameters.batch_size > _LARGEST_OF_ONE_RECEIVE and not parameters.window_s:
        raise InvalidParameterValue(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )


def _check_scaling(parameters: MappingParameters) -> None:
    """That the two exclude each other is documented (services-sqs-scaling), the text is UNCONFIRMED."""
    if parameters.provisioned is not None and parameters.maximum_concurrency is not None:
        raise InvalidParameterValue("ScalingConfig and ProvisionedPollerConfig cannot be used together.")


def _check_kind(given: MappingType[str, Any]) -> None:
    unknown = sorted(set(given) - _KNOWN)
    if unknown:
        raise InvalidParameterValue(f"there is no mapping parameter {unknown[0]}")
    if given.get("DestinationConfig"):
        raise InvalidParameterValue("Unsupported DestinationConfig parameter for given event source mapping type.")
    for name in (*_STREAM_ONLY, *_ELSEWHERE):
        # UNCONFIRMED text; recorded only for DestinationConfig, whose words are taken over.
        if given.get(name) is not None:
            raise InvalidParameterValue(f"Unsupported {name} parameter for given event source mapping type.")


def _provisioned(config: MappingType[str, Any]) -> ProvisionedPollers | None:
    """`{}` ends provisioned mode. For SQS two pollers are the fewest (API reference); the texts are UNCONFIRMED."""
    if not config:
        return None
    if config.get("PollerGroupName"):
        raise InvalidParameterValue("Unsupported PollerGroupName parameter for given event source mapping type.")
    pollers = ProvisionedPollers()
    if config.get("MinimumPollers") is not None:
        pollers = replace(pollers, minimum=config["MinimumPollers"])
    if config.get("MaximumPollers") is not None:
        pollers = replace(pollers, maximum=config["MaximumPollers"])
    if min(pollers.minimum, pollers.maximum) < _FEWEST_POLLERS:
        raise InvalidParameterValue(f"An SQS event source mapping has at least {_FEWEST_POLLERS} provisioned pollers.")
    if pollers.minimum > pollers.maximum:
        raise InvalidParameterValue("MinimumPollers must be less than or equal to MaximumPollers.")
    return pollers


def _metrics(config: MappingType[str, Any]) -> tuple[str, ...]:
    """Only EventCount is there for SQS; the others are Kafka's."""
    metrics = tuple(config.get("Metrics") or ())
    if any(metric != "EventCount" for metric in metrics):
        raise InvalidParameterValue("Unsupported MetricsConfig parameter for given event source mapping type.")
    return metrics


def _filters(criteria: object, limits: Limits) -> FilterCriteria | None:
    """The filters given; none at all clears them. A pattern may be AWS's text or, in settings, what it says."""
    if not isinstance(criteria, MappingType):
        raise ValidationFailed(f"FilterCriteria must be an object, not {criteria!r}")
    given = criteria.get("Filters")
    if not given:
        return None
    if not isinstance(given, list):
        raise ValidationFailed(f"Filters must be a list, not {given!r}")
    if len(given) > limits.mapping_filters:
        # The number is documented (invocation-eventfiltering), the text is UNCONFIRMED.
        raise InvalidParameterValue(f"You can define up to {limits.mapping_filters} filters; {len(given)} were given.")
    return FilterCriteria(tuple(_filter(number, each, limits) for number, each in enumerate(given, start=1)))


def _filter(number: int, given: object, limits: Limits) -> Filter:
    pattern = given.get("Pattern") if isinstance(given, MappingType) else None
    if isinstance(pattern, str) and len(pattern) > limits.filter_pattern_chars:
        raise ValidationFailed(
            f"1 validation error detected: Value '{pattern}' at 'filterCriteria.filters.{number}.member.pattern' "
            f"failed to satisfy constraint: Member must have length less than or equal to {limits.filter_pattern_chars}"
        )
    try:
        if isinstance(pattern, str | MappingType):
            return Filter.of(pattern, limits)
    except InvalidEventPattern:
        pass  # Lambda does not say what is wrong with it
    raise InvalidParameterValue("Invalid filter pattern definition.")
