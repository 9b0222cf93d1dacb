"""Pipes made, changed, started and stopped; and what they refuse."""

import json
from typing import Any

import pytest

from app.core.commands import SendMessage
from app.core.commands.pipes import CreatePipe, DeletePipe, StartPipe, StopPipe, TagPipe, UntagPipe, UpdatePipe
from app.core.errors import ResourceConflict, ResourceNotFound, ValidationFailed
from app.core.explain import About, OfSend, Verdict, explain
from app.core.facts import PipeBegan
from app.core.limits import Limits
from tests.core.pipes.scenes import ROLE, filters, pipe, queue_parameters
from tests.core.stage import SCOPE, Stage

KINESIS = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
API = "arn:aws:execute-api:us-east-1:000000000000:shop/dev/GET/pets"
BUS = SCOPE.bus_arn("default")
SLOW = Limits(mapping_transition_ms=5_000)


def field(name: str, words: str) -> str:
    """What the service itself says of a member."""
    return json.dumps({"ValidationErrorFields": [{"Name": name, "Message": words}]}, separators=(",", ":"))


def state(stage: Stage, name: str = "through") -> str:
    return stage.world.pipes.get(SCOPE, name).state


def test_its_states_go_by_the_clock() -> None:
    stage = Stage(limits=SLOW)
    queue, worker = stage.queue("orders"), stage.function("worker")
    states = [pipe(stage, queue, worker)["CurrentState"]]

    stage.advance("5s")
    states.append(state(stage))
    for command in (
        StopPipe(SCOPE, "through"),
        StartPipe(SCOPE, "through"),
        UpdatePipe(SCOPE, "through", {"RoleArn": ROLE}),
    ):
        states.append(stage.submit(command)["CurrentState"])
        stage.advance("5s")
        states.append(state(stage))
    states.append(stage.submit(DeletePipe(SCOPE, "through"))["CurrentState"])
    stage.advance("5s")

    assert states == [
        "CREATING", "RUNNING", "STOPPING", "STOPPED", "STARTING", "RUNNING", "UPDATING", "RUNNING", "DELETING",
    ]  # fmt: skip
    with pytest.raises(ResourceNotFound, match="Pipe through does not exist"):
        state(stage)


def test_a_stopped_pipe_leaves_messages_where_they_are() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    pipe(stage, queue, stage.function("worker"), DesiredState="STOPPED")

    stage.send(queue)
    before = len(stage.of(PipeBegan))
    stage.submit(StartPipe(SCOPE, "through"))
    stage.advance("1ms")

    assert (before, len(stage.of(PipeBegan))) == (0, 1)


def test_within_a_transition_nothing_changes() -> None:
    stage = Stage(limits=SLOW)
    pipe(stage, stage.queue("orders"), stage.function("worker"))

    with pytest.raises(ResourceConflict):
        stage.submit(StopPipe(SCOPE, "through"))


def test_an_update_keeps_what_it_does_not_name() -> None:
    stage = Stage()
    queue, worker = stage.queue("orders"), stage.function("worker")
    pipe(stage, queue, worker, Description="first", SourceParameters=queue_parameters(BatchSize=3))

    stage.submit(UpdatePipe(SCOPE, "through", {"RoleArn": ROLE, "Description": "second", "Source": "ignored"}))

    view = stage.world.pipes.get(SCOPE, "through").view()
    assert (view["Description"], view["Source"]) == ("second", queue)
    assert view["SourceParameters"] == {"SqsQueueParameters": {"BatchSize": 3}}


def test_what_it_leads_to_must_be_there() -> None:
    stage = Stage()
    answer = pipe(stage, SCOPE.queue_arn("nowhere"), stage.function("worker"))

    assert answer["CurrentState"] == "CREATE_FAILED"
    assert stage.world.pipes.get(SCOPE, "through").view()["StateReason"].endswith("nowhere does not exist")


def test_a_pipe_that_could_not_be_made_does_not_start_before_it_is_repaired() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    pipe(stage, queue, SCOPE.function_arn("worker"))
    stage.send(queue)

    with pytest.raises(ResourceConflict, match="is in the state CREATE_FAILED"):
        stage.submit(StartPipe(SCOPE, "through"))
    before = len(stage.of(PipeBegan))
    repaired = stage.submit(UpdatePipe(SCOPE, "through", {"RoleArn": ROLE, "Target": stage.function("worker")}))
    stage.advance("1ms")

    assert (before, repaired["CurrentState"]) == (0, "STARTING")
    assert (state(stage), len(stage.of(PipeBegan))) == ("RUNNING", 1)


def test_a_change_that_leads_nowhere_is_told_and_changes_nothing() -> None:
    stage = Stage()
    queue, worker = stage.queue("orders"), stage.function("worker")
    pipe(stage, queue, worker)

    answer = stage.submit(UpdatePipe(SCOPE, "through", {"RoleArn": ROLE, "Target": SCOPE.function_arn("nobody")}))
    stage.send(queue)

    view = stage.world.pipes.get(SCOPE, "through").view()
    assert (answer["CurrentState"], view["Target"]) == ("UPDATE_FAILED", worker)
    assert view["StateReason"] == (
        f"Input parameter is invalid from the request due to : {SCOPE.function_arn('nobody')} does not exist"
    )
    assert [call.function_name for call in stage.calls] == ["worker"]


def test_an_update_keeps_the_parameters_of_a_stage_that_it_does_not_name() -> None:
    stage = Stage()
    given = {**filters('{"body": ["a"]}'), **queue_parameters(BatchSize=3, MaximumBatchingWindowInSeconds=9)}
    pipe(stage, stage.queue("orders"), stage.function("worker"), SourceParameters=given)

    changed = {"RoleArn": ROLE, "SourceParameters": queue_parameters(BatchSize=4)}
    stage.submit(UpdatePipe(SCOPE, "through", changed))

    told = stage.world.pipes.get(SCOPE, "through").view()["SourceParameters"]
    assert told == {**filters('{"body": ["a"]}'), **queue_parameters(BatchSize=4)}


