"""What is said of a message for a queue that another broker keeps."""

import pytest

from app.core.awslambda.invocation import HandlerFailed
from app.core.commands import (
    DeclareRemoteQueue,
    DescribeRemoteQueue,
    RemoteAttributes,
    ReportBrokerFailure,
    SendMessage,
)
from app.core.explain import About, Conclusion, OfSend, Verdict, explain
from app.core.names import Arn
from tests.core.explain import test_messages_that_were_sent as messages
from tests.core.sqs.test_remote_queues import Far, message
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
    explained = explain(stage.world, OfSend(SendMessage(FAR, body), function), now=stage.now)
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


# What became of a message -----------------------------------------------------------------------------


@pytest.fixture
def far() -> Far:
    made = Far()
    made.declare()
    return made


def asked(far: Far, message_id: str) -> Conclusion:
    return messages.ask(far.stage, message_id).conclusion


def test_a_message_that_is_being_worked_on(far: Far) -> None:
    far.map()
    far.answer(far.receives()[0], message("a"))

    told = asked(far, "a")

    assert (told.verdict, told.text) == (
        Verdict.YES,
        "has fired: far → work, in a batch of 1; 'work' is working on it",
    )


def test_a_message_in_a_batch_that_is_being_filled(far: Far) -> None:
    far.map(BatchSize=5, MaximumBatchingWindowInSeconds=20)
    far.answer(far.receives()[0], message("a"))

    told = asked(far, "a")

    assert (told.verdict, told.about) == (Verdict.WAIT, About.BATCH)
    assert "1 of at most 5" in told.text


def test_a_message_whose_invocation_failed_is_hidden_at_its_broker_and_shown_again(far: Far) -> None:
    far.map()
    far.answer(far.receives()[0], message("a"))
    far.stage.settle(HandlerFailed("ValueError", "no", b"{}"))

    hidden = asked(far, "a")
    far.stage.advance("31s")

    words = "it is at http://broker:9324, hidden by its visibility timeout since work received it"
    assert hidden.verdict is Verdict.WAIT
    assert hidden.text == f"waits until 2026-11-21T12:00:30.000Z: {words}"
    assert asked(far, "a").text == (
        "waits: it was left to http://broker:9324, which shows it again if nobody else has deleted it"
    )


def test_a_message_that_was_handled_waits_for_its_deletion_and_is_gone(far: Far) -> None:
    far.map()
    far.answer(far.receives()[0], message("a"))
    far.stage.settle()

    before = asked(far, "a")
    far.deleted()

    assert before.text == "fired: it was handled, and waits for http://broker:9324 to delete it"
    assert asked(far, "a").text == "fired: far → work, in a batch of 1, and was deleted"


def test_a_message_that_came_again_is_told_by_its_last_receive(far: Far) -> None:
    far.map(environments=1)
    far.answer(far.receives()[0], message("a"))
    far.stage.settle(HandlerFailed("ValueError", "no", b"{}"))
    far.stage.advance("31s")
    far.answer(far.receives()[0], message("a", count=2))

    assert asked(far, "a").text == "has fired: far → work, in a batch of 1; 'work' is working on it"


def test_a_message_that_the_filters_dropped(far: Far) -> None:
    far.map(FilterCriteria={"Filters": [{"Pattern": '{"body": ["other"]}'}]})
    far.answer(far.receives()[0], message("a"))
    far.deleted()

    assert asked(far, "a").about is About.FILTER
