"""What enriches and is no function: an API destination, an API, an Express workflow; and what comes too late or is too
much."""

import json
from typing import Any

import pytest

from app.core.awslambda.function import SucceedAfter
from app.core.awslambda.invocation import Succeeded
from app.core.delivery.outside_calls import AwsAnswered, AwsCall, AwsRefused, HttpAnswered, HttpCall, NoAnswer
from app.core.facts import PipeEnded, PipeEnriched
from app.core.limits import Limits
from app.core.names import Arn
from tests.core.pipes.scenes import destination, pipe, queue_parameters
from tests.core.stage import SCOPE, Stage

API = f"arn:aws:execute-api:{SCOPE.region}:{SCOPE.account}:shop/dev/PUT/prices/*"
MACHINE = f"arn:aws:states:{SCOPE.region}:{SCOPE.account}:stateMachine:enrich"


def staged(enrichment: Arn | None = None, **more: Any) -> tuple[Stage, Arn]:
    """A pipe from queue to queue, with this enrichment or an API destination."""
    stage = Stage()
    queue = stage.queue("orders", VisibilityTimeout="60")
    pipe(stage, queue, stage.queue("done"), Enrichment=enrichment or destination(stage), **more)
    return stage, queue


def done(stage: Stage) -> list[str]:
    return stage.bodies(SCOPE.queue_arn("done"))


def http(stage: Stage, answer: HttpAnswered | NoAnswer) -> HttpCall:
    call = stage.settle_outside(answer)
    assert isinstance(call, HttpCall)
    return call


def reason(stage: Stage) -> str | None:
    ended: PipeEnded = stage.of(PipeEnded)[-1]
    return ended.reason


def test_an_api_destination_gets_one_event_and_its_answer_goes_on() -> None:
    given = {"InputTemplate": '{"id": <$.body.id>}', "HttpParameters": {"PathParameterValues": ["prices"]}}
    stage, queue = staged(EnrichmentParameters=given)

    stage.send(queue, '{"id": 7}')
    call = http(stage, HttpAnswered(200, {}, b'{"price": 3}'))

    assert (call.method, call.url, json.loads(call.body)) == ("POST", "https://example.com/prices", {"id": 7})
    assert dict(call.headers)["x-api-key"] == "hush"
    assert done(stage) == ['{"price":3}']
    assert len(stage.at(queue)) == 0


def test_an_api_is_called_at_this_service_with_what_the_pipe_says() -> None:
    parameters = {
        "PathParameterValues": ["$.body"], "HeaderParameters": {"X-Kind": "net"}, "QueryStringParameters": {"q": "1 2"},
    }  # fmt: skip
    stage, queue = staged(API, EnrichmentParameters={"HttpParameters": parameters})

    stage.send(queue, "a/b")
    call = http(stage, HttpAnswered(200, {}, b"[]"))

    assert (call.method, call.url) == ("PUT", "/_aws/execute-api/shop/dev/prices/a%2Fb?q=1+2")
    assert dict(call.headers)["x-kind"] == "net"
    assert json.loads(call.body)["body"] == "a/b"
    assert (done(stage), len(stage.at(queue))) == ([], 0)


def test_an_express_workflow_gets_the_list_and_its_output_goes_on() -> None:
    stage, queue = staged(MACHINE)

    stage.send(queue, "hello")
    call = stage.settle_outside(AwsAnswered({"status": "SUCCEEDED", "output": '[{"n": 1}, {"n": 2}]'}))

    assert isinstance(call, AwsCall)
    assert (call.service, call.operation) == ("stepfunctions", "StartSyncExecution")
    assert call.parameters["stateMachineArn"] == MACHINE
    assert [record["body"] for record in json.loads(call.parameters["input"])] == ["hello"]
    assert done(stage) == ['{"n":1}', '{"n":2}']


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (AwsAnswered({"status": "FAILED", "error": "Oops", "cause": "why"}), "the execution ended FAILED: Oops, why"),
        (AwsRefused("StateMachineTypeNotSupported", "not of this type"), "not of this type"),
        (AwsRefused("StateMachineDoesNotExist", "no such machine"), "no such machine"),
    ],
)
def test_a_workflow_that_does_not_succeed_leaves_the_messages(answer: AwsAnswered | AwsRefused, words: str) -> None:
    stage, queue = staged(MACHINE)

    stage.send(queue)
    stage.settle_outside(answer)

    assert words in (reason(stage) or "")
    assert stage.at(queue).in_flight_count == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (HttpAnswered(500, {}, b"no"), "The API destination answered with status 500."),
        (HttpAnswered(404, {}, b"no"), "The API destination answered with status 404."),
        (NoAnswer("connection refused"), "connection refused"),
    ],
)
def test_an_endpoint_that_does_not_answer_leaves_the_messages_which_come_back(
    answer: HttpAnswered | NoAnswer, words: str
) -> None:
    stage, queue = staged()

    stage.send(queue)
    http(stage, answer)
    failed = reason(stage)
    stage.advance("61s")
    http(stage, HttpAnswered(200, {}, b'{"n": 1}'))

    assert failed == words
    assert done(stage) == ['{"n":1}']


def test_more_events_than_the_target_takes_are_not_sent() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    enrich = stage.function("enrich", SucceedAfter(0, json.dumps(list(range(11))).encode()))
    pipe(stage, queue, stage.queue("done"), Enrichment=enrich)

    stage.send(queue)
    stage.advance("1ms")

    assert reason(stage) == "the enrichment answered 11 events, of which the target takes 10"
    assert (done(stage), len(stage.at(queue))) == ([], 1)


def test_an_answer_that_is_too_large_is_not_sent() -> None:
    stage = Stage(limits=Limits(pipe_enrichment_bytes=10))
    queue = stage.queue("orders")
    pipe(stage, queue, stage.queue("done"), Enrichment=stage.function("enrich"))

    stage.send(queue)
    stage.settle(Succeeded(b'"0123456789"'))

    assert reason(stage) == "the enrichment answered 12 bytes, of at most 10"
    assert done(stage) == []


def test_an_execution_takes_five_minutes_and_no_longer() -> None:
    stage = Stage()
    queue = stage.queue("orders", VisibilityTimeout="3600")
    enrich = stage.function("enrich", timeout_s=900)
    pipe(stage, queue, stage.queue("done"), Enrichment=enrich)
    stage.send(queue)

    stage.advance("299s")
    before = len(stage.of(PipeEnded))
    stage.advance("1s")
    stage.settle(Succeeded(b'{"n": 1}'))

    assert (before, reason(stage)) == (0, "the execution of the pipe took longer than 300 seconds")
    assert (done(stage), stage.of(PipeEnriched), stage.at(queue).in_flight_count) == ([], [], 1)


def test_a_batch_that_ended_in_time_is_not_ended_again() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    pipe(stage, queue, stage.function("worker"), SourceParameters=queue_parameters(BatchSize=1))
    stage.send(queue)
    stage.settle()

    stage.advance("10m")

    assert len(stage.of(PipeEnded)) == 1
