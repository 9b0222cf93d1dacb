"""What is said of a message that would be sent: each reason, and where a function would get it."""

import pytest

from app.core.awslambda.function import FailAfter, SucceedAfter
from app.core.commands import DeleteFunction, ReceiveMessage, SendMessage
from app.core.explain import About, Conclusion, OfSend, Verdict, explain
from app.core.limits import Limits
from app.core.names import Arn
from app.core.time import parse_instant
from tests.core.stage import NOON, SCOPE, Stage

SLOW = SucceedAfter(2_500)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def ask(stage: Stage, queue: Arn, body: str = "{}", *, function: Arn | None = None, **more: object) -> Conclusion:
    command = SendMessage(queue, body, **more)  # type: ignore[arg-type]
    return explain(stage.world, OfSend(command, function), now=stage.now).conclusion


def steps(stage: Stage, queue: Arn, body: str = "{}") -> list[str]:
    explained = explain(stage.world, OfSend(SendMessage(queue, body)), now=stage.now)
    return [f"{step.verdict}: {step.text}" for step in explained.steps]


def test_the_way_to_the_function_is_told_step_by_step(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"))
    stage.advance("1s")

    assert steps(stage, orders) == [
        "yes: queue 'orders' is there: 0 visible, 0 in flight, 0 delayed",
        "yes: SQS takes the message: 2 of at most 1048576 bytes",
        "yes: mapping orders → worker is Enabled and has 5 pollers",
        "yes: it ends a batch of 1 (one receive)",
        "yes: 0 of 1 environments of 'worker' are busy",
    ]
    assert ask(stage, orders).text == "would fire: orders → worker, in a batch of 1, now"


def test_a_queue_that_is_not_there(stage: Stage) -> None:
    told = ask(stage, SCOPE.queue_arn("nothing"))

    assert (told.verdict, told.about) == (Verdict.NO, About.QUEUE)
    assert told.text == "would not fire: there is no queue 'nothing'"


def test_what_sqs_would_refuse_is_told_in_its_words(stage: Stage) -> None:
    small = stage.queue("small", MaximumMessageSize="1024")

    for body, more, words in (
        ("x" * 1_025, {}, "Message must be shorter than 1024 bytes."),
        ("x", {"delay_s": 901}, "DelaySeconds must be >= 0 and <= 900."),
        ("", {}, "The request must contain the parameter MessageBody."),
        ("x", {"deduplication_id": "1"}, "The request include parameter that is not valid for this queue type."),
    ):
        told = ask(stage, small, body, **more)
        assert (told.verdict, told.about) == (Verdict.NO, About.MESSAGE)
        assert told.text.startswith("would not fire: refused: ")
        assert told.text.endswith(words)


def test_nobody_reads_the_queue(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"))

    assert ask(stage, stage.queue("spare")).text == "would not fire: no event source mapping reads queue 'spare'"
    assert ask(stage, orders, function=SCOPE.function_arn("other")).text == (
        "would not fire: no event source mapping reads queue 'orders' into 'other'"
    )


def test_a_disabled_mapping(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"), Enabled=False)

    assert ask(stage, orders).text == "would not fire: mapping orders → worker is Disabled"


def test_a_mapping_that_is_not_ready_yet() -> None:
    stage = Stage(limits=Limits(mapping_transition_ms=5_000))
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"))

    told = ask(stage, orders)

    assert (told.verdict, told.at) == (Verdict.WAIT, NOON + 5_000)
    assert told.text == "waits until 2026-11-21T12:00:05.000Z: mapping orders → worker is still Creating"


def test_the_filter_key_that_says_no(stage: Stage) -> None:
    orders = stage.queue("orders")
    criteria = {"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]}
    stage.mapping(orders, stage.function("worker"), FilterCriteria=criteria)
    stage.advance("1s")

    told = ask(stage, orders, '{"kind": "quote"}')

    assert told.about is About.FILTER
    assert told.text.startswith("would not fire: the filter of orders → worker says no, which deletes it: body.kind: ")
    assert ask(stage, orders, '{"kind": "order"}').verdict is Verdict.YES


def test_a_delay_and_that_the_filter_would_say_no_after_it(stage: Stage) -> None:
    orders = stage.queue("orders", DelaySeconds="300")
    criteria = {"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]}
    stage.mapping(orders, stage.function("worker"), FilterCriteria=criteria)
    stage.advance("1s")

    told = ask(stage, orders, '{"kind": "order"}')

    assert (told.verdict, told.at) == (Verdict.WAIT, parse_instant("2026-11-21T12:05:01Z"))
    assert told.text == "waits until 2026-11-21T12:05:01.000Z: message delayed by 300s"
    assert ask(stage, orders, '{"kind": "order"}', delay_s=0).verdict is Verdict.YES
    assert ask(stage, orders, "no").about is About.FILTER


def test_a_delay_that_outlasts_the_retention_period(stage: Stage) -> None:
    orders = stage.queue("orders", MessageRetentionPeriod="60")
    stage.mapping(orders, stage.function("worker"))

    assert ask(stage, orders, delay_s=60).about is About.RETENTION


def test_a_batch_that_is_being_filled_and_one_that_it_fills(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"), BatchSize=3, MaximumBatchingWindowInSeconds=20)
    stage.advance("1s")
    stage.send(orders)
    stage.advance("5s")

    second = ask(stage, orders)
    stage.send(orders)
    third = ask(stage, orders)

    assert (second.verdict, second.at) == (Verdict.WAIT, NOON + 21_000)
    assert second.text.endswith("message 2 of at most 3 in a batch of orders → worker that is being filled")
    assert third.text == "would fire: orders → worker, in a batch of 3, now"


def test_busy_environments(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", SLOW), BatchSize=1)
    stage.send(orders)

    told = ask(stage, orders)

    assert (told.verdict, told.about) == (Verdict.WAIT, About.ENVIRONMENT)
    assert told.text == "waits: all 1 environments of 'worker' are busy"


def test_as_many_batches_as_maximum_concurrency_allows(stage: Stage) -> None:
    orders = stage.queue("orders")
    worker = stage.function("worker", SLOW, environments=9)
    stage.mapping(orders, worker, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    stage.advance("1s")
    stage.send(orders)
    stage.send(orders)

    told = ask(stage, orders)

    assert (told.verdict, told.about) == (Verdict.WAIT, About.POLLERS)
    assert told.text == "waits: mapping orders → worker has 2 of 2 batches in flight (MaximumConcurrency)"


def test_reserved_concurrency_reached_and_zero(stage: Stage) -> None:
    orders, others = stage.queue("orders"), stage.queue("others")
    worker = stage.function("worker", SLOW, environments=9, reserved_concurrency=1)
    stage.mapping(orders, worker)
    stage.mapping(others, stage.function("resting", reserved_concurrency=0))
    stage.advance("1s")
    stage.send(orders)

    reached, zero = ask(stage, orders), ask(stage, others)

    assert (reached.verdict, reached.about) == (Verdict.WAIT, About.CONCURRENCY)
    assert reached.text == "waits: 'worker' has reached its reserved concurrency of 1, it is tried again"
    assert zero.verdict is Verdict.NO
    assert zero.text.startswith("would not fire: the reserved concurrency of 'resting' is 0")


def test_a_group_that_is_held_back_by_a_message(stage: Stage) -> None:
    orders = stage.queue("orders.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    stage.mapping(orders, stage.function("worker", FailAfter(1_000), environments=9))
    stage.advance("1s")
    first = stage.send(orders, "one", group_id="g")
    stage.advance("2s")

    told = ask(stage, orders, "two", group_id="g")

    assert told.text == f"waits: message group 'g' is held back by {first}, which is in flight"
    assert ask(stage, orders, "two", group_id="h").verdict is Verdict.YES


def test_a_duplicate(stage: Stage) -> None:
    orders = stage.queue("orders.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    first = stage.send(orders, "one", group_id="g")

    told = ask(stage, orders, "one", group_id="g")

    assert told.about is About.DUPLICATE
    assert told.text == (
        f"would not fire: it is a duplicate of {first}, sent within the last five minutes: answered, but not queued"
    )


def test_a_client_that_polls_gets_it_first(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"))
    stage.submit(ReceiveMessage(orders, wait_time_s=20))

    assert ask(stage, orders).about is About.RECEIVER


def test_as_many_messages_in_flight_as_a_queue_may_have() -> None:
    stage = Stage(limits=Limits(in_flight_messages=1))
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", SLOW, environments=9), BatchSize=1)
    stage.advance("1s")
    stage.send(orders)

    assert ask(stage, orders).text == "waits: queue 'orders' has 1 messages in flight, which is its limit"


def test_of_two_mappings_the_one_that_receives_it_is_named(stage: Stage) -> None:
    orders = stage.queue("orders")
    first, second = stage.function("first", SLOW), stage.function("second")
    stage.mapping(orders, first, BatchSize=1)
    stage.mapping(orders, second, BatchSize=1)
    stage.advance("1s")

    before = ask(stage, orders, function=second)
    stage.send(orders)

    assert before.text == "would not fire: the mapping to 'first' receives it first"
    assert ask(stage, orders).text == "would fire: orders → second, in a batch of 1, now"
    assert ask(stage, orders, function=first).text == "would not fire: the mapping to 'second' receives it first"


def test_a_function_that_was_deleted_under_its_mapping(stage: Stage) -> None:
    orders = stage.queue("orders")
    worker = stage.function("worker")
    stage.mapping(orders, worker)
    stage.advance("1s")
    stage.submit(DeleteFunction(worker))

    assert ask(stage, orders).text == "would not fire: there is no function 'worker'"
