"""What a mapping does with a FIFO queue: groups, order, and what comes late."""

import json
from collections import Counter
from typing import Any

from app.core.awslambda.function import FailEvery, SucceedAfter
from app.core.awslambda.invocation import HandlerFailed, Succeeded
from app.core.commands import SendMessage, SendMessageBatch, SetQueueAttributes
from app.core.facts import BatchAbandoned, BatchFormed, MessageDeleted, MessageReceived, MessageReturned
from app.core.limits import Limits
from app.core.names import Arn
from tests.core.stage import Stage

REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
FAILED = HandlerFailed("Exception", "no", b"{}")


def line(stage: Stage, **attributes: str) -> Arn:
    return stage.queue("line.fifo", FifoQueue="true", ContentBasedDeduplication="true", **attributes)


def send(stage: Stage, queue: Arn, *bodies: str) -> None:
    """Each body is sent in the group of its first letter."""
    entries = tuple((body[:2], SendMessage(queue, body, group_id=body[0])) for body in bodies)
    stage.submit(SendMessageBatch(queue, entries))


def bodies(payload: bytes) -> list[str]:
    return [record["body"][:2] for record in json.loads(payload)["Records"]]


def running(stage: Stage) -> list[list[str]]:
    return [bodies(call.payload) for call in stage.calls]


def test_one_batch_may_mix_groups_each_in_its_order() -> None:
    stage = Stage()
    queue = line(stage)
    send(stage, queue, "a1", "b1", "a2", "b2", "a3")

    stage.mapping(queue, stage.function("worker"))

    assert running(stage) == [["a1", "a2", "a3", "b1", "b2"]]


def test_a_group_has_one_batch_in_flight_and_others_go_on_beside_it() -> None:
    stage = Stage()
    queue = line(stage)
    stage.mapping(queue, stage.function("worker", environments=9), BatchSize=1)

    send(stage, queue, "a1", "a2", "b1", "b2", "c1")

    assert running(stage) == [["a1"], ["b1"], ["c1"]]
    stage.settle(call=stage.calls[1])
    assert running(stage) == [["a1"], ["c1"], ["b2"]]


def test_concurrency_is_bounded_by_maximum_concurrency_too() -> None:
    stage = Stage()
    queue = line(stage)
    worker = stage.function("worker", environments=9)
    stage.mapping(queue, worker, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})

    send(stage, queue, "a1", "b1", "c1", "a2")

    assert running(stage) == [["a1"], ["b1"]]


def test_a_failed_batch_holds_its_group_back_until_the_visibility_timeout_ends() -> None:
    stage = Stage()
    queue = line(stage)
    stage.mapping(queue, stage.function("worker", environments=9), BatchSize=1)
    send(stage, queue, "a1", "a2", "b1")

    stage.settle(FAILED)
    stage.settle()
    stage.advance("29s")
    before = running(stage)
    stage.advance("1s")

    assert (before, running(stage)) == ([], [["a1"]])


def test_a_partial_response_deletes_what_it_does_not_name_even_behind_a_failure() -> None:
    stage = Stage()
    queue = line(stage)
    stage.mapping(queue, stage.function("worker", environments=9), **REPORTS)
    send(stage, queue, "a1", "a2", "a3", "b1")
    records = json.loads(stage.calls[0].payload)["Records"] if len(stage.calls) == 1 else []
    failed = {"batchItemFailures": [{"itemIdentifier": records[1]["messageId"]}]}

    stage.settle(Succeeded(json.dumps(failed).encode()))
    stage.advance("30s")

    assert running(stage) == [["a2"]]


def test_what_is_redelivered_keeps_its_order() -> None:
    stage = Stage()
    queue = line(stage)
    stage.mapping(queue, stage.function("worker", FailEvery(2, 100)), BatchSize=3)

    send(stage, queue, "a1", "a2", "a3", "a4", "a5")
    stage.advance("5m")

    assert stage.story(MessageDeleted) == [f"m{number} deleted" for number in (1, 2, 3, 4, 5)]


def test_a_function_that_outruns_the_visibility_timeout_deletes_too_late_and_the_message_comes_again() -> None:
    stage = Stage()
    queue = line(stage)
    stage.mapping(queue, stage.function("worker", environments=2))
    stage.submit(SetQueueAttributes(queue, {"VisibilityTimeout": "2"}))
    send(stage, queue, "a1")
    first = stage.calls[0]
    stage.advance("2s")
    again = stage.calls[1]

    stage.settle(call=first)

    (message,) = stage.at(queue)
    assert bodies(again.payload) == ["a1"]
    assert (message.attempts[0].error_message or "").endswith("The receipt handle has expired.")
    stage.settle(call=again)
    assert len(stage.at(queue)) == 0


