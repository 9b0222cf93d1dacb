"""What is said of a message for a queue that another broker keeps."""

import pytest

from app.core.commands import (
    DeclareRemoteQueue,
    DescribeRemoteQueue,
    RemoteAttributes,
    ReportBrokerFailure,
    SendMessage,
)
from app.core.explain import About, Conclusion, OfSend, Verdict
from app.core.names import Arn
from tests.core.stage import SCOPE, Stage

FAR = SCOPE.queue_arn("far")


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.submit(DeclareRemoteQueue(FAR, "http://broker:9324"))
    return stage


def described(stage: Stage, visibility_timeout_s: int = 30) -> None:
    stage.submit(DescribeRemoteQueue(FAR, RemoteAttributes(visibility_timeout_s, 4, 1)))


def ask(stage: Stage, body: str = "{}", *, function: Arn | None = None) -> tuple[Conclusion, list[str]]:
    explained = stage.world.explain(OfSend(SendMessage(FAR, body), function), now=stage.now)
    return explained.conclusion, [f"{step.verdict}: {step.words}" for step in explained.steps]


def test_the_way_to_the_function_is_told_step_by_step(stage: Stage) -> None:
    described(stage)
    stage.mapping(FAR, stage.function("worker"))
    described(stage)

    conclusion, steps = ask(stage)

    assert steps == [
        "yes: queue 'far' is kept by http://broker:9324, which told of 4 visible and 1 in flight",
        "note: what http://broker:9324 does with delays, groups and duplicates cannot be seen from here",
        "yes: mapping far → worker is Enabled and has 5 pollers",
        "yes: it ends a batch of 1 (one receive)",
        "yes: 0 of 1 environments of 'worker' are busy",
    ]
    assert conclusion.text == "would fire: far → worker, in a batch of 1, now"


def test_a_filter_that_says_no_is_named(stage: Stage) -> None:
    described(stage)
    filters = {"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]}
    stage.mapping(FAR, stage.function("worker"), FilterCriteria=filters)
    described(stage)

    conclusion, _ = ask(stage, '{"kind": "offer"}')

    assert (conclusion.verdict, conclusion.about) == (Verdict.NO, About.FILTER)
    assert "kind" in conclusion.text


def test_without_a_mapping_nobody_reads_it(stage: Stage) -> None:
    described(stage)

    conclusion, _ = ask(stage)

    assert conclusion.text == "would not fire: no event source mapping reads queue 'far'"


def test_a_broker_that_does_not_answer_is_waited_for(stage: Stage) -> None:
    described(stage)
    stage.mapping(FAR, stage.function("worker"))
    described(stage)
    stage.submit(ReportBrokerFailure(FAR, "connection refused"))

    conclusion, _ = ask(stage)

    assert (conclusion.verdict, conclusion.about) == (Verdict.WAIT, About.QUEUE)
    assert conclusion.text == (
        "waits: http://broker:9324, which keeps queue 'far', does not answer: connection refused"
    )


def test_a_broker_that_never_answered_is_waited_for(stage: Stage) -> None:
    stage.mapping(FAR, stage.function("worker"))

    conclusion, _ = ask(stage)

    assert conclusion.text == "waits: http://broker:9324, which keeps queue 'far', has not answered yet"


def test_a_mapping_whose_queue_hides_too_shortly_does_not_poll(stage: Stage) -> None:
    stage.mapping(FAR, stage.function("slow", timeout_s=60))
    described(stage)

    conclusion, _ = ask(stage)

    assert (conclusion.verdict, conclusion.about) == (Verdict.NO, About.MAPPING)
    assert "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds" in conclusion.text


def test_another_mapping_may_get_it_first(stage: Stage) -> None:
    described(stage)
    stage.mapping(FAR, stage.function("first"))
    second = stage.function("second")
    stage.mapping(FAR, second)
    described(stage)

    conclusion, _ = ask(stage, function=second)

    assert conclusion.text == "would not fire: the mapping to 'first' receives it first"
