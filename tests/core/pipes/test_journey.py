"""What becomes of a batch in a pipe, told through the world."""

import json
from typing import Any

import pytest

from app.core.awslambda.function import FailAfter, SucceedAfter
from app.core.awslambda.invocation import HandlerFailed, Succeeded
from app.core.commands import CreateTopic, DeleteFunction, Origin, PutRule, PutTargets
from app.core.delivery.outside_calls import AwsAnswered, AwsCall, HttpAnswered, HttpCall
from app.core.facts import LoopWarned, PipeBegan, PipeEnded, PipeEnriched
from app.core.names import Arn
from tests.core.pipes.scenes import destination, filters, pipe, queue_parameters
from tests.core.stage import SCOPE, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


def orders(stage: Stage) -> Arn:
    return stage.queue("orders", VisibilityTimeout="30")


def payload(stage: Stage) -> Any:
    return json.loads(stage.calls[0].payload)


def told(stage: Stage) -> list[str]:
    return [
        fact.text.rpartition(" [")[0] for fact in stage.of(PipeBegan) + stage.of(PipeEnriched) + stage.of(PipeEnded)
    ]


def test_a_function_gets_the_records_as_a_bare_list(stage: Stage) -> None:
    queue = orders(stage)
    pipe(stage, queue, stage.function("worker"))

    stage.send(queue, "hello")

    (record,) = payload(stage)
    assert record["body"] == "hello"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == queue


def test_what_succeeded_is_deleted(stage: Stage) -> None:
    queue = orders(stage)
    pipe(stage, queue, stage.function("worker", SucceedAfter(100)))

    stage.send(queue)
    stage.advance("1s")

    assert len(stage.at(queue)) == 0
    assert told(stage) == ["pipe through took 1 from orders", "pipe through gave 1 to worker"]


def test_what_failed_comes_back_when_its_visibility_timeout_is_over(stage: Stage) -> None:
    queue = orders(stage)
    pipe(stage, queue, stage.function("worker", FailAfter(100)))

    stage.send(queue)
    stage.advance("29s")
    begun = len(stage.of(PipeBegan))
    stage.advance("2s")

    assert (begun, len(stage.of(PipeBegan)), len(stage.at(queue))) == (1, 2, 1)


def test_a_poisoned_message_ends_in_the_dead_letter_queue(stage: Stage) -> None:
    queue, dlq = stage.queue_with_dlq("orders", after=2, VisibilityTimeout="5")
    pipe(stage, queue, stage.function("worker", FailAfter(1)))

    stage.send(queue, "poison")
    stage.advance("1m")

    assert stage.bodies(dlq) == ["poison"]


def test_a_function_may_report_the_messages_that_failed(stage: Stage) -> None:
    queue = orders(stage)
    parameters = queue_parameters(BatchSize=2, MaximumBatchingWindowInSeconds=5)
    pipe(stage, queue, stage.function("worker"), SourceParameters=parameters)
    good, bad = stage.send(queue, "good"), stage.send(queue, "bad")

    stage.settle(Succeeded(json.dumps({"batchItemFailures": [{"itemIdentifier": bad}]}).encode()))

    assert stage.bodies(queue) == ["bad"]
    (ended,) = stage.of(PipeEnded)
    assert ended.failed == (bad,)
    assert good not in ended.failed


def test_whatever_else_a_function_returns_is_success(stage: Stage) -> None:
    queue = orders(stage)
    pipe(stage, queue, stage.function("worker"))
    stage.send(queue)

    stage.settle(Succeeded(b'"done"'))

    assert len(stage.at(queue)) == 0


def test_what_the_filter_drops_is_deleted_and_goes_nowhere(stage: Stage) -> None:
    queue = orders(stage)
    pipe(stage, queue, stage.function("worker"), SourceParameters=filters('{"body": {"kind": ["order"]}}'))

    stage.send(queue, '{"kind": "offer"}')
    stage.send(queue, '{"kind": "order"}')

    assert [json.loads(record["body"])["kind"] for record in payload(stage)] == ["order"]
    assert len(stage.at(queue)) == 1


# Enrichment -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "events"),
    [
        (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}', [{"a": 1}]),
        (b'"text"', ["text"]),
        (b"[{}]", [{}]),
    ],
)
def test_the_target_gets_what_the_enrichment_answered(stage: Stage, answer: bytes, events: list[Any]) -> None:
    queue = orders(stage)
    pipe(stage, queue, stage.function("worker"), Enrichment=stage.function("enrich"))
    stage.send(queue)

    stage.settle(Succeeded(answer))

    assert stage.calls[0].function_name == "worker"
    assert payload(stage) == events


@pytest.mark.parametrize("answer", [b'""', b"{}", b"[]", b"null", b""])
def test_an_empty_enrichment_ends_the_batch_well(stage: Stage, answer: bytes) -> None:
    queue = orders(stage)
    pipe(stage, queue, stage.function("worker"), Enrichment=stage.function("enrich"))
    stage.send(queue)

    stage.settle(Succeeded(answer))

    assert stage.calls == []
    assert len(stage.at(queue)) == 0


