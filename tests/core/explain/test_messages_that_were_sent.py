"""What is said of a message that was sent: what happened, where it is, what comes next."""

from typing import Any

import pytest

from app.core.awslambda.function import FailAfter, SucceedAfter
from app.core.commands import PurgeQueue, RedriveMessages
from app.core.errors import ResourceNotFound
from app.core.explain import About, Explanation, OfMessage, Verdict, explain
from app.core.limits import Limits
from tests.core.stage import NOON, Stage

WANTS_ORDERS = {"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]}


@pytest.fixture
def stage() -> Stage:
    return Stage()


def ask(stage: Stage, message_id: str) -> Explanation:
    def concerns(fact: Any) -> bool:
        return getattr(fact, "message", None) == message_id or message_id in getattr(fact, "messages", ())

    history = [(at, fact) for at, fact in stage.facts if concerns(fact)]
    return explain(stage.world, OfMessage(message_id), now=stage.now, history=history)


def text(stage: Stage, message_id: str) -> str:
    return ask(stage, message_id).conclusion.text


def test_a_function_is_working_on_it(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", SucceedAfter(2_000)))
    message_id = stage.send(orders)

    told = ask(stage, message_id).conclusion

    assert (told.verdict, told.batch) == (Verdict.YES, 1)
    assert told.text == "has fired: orders → worker, in a batch of 1; 'worker' is working on it"


def test_it_failed_and_comes_again(stage: Stage) -> None:
    orders, _ = stage.queue_with_dlq("orders", after=2)
    stage.mapping(orders, stage.function("worker", FailAfter(1_000, "KeyError", "id")))
    message_id = stage.send(orders)
    stage.advance("5s")

    told = ask(stage, message_id)

    assert [step.text for step in told.steps] == [
        "2026-11-21T12:00:00.000Z sent to 'orders'",
        "2026-11-21T12:00:00.000Z received by worker: failed, KeyError: id",
        "it is in queue 'orders', in flight",
        "it is kept for the queue's retention period, until 2026-11-25T12:00:00.000Z",
        "hidden by its visibility timeout since worker received it (failed), until 2026-11-21T12:00:30.000Z",
        "received once; with 2 it moves to 'orders-dlq'",
        "mapping orders → worker is Enabled and has 4 pollers",
    ]
    assert (told.conclusion.verdict, told.conclusion.at) == (Verdict.WAIT, NOON + 30_000)


def test_it_failed_too_often_and_will_move(stage: Stage) -> None:
    orders, _ = stage.queue_with_dlq("orders", after=2)
    stage.mapping(orders, stage.function("worker", FailAfter(1_000)))
    message_id = stage.send(orders)
    stage.advance("35s")

    assert text(stage, message_id) == (
        "would not fire: received 2 times of at most 2, so the next receive moves it to 'orders-dlq' instead"
    )


def test_it_is_a_dead_letter_and_why(stage: Stage) -> None:
    orders, _ = stage.queue_with_dlq("orders", after=1)
    stage.mapping(orders, stage.function("worker", FailAfter(1_000)))
    message_id = stage.send(orders)
    stage.advance("1m")

    assert text(stage, message_id) == (
        "would not fire: no event source mapping reads queue 'orders-dlq'; it is a dead letter of 'orders' "
        "(received 1 times, maxReceiveCount is 1, last at 2026-11-21T12:00:00.000Z)"
    )


def test_its_batch_is_being_filled(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"), BatchSize=5, MaximumBatchingWindowInSeconds=20)
    stage.advance("1s")
    message_id = stage.send(orders)

    assert text(stage, message_id) == (
        "waits until 2026-11-21T12:00:21.000Z: it is in a batch of orders → worker that is being filled, 1 of at most 5"
    )


def test_its_batch_is_throttled(stage: Stage) -> None:
    orders = stage.queue("orders")
    worker = stage.function("worker", SucceedAfter(2_500), environments=9, reserved_concurrency=1)
    stage.mapping(orders, worker, BatchSize=1)
    stage.advance("1s")
    stage.send(orders)
    message_id = stage.send(orders)

    assert text(stage, message_id) == (
        "waits until 2026-11-21T12:00:02.000Z: its batch was throttled by 'worker' and is tried again"
    )


def test_its_batch_stands_in_line_for_an_environment(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", SucceedAfter(2_500)), BatchSize=2, MaximumBatchingWindowInSeconds=1)
    stage.advance("1s")
    stage.send(orders)
    stage.advance("500ms")
    stage.invoke("worker")
    message_id = stage.send(orders)

    told = ask(stage, message_id).conclusion

    assert (told.verdict, told.about) == (Verdict.WAIT, About.ENVIRONMENT)


def test_it_is_delayed(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"))
    message_id = stage.send(orders, delay_s=90)

    assert text(stage, message_id) == "waits until 2026-11-21T12:01:30.000Z: message delayed"


def test_a_client_has_it(stage: Stage) -> None:
    orders = stage.queue("orders")
    message_id = stage.send(orders)
    stage.receive(orders)
    stage.mapping(orders, stage.function("worker"))
    stage.advance("1s")

    assert text(stage, message_id) == (
        "waits until 2026-11-21T12:00:30.000Z: hidden by its visibility timeout since ReceiveMessage received it"
    )


def test_its_chain_comes_round_too_often() -> None:
    stage = Stage(limits=Limits(chain_invocations=0))
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"))
    message_id = stage.send(orders)
    stage.advance("1s")

    told = ask(stage, message_id).conclusion

    assert (told.verdict, told.about) == (Verdict.NO, About.LOOP)


def test_it_succeeded_and_is_gone(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", SucceedAfter(1_000)))
    message_id = stage.send(orders)
    stage.advance("5s")

    told = ask(stage, message_id)

    assert told.conclusion.text == "fired: orders → worker, in a batch of 1, and was deleted"
    assert told.conclusion.verdict is Verdict.YES
    assert all(step.about is About.HISTORY for step in told.steps)


def test_a_filter_dropped_it(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"), FilterCriteria=WANTS_ORDERS)
    message_id = stage.send(orders, '{"kind": "quote"}')
    stage.advance("1s")

    assert text(stage, message_id).startswith(
        "did not fire: the filter of orders → worker said no, which deleted it: body.kind: "
    )


def test_a_client_deleted_it(stage: Stage) -> None:
    orders = stage.queue("orders")
    message_id = stage.send(orders)
    (delivery,) = stage.receive(orders)
    stage.delete(orders, delivery)

    assert text(stage, message_id) == "did not fire: a client deleted it with DeleteMessage"


def test_it_expired(stage: Stage) -> None:
    orders = stage.queue("orders", MessageRetentionPeriod="60")
    message_id = stage.send(orders)
    stage.advance("2m")

    assert text(stage, message_id) == "did not fire: its retention period ended"


def test_it_was_redriven_under_another_id(stage: Stage) -> None:
    orders, dlq = stage.queue_with_dlq("orders", after=1)
    stage.mapping(orders, stage.function("worker", FailAfter(1_000)))
    message_id = stage.send(orders)
    stage.advance("1m")
    stage.submit(RedriveMessages(dlq))

    told = text(stage, message_id)

    assert told.startswith("did not fire: it was moved to 'orders' (redriven, as ")


def test_its_queue_was_purged(stage: Stage) -> None:
    orders = stage.queue("orders")
    message_id = stage.send(orders)
    stage.submit(PurgeQueue(orders))

    assert text(stage, message_id) == ("did not fire: it is in no queue any more: its queue was purged or deleted")


def test_nobody_knows_it(stage: Stage) -> None:
    with pytest.raises(ResourceNotFound, match="there is no message 'x'"):
        ask(stage, "x")
