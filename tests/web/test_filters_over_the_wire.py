"""boto3 against a real server: a mapping's filters set, shown, changed and at work."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from app.core.awslambda.function import FunctionSpec, SucceedAfter
from app.core.commands import PutFunction
from app.core.facts import MessagesFiltered
from tests.web.conftest import Served

PATTERN = json.dumps({"body": {"kind": ["a", {"prefix": "b"}]}})
FILTERS = {"Filters": [{"Pattern": PATTERN}]}
WORKER = "arn:aws:lambda:us-east-1:000000000000:function:worker"


@pytest.fixture
def lambda_(served: Served) -> Any:
    served.submit(PutFunction(FunctionSpec(WORKER, script=SucceedAfter(0))))
    return served.client("lambda")


@pytest.fixture
def orders(sqs: Any) -> str:
    url: str = sqs.create_queue(QueueName="orders")["QueueUrl"]
    return url


def create(lambda_: Any, **more: Any) -> Any:
    return lambda_.create_event_source_mapping(
        EventSourceArn="arn:aws:sqs:us-east-1:000000000000:orders", FunctionName="worker", **more
    )


@pytest.mark.usefixtures("orders")
def test_filters_are_shown_by_every_operation_that_shows_the_mapping(lambda_: Any) -> None:
    created = create(lambda_, FilterCriteria=FILTERS)
    uuid = created["UUID"]

    got = lambda_.get_event_source_mapping(UUID=uuid)
    (listed,) = lambda_.list_event_source_mappings()["EventSourceMappings"]
    updated = lambda_.update_event_source_mapping(UUID=uuid, BatchSize=5)

    assert [each["FilterCriteria"] for each in (created, got, listed, updated)] == [FILTERS] * 4


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("empty", [{}, {"Filters": []}])
def test_empty_criteria_clear_the_filters(lambda_: Any, empty: dict[str, Any]) -> None:
    uuid = create(lambda_, FilterCriteria=FILTERS)["UUID"]

    updated = lambda_.update_event_source_mapping(UUID=uuid, FilterCriteria=empty)

    assert "FilterCriteria" not in updated
    assert "FilterCriteria" not in lambda_.get_event_source_mapping(UUID=uuid)


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("pattern", ["null", '"simple string"', '{"eventSource": "aws:sqs"}', '{"eventSource": []}'])
def test_a_bad_pattern_is_refused_as_recorded(lambda_: Any, pattern: str) -> None:
    with pytest.raises(ClientError) as refused:
        create(lambda_, FilterCriteria={"Filters": [{"Pattern": pattern}]})

    response = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["Error"]["Code"] == "InvalidParameterValueException"
    assert response["message"] == "Invalid filter pattern definition."
    assert response["Type"] == "User"
    assert lambda_.list_event_source_mappings()["EventSourceMappings"] == []


def test_a_queue_is_drained_through_the_filters(served: Served, sqs: Any, lambda_: Any, orders: str) -> None:
    for kind in ("a", "c", "big", "d"):
        sqs.send_message(QueueUrl=orders, MessageBody=json.dumps({"kind": kind}))
    sqs.send_message(QueueUrl=orders, MessageBody="plain")

    create(lambda_, FilterCriteria=FILTERS)
    served.advance(1_000)

    left = sqs.get_queue_attributes(QueueUrl=orders, AttributeNames=["All"])["Attributes"]
    assert (left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")
    dropped = [entry.fact for entry in served.engine.journal.entries() if isinstance(entry.fact, MessagesFiltered)]
    assert [reason for fact in dropped for reason in fact.reasons] == [
        "body.kind: wanted one of 'a', prefix 'b'; was 'c'",
        "body.kind: wanted one of 'a', prefix 'b'; was 'd'",
        "body: the filter wants JSON; was plain text: 'plain'",
    ]
