"""boto3's Lambda client against a real server: event source mappings, Invoke, and looking at functions."""

import json
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from app.core.awslambda.function import FailAfter, FunctionSpec, RefuseAsThrottled, Script, SucceedAfter
from app.core.commands import CreateAlias, CreateEventSourceMapping, CreateQueue, PublishVersion, PutFunction
from app.core.names import Scope
from tests.web.conftest import Served

ORDERS = "arn:aws:sqs:us-east-1:000000000000:orders"


def _function(served: Served, name: str = "resize", *, script: Script | None = None, **spec: Any) -> str:
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    served.submit(PutFunction(FunctionSpec(arn, script=script or SucceedAfter(0, b'{"ok":true}'), **spec)))
    return arn


@pytest.fixture
def lambda_(served: Served) -> Any:
    return served.client("lambda")


@pytest.fixture
def in_auto_time(served: Served) -> None:
    """Scripted functions take a moment of the clock; here it passes by itself."""
    served.run(served.engine.set_clock("auto"))


def _refused(call: Any, **params: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as refused:
        call(**params)
    response = refused.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


# Invoke ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_auto_time")
def test_a_synchronous_invoke_answers_the_payload(served: Served, lambda_: Any) -> None:
    _function(served)

    answer = lambda_.invoke(FunctionName="resize", Payload=b'{"a":1}')

    assert answer["StatusCode"] == 200
    assert answer["Payload"].read() == b'{"ok":true}'
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert "LogResult" not in answer


@pytest.mark.usefixtures("in_auto_time")
def test_a_function_error_is_200_and_unhandled(served: Served, lambda_: Any) -> None:
    _function(served, script=FailAfter(0, "ValueError", "bad order"))

    answer = lambda_.invoke(FunctionName="resize", LogType="Tail")

    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    error = json.loads(answer["Payload"].read())
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "bad order")
    assert b64decode(answer["LogResult"]) is not None


def test_a_function_that_runs_too_long_is_told_as_a_timeout(served: Served, lambda_: Any) -> None:
    _function(served, script=SucceedAfter(60_000), timeout_s=3)
    function = served.engine.world.functions["arn:aws:lambda:us-east-1:000000000000:function:resize"]

    with ThreadPoolExecutor() as pool:
        invoking = pool.submit(lambda_.invoke, FunctionName="resize")
        served.wait_until(lambda: function.in_flight > 0)
        served.advance(60_000)
        answer = invoking.result(timeout=10)

    request_id = answer["ResponseMetadata"]["RequestId"]
    assert json.loads(answer["Payload"].read()) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 3.00 seconds",
    }


def test_an_event_invoke_is_accepted_and_a_dry_run_does_nothing(served: Served, lambda_: Any) -> None:
    _function(served)

    event = lambda_.invoke(FunctionName="resize", InvocationType="Event", Payload=b"{}")
    dry = lambda_.invoke(FunctionName="resize", InvocationType="DryRun")

    assert (event["StatusCode"], event["Payload"].read()) == (202, b"")
    assert (dry["StatusCode"], dry["Payload"].read()) == (204, b"")


def test_an_unknown_function_is_named(lambda_: Any) -> None:
    assert _refused(lambda_.invoke, FunctionName="nothing") == (
        "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nothing:$LATEST",
        404,
    )


def test_a_payload_that_is_no_json_is_refused(served: Served, lambda_: Any) -> None:
    _function(served)

    code, message, status = _refused(lambda_.invoke, FunctionName="resize", Payload=b"{nope")

    assert (code, status) == ("InvalidRequestContentException", 400)
    assert message.startswith("Could not parse request body into json: Could not parse payload into json: ")
    assert message.endswith("line: 1, column: 2]")


@pytest.mark.parametrize(("kind", "limit"), [("RequestResponse", 6_291_456), ("Event", 1_048_576)])
def test_a_payload_beyond_the_limit_is_refused(served: Served, lambda_: Any, kind: str, limit: int) -> None:
    _function(served)

    refused = _refused(lambda_.invoke, FunctionName="resize", InvocationType=kind, Payload=b'"' + b"x" * limit + b'"')

    assert refused == (
        "RequestEntityTooLargeException",
        f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
        413,
    )


