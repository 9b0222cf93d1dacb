"""The parameters of an SQS mapping: what AWS takes and what it refuses."""

from typing import Any

import pytest

from app.core.errors import InvalidParameterValue, Refused, ValidationFailed
from app.core.limits import DEFAULT_LIMITS
from app.core.mappings.mapping_constraints import check_model
from app.core.mappings.mapping_parameters import MappingParameters, ProvisionedPollers, with_parameters, with_tags


def given(current: MappingParameters | None = None, *, is_fifo: bool = False, **parameters: Any) -> MappingParameters:
    check_model(parameters, is_create=False)
    return with_parameters(current or MappingParameters(), parameters, is_fifo=is_fifo, limits=DEFAULT_LIMITS)


def test_what_is_not_given_keeps_its_default() -> None:
    assert given() == MappingParameters(batch_size=10, window_s=0, reports_item_failures=False)


def test_what_is_given_is_laid_over_what_was() -> None:
    before = given(BatchSize=100, MaximumBatchingWindowInSeconds=5, ScalingConfig={"MaximumConcurrency": 2})

    after = given(before, BatchSize=50)

    assert after == MappingParameters(batch_size=50, window_s=5, maximum_concurrency=2)


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
        ({"ScalingConfig": []}, "ScalingConfig must be an object, not []"),
        (
            {"ScalingConfig": {"MaximumConcurrency": "2"}},
            "ScalingConfig.MaximumConcurrency must be a whole number, not '2'",
        ),
        ({"FunctionResponseTypes": "no"}, "FunctionResponseTypes must be a list, not 'no'"),
        ({"KMSKeyArn": 5}, "KMSKeyArn must be text, not 5"),
        ({"Enabled": "yes"}, "Enabled must be true or false, not 'yes'"),
        (
            {"FunctionResponseTypes": ["Other"]},
            (
                "1 validation error detected: Value '[Other]' at 'functionResponseTypes' failed to satisfy "
                "constraint: Member must satisfy constraint: "
                "[Member must satisfy enum value set: [ReportBatchItemFailures]]"
            ),
        ),
        (
            {"FunctionResponseTypes": ["ReportBatchItemFailures"] * 2},
            (
                "1 validation error detected: Value '[ReportBatchItemFailures, ReportBatchItemFailures]' at "
                "'functionResponseTypes' failed to satisfy constraint: Member must have length less than or equal to 1"
            ),
        ),
        (
            {"ProvisionedPollerConfig": {"MinimumPollers": 201, "MaximumPollers": 0}},
            (
                "2 validation errors detected: Value '201' at 'provisionedPollerConfig.minimumPollers' failed to "
                "satisfy constraint: Member must have value less than or equal to 200; Value '0' at "
                "'provisionedPollerConfig.maximumPollers' failed to satisfy constraint: Member must have value greater "
                "than or equal to 1"
            ),
        ),
        (
            {"KMSKeyArn": "key"},
            (
                "1 validation error detected: Value 'key' at 'kMSKeyArn' failed to satisfy constraint: Member must "
                "satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()"
            ),
        ),
        (
            {"StartingPosition": "invalid"},
            (
                "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: "
                "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"
            ),
        ),
    ],
)
def test_a_value_outside_the_model_is_a_validation_error(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        given(**parameters)

    assert refusal.value.message == message


def test_a_function_has_to_be_named_at_create() -> None:
    with pytest.raises(ValidationFailed) as refusal:
        check_model({}, is_create=True)

    assert refusal.value.message == (
        "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"StartingPosition": "LATEST"},
        {"ParallelizationFactor": 2},
        {"TumblingWindowInSeconds": 10},
        {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:x"}}},
        {"Topics": ["t"]},
        {"LoggingConfig": {"SystemLogLevel": "INFO"}},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_what_belongs_to_other_sources_is_refused_by_name(parameters: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        given(**parameters)

    (name,) = parameters
    assert refusal.value.message == f"Unsupported {name} parameter for given event source mapping type."


@pytest.mark.parametrize(
    ("config", "pollers"),
    [
        ({"MinimumPollers": 5}, ProvisionedPollers(5, 200)),
        ({"MaximumPollers": 2_500}, ProvisionedPollers(2, 2_500)),
        ({"MinimumPollers": 3, "MaximumPollers": 3}, ProvisionedPollers(3, 3)),
    ],
)
def test_provisioned_pollers_are_two_to_two_hundred_unless_told(
    config: dict[str, int], pollers: ProvisionedPollers
) -> None:
    parameters = given(ProvisionedPollerConfig=config)

    assert parameters.provisioned == pollers
    assert parameters.as_response()["ProvisionedPollerConfig"] == {
        "MinimumPollers": pollers.minimum,
        "MaximumPollers": pollers.maximum,
    }


@pytest.mark.parametrize(
    "config",
    [
        {"MinimumPollers": 1},
        {"MaximumPollers": 1},
        {"MinimumPollers": 9, "MaximumPollers": 8},
        {"PollerGroupName": "g"},
    ],
)
def test_provisioned_pollers_an_sqs_mapping_cannot_have_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterValue):
        given(ProvisionedPollerConfig=config)


def test_an_empty_config_clears_and_so_makes_way_for_the_other() -> None:
    before = given(ScalingConfig={"MaximumConcurrency": 2})

    with pytest.raises(InvalidParameterValue):
        given(before, ProvisionedPollerConfig={"MinimumPollers": 2})
    provisioned = given(before, ScalingConfig={}, ProvisionedPollerConfig={"MinimumPollers": 2})
    neither = given(provisioned, ProvisionedPollerConfig={})

    assert (provisioned.maximum_concurrency, provisioned.provisioned) == (None, ProvisionedPollers())
    assert neither == MappingParameters()


def test_event_count_is_the_only_metric_of_an_sqs_mapping() -> None:
    counted = given(MetricsConfig={"Metrics": ["EventCount"]})

    assert counted.as_response()["MetricsConfig"] == {"Metrics": ["EventCount"]}
    assert "MetricsConfig" not in given(counted, MetricsConfig={"Metrics": []}).as_response()
    with pytest.raises(InvalidParameterValue):
        given(MetricsConfig={"Metrics": ["KafkaMetrics"]})


def test_a_key_is_shown_until_it_is_cleared() -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/k"
    encrypted = given(KMSKeyArn=key)

    assert encrypted.as_response()["KMSKeyArn"] == key
    assert "KMSKeyArn" not in given(encrypted, KMSKeyArn="").as_response()


def test_a_fifo_queue_has_no_window_and_is_told_so_before_its_batch_size_is_looked_at() -> None:
    for batch_size in (5, 100):
        with pytest.raises(InvalidParameterValue) as refusal:
            given(is_fifo=True, BatchSize=batch_size, MaximumBatchingWindowInSeconds=5)

        assert refusal.value.message == "Batching window is not supported for FIFO queues"


def test_a_fifo_queue_has_batches_of_at_most_ten() -> None:
    assert given(is_fifo=True, BatchSize=10, MaximumBatchingWindowInSeconds=0).batch_size == 10
    with pytest.raises(InvalidParameterValue):
        given(is_fifo=True, BatchSize=11)


def test_a_mapping_has_fifty_tags_at_most() -> None:
    full = with_tags({}, {f"k{number}": "v" for number in range(50)})

    assert with_tags(full, {"k0": "other"})["k0"] == "other"
    with pytest.raises(InvalidParameterValue) as refusal:
        with_tags(full, {"one more": "v"})
    assert refusal.value.message == "Number of tags exceeds resource tag limit."


@pytest.mark.parametrize("parameters", [{"FilterCriteria": {"Filters": []}}, {"FilterCriteria": {}}, {"KMSKeyArn": ""}])
def test_empty_filters_and_keys_are_taken_for_none(parameters: dict[str, Any]) -> None:
    assert given(**parameters) == MappingParameters()


def test_an_unknown_parameter_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="there is no mapping parameter BatchSiez"):
        given(BatchSiez=5)