def test_an_enrichment_that_fails_leaves_the_messages(stage: Stage) -> None:
    queue = orders(stage)
    pipe(stage, queue, stage.function("worker"), Enrichment=stage.function("enrich"))
    stage.send(queue)

    stage.settle(HandlerFailed("KeyError", "'id'", b"{}"))

    assert stage.at(queue).in_flight_count == 1
    assert told(stage)[-1] == "pipe through failed for 1 on the way to enrich: KeyError: 'id'"


# Templates ------------------------------------------------------------------------------------------


def test_each_stage_has_its_template(stage: Stage) -> None:
    queue = orders(stage)
    pipe(
        stage, queue, stage.function("worker"), Enrichment=stage.function("enrich"),
        EnrichmentParameters={"InputTemplate": '{"id": <$.body.id>, "pipe": "<aws.pipes.pipe-name>"}'},
        TargetParameters={"InputTemplate": '{"price": <$.price>, "from": "<aws.pipes.source-arn>"}'},
    )  # fmt: skip
    stage.send(queue, '{"id": 7}')

    enrichment = payload(stage)
    stage.settle(Succeeded(b'[{"price": 3}]'))

    assert enrichment == [{"id": 7, "pipe": "through"}]
    assert payload(stage) == [{"price": 3, "from": queue}]


# Other targets --------------------------------------------------------------------------------------