@pytest.mark.usefixtures("in_auto_time")
def test_a_throttled_invoke_names_the_limit_and_when_to_come_back(served: Served, lambda_: Any) -> None:
    _function(served, script=RefuseAsThrottled())

    with pytest.raises(ClientError) as refused:
        lambda_.invoke(FunctionName="resize")

    response = refused.value.response
    assert response["Error"]["Code"] == "TooManyRequestsException"
    assert response["Error"]["Message"] == "Rate Exceeded."
    assert response["Reason"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"


@pytest.mark.usefixtures("in_auto_time")
def test_a_client_context_must_be_base64_of_json(served: Served, lambda_: Any) -> None:
    _function(served)

    good = lambda_.invoke(FunctionName="resize", ClientContext=b64encode(b'{"custom":{"a":"b"}}').decode())
    code, message, _ = _refused(lambda_.invoke, FunctionName="resize", ClientContext="{}")

    assert (good["StatusCode"], good["Payload"].read()) == (200, b'{"ok":true}')
    assert code == "InvalidRequestContentException"
    assert message == "Client context must be a valid Base64-encoded JSON object."


# Event source mappings --------------------------------------------------------------------------------


def test_a_mapping_is_created_read_listed_updated_and_deleted(served: Served, lambda_: Any) -> None:
    arn = _function(served)
    served.client("sqs").create_queue(QueueName="orders")

    created = lambda_.create_event_source_mapping(EventSourceArn=ORDERS, FunctionName="resize", BatchSize=5)
    uuid = created["UUID"]
    served.advance(60_000)
    got = lambda_.get_event_source_mapping(UUID=uuid)
    updated = lambda_.update_event_source_mapping(UUID=uuid, BatchSize=7)
    served.advance(60_000)
    listed = lambda_.list_event_source_mappings(FunctionName="resize", EventSourceArn=ORDERS)
    deleted = lambda_.delete_event_source_mapping(UUID=uuid)
    served.advance(60_000)

    assert created["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert (created["State"], created["BatchSize"], created["FunctionArn"]) == ("Creating", 5, arn)
    assert created["LastModified"].timestamp() == 1_795_262_400.0
    assert (got["State"], got["StateTransitionReason"]) == ("Enabled", "USER_INITIATED")
    assert (updated["State"], updated["BatchSize"]) == ("Updating", 7)
    assert [mapping["UUID"] for mapping in listed["EventSourceMappings"]] == [uuid]
    assert lambda_.list_event_source_mappings(FunctionName="other")["EventSourceMappings"] == []
    assert deleted["State"] == "Deleting"
    assert _refused(lambda_.get_event_source_mapping, UUID=uuid) == (
        "ResourceNotFoundException",
        "The resource you requested does not exist.",
        404,
    )


def test_mappings_are_listed_in_pages(served: Served, lambda_: Any) -> None:
    _function(served)
    for number in range(5):
        served.client("sqs").create_queue(QueueName=f"q{number}")
        lambda_.create_event_source_mapping(EventSourceArn=f"{ORDERS[:-6]}q{number}", FunctionName="resize")

    paginator = lambda_.get_paginator("list_event_source_mappings")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 2}))

    assert [len(page["EventSourceMappings"]) for page in pages] == [2, 2, 1]
    assert len({mapping["UUID"] for page in pages for mapping in page["EventSourceMappings"]}) == 5


