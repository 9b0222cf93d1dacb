"""Where asynchronous events end."""

import json
from typing import Any

from app.core.awslambda.deployment import Code
from app.core.awslambda.function import FailAfter, SucceedAfter
from app.core.awslambda.invocation import HandlerFailed, InvocationType
from app.core.commands import CreateTopic, Invoke, Origin, PutEventInvokeConfig
from app.core.commands.deployments import CreateAlias, CreateFunction, UpdateFunctionConfiguration
from app.core.facts import DestinationFailed, DestinationTold, EventDropped
from tests.core.stage import SCOPE, Stage


def invoke_later(stage: Stage, function: str, payload: bytes = b'{"id":7}') -> None:
    stage.submit(Invoke(SCOPE, function, payload, InvocationType.EVENT))


def only_record(stage: Stage, queue: str) -> dict[str, Any]:
    (message,) = stage.at(queue).peek(limit=10)
    record: dict[str, Any] = json.loads(message.content.body)
    return record


def test_a_success_is_told_to_its_destination() -> None:
    stage = Stage()
    audit = stage.queue("audit")
    stage.function("worker", SucceedAfter(10, b'{"done":true}'), on_success=audit)

    invoke_later(stage, "worker")
    stage.advance("1s")

    record = only_record(stage, audit)
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["functionArn"] == SCOPE.function_arn("worker") + ":$LATEST"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestPayload"] == {"id": 7}
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert record["responsePayload"] == {"done": True}


def test_a_failure_is_told_after_its_retries_to_the_destination_and_the_dead_letter_queue() -> None:
    stage = Stage()
    failures, letters = stage.queue("failures"), stage.queue("letters")
    stage.function("worker", FailAfter(10, "Boom", "it broke"), on_failure=failures, dead_letter_target=letters)

    invoke_later(stage, "worker")
    stage.advance("10m")

    record = only_record(stage, failures)
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"] == {"errorMessage": "it broke", "errorType": "Boom"}
    (letter,) = stage.at(letters).peek(limit=10)
    assert letter.content.body == '{"id":7}'
    assert {name: value.value for name, value in letter.content.attributes.items()} == {
        "RequestID": record["requestContext"]["requestId"],
        "ErrorCode": "200",
        "ErrorMessage": "it broke",
    }


def test_a_function_without_any_concurrency_is_told_at_once_and_without_a_response() -> None:
    stage = Stage()
    failures = stage.queue("failures")
    stage.function("worker", SucceedAfter(10), on_failure=failures, reserved_concurrency=0)

    invoke_later(stage, "worker")

    record = only_record(stage, failures)
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responseContext" not in record
    assert "responsePayload" not in record


def test_a_destination_that_is_gone_is_counted_and_forgotten() -> None:
    stage = Stage()
    stage.function("worker", FailAfter(10), on_failure=SCOPE.queue_arn("nowhere"))

    invoke_later(stage, "worker")
    stage.advance("10m")

    (failed,) = stage.of(DestinationFailed)
    assert failed.reason == "The specified queue does not exist."
    assert len(stage.of(EventDropped)) == 1


def test_a_function_as_destination_is_invoked_with_the_record_in_the_same_chain() -> None:
    stage = Stage()
    audit = stage.queue("audit")
    stage.function("second", SucceedAfter(10), on_success=audit)
    stage.function("first", SucceedAfter(10), on_success=SCOPE.function_arn("second"))

    invoke_later(stage, "first")
    stage.advance("1s")

    record = only_record(stage, audit)
    assert record["requestPayload"]["requestContext"]["functionArn"] == SCOPE.function_arn("first") + ":$LATEST"
    assert len({told.chain for told in stage.of(DestinationTold)}) == 1


def test_a_fifo_queue_as_destination_fails_at_delivery() -> None:
    stage = Stage()
    line = stage.queue("line.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    stage.function("worker", SucceedAfter(10), on_success=line)

    invoke_later(stage, "worker")
    stage.advance("1s")

    (failed,) = stage.of(DestinationFailed)
    assert (failed.role, failed.target) == ("OnSuccess", line)
    assert "MessageGroupId" in failed.reason
    assert stage.bodies(line) == []


def test_an_event_that_loops_goes_to_the_dead_letter_queue_without_a_retry() -> None:
    stage = Stage()
    letters = stage.queue("letters")
    echo = stage.function("echo", SucceedAfter(10), dead_letter_target=letters)
    stage.submit(PutEventInvokeConfig(echo, {"MaximumRetryAttempts": 2}))
    stage.function("loop", on_success=echo, dead_letter_target=letters)
    stage.invoke("loop", event=True)

    for _ in range(16):
        call = stage.calls[0]
        stage.invoke("loop", event=True, origin=Origin(trace_header=call.trace_header))
        stage.settle()
    stage.advance("1s")

    (letter,) = stage.at(letters).peek(limit=10)
    assert letter.content.body == "{}"
    assert [fact.condition for fact in stage.of(EventDropped)] == ["RecursiveInvocation"]


def test_a_record_tells_what_was_invoked_and_which_version_ran() -> None:
    stage = Stage()
    audit = stage.queue("audit")
    work = SCOPE.function_arn("work")
    parameters = {"Runtime": "python3.13", "Role": "arn:aws:iam::000000000000:role/r", "Handler": "app.handler"}
    stage.submit(CreateFunction(work, {**parameters, "Publish": True}, Code("one", 10)))
    stage.submit(CreateAlias(work, {"Name": "live", "FunctionVersion": "1"}))
    destination = {"DestinationConfig": {"OnSuccess": {"Destination": audit}}}
    stage.submit(PutEventInvokeConfig(work, destination, qualifier="live"))

    stage.invoke(f"{work}:live", event=True)
    stage.settle()
    stage.invoke(work, event=True)
    stage.settle()

    record = only_record(stage, audit)
    assert record["requestContext"]["functionArn"] == f"{work}:live"
    assert record["responseContext"]["executedVersion"] == "1"


def test_a_version_has_the_dead_letter_queue_of_the_unpublished_function() -> None:
    stage = Stage()
    letters = stage.queue("letters")
    work = SCOPE.function_arn("work")
    parameters = {"Runtime": "python3.13", "Role": "arn:aws:iam::000000000000:role/r", "Handler": "app.handler"}
    stage.submit(CreateFunction(work, {**parameters, "Publish": True}, Code("one", 10)))
    stage.submit(UpdateFunctionConfiguration(work, {"DeadLetterConfig": {"TargetArn": letters}}))
    stage.submit(PutEventInvokeConfig(work, {"MaximumRetryAttempts": 0}, qualifier="1"))

    stage.invoke(f"{work}:1", event=True)
    stage.settle(HandlerFailed("Boom", "it broke", b"{}"))

    assert stage.bodies(letters) == ["{}"]


def test_a_record_that_is_too_long_for_a_topic_is_a_failure_to_deliver() -> None:
    stage = Stage()
    topic: str = stage.submit(CreateTopic(SCOPE.topic_arn("failures")))
    stage.function("worker", FailAfter(10), on_failure=topic, maximum_retry_attempts=0)

    invoke_later(stage, "worker", b'"' + b"x" * 300_000 + b'"')
    stage.advance("1s")

    assert [fact.reason for fact in stage.of(DestinationFailed)] == ["Invalid parameter: Message too long"]