def test_a_queue_gets_a_message_for_each_event(stage: Stage) -> None:
    queue, target = orders(stage), stage.queue("target.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    parameters = {"InputTemplate": '{"id": <$.body.id>}', **queue_parameters(MessageGroupId="$.body.id")}
    pipe(stage, queue, target, TargetParameters=parameters)

    stage.send(queue, '{"id": "a"}')
    stage.send(queue, '{"id": "b"}')

    assert stage.bodies(target) == ['{"id":"a"}', '{"id":"b"}']
    assert [message.content.group_id for message in stage.at(target)] == ["a", "b"]
    assert len(stage.at(queue)) == 0


def test_a_text_that_a_template_makes_is_sent_as_it_is(stage: Stage) -> None:
    queue, target = orders(stage), stage.queue("target")
    pipe(stage, queue, target, TargetParameters={"InputTemplate": "order <$.body.id> came"})

    stage.send(queue, '{"id": 7}')

    assert stage.bodies(target) == ["order 7 came"]


def test_what_a_target_refuses_alone_stays(stage: Stage) -> None:
    queue, target = orders(stage), stage.queue("target", MaximumMessageSize="1024")
    parameters = queue_parameters(BatchSize=2, MaximumBatchingWindowInSeconds=5)
    pipe(stage, queue, target, SourceParameters=parameters, TargetParameters={"InputTemplate": "<$.body>"})

    stage.send(queue, "short")
    stage.send(queue, "x" * 2_000)

    assert stage.bodies(target) == ["short"]
    assert [len(body) for body in stage.bodies(queue)] == [2_000]


def test_a_topic_gets_each_event(stage: Stage) -> None:
    queue = orders(stage)
    topic: Arn = stage.submit(CreateTopic(f"arn:aws:sns:{SCOPE.region}:{SCOPE.account}:news"))
    pipe(stage, queue, topic)

    stage.send(queue)

    assert len(stage.at(queue)) == 0
    assert told(stage)[-1] == "pipe through gave 1 to news"


def test_a_bus_gets_an_event_around_each(stage: Stage) -> None:
    queue, seen = orders(stage), stage.queue("seen")
    stage.submit(PutRule(SCOPE, {"Name": "all", "EventPattern": '{"source": ["shop"]}'}))
    stage.submit(PutTargets(SCOPE, "all", ({"Id": "1", "Arn": seen},), "default"))
    bus = f"arn:aws:events:{SCOPE.region}:{SCOPE.account}:event-bus/default"
    parameters = {"Source": "shop", "DetailType": "$.body"}
    pipe(stage, queue, bus, TargetParameters={"EventBridgeEventBusParameters": parameters})

    stage.send(queue, "order")

    (body,) = stage.bodies(seen)
    event = json.loads(body)
    assert (event["source"], event["detail-type"], event["detail"]["body"]) == ("shop", "order", "order")


def test_a_stream_gets_a_record_for_each_with_its_key(stage: Stage) -> None:
    queue = orders(stage)
    stream = f"arn:aws:kinesis:{SCOPE.region}:{SCOPE.account}:stream/s"
    parameters = {"InputTemplate": '{"id": <$.body.id>}', "KinesisStreamParameters": {"PartitionKey": "$.body.id"}}
    pipe(stage, queue, stream, TargetParameters=parameters)

    stage.send(queue, '{"id": "a"}')
    call = stage.settle_outside(AwsAnswered({}))

    assert isinstance(call, AwsCall)
    assert call.operation == "PutRecord"
    assert call.parameters == {"StreamName": "s", "Data": b'{"id":"a"}', "PartitionKey": "a"}
    assert len(stage.at(queue)) == 0


def test_a_log_group_gets_each_event_at_the_time_that_the_pipe_names(stage: Stage) -> None:
    queue = orders(stage)
    group = f"arn:aws:logs:{SCOPE.region}:{SCOPE.account}:log-group:kept"
    parameters = {"InputTemplate": "<$.body>", "CloudWatchLogsParameters": {"Timestamp": "$.body.at"}}
    pipe(stage, queue, group, TargetParameters=parameters)

    stage.send(queue, '{"at": 1795262400123}')
    stage.settle_outside(AwsAnswered({}))
    call = stage.settle_outside(AwsAnswered({}))

    assert isinstance(call, AwsCall)
    assert call.operation == "PutLogEvents"
    assert call.parameters["logEvents"] == [{"timestamp": 1_795_262_400_123, "message": '{"at":1795262400123}'}]


def test_a_state_machine_gets_all_events_as_one_input(stage: Stage) -> None:
    queue = orders(stage)
    machine = f"arn:aws:states:{SCOPE.region}:{SCOPE.account}:stateMachine:m"
    parameters = queue_parameters(BatchSize=2, MaximumBatchingWindowInSeconds=5)
    pipe(stage, queue, machine, SourceParameters=parameters, TargetParameters={"InputTemplate": "<$.body>"})

    stage.send(queue, '{"n": 1}')
    stage.send(queue, '{"n": 2}')
    call = stage.settle_outside(AwsAnswered({}))

    assert isinstance(call, AwsCall)
    assert (call.operation, call.parameters["input"]) == ("StartExecution", '[{"n":1},{"n":2}]')
    assert (stage.outside, len(stage.at(queue))) == ([], 0)


def test_an_api_destination_and_an_api_get_each_event_for_itself(stage: Stage) -> None:
    queue, other = orders(stage), stage.queue("others")
    http = {"HttpParameters": {"PathParameterValues": ["in"], "QueryStringParameters": {"q": "1"}}}
    pipe(stage, queue, destination(stage), TargetParameters={"InputTemplate": "<$.body>", **http})
    api = f"arn:aws:execute-api:{SCOPE.region}:{SCOPE.account}:shop/$default/POST/orders"
    pipe(stage, other, api, name="across", TargetParameters={"InputTemplate": "<$.body>", **http})

    stage.send(queue, '{"n": 1}')
    stage.send(other, '{"n": 2}')
    calls = [stage.settle_outside(HttpAnswered(200, {}, b"")) for _ in range(2)]

    told = [(call.url, call.body) for call in calls if isinstance(call, HttpCall)]
    assert told == [
        ("https://example.com/in?q=1", b'{"n":1}'), ("/_aws/execute-api/shop/$default/orders?q=1", b'{"n":2}'),
    ]  # fmt: skip
    assert (len(stage.at(queue)), len(stage.at(other))) == (0, 0)


def test_a_poisoned_message_of_a_queue_ends_in_its_dead_letter_queue_though_the_rest_went(stage: Stage) -> None:
    queue, dlq = stage.queue_with_dlq("orders", after=1, VisibilityTimeout="5")
    target = stage.queue("target", MaximumMessageSize="1024")
    parameters = queue_parameters(BatchSize=2, MaximumBatchingWindowInSeconds=1)
    pipe(stage, queue, target, SourceParameters=parameters, TargetParameters={"InputTemplate": "<$.body>"})

    stage.send(queue, "short")
    stage.send(queue, "x" * 2_000)
    stage.advance("5m")

    assert (stage.bodies(target), [len(body) for body in stage.bodies(dlq)]) == (["short"], [2_000])


def test_a_function_may_be_fired_and_forgotten(stage: Stage) -> None:
    queue = orders(stage)
    parameters = {"LambdaFunctionParameters": {"InvocationType": "FIRE_AND_FORGET"}}
    pipe(stage, queue, stage.function("worker", FailAfter(1)), TargetParameters=parameters)

    stage.send(queue)

    assert len(stage.at(queue)) == 0
    assert "worker accepted an event from pipe through" in stage.story()


def test_a_target_that_is_gone_leaves_the_messages(stage: Stage) -> None:
    queue, worker = orders(stage), stage.function("worker")
    pipe(stage, queue, worker)
    stage.submit(DeleteFunction(worker))

    stage.send(queue)

    assert stage.at(queue).in_flight_count == 1
    assert told(stage)[-1].startswith("pipe through failed for 1 on the way to worker: Function not found")


def test_a_loop_through_a_pipe_is_not_seen_by_aws(stage: Stage) -> None:
    """A function that sends to the queue that it gets its events from."""
    queue = orders(stage)
    pipe(stage, queue, stage.function("worker"))
    stage.send(queue)
    for _ in range(20):
        stage.send(queue, origin=Origin(stage.calls[0].trace_header))
        stage.settle()

    kinds = [warning.kind for warning in stage.of(LoopWarned)]
    assert kinds == ["early", "unseen"]
    assert "pipe through" in stage.of(LoopWarned)[0].path
