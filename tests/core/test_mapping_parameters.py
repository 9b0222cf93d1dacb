"""The parameters of an SQS mapping: what AWS takes and what it refuses (spec B2, B3)."""

from typing import Any

import pytest

from app.core.errors import InvalidParameterValue, Refused, ValidationFailed
from app.core.limits import DEFAULT_LIMITS
from app.core.mapping_parameters import MappingParameters, with_parameters


def given(current: MappingParameters | None = None, **parameters: Any) -> MappingParameters:
    return with_parameters(current or MappingParameters(), parameters, limits=DEFAULT_LIMITS)


def test_what_is_not_given_keeps_its_default() -> None:
    assert given() == MappingParameters(10, 0, False, None)


def test_what_is_given_is_laid_over_what_was() -> None:
    before = given(BatchSize=100, MaximumBatchingWindowInSeconds=5, ScalingConfig={"MaximumConcurrency": 2})

    after = given(before, BatchSize=50)

    assert after == MappingParameters(50, 5, False, 2)


def test_an_empty_scaling_config_clears_the_concurrency() -> None:
    before = given(ScalingConfig={"MaximumConcurrency": 2})

    assert given(before, ScalingConfig={}).maximum_concurrency is None


def test_an_empty_list_of_response_types_turns_reporting_off() -> None:
    before = given(FunctionResponseTypes=["ReportBatchItemFailures"])

    assert (before.reports_item_failures, given(before, FunctionResponseTypes=[]).reports_item_failures) == (
        True,
        False,
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"BatchSize": 0},
            (
                "1 validation error detected: Value '0' at 'batchSize' failed to satisfy constraint: "
                "Member must have value greater than or equal to 1"
            ),
        ),
        (
            {"BatchSize": 10_001},
            (
                "1 validation error detected: Value '10001' at 'batchSize' failed to satisfy constraint: "
                "Member must have value less than or equal to 10000"
            ),
        ),
        (
            {"MaximumBatchingWindowInSeconds": 301},
            (
                "1 validation error detected: Value '301' at 'maximumBatchingWindowInSeconds' failed to satisfy "
                "constraint: Member must have value less than or equal to 300"
            ),
        ),
        (
            {"ScalingConfig": {"MaximumConcurrency": 1}},
            (
                "1 validation error detected: Value '1' at 'scalingConfig.maximumConcurrency' failed to satisfy "
                "constraint: Member must have value greater than or equal to 2"
            ),
        ),
        ({"BatchSize": "5"}, "BatchSize must be a whole number, not '5'"),
        ({"BatchSize": True}, "BatchSize must be a whole number, not True"),
        ({"ScalingConfig": 5}, "ScalingConfig must be an object, not 5"),
        ({"ScalingConfig": {"MaximumConcurrency": "2"}}, "MaximumConcurrency must be a whole number, not '2'"),
    ],
)
def test_a_value_outside_the_model_is_a_validation_error(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        given(**parameters)

    assert refusal.value.message == message


@pytest.mark.parametrize("types", ["ReportBatchItemFailures", ["Other"], 5])
def test_there_is_one_response_type(types: object) -> None:
    with pytest.raises(ValidationFailed, match="functionResponseTypes"):
        given(FunctionResponseTypes=types)


@pytest.mark.parametrize(
    "parameters",
    [
        {"StartingPosition": "LATEST"},
        {"ParallelizationFactor": 2},
        {"TumblingWindowInSeconds": 10},
        {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:x"}}},
        {"Topics": ["t"]},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_what_belongs_to_other_sources_is_refused_by_name(parameters: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        given(**parameters)

    (name,) = parameters
    assert refusal.value.message == f"Unsupported {name} parameter for given event source mapping type."


@pytest.mark.parametrize(
    "parameters",
    [
        {"ProvisionedPollerConfig": {"MinimumPollers": 2}},
        {"KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k"},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_what_is_not_emulated_yet_is_refused_instead_of_ignored(parameters: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterValue, match="is not emulated yet"):
        given(**parameters)


@pytest.mark.parametrize("parameters", [{"FilterCriteria": {"Filters": []}}, {"FilterCriteria": {}}, {"KMSKeyArn": ""}])
def test_empty_values_of_those_are_taken(parameters: dict[str, Any]) -> None:
    assert given(**parameters) == MappingParameters()


def test_an_unknown_parameter_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="there is no mapping parameter BatchSiez"):
        given(BatchSiez=5)
