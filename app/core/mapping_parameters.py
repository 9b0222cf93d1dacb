"""The parameters of an event source mapping for SQS: AWS's table, and what it refuses (spec B2, B3)."""

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, replace
from typing import Any

from app.core.errors import InvalidEventPattern, InvalidParameterValue, ValidationFailed
from app.core.filter import Filter, FilterCriteria
from app.core.limits import Limits

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
              "DocumentDBEventSourceConfig")  # fmt: skip
_KNOWN = {"EventSourceArn", "FunctionName", "Enabled", "BatchSize", "MaximumBatchingWindowInSeconds", "FilterCriteria",
          "FunctionResponseTypes", "ScalingConfig", "ProvisionedPollerConfig", "MetricsConfig", "KMSKeyArn", "Tags",
          "DestinationConfig", "UUID", *_STREAM_ONLY, *_ELSEWHERE}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MappingParameters:
    """What a mapping was told, as values. None is 'not set'."""

    batch_size: int = 10
    window_s: int = 0
    reports_item_failures: bool = False
    maximum_concurrency: int | None = None
    filters: FilterCriteria | None = None

    def as_response(self) -> dict[str, Any]:
        response: dict[str, Any] = {
            "BatchSize": self.batch_size,
            "MaximumBatchingWindowInSeconds": self.window_s,
            "FunctionResponseTypes": ["ReportBatchItemFailures"] if self.reports_item_failures else [],
        }
        if self.maximum_concurrency is not None:
            response["ScalingConfig"] = {"MaximumConcurrency": self.maximum_concurrency}
        if self.filters is not None:
            response["FilterCriteria"] = self.filters.as_response()
        return response


def with_parameters(current: MappingParameters, given: MappingType[str, Any], *, limits: Limits) -> MappingParameters:
    """`current` with `given` laid over it. Raises InvalidParameterValue or ValidationFailed in AWS's words."""
    _check_kind(given)
    result = current
    if given.get("BatchSize") is not None:
        result = replace(result, batch_size=_ranged(given, "BatchSize", 1, limits.batch_size))
    if given.get("MaximumBatchingWindowInSeconds") is not None:
        window_s = _ranged(given, "MaximumBatchingWindowInSeconds", 0, limits.batch_window_s)
        result = replace(result, window_s=window_s)
    if given.get("FunctionResponseTypes") is not None:
        result = replace(result, reports_item_failures=_reports(given["FunctionResponseTypes"]))
    if given.get("ScalingConfig") is not None:
        result = replace(result, maximum_concurrency=_maximum_concurrency(given["ScalingConfig"]))
    if given.get("FilterCriteria") is not None:
        result = replace(result, filters=_filters(given["FilterCriteria"], limits))
    if result.batch_size > 10 and not result.window_s:
        raise InvalidParameterValue(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    return result


def read_enabled(given: MappingType[str, Any]) -> bool | None:
    """Whether the mapping is to be enabled; None when nothing was said. Raises ValidationFailed."""
    value = given.get("Enabled")
    if value is not None and not isinstance(value, bool):
        raise ValidationFailed(f"Enabled must be true or false, not {value!r}")
    return value


def check_visibility(visibility_timeout_s: int, timeout_s: int) -> None:
    """Raises when the queue would show a message again while the function may still work on it (spec B3)."""
    if visibility_timeout_s < timeout_s:
        raise InvalidParameterValue(
            f"Queue visibility timeout: {visibility_timeout_s} seconds is less than "
            f"Function timeout: {timeout_s} seconds"
        )


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
    for name in ("ProvisionedPollerConfig", "MetricsConfig", "KMSKeyArn"):
        value = given.get(name)
        if value and value != {"Metrics": []}:
            raise InvalidParameterValue(f"{name} is not emulated yet for event source mappings.")


def _ranged(given: MappingType[str, Any], name: str, least: int, most: int) -> int:
    value = given[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValidationFailed(f"{name} must be a whole number, not {value!r}")
    if not least <= value <= most:
        member = name[0].lower() + name[1:]
        rule = f"greater than or equal to {least}" if value < least else f"less than or equal to {most}"
        raise ValidationFailed(
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
            f"Member must have value {rule}"
        )
    return value


def _reports(types: object) -> bool:
    if not isinstance(types, list) or any(kind != "ReportBatchItemFailures" for kind in types):
        raise ValidationFailed(
            f"1 validation error detected: Value '{types}' at 'functionResponseTypes' failed to satisfy constraint: "
            "Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]"
        )
    return bool(types)


def _maximum_concurrency(config: object) -> int | None:
    if not isinstance(config, dict):
        raise ValidationFailed(f"ScalingConfig must be an object, not {config!r}")
    if config.get("MaximumConcurrency") is None:
        return None
    value = config["MaximumConcurrency"]
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValidationFailed(f"MaximumConcurrency must be a whole number, not {value!r}")
    if not 2 <= value <= 1_000:
        rule = "greater than or equal to 2" if value < 2 else "less than or equal to 1000"
        raise ValidationFailed(
            f"1 validation error detected: Value '{value}' at 'scalingConfig.maximumConcurrency' failed to satisfy "
            f"constraint: Member must have value {rule}"
        )
    return value


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
