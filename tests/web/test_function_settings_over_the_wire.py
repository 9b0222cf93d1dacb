"""boto3 against a real server: event-invoke configs and reserved concurrency."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from app.core.awslambda.function import FunctionSpec, SucceedAfter
from app.core.commands import CreateQueue, PutFunction
from tests.web.conftest import Served

WORKER = "arn:aws:lambda:us-east-1:000000000000:function:worker"
AUDIT = "arn:aws:sqs:us-east-1:000000000000:audit"


@pytest.fixture
def lambda_(served: Served) -> Any:
    served.submit(PutFunction(FunctionSpec(WORKER, script=SucceedAfter(1))))
    served.submit(CreateQueue(AUDIT))
    return served.client("lambda")


def refused(call: Any, **params: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as error:
        call(**params)
    response = error.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_config_is_put_read_merged_listed_and_deleted(lambda_: Any) -> None:
    put = lambda_.put_function_event_invoke_config(FunctionName="worker", MaximumRetryAttempts=1)
    merged = lambda_.update_function_event_invoke_config(
        FunctionName="worker", DestinationConfig={"OnFailure": {"Destination": AUDIT}}
    )
    listed = lambda_.list_function_event_invoke_configs(FunctionName="worker")["FunctionEventInvokeConfigs"]
    read = lambda_.get_function_event_invoke_config(FunctionName=WORKER, Qualifier="$LATEST")
    deleted = lambda_.delete_function_event_invoke_config(FunctionName="worker")

    assert put["FunctionArn"] == f"{WORKER}:$LATEST"
    assert put["MaximumRetryAttempts"] == 1
    assert put["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    assert "MaximumEventAgeInSeconds" not in put
    assert merged["MaximumRetryAttempts"] == 1
    assert merged["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": AUDIT}}
    assert [config["MaximumRetryAttempts"] for config in listed] == [1]
    assert read["DestinationConfig"] == merged["DestinationConfig"]
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert lambda_.list_function_event_invoke_configs(FunctionName="worker")["FunctionEventInvokeConfigs"] == []


def test_putting_replaces_what_was_set(lambda_: Any) -> None:
    lambda_.put_function_event_invoke_config(FunctionName="worker", MaximumRetryAttempts=1)

    put = lambda_.put_function_event_invoke_config(FunctionName="worker", MaximumEventAgeInSeconds=60)

    assert "MaximumRetryAttempts" not in put
    assert put["MaximumEventAgeInSeconds"] == 60


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (
            {},
            "InvalidParameterValueException",
            "You must specify at least one of error handling or destination setting.",
        ),
        (
            {"DestinationConfig": {"OnSuccess": {"Destination": f"{AUDIT}-gone"}}},
            "InvalidParameterValueException",
            f"The destination ARN {AUDIT}-gone is invalid.",
        ),
        (
            {"DestinationConfig": {"OnSuccess": {"Destination": f"{WORKER}:$LATEST"}}},
            "InvalidParameterValueException",
            "You can't specify the function as a destination for itself.",
        ),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:dynamodb:us-east-1:000000000000:table/t"}}},
            "InvalidParameterValueException",
            (
                "The provided destination config DestinationConfig(onSuccess=null, onFailure="
                "OnFailure(destination=arn:aws:dynamodb:us-east-1:000000000000:table/t)) is invalid."
            ),
        ),
        (
            {"MaximumRetryAttempts": 0, "Qualifier": "$LATEST", "FunctionName": "worker:live"},
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        ),
        (
            {"MaximumRetryAttempts": 0, "FunctionName": "nobody"},
            "ResourceNotFoundException",
            "The function doesn't exist.",
        ),
    ],
)
def test_what_lambda_refuses_is_refused_in_its_words(
    lambda_: Any, given: dict[str, Any], code: str, message: str
) -> None:
    told = refused(lambda_.put_function_event_invoke_config, **{"FunctionName": "worker", **given})

    assert told[:2] == (code, message)
    assert lambda_.list_function_event_invoke_configs(FunctionName="worker")["FunctionEventInvokeConfigs"] == []


def test_a_malformed_destination_is_a_validation_error(lambda_: Any) -> None:
    code, message, status = refused(
        lambda_.put_function_event_invoke_config,
        FunctionName="worker",
        DestinationConfig={"OnFailure": {"Destination": "nowhere"}},
    )

    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(
        "1 validation error detected: Value 'nowhere' at 'destinationConfig.onFailure.destination' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: "
    )


@pytest.mark.parametrize("operation", ["get", "update", "delete"])
def test_where_nothing_was_set_there_is_no_config(lambda_: Any, operation: str) -> None:
    given = {"MaximumRetryAttempts": 1} if operation == "update" else {}

    told = refused(getattr(lambda_, f"{operation}_function_event_invoke_config"), FunctionName="worker", **given)

    message = f"The function {WORKER}:$LATEST doesn't have an EventInvokeConfig"
    assert told == ("ResourceNotFoundException", message, 404)


def test_concurrency_is_reserved_read_and_given_back(lambda_: Any) -> None:
    before = lambda_.get_function_concurrency(FunctionName="worker")
    put = lambda_.put_function_concurrency(FunctionName="worker", ReservedConcurrentExecutions=0)
    throttled = refused(lambda_.invoke, FunctionName="worker")
    lambda_.delete_function_concurrency(FunctionName="worker")
    after = lambda_.get_function_concurrency(FunctionName="worker")

    assert "ReservedConcurrentExecutions" not in before
    assert put["ReservedConcurrentExecutions"] == 0
    assert (throttled[0], throttled[2]) == ("TooManyRequestsException", 429)
    assert "ReservedConcurrentExecutions" not in after


def test_a_hundred_executions_stay_unreserved(lambda_: Any) -> None:
    told = refused(lambda_.put_function_concurrency, FunctionName="worker", ReservedConcurrentExecutions=901)
    lambda_.put_function_concurrency(FunctionName="worker", ReservedConcurrentExecutions=900)

    assert told[1] == (
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
        "its minimum value of [100]."
    )


def test_a_version_has_no_concurrency_of_its_own(lambda_: Any) -> None:
    told = refused(lambda_.put_function_concurrency, FunctionName="worker:1", ReservedConcurrentExecutions=1)

    assert told[1].startswith("This operation is permitted on Lambda functions only.")


@pytest.mark.parametrize("operation", ["put", "update", "delete"])
def test_a_version_that_is_not_there_has_no_config(lambda_: Any, operation: str) -> None:
    given = {"MaximumRetryAttempts": 1} if operation in ("put", "update") else {}

    told = refused(
        getattr(lambda_, f"{operation}_function_event_invoke_config"), FunctionName="worker", Qualifier="7", **given
    )

    assert told == ("ResourceNotFoundException", "The function doesn't exist.", 404)


def test_a_list_of_configs_has_fifty_at_most(lambda_: Any) -> None:
    code, message, _ = refused(lambda_.list_function_event_invoke_configs, FunctionName="worker", MaxItems=51)

    assert code == "ValidationException"
    assert message.endswith("Member must have value less than or equal to 50")
