"""Why a pipe does not take a message, or where it takes it."""

from typing import Any

import pytest

from app.core.commands import DeleteFunction, RefuseQueueCalls, SendMessage
from app.core.commands.pipes import CreatePipe, StopPipe
from app.core.errors import ResourceNotFound
from app.core.explain import About, Explanation, OfPipe, OfSend, Verdict, explain
from app.core.names import Arn
from tests.core.pipes.scenes import ROLE, filters, queue_parameters
from tests.core.stage import SCOPE, Stage


def made(stage: Stage, **more: Any) -> Arn:
    source, target = SCOPE.queue_arn("orders"), SCOPE.function_arn("worker")
    given = {"Source": source, "Target": target, "RoleArn": ROLE, **more}
    arn: Arn = stage.submit(CreatePipe(SCOPE, "through", given))["Arn"]
    stage.advance("1ms")
    return arn


def staged(**more: Any) -> tuple[Stage, Arn]:
    stage = Stage()
    stage.queue("orders")
    stage.function("worker")
    stage.function("enrich")
    return stage, made(stage, **more)


def explained(stage: Stage, arn: Arn, body: str | None = None) -> Explanation:
    command = None if body is None else SendMessage(SCOPE.queue_arn("orders"), body)
    return explain(stage.world, OfPipe(arn, command), now=stage.now)


def test_a_pipe_that_works_tells_what_it_takes_and_where_it_leads() -> None:
    parameters = {**filters('{"body": {"kind": ["order"]}}'), **queue_parameters(BatchSize=3)}
    stage, arn = staged(SourceParameters=parameters, Enrichment=SCOPE.function_arn("enrich"))

    told = explained(stage, arn)

    assert [step.text for step in told.steps] == [
        "pipe 'through' is RUNNING: orders → enrich → worker",
        "it takes at most 3 messages at once",
        'its filter takes {"body": {"kind": ["order"]}}, and deletes the rest',
        "queue 'orders' is there: 0 visible, 0 in flight",
        "'enrich' enriches it; what it does is not looked into here",
        "'worker' gets it; what it does is not looked into here",
    ]
    assert (told.conclusion.verdict, told.conclusion.text) == (
        Verdict.YES, "takes what comes to 'orders': orders → enrich → worker",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "verdict", "about", "words"),
    [
        (
            '{"kind": "order"}',
            Verdict.YES,
            About.TARGET,
            "would go through: orders → pipe/through → enrich → worker, now",
        ),
        (
            '{"kind": "offer"}',
            Verdict.NO,
            About.FILTER,
            "the filter of orders → pipe/through says no, which deletes it",
        ),
    ],
)
def test_a_message_is_followed_through_it(body: str, verdict: Verdict, about: About, words: str) -> None:
    given = filters('{"body": {"kind": ["order"]}}')
    stage, arn = staged(SourceParameters=given, Enrichment=SCOPE.function_arn("enrich"))

    told = explained(stage, arn, body).conclusion

    assert (told.verdict, told.about) == (verdict, about)
    assert words in told.text


def test_a_pipe_that_stands_says_so() -> None:
    stage, arn = staged()
    stage.submit(StopPipe(SCOPE, "through"))
    stage.advance("1ms")

    assert explained(stage, arn).conclusion.text == "would not fire: pipe 'through' is STOPPED: orders → worker"


def test_one_that_could_not_be_made_says_why() -> None:
    stage = Stage()
    arn = made(stage)

    told = explained(stage, arn).conclusion

    assert told.verdict is Verdict.NO
    assert "CREATE_FAILED" in told.text
    assert "orders does not exist" in told.text


def test_a_stage_that_is_gone_is_named() -> None:
    stage, arn = staged()
    stage.submit(DeleteFunction(SCOPE.function_arn("worker")))

    for told in (explained(stage, arn), explained(stage, arn, "hello")):
        assert told.conclusion.verdict is Verdict.NO
        assert "worker" in told.conclusion.text


def test_nobody_knows_a_pipe_that_is_not_there() -> None:
    with pytest.raises(ResourceNotFound):
        explained(Stage(), "arn:aws:pipes:us-east-1:000000000000:pipe/none")


def test_a_queue_that_refuses_to_be_received_from() -> None:
    stage, _ = staged()
    stage.submit(RefuseQueueCalls(SCOPE.queue_arn("orders"), "KmsThrottled", operation="ReceiveMessage"))

    told = explain(stage.world, OfSend(SendMessage(SCOPE.queue_arn("orders"), "{}")), now=stage.now)
    stage.send(SCOPE.queue_arn("orders"))

    assert "does not poll: Error occurred while ReceiveMessage. SQS Error Code: KMS.Throttl" in told.conclusion.text
    assert stage.calls == []
