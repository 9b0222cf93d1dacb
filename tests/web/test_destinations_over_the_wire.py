"""Where asynchronous events end, as boto3 sets it up and finds it: every kind of destination, and what is not there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.live import until
from tests.serving import Serving, serving

SETTINGS = """
clock: {frozen: 2026-11-21T12:00:00Z}
functions:
  worker: {script: {succeed_after: 1s, payload: {done: true}}}
  breaker: {script: {fail_after: 1s, error_type: Boom, message: it broke}, MaximumRetryAttempts: 0}
  auditor: {script: {succeed_after: 1s}}
queues: {audit: {}}
"""
ARN = "arn:aws:{}:us-east-1:000000000000:{}"
AUDIT = ARN.format("sqs", "audit")


@pytest.fixture
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


def send_to(service: Serving, function: str, role: str, destination: str) -> None:
    """Set the destination, invoke the function asynchronously, and let it come to its end."""
    lambda_ = service.client("lambda")
    config = {role: {"Destination": destination}}
    lambda_.put_function_event_invoke_config(FunctionName=function, DestinationConfig=config)
    lambda_.invoke(FunctionName=function, InvocationType="Event", Payload=b'{"id":7}')
    service.post("clock/advance", {"duration": "10s"})


def received(service: Serving) -> Any:
    """The one message in the queue `audit`, as JSON."""
    sqs = service.client("sqs")
    url = sqs.get_queue_url(QueueName="audit")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    return json.loads(message["Body"])


def test_a_success_goes_to_a_queue_and_a_function(service: Serving) -> None:
    send_to(service, "auditor", "OnSuccess", AUDIT)
    assert received(service)["requestPayload"] == {"id": 7}

    send_to(service, "worker", "OnSuccess", ARN.format("lambda", "function:auditor"))

    record = received(service)["requestPayload"]
    assert record["requestContext"]["functionArn"] == ARN.format("lambda", "function:worker:$LATEST")
    assert record["responsePayload"] == {"done": True}


def test_a_failure_goes_through_a_topic(service: Serving) -> None:
    topic = service.client("sns").create_topic(Name="failures")["TopicArn"]
    service.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=AUDIT, Attributes={"RawMessageDelivery": "true"}
    )

    send_to(service, "breaker", "OnFailure", topic)

    record = received(service)
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["responsePayload"]["errorMessage"] == "it broke"


def test_a_result_goes_to_a_bus_whose_rules_see_it(service: Serving) -> None:
    events = service.client("events")
    bus = events.create_event_bus(Name="results")["EventBusArn"]
    pattern = {"source": ["lambda"], "detail-type": ["Lambda Function Invocation Result - Failure"]}
    events.put_rule(Name="failed", EventBusName="results", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="failed", EventBusName="results", Targets=[{"Id": "audit", "Arn": AUDIT}])

    send_to(service, "worker", "OnSuccess", bus)
    send_to(service, "breaker", "OnFailure", bus)

    event = received(service)
    assert event["resources"] == [bus, ARN.format("lambda", "function:breaker:$LATEST")]
    assert event["detail"]["requestContext"]["condition"] == "RetriesExhausted"


def test_a_failure_becomes_an_object_in_a_bucket(service: Serving) -> None:
    s3 = service.client("s3")
    s3.create_bucket(Bucket="failures")

    send_to(service, "breaker", "OnFailure", "arn:aws:s3:::failures")

    (found,) = until(lambda: s3.list_objects_v2(Bucket="failures").get("Contents", []))
    assert found["Key"].startswith("aws/lambda/async/breaker/2026/11/21/2026-11-21T12.00.01-")
    record = json.load(s3.get_object(Bucket="failures", Key=found["Key"])["Body"])
    assert record["requestPayload"] == {"id": 7}
    told = service.get("journal?kinds=DestinationTold")
    assert "arn:aws:s3:::failures" in json.dumps(told)


@pytest.mark.parametrize(
    "destination",
    [
        ARN.format("sqs", "nothing"),
        ARN.format("sns", "nothing"),
        ARN.format("lambda", "function:nobody"),
        ARN.format("events", "event-bus/nothing"),
        "arn:aws:s3:::nothing",
    ],
)
def test_a_destination_that_is_not_there_is_refused(service: Serving, destination: str) -> None:
    with pytest.raises(ClientError) as refusal:
        service.client("lambda").put_function_event_invoke_config(
            FunctionName="worker", DestinationConfig={"OnFailure": {"Destination": destination}}
        )

    error = refusal.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "InvalidParameterValueException",
        f"The destination ARN {destination} is invalid.",
    )


def test_what_a_dead_letter_topic_and_a_failing_destination_get_is_counted(service: Serving) -> None:
    service.post("functions", {"name": "doomed", "script": {"fail_after": "1s"}, "MaximumRetryAttempts": 0,
                               "DeadLetterConfig": {"TargetArn": ARN.format("sns", "nothing")}})  # fmt: skip
    sqs = service.client("sqs")
    sqs.create_queue(QueueName="line.fifo", Attributes={"FifoQueue": "true"})

    send_to(service, "doomed", "OnFailure", ARN.format("sqs", "line.fifo"))

    counted = {metric["name"]: metric["sum"] for metric in service.get("metrics?function=doomed")[0]["metrics"]}
    assert (counted["DestinationDeliveryFailures"], counted["DeadLetterErrors"]) == (1, 1)
