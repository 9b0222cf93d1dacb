"""Functions: how they are named, and what becomes of their calls when they change or go."""

import pytest

from app.core.awslambda.function import FailAfter, FunctionSpec, SucceedAfter
from app.core.awslambda.functions import parse_function_name
from app.core.awslambda.invocation import HandlerFailed
from app.core.commands import DeleteFunction, PutFunction
from app.core.errors import ResourceNotFound
from app.core.facts import InvocationEnded
from app.core.names import Scope
from tests.core.stage import Stage

FAILED = HandlerFailed("ValueError", "no", b'{"errorMessage":"no"}')


# Names


@pytest.mark.parametrize(
    ("text", "arn", "qualifier"),
    [
        ("work", "arn:aws:lambda:us-east-1:000000000000:function:work", None),
        ("work:live", "arn:aws:lambda:us-east-1:000000000000:function:work", "live"),
        ("work:$LATEST", "arn:aws:lambda:us-east-1:000000000000:function:work", "$LATEST"),
        ("function:work", "arn:aws:lambda:us-east-1:000000000000:function:work", None),
        ("123456789012:function:work:1", "arn:aws:lambda:us-east-1:123456789012:function:work", "1"),
        (
            "arn:aws:lambda:eu-west-1:123456789012:function:work",
            "arn:aws:lambda:eu-west-1:123456789012:function:work",
            None,
        ),
    ],
)
def test_a_function_may_be_named_in_every_way_aws_takes(text: str, arn: str, qualifier: str | None) -> None:
    name = parse_function_name(text, Scope())

    assert name is not None
    assert (name.arn, name.qualifier) == (arn, qualifier)
    assert name.as_invoked == (f"{arn}:{qualifier}" if qualifier else arn)


@pytest.mark.parametrize("text", ["", "a b", "work:", "arn:aws:sqs:us-east-1:000000000000:work", "a:b:c"])
def test_other_texts_name_no_function(text: str) -> None:
    assert parse_function_name(text, Scope()) is None


# Functions that come, change and go


def test_a_deleted_function_answers_its_callers_and_drops_its_events() -> None:
    stage = Stage()
    arn = stage.function("work")
    stage.invoke("work")
    stage.invoke("work")
    stage.invoke("work", event=True)

    stage.submit(DeleteFunction(arn))

    assert [type(answer) for answer in stage.answers.values()] == [ResourceNotFound, ResourceNotFound]
    assert stage.story()[-1] == "work event dropped after 1: FunctionDeleted"
    with pytest.raises(ResourceNotFound):
        stage.world.functions[arn]


def test_an_event_waiting_for_its_retry_is_dropped_with_its_function() -> None:
    stage = Stage()
    arn = stage.function("work", FailAfter(1))
    stage.invoke("work", event=True)
    stage.advance("1s")

    stage.submit(DeleteFunction(arn))
    stage.advance("1h")

    assert stage.story()[-1] == "work event dropped after 1: FunctionDeleted"


def test_the_outcome_of_a_deleted_functions_call_is_let_go() -> None:
    stage = Stage()
    arn = stage.function("work")
    stage.invoke("work")
    stage.submit(DeleteFunction(arn))
    stage.function("work")

    stage.settle()

    assert stage.of(InvocationEnded) == []
    assert stage.world.functions[arn].in_flight == 0


def test_a_scripted_call_of_a_deleted_function_ends_for_nobody() -> None:
    stage = Stage()
    arn = stage.function("work", SucceedAfter(1_000))
    stage.invoke("work")
    stage.submit(DeleteFunction(arn))

    stage.advance("5s")

    assert stage.of(InvocationEnded) == []


def test_a_queued_event_runs_under_the_settings_of_its_attempt() -> None:
    stage = Stage()
    arn = stage.function("work", FailAfter(1))
    stage.invoke("work", event=True)
    stage.advance("1s")

    stage.submit(PutFunction(FunctionSpec(arn, script=SucceedAfter(1))))
    stage.advance("2m")

    assert [fact.outcome for fact in stage.of(InvocationEnded)] == ["failed", "succeeded"]


def test_more_environments_let_the_line_in() -> None:
    stage = Stage()
    arn = stage.function("work")
    for _ in range(3):
        stage.invoke("work")

    stage.submit(PutFunction(FunctionSpec(arn, environments=3)))

    assert [call.environment for call in stage.calls] == [0, 1, 2]


def test_fewer_environments_let_what_runs_end() -> None:
    stage = Stage()
    arn = stage.function("work", environments=3)
    for _ in range(4):
        stage.invoke("work")

    stage.submit(PutFunction(FunctionSpec(arn, environments=1)))
    stage.settle(call=stage.calls[2])
    stage.settle(call=stage.calls[1])
    still_waiting = stage.world.functions[arn].waiting
    stage.settle()

    assert still_waiting == 1
    assert [call.environment for call in stage.calls] == [0]