def test_a_late_delete_before_it_is_received_again_leaves_it_too() -> None:
    stage = Stage()
    queue = line(stage)
    stage.mapping(queue, stage.function("worker", environments=1))
    stage.submit(SetQueueAttributes(queue, {"VisibilityTimeout": "2"}))
    send(stage, queue, "a1")
    stage.advance("2500ms")

    stage.settle()

    assert stage.timed_story(MessageReceived, MessageReturned, MessageDeleted) == [
        "12:00:00 worker received m1 (1)",
        "12:00:02 m1 back",
        "12:00:02.500 worker received m1 (2)",
    ]


def test_a_receive_cut_at_six_megabytes_runs_one_half_after_the_other_where_they_share_a_group() -> None:
    stage = Stage(limits=Limits(batch_payload_bytes=4_000))
    queue = line(stage)
    send(stage, queue, *(name + "x" * 1_000 for name in ("a1", "a2", "a3", "a4")))

    stage.mapping(queue, stage.function("worker", environments=9))
    first = running(stage)
    stage.settle()

    assert (first, running(stage)) == ([["a1", "a2"]], [["a3", "a4"]])
    assert stage.story(BatchFormed) == ["worker batch of 2: 6 MB payload", "worker batch of 2: one receive"]


def test_where_the_first_half_fails_the_second_does_not_overtake_it() -> None:
    stage = Stage(limits=Limits(batch_payload_bytes=4_000))
    queue = line(stage)
    send(stage, queue, *(name + "x" * 1_000 for name in ("a1", "a2", "a3", "a4")))
    stage.mapping(queue, stage.function("worker", environments=9))

    stage.settle(FAILED)
    after_failure = running(stage)
    stage.advance("30s")

    assert (after_failure, running(stage)) == ([], [["a1", "a2"]])


def test_halves_without_a_common_group_run_side_by_side() -> None:
    stage = Stage(limits=Limits(batch_payload_bytes=4_000))
    queue = line(stage)
    send(stage, queue, *(name + "x" * 1_000 for name in ("a1", "a2", "b1", "b2")))

    stage.mapping(queue, stage.function("worker", environments=9))

    assert running(stage) == [["a1", "a2"], ["b1", "b2"]]


def test_a_half_that_waits_until_its_messages_are_visible_again_is_let_go() -> None:
    stage = Stage(limits=Limits(batch_payload_bytes=4_000))
    queue = line(stage, VisibilityTimeout="5")
    worker = stage.function("worker", timeout_s=5)
    stage.mapping(queue, worker)
    send(stage, queue, *(name + "x" * 1_000 for name in ("a1", "a2", "a3", "a4")))

    stage.advance("5s")

    assert stage.timed_story(BatchAbandoned)[0] == "12:00:05 worker batch of 2 abandoned"
    assert running(stage) == [["a1", "a2"]], "the first half still runs"


def test_two_mappings_of_one_fifo_queue_never_share_a_group() -> None:
    stage = Stage()
    queue = line(stage)
    for name in ("one", "two"):
        stage.mapping(queue, stage.function(name, environments=3), BatchSize=1)

    send(stage, queue, "a1", "a2", "b1", "b2", "c1", "d1")

    groups = Counter(call[0][0] for call in running(stage))
    assert groups == Counter("abcd")


def test_many_groups_drain_in_order_through_a_slow_function() -> None:
    stage = Stage()
    queue = line(stage)
    stage.mapping(queue, stage.function("worker", SucceedAfter(900), environments=4), BatchSize=2)
    sent = [f"{group}{number}" for number in range(9) for group in "abc"]
    for start in range(0, len(sent), 10):
        send(stage, queue, *sent[start : start + 10])

    stage.advance("1m")

    done: dict[str, list[Any]] = {}
    for fact in stage.of(MessageDeleted):
        number = int(stage._messages[fact.message][1:])
        done.setdefault(sent[number - 1][0], []).append(number)
    assert {group: len(numbers) for group, numbers in done.items()} == {"a": 9, "b": 9, "c": 9}
    assert all(numbers == sorted(numbers) for numbers in done.values())