def test_what_takes_one_at_a_time_gets_one_at_a_time() -> None:
    stage = Stage()
    pipe(stage, stage.queue("orders"), API)

    assert stage.world.pipes.get(SCOPE, "through").poller.parameters.batch_size == 1


def test_tags_come_and_go() -> None:
    stage = Stage()
    arn = pipe(stage, stage.queue("orders"), stage.function("worker"), Tags={"a": "1"})["Arn"]

    stage.submit(TagPipe(arn, {"b": "2"}))
    stage.submit(UntagPipe(arn, ("a",)))

    assert stage.world.pipes.at(arn).tags == {"b": "2"}


def test_a_pipe_is_no_event_source_mapping() -> None:
    stage = Stage()
    pipe(stage, stage.queue("orders"), stage.function("worker"))

    assert stage.world.mappings.all() == []


def test_a_name_is_taken_once() -> None:
    stage = Stage()
    queue, worker = stage.queue("orders"), stage.function("worker")
    pipe(stage, queue, worker)

    with pytest.raises(ResourceConflict, match="already exists"):
        pipe(stage, queue, worker)


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [
        ("a b", {}, r'[ECMA 262 regex "[\.\-_A-Za-z0-9]+" does not match input string "a b"]'),
        ("a" * 65, {}, "is too long (length: 65, maximum allowed: 64)]"),
        ("p", {"RoleArn": None}, '[object has missing required properties (["RoleArn"])]'),
        ("p", {"RoleArn": "role"}, 'does not match input string "role"]'),
        ("p", {"Target": None, "Source": ""}, '[object has missing required properties (["Source","Target"])]'),
        ("p", {"Target": "worker"}, field("Target", "Invalid ARN: worker")),
        ("p", {"Source": KINESIS}, field("SourceParameters.KinesisStreamParameters", "Missing required parameter.")),
        (
            "p",
            {"Source": KINESIS, "SourceParameters": {"KinesisStreamParameters": {"StartingPosition": "LATEST"}}},
            "pipes from kinesis are not emulated yet",
        ),
        ("p", {"Enrichment": SCOPE.queue_arn("orders")}, '{"ValidationErrorFields":[{"Name":"Enrichment",'),
        ("p", {"Target": SCOPE.topic_arn("news.fifo")}, '{"ValidationErrorFields":[{"Name":"Target",'),
        ("p", {"Target": "arn:aws:s3:::bucket"}, "pipes to s3 are not emulated"),
        ("p", {"Target": KINESIS}, field("TargetParameters.KinesisStreamParameters", "Missing required parameter.")),
        ("p", {"DesiredState": "WALKING"}, '("WALKING") not found in enum (possible values: ["RUNNING","STOPPED"])]'),
        ("p", {"SourceParameters": queue_parameters(BatchSize=0)}, "required minimum (minimum: 1, found: 0)]"),
        ("p", {"SourceParameters": queue_parameters(BatchSize="1")}, "[instance type (string) does not match any"),
        ("p", {"SourceParameters": queue_parameters(BatchSize=10_001)}, "maximum (maximum: 10000, found: 10001)]"),
        ("p", {"SourceParameters": queue_parameters(BatchSize=11)}, "Maximum batch window"),
        (
            "p",
            {"SourceParameters": queue_parameters(MaximumBatchingWindowInSeconds=301)},
            "(maximum: 300, found: 301)]",
        ),
        (
            "p",
            {"SourceParameters": queue_parameters(BatchSize=11, MaximumBatchingWindowInSeconds=1), "Target": BUS},
            "BatchSize must be at most 10, which is the largest batch",
        ),
        (
            "p",
            {"SourceParameters": queue_parameters(BatchSize=2), "Enrichment": API},
            "BatchSize must be at most 1, which is the largest batch",
        ),
        (
            "p",
            {"SourceParameters": filters("{}", "{}", "{}", "{}", "{}", "{}")},
            "at most 5 elements but instance has 6",
        ),
        ("p", {"SourceParameters": filters('{"body": "text"}')}, "Invalid filter pattern"),
        ("p", {"TargetParameters": {"InputTemplate": "<aws.pipes.nothing>"}}, "invalid placeholder"),
        ("p", {"TargetParameters": {"InputTemplate": "x" * 8_193}}, "(length: 8193, maximum allowed: 8192)]"),
        ("p", {"TargetParameters": {"LambdaFunctionParameters": {"InvocationType": "LATER"}}}, "not found in enum"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_made(name: str, changed: dict[str, Any], words: str) -> None:
    stage = Stage()
    given = {"Source": stage.queue("orders"), "Target": stage.function("worker"), "RoleArn": ROLE, **changed}

    with pytest.raises(ValidationFailed) as refusal:
        stage.submit(CreatePipe(SCOPE, name, given))

    assert words in refusal.value.message
    assert stage.world.pipes.all() == []


def test_it_is_explained_why_a_message_would_not_go_through() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    pipe(stage, queue, stage.function("worker"), SourceParameters=filters('{"body": {"kind": ["order"]}}'))

    no = explain(stage.world, OfSend(SendMessage(queue, '{"kind": "offer"}')), now=stage.now).conclusion
    yes = explain(stage.world, OfSend(SendMessage(queue, '{"kind": "order"}')), now=stage.now).conclusion

    assert (no.verdict, no.about) == (Verdict.NO, About.FILTER)
    assert yes.text == "would go through: orders → pipe/through → worker, now"