def test_awss_refusals_of_a_mapping(served: Served, lambda_: Any) -> None:
    _function(served, timeout_s=60)
    sqs = served.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]

    def refused(**params: Any) -> tuple[str, str, int]:
        return _refused(lambda_.create_event_source_mapping, **{"FunctionName": "resize", **params})

    assert refused(EventSourceArn=ORDERS) == (
        "InvalidParameterValueException",
        "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds",
        400,
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    assert refused(EventSourceArn=ORDERS, BatchSize=11)[1] == (
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
    )
    assert refused(EventSourceArn=ORDERS + "-none")[1] == (
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
        "SQS Error Message: The specified queue does not exist."
    )
    assert refused(EventSourceArn=ORDERS, FunctionName="none") == (
        "InvalidParameterValueException",
        "Function does not exist",
        400,
    )
    assert refused() == ("InvalidParameterValueException", "Unrecognized event source.", 400)
    uuid = lambda_.create_event_source_mapping(EventSourceArn=ORDERS, FunctionName="resize")["UUID"]
    assert refused(EventSourceArn=ORDERS) == (
        "ResourceConflictException",
        (
            f'An event source mapping with SQS arn (" {ORDERS} ") and function (" resize ") already exists. '
            f"Please update or delete the existing mapping with UUID {uuid}"
        ),
        409,
    )


def test_a_list_is_filtered_by_queue_and_by_function(served: Served, lambda_: Any) -> None:
    for name in ("resize", "other"):
        _function(served, name)
    for name in ("orders", "orders2"):
        served.client("sqs").create_queue(QueueName=name)
    served.submit(PublishVersion(Scope().function_arn("resize"), {}))
    served.submit(CreateAlias(Scope().function_arn("other"), {"Name": "live", "FunctionVersion": "$LATEST"}))
    pairs = [(ORDERS, "resize"), (ORDERS, "other:live"), (f"{ORDERS}2", "resize:1")]
    for queue, function in pairs:
        lambda_.create_event_source_mapping(EventSourceArn=queue, FunctionName=function)

    def listed(**filters: str) -> list[str]:
        mappings = lambda_.list_event_source_mappings(**filters)["EventSourceMappings"]
        return sorted(
            f"{mapping['EventSourceArn'].rpartition(':')[2]} {mapping['FunctionArn'].split(':function:')[1]}"
            for mapping in mappings
        )

    assert listed() == ["orders other:live", "orders resize", "orders2 resize:1"]
    assert listed(EventSourceArn=ORDERS) == ["orders other:live", "orders resize"]
    assert listed(FunctionName="resize") == ["orders resize", "orders2 resize:1"]
    assert listed(FunctionName="other:live") == listed(FunctionName="other") == ["orders other:live"]
    assert listed(FunctionName="resize", EventSourceArn=f"{ORDERS}2") == ["orders2 resize:1"]
    assert listed(FunctionName="resize:8") == listed(EventSourceArn=f"{ORDERS}3") == []


def test_a_page_has_a_hundred_mappings_at_most(served: Served, lambda_: Any) -> None:
    scope = Scope()
    served.submit(CreateQueue(scope.queue_arn("orders"), {}))
    for number in range(101):
        function = _function(served, f"f{number}")
        served.submit(CreateEventSourceMapping(scope, {"EventSourceArn": ORDERS, "FunctionName": function}))

    first = lambda_.list_event_source_mappings(MaxItems=10_000)
    second = lambda_.list_event_source_mappings(Marker=first["NextMarker"])

    assert (len(first["EventSourceMappings"]), len(second["EventSourceMappings"])) == (100, 1)
    assert "NextMarker" not in second


@pytest.mark.parametrize(
    ("asked", "rule"), [(0, "greater than or equal to 1"), (10_001, "less than or equal to 10000")]
)
def test_a_page_of_another_size_is_refused(served: Served, asked: int, rule: str) -> None:
    unchecked = served.client("lambda", parameter_validation=False)

    assert _refused(unchecked.list_event_source_mappings, MaxItems=asked) == (
        "ValidationException",
        (
            f"1 validation error detected: Value '{asked}' at 'maxItems' failed to satisfy constraint: "
            f"Member must have value {rule}"
        ),
        400,
    )


def test_encrypted_filters_are_shown_by_get_and_not_by_list(served: Served, lambda_: Any) -> None:
    _function(served)
    served.client("sqs").create_queue(QueueName="orders")
    filters = {"Filters": [{"Pattern": '{"body":["x"]}'}]}
    key = "arn:aws:kms:us-east-1:000000000000:key/k"
    created = lambda_.create_event_source_mapping(
        EventSourceArn=ORDERS, FunctionName="resize", FilterCriteria=filters, KMSKeyArn=key
    )

    got = lambda_.get_event_source_mapping(UUID=created["UUID"])
    (listed,) = lambda_.list_event_source_mappings()["EventSourceMappings"]

    assert (got["FilterCriteria"], got["KMSKeyArn"]) == (filters, key)
    assert ("FilterCriteria" in listed, listed["KMSKeyArn"]) == (False, key)


def test_a_mapping_is_tagged_untagged_and_shows_its_tags(served: Served, lambda_: Any) -> None:
    _function(served)
    served.client("sqs").create_queue(QueueName="orders")
    created = lambda_.create_event_source_mapping(
        EventSourceArn=ORDERS, FunctionName="resize", Tags={"team": "a", "stage": "test"}
    )
    arn = created["EventSourceMappingArn"]

    tagged = lambda_.tag_resource(Resource=arn, Tags={"team": "b", "cost centre": "7/β"})
    untagged = lambda_.untag_resource(Resource=arn, TagKeys=["stage", "unknown"])

    assert tagged["ResponseMetadata"]["HTTPStatusCode"] == untagged["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert lambda_.list_tags(Resource=arn)["Tags"] == {"team": "b", "cost centre": "7/β"}


def test_what_cannot_be_tagged_is_refused(served: Served) -> None:
    lambda_ = served.client("lambda", parameter_validation=False)
    function = _function(served)
    served.client("sqs").create_queue(QueueName="orders")
    arn = lambda_.create_event_source_mapping(EventSourceArn=ORDERS, FunctionName="resize")["EventSourceMappingArn"]
    unknown = "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:11111111-1111-4111-8111-111111111111"

    def refused(resource: str, **tags: str) -> tuple[str, str, int]:
        return _refused(lambda_.tag_resource, Resource=resource, Tags=tags)

    assert refused(unknown, a="b") == (
        "ResourceNotFoundException",
        "The resource you requested does not exist.",
        404,
    )
    assert refused(arn)[:2] == (
        "InvalidParameterValueException",
        "An error occurred and the request cannot be processed.",
    )
    assert (
        refused(arn, **{f"k{number}": "v" for number in range(51)})[1] == "Number of tags exceeds resource tag limit."
    )
    assert refused("orders", a="b")[0] == "ValidationException"
    assert refused(f"{function}:live", a="b")[1] == (
        "Tags on function aliases and versions are not supported. Please specify a function ARN."
    )
    assert refused(f"{function}s", a="b") == ("ResourceNotFoundException", f"Function not found: {function}s", 404)
    assert refused(function)[0] == "InvalidParameterValueException"
    assert lambda_.list_tags(Resource=function)["Tags"] == {}


# Functions --------------------------------------------------------------------------------------------


def test_functions_can_be_looked_at(served: Served, lambda_: Any) -> None:
    arn = _function(served, timeout_s=9, memory_mb=256, description="makes it small")

    one = lambda_.get_function(FunctionName=arn)["Configuration"]
    configuration = lambda_.get_function_configuration(FunctionName="resize:$LATEST")
    listed = lambda_.list_functions()["Functions"]

    assert (one["FunctionArn"], one["Timeout"], one["MemorySize"]) == (arn, 9, 256)
    assert configuration["Description"] == "makes it small"
    assert [function["FunctionName"] for function in listed] == ["resize"]
    assert _refused(lambda_.get_function, FunctionName="none") == (
        "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:none",
        404,
    )


def test_the_recursion_setting_can_be_read_and_changed(served: Served, lambda_: Any) -> None:
    _function(served)
    before = lambda_.get_function_recursion_config(FunctionName="resize")["RecursiveLoop"]

    lambda_.put_function_recursion_config(FunctionName="resize", RecursiveLoop="Allow")

    assert before == "Terminate"
    assert lambda_.get_function_recursion_config(FunctionName="resize")["RecursiveLoop"] == "Allow"
    code, message, _ = _refused(lambda_.put_function_recursion_config, FunctionName="resize", RecursiveLoop="Never")
    assert code == "ValidationException"
    assert message == (
        "1 validation error detected: Value 'Never' at 'recursiveLoop' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Terminate, Allow]"
    )


def test_an_operation_that_is_not_there_says_so(lambda_: Any) -> None:
    code, message, status = _refused(lambda_.list_capacity_providers)

    assert (code, status) == ("NotImplementedException", 501)
    assert message == "Triggerfish does not emulate the Lambda operation ListCapacityProviders yet."
