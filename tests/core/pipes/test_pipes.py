"""Pipes made, changed, started and stopped; and what they refuse."""

from typing import Any

import pytest

from app.core.commands import SendMessage
from app.core.commands.pipes import CreatePipe, DeletePipe, StartPipe, StopPipe, TagPipe, UntagPipe, UpdatePipe
from app.core.errors import ResourceConflict, ResourceNotFound, ValidationFailed
from app.core.explain import About, OfSend, Verdict
from app.core.facts import PipeBegan
from app.core.limits import Limits
from tests.core.pipes.scenes import ROLE, filters, pipe, queue_parameters
from tests.core.stage import SCOPE, Stage

SLOW = Limits(mapping_transition_ms=5_000)


def state(stage: Stage, name: str = "through") -> str:
    return stage.world.pipe(SCOPE, name).state


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

    view = stage.world.pipe(SCOPE, "through").view()
    assert (view["Description"], view["Source"]) == ("second", queue)
    assert view["SourceParameters"] == {"SqsQueueParameters": {"BatchSize": 3}}


def test_what_it_leads_to_must_be_there() -> None:
    stage = Stage()
    answer = pipe(stage, SCOPE.queue_arn("nowhere"), stage.function("worker"))

    assert answer["CurrentState"] == "CREATE_FAILED"
    assert stage.world.pipe(SCOPE, "through").view()["StateReason"].endswith("nowhere does not exist")


def test_tags_come_and_go() -> None:
    stage = Stage()
    arn = pipe(stage, stage.queue("orders"), stage.function("worker"), Tags={"a": "1"})["Arn"]

    stage.submit(TagPipe(arn, {"b": "2"}))
    stage.submit(UntagPipe(arn, ("a",)))

    assert stage.world.pipe_at(arn).tags == {"b": "2"}


def test_a_pipe_is_no_event_source_mapping() -> None:
    stage = Stage()
    pipe(stage, stage.queue("orders"), stage.function("worker"))

    assert stage.world.mappings() == []


def test_a_name_is_taken_once() -> None:
    stage = Stage()
    queue, worker = stage.queue("orders"), stage.function("worker")
    pipe(stage, queue, worker)

    with pytest.raises(ResourceConflict, match="already exists"):
        pipe(stage, queue, worker)


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [
        ("a b", {}, "at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern"),
        ("a" * 65, {}, "Member must have length less than or equal to 64"),
        ("p", {"RoleArn": None}, "Value null at 'roleArn'"),
        ("p", {"RoleArn": "role"}, "at 'roleArn' failed to satisfy constraint"),
        ("p", {"Target": None}, "Value null at 'target'"),
        ("p", {"Target": "worker"}, "Invalid target ARN"),
        ("p", {"Source": "arn:aws:kinesis:us-east-1:000000000000:stream/s"}, "not emulated yet"),
        ("p", {"DesiredState": "WALKING"}, "enum value set: [RUNNING, STOPPED]"),
        ("p", {"SourceParameters": queue_parameters(BatchSize=0)}, "greater than or equal to 1"),
        ("p", {"SourceParameters": queue_parameters(BatchSize=10_001)}, "less than or equal to 10000"),
        ("p", {"SourceParameters": queue_parameters(BatchSize=11)}, "Maximum batch window"),
        ("p", {"SourceParameters": queue_parameters(MaximumBatchingWindowInSeconds=301)}, "less than or equal to 300"),
        ("p", {"SourceParameters": filters("{}", "{}", "{}", "{}", "{}", "{}")}, "less than or equal to 5"),
        ("p", {"SourceParameters": filters('{"body": "text"}')}, "Invalid filter pattern"),
        ("p", {"TargetParameters": {"InputTemplate": "<aws.pipes.nothing>"}}, "invalid placeholder"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_made(name: str, changed: dict[str, Any], words: str) -> None:
    stage = Stage()
    given = {"Source": stage.queue("orders"), "Target": stage.function("worker"), "RoleArn": ROLE, **changed}

    with pytest.raises(ValidationFailed) as refusal:
        stage.submit(CreatePipe(SCOPE, name, given))

    assert words in refusal.value.message
    assert stage.world.pipes() == []


def test_it_is_explained_why_a_message_would_not_go_through() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    pipe(stage, queue, stage.function("worker"), SourceParameters=filters('{"body": {"kind": ["order"]}}'))

    no = stage.world.explain(OfSend(SendMessage(queue, '{"kind": "offer"}')), now=stage.now).conclusion
    yes = stage.world.explain(OfSend(SendMessage(queue, '{"kind": "order"}')), now=stage.now).conclusion

    assert (no.verdict, no.about) == (Verdict.NO, About.FILTER)
    assert yes.text == "would go through: orders → pipe/through, now"
