"""What an SQS event source mapping does with messages, told through the world."""

import json
from typing import Any

import pytest

from app.core.awslambda.function import FailAfter, FunctionSpec, RefuseAsThrottled, ReportBatchItems, SucceedAfter
from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InitFailed,
    Outcome,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
)
from app.core.commands import (
    DeleteEventSourceMapping,
    DeleteFunction,
    DeleteQueue,
    PurgeQueue,
    PutFunction,
    SendMessage,
    SendMessageBatch,
    SetQueueAttributes,
    UpdateEventSourceMapping,
)
from app.core.facts import (
    BatchAbandoned,
    BatchFormed,
    InvocationStarted,
    MessageDeleted,
    MessageMoved,
    MessageReceived,
    MessageReturned,
)
from app.core.limits import Limits
from app.core.names import Arn
from app.core.sqs.message import MessageAttribute
from tests.core.stage import SCOPE, Stage, clock_time

REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def send_ten(stage: Stage, queue: Arn, prefix: str = "") -> None:
    entries = tuple((str(n), SendMessage(queue, f"{prefix}{n}")) for n in range(10))
    stage.submit(SendMessageBatch(queue, entries))


def message_ids(payload: bytes) -> list[str]:
    return [record["messageId"] for record in json.loads(payload)["Records"]]


# Success, failure, timeout


def test_a_batch_that_succeeds_is_deleted() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", SucceedAfter(200)))

    stage.send(orders)
    stage.advance("1m")

    assert stage.timed_story() == [
        "12:00:00 orders got m1",
        "12:00:00 worker received m1 (1)",
        "12:00:00 worker batch of 1: one receive",
        "12:00:00 worker called by queue orders",
        "12:00:00.200 worker succeeded",
        "12:00:00.200 m1 deleted",
    ]


def test_a_batch_that_fails_stays_hidden_until_the_visibility_timeout_ends_and_then_dies_by_its_count() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=2, VisibilityTimeout="5")
    stage.mapping(orders, stage.function("worker", FailAfter(1_000)))

    message_id = stage.send(orders)
    stage.advance("1m")

    assert stage.timed_story() == [
        "12:00:00 orders got m1",
        "12:00:00 worker received m1 (1)",
        "12:00:00 worker batch of 1: one receive",
        "12:00:00 worker called by queue orders",
        "12:00:01 worker failed",
        "12:00:05 m1 back",
        "12:00:05 worker received m1 (2)",
        "12:00:05 worker batch of 1: one receive",
        "12:00:05 worker called by queue orders",
        "12:00:06 worker failed",
        "12:00:10 m1 back",
        "12:00:10 m1 moved to orders-dlq",
    ]
    assert [message.content.message_id for message in stage.at(dlq)] == [message_id]


def test_the_story_of_a_dead_letter_tells_every_attempt() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=2, VisibilityTimeout="5")
    stage.mapping(orders, stage.function("worker", FailAfter(1_000, "KeyError", "'id'")))
    stage.send(orders)

    stage.advance("1m")

    (message,) = stage.at(dlq)
    assert [
        (attempt.number, clock_time(attempt.at), attempt.by, attempt.outcome, attempt.error_type, attempt.error_message)
        for attempt in message.attempts
    ] == [
        (1, "12:00:00", "worker", "failed", "KeyError", "'id'"),
        (2, "12:00:05", "worker", "failed", "KeyError", "'id'"),
    ]
    started = stage.of(InvocationStarted)
    assert [attempt.request_id for attempt in message.attempts] == [fact.request for fact in started]


@pytest.mark.parametrize(
    "outcome",
    [
        HandlerFailed("Exception", "no", b"{}"),
        TimedOut(3_000),
        Exited("exit status 1"),
        InitFailed("Runtime.ImportModuleError", "no module", b"{}"),
        Unreachable("nobody there"),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
def test_whatever_goes_wrong_the_messages_stay_hidden_and_come_back(outcome: Outcome) -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"))
    stage.send(orders)

    stage.settle(outcome)
    stage.advance("30s")

    assert stage.timed_story(MessageDeleted, MessageReturned) == ["12:00:30 m1 back"]
    assert len(stage.calls) == 1, "and it is tried again"


def test_a_function_that_outruns_the_visibility_timeout_gets_the_message_twice_and_its_late_delete_counts() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="5")
    worker = stage.function("worker", timeout_s=5, environments=2)
    stage.mapping(orders, worker)
    stage.submit(SetQueueAttributes(orders, {"VisibilityTimeout": "2"}))
    stage.send(orders)
    stage.advance("3s")
    first, second = stage.calls

    stage.settle(call=first)
    stage.settle(call=second)

    assert message_ids(first.payload) == message_ids(second.payload)
    assert stage.story(MessageReceived, MessageDeleted) == [
        "worker received m1 (1)",
        "worker received m1 (2)",
        "m1 deleted",
    ]
    assert len(stage.at(orders)) == 0


# Throttling


def test_a_throttled_batch_is_kept_and_tried_again_until_it_runs() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", RefuseAsThrottled(count=2)))

    stage.send(orders)
    stage.advance("20s")

    assert stage.story(MessageReceived, MessageDeleted) == ["worker received m1 (1)", "m1 deleted"]
    assert len(stage.of(BatchFormed)) == 1


def test_a_batch_throttled_for_ever_is_abandoned_when_its_messages_reappear_and_has_counted() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=2, VisibilityTimeout="10")
    stage.mapping(orders, stage.function("worker", reserved_concurrency=0))

    stage.send(orders)
    stage.advance("1m")

    assert stage.timed_story(MessageReceived, MessageReturned, BatchAbandoned, MessageMoved) == [
        "12:00:00 worker received m1 (1)",
        "12:00:10 m1 back",
        "12:00:10 worker received m1 (2)",
        "12:00:10 worker batch of 1 abandoned",
        "12:00:20 m1 back",
        "12:00:20 m1 moved to orders-dlq",
        "12:00:20 worker batch of 1 abandoned",
    ]
    assert stage.of(InvocationStarted) == [], "it never ran"
    (message,) = stage.at(dlq)
    assert {attempt.error_type for attempt in message.attempts} == {"ReservedFunctionConcurrentInvocationLimitExceeded"}


def test_the_pauses_between_tries_double() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", reserved_concurrency=0))

    stage.send(orders)
    stage.advance("29s")

    assert [line.split(", again at ")[1] for line in stage.story() if "again" in line] == [
        "12:00:01",
        "12:00:03",
        "12:00:07",
        "12:00:15",
        "12:00:30",
    ]


def test_a_throttled_mapping_on_a_queue_that_hides_nothing_lets_time_go_on() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", reserved_concurrency=0))
    stage.submit(SetQueueAttributes(orders, {"VisibilityTimeout": "0"}))

    stage.send(orders)
    stage.advance("3s")

    assert stage.timed_story(MessageReceived) == [
        "12:00:00 worker received m1 (1)",
        "12:00:01 worker received m1 (2)",
        "12:00:02 worker received m1 (3)",
        "12:00:03 worker received m1 (4)",
    ]


# Partial responses


@pytest.mark.parametrize(
    ("response", "failed"),
    [
        ('{"batchItemFailures":[]}', ""),
        ('{"batchItemFailures":null}', ""),
        ("{}", ""),
        ("null", ""),
        ("", ""),
        ('{"batchItemFailures":[{"itemIdentifier":"<b>"}]}', "b"),
        ('{"batchItemFailures":[{"itemIdentifier":"<a>"},{"itemIdentifier":"<c>"}]}', "ac"),
        ('{"batchItemFailures":[{"itemIdentifier":"<b>"},{"itemIdentifier":"<b>"}]}', "b"),
        ('{"batchItemFailures":[{"itemIdentifier":""}]}', "abc"),
        ('{"batchItemFailures":[{"itemIdentifier":null}]}', "abc"),
        ('{"batchItemFailures":[{"id":"<a>"}]}', "abc"),
        ('{"batchItemFailures":["<a>"]}', "abc"),
        ('{"batchItemFailures":[{"itemIdentifier":"unknown"}]}', "abc"),
        ('{"batchItemFailures":[{"itemIdentifier":"<a>"},{"itemIdentifier":"unknown"}]}', "abc"),
        ('{"batchItemFailures":{}}', "abc"),
        ('{"batchItemFailures":"<a>"}', "abc"),
        ("not JSON", "abc"),
        ("[]", "abc"),
        ('"done"', "abc"),
        ("5", "abc"),
        ("true", "abc"),
        ("[" * 100_000, "abc"),
    ],
    ids=lambda text: str(text)[:60],
)
def test_a_partial_response_says_which_messages_stay(response: str, failed: str) -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.submit(SendMessageBatch(orders, tuple((body, SendMessage(orders, body)) for body in "abc")))
    stage.mapping(orders, stage.function("worker"), **REPORTS)
    ids = dict(zip("abc", message_ids(stage.calls[0].payload), strict=True))
    for body, message_id in ids.items():
        response = response.replace(f"<{body}>", message_id)

    stage.settle(Succeeded(response.encode()))

    assert "".join(stage.bodies(orders)) == failed
    assert stage.at(orders).visible_count == 0, "what failed stays hidden until its visibility timeout ends"


def test_without_report_batch_item_failures_whatever_is_returned_is_success() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"))
    stage.send(orders)

    stage.settle(Succeeded(b'{"batchItemFailures":[{"itemIdentifier":""}]}'))

    assert len(stage.at(orders)) == 0


def test_with_it_an_error_still_fails_the_whole_batch() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"), **REPORTS)
    stage.send(orders)

    stage.settle(HandlerFailed("Exception", "no", b"{}"))

    assert len(stage.at(orders)) == 1


def test_reported_messages_climb_to_the_dead_letter_queue_alone() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=2, VisibilityTimeout="5")
    worker = stage.function("worker", ReportBatchItems(bodies=("poison",), after_ms=100))
    stage.mapping(orders, worker, **REPORTS)

    stage.submit(
        SendMessageBatch(orders, tuple((body, SendMessage(orders, body)) for body in ("fine", "poison", "good")))
    )
    stage.advance("1m")

    assert (stage.bodies(orders), stage.bodies(dlq)) == ([], ["poison"])
    (message,) = stage.at(dlq)
    assert [attempt.error_message for attempt in message.attempts] == ["reported in batchItemFailures"] * 2


# Batches


def test_without_a_window_one_receive_makes_one_batch() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for body in "abcd":
        stage.send(orders, body)

    stage.mapping(orders, stage.function("worker", environments=10), BatchSize=3)

    assert stage.story(BatchFormed) == ["worker batch of 3: batch size", "worker batch of 1: one receive"]


def test_a_window_gathers_until_it_ends() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", SucceedAfter(10)), MaximumBatchingWindowInSeconds=5)

    for body in "abc":
        stage.send(orders, body)
        stage.advance("1s")
    stage.advance("10s")

    assert stage.timed_story(BatchFormed) == ["12:00:05 worker batch of 3: batching window"]


def test_a_window_ends_early_when_the_batch_is_full() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"), MaximumBatchingWindowInSeconds=5, BatchSize=2)

    for body in "ab":
        stage.send(orders, body)
        stage.advance("1s")

    assert stage.timed_story(BatchFormed) == ["12:00:01 worker batch of 2: batch size"]


def test_a_batch_of_over_ten_is_gathered_from_several_receives() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for _ in range(3):
        send_ten(stage, orders)

    stage.mapping(orders, stage.function("worker"), BatchSize=25, MaximumBatchingWindowInSeconds=1)

    assert stage.story(BatchFormed) == ["worker batch of 25: batch size"]
    assert len(message_ids(stage.calls[0].payload)) == 25


def test_a_batch_is_cut_at_six_megabytes_envelope_included() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for _ in range(8):
        stage.send(orders, "x" * 1_000_000)

    stage.mapping(orders, stage.function("worker", environments=2), BatchSize=100, MaximumBatchingWindowInSeconds=1)
    stage.advance("1s")

    assert stage.story(BatchFormed) == ["worker batch of 6: 6 MB payload", "worker batch of 2: batching window"]
    assert all(len(call.payload) <= 6 * 1_024 * 1_024 for call in stage.calls)


def test_the_cut_is_exact() -> None:
    probe = Stage()
    orders = probe.queue("orders")
    for _ in range(3):
        probe.send(orders, "x" * 1_000)
    probe.mapping(orders, probe.function("worker"), MaximumBatchingWindowInSeconds=1, BatchSize=3)
    size = len(probe.calls[0].payload)

    def batches(limit: int) -> list[int]:
        stage = Stage(limits=Limits(batch_payload_bytes=limit))
        queue = stage.queue("orders")
        for _ in range(3):
            stage.send(queue, "x" * 1_000)
        stage.mapping(queue, stage.function("worker", environments=9), MaximumBatchingWindowInSeconds=1, BatchSize=3)
        stage.advance("1s")
        return [len(message_ids(call.payload)) for call in stage.calls]

    assert batches(size - 1) == [2, 1]
    assert batches(size) == [3]


def test_a_poller_with_a_window_hides_messages_for_window_and_function_and_thirty_seconds() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    worker = stage.function("worker", timeout_s=20)
    stage.mapping(orders, worker, MaximumBatchingWindowInSeconds=20)

    stage.send(orders)

    (received,) = stage.of(MessageReceived)
    assert clock_time(received.until) == "12:01:10"


def test_md5_of_message_attributes_is_absent_without_a_window_and_null_with_one() -> None:
    def record(window_s: int, **more: Any) -> dict[str, Any]:
        stage = Stage()
        orders = stage.queue("orders")
        stage.mapping(orders, stage.function("worker"), MaximumBatchingWindowInSeconds=window_s)
        stage.send(orders, **more)
        stage.advance(f"{window_s}s")
        shown: dict[str, Any] = json.loads(stage.calls[0].payload)["Records"][0]
        return shown

    assert "md5OfMessageAttributes" not in record(0)
    assert record(1)["md5OfMessageAttributes"] is None
    attributes = {"Foo": MessageAttribute("String", "Bar")}
    assert record(0, attributes=attributes)["md5OfMessageAttributes"] == "ae7155c6026991b6d54b11589678bf9c"
    assert record(1, attributes=attributes)["md5OfMessageAttributes"] == "ae7155c6026991b6d54b11589678bf9c"


# Concurrency


def test_five_batches_run_at_first_and_three_hundred_more_a_minute() -> None:
    stage = Stage(limits=Limits(account_concurrency=2_000))
    orders = stage.queue("orders", VisibilityTimeout="900")
    stage.mapping(orders, stage.function("worker", timeout_s=900, environments=2_000), BatchSize=1)
    for _ in range(160):
        send_ten(stage, orders)

    counts = [len(stage.calls)]
    for _ in range(6):
        stage.advance("1m")
        counts.append(len(stage.calls))

    assert counts == [5, 305, 605, 905, 1_205, 1_250, 1_250]


def test_an_idle_mapping_is_back_at_five() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="900")
    uuid = stage.mapping(orders, stage.function("worker", timeout_s=900, environments=2_000), BatchSize=1)
    for _ in range(10):
        send_ten(stage, orders)
    stage.advance("1m")
    grown = stage.the_mapping(uuid).concurrency_limit

    while stage.calls:
        stage.settle()

    assert (grown, stage.the_mapping(uuid).concurrency_limit) == (305, 5)


def test_maximum_concurrency_keeps_pollers_from_receiving() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    worker = stage.function("worker", environments=10)
    stage.mapping(orders, worker, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})

    send_ten(stage, orders)

    assert (len(stage.calls), stage.at(orders).visible_count) == (2, 8)
    stage.settle()
    assert (len(stage.calls), stage.at(orders).visible_count) == (2, 7)


def test_no_message_is_received_while_every_environment_is_busy() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", environments=1), BatchSize=1)

    send_ten(stage, orders)
    stage.advance("29s")

    assert stage.story(MessageReceived) == ["worker received m1 (1)"]


def test_a_queue_drains_through_a_slow_function() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", SucceedAfter(1_000), environments=3), BatchSize=2)
    for _ in range(10):
        send_ten(stage, orders)

    stage.advance("17s")

    assert len(stage.at(orders)) == 0
    assert {fact.count for fact in stage.of(MessageReceived)} == {1}


# Changes while something runs


def test_a_mapping_deleted_while_a_batch_runs_finishes_it() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("worker"), **REPORTS)
    stage.submit(SendMessageBatch(orders, tuple((body, SendMessage(orders, body)) for body in "ab")))
    (call,) = stage.calls
    stage.submit(DeleteEventSourceMapping(SCOPE, uuid))
    failed = message_ids(call.payload)[0]

    stage.settle(Succeeded(json.dumps({"batchItemFailures": [{"itemIdentifier": failed}]}).encode()))
    stage.advance("1m")

    assert stage.bodies(orders) == ["a"]
    assert stage.calls == [], "nothing is received any more"
    assert stage.world.mappings.all() == []


def test_a_mapping_deleted_while_its_batch_is_throttled_lets_it_go() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("worker"))
    stage.send(orders)
    stage.submit(DeleteEventSourceMapping(SCOPE, uuid))

    stage.settle(Throttled("ConcurrentInvocationLimitExceeded"))
    stage.advance("30s")

    assert stage.timed_story(BatchAbandoned, MessageReturned) == [
        "12:00:00 worker batch of 1 abandoned",
        "12:00:30 m1 back",
    ]
    assert stage.world.next_wakeup() is not None, "only the retention period is still to come"


def test_a_mapping_deleted_with_one_batch_throttled_and_others_running_comes_to_its_end() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="300")
    uuid = stage.mapping(orders, stage.function("worker", environments=9, timeout_s=300), BatchSize=1)
    send_ten(stage, orders)
    stage.settle(Throttled("ConcurrentInvocationLimitExceeded"))
    running = len(stage.calls)

    stage.submit(DeleteEventSourceMapping(SCOPE, uuid))
    stage.settle()
    stage.advance("4m")
    while stage.calls:
        stage.settle()

    assert running == 4
    assert len(stage.of(InvocationStarted)) == 5, "what was throttled is not tried again for a mapping that is gone"
    assert len(stage.at(orders)) == 6
    assert len(stage.of(BatchAbandoned)) == 1


def test_a_mapping_deleted_with_an_open_window_invokes_what_it_has_gathered() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("worker"), MaximumBatchingWindowInSeconds=60, BatchSize=5)
    stage.send(orders)

    stage.submit(DeleteEventSourceMapping(SCOPE, uuid))

    assert stage.story(BatchFormed) == ["worker batch of 1: mapping stopped"]


def test_a_disabled_mapping_leaves_messages_alone_until_it_is_enabled_again() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("worker"))
    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"Enabled": False}))
    stage.send(orders)
    stage.advance("10m")
    before = len(stage.calls)

    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"Enabled": True}))

    assert (before, len(stage.calls)) == (0, 1)
    assert stage.the_mapping(uuid).concurrency_limit == 5, "it had no work while it was disabled"


def test_a_queue_deleted_under_its_mapping_leaves_it_idle_and_time_going_on() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="600")
    worker = stage.function("worker", timeout_s=600, environments=9)
    uuid = stage.mapping(orders, worker, BatchSize=1)
    send_ten(stage, orders)

    stage.submit(DeleteQueue(orders))
    stage.advance("10m")
    for _ in range(5):
        stage.settle()

    assert len(stage.the_mapping(uuid).running) == 0
    assert stage.of(MessageDeleted) == []


def test_a_queue_created_again_under_its_name_is_polled_again_and_old_handles_mean_nothing() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", environments=2))
    stage.send(orders, "old")
    stage.submit(DeleteQueue(orders))
    stage.queue("orders")
    stage.send(orders, "new")

    stage.settle()

    assert stage.bodies(orders) == ["new"]
    assert json.loads(stage.calls[0].payload)["Records"][0]["body"] == "new"


def test_a_purge_while_a_batch_runs_makes_its_delete_a_matter_of_course() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"))
    stage.send(orders)
    stage.submit(PurgeQueue(orders))

    stage.settle()

    assert stage.of(MessageDeleted) == []


def test_a_function_deleted_while_it_runs_gives_its_messages_back_after_their_visibility_timeout() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="120")
    worker = stage.function("worker", timeout_s=120, environments=5)
    stage.mapping(orders, worker, BatchSize=1)
    send_ten(stage, orders)

    stage.submit(DeleteFunction(worker))
    stage.advance("120s")

    assert stage.at(orders).visible_count == 10
    assert len(stage.of(BatchAbandoned)) == 5
    (attempt,) = next(iter(stage.at(orders))).attempts
    assert (attempt.outcome, attempt.error_type) == ("throttled", "FunctionDeleted")


def test_a_function_created_again_gets_what_the_mapping_kept() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    worker = stage.function("worker")
    stage.mapping(orders, worker)
    stage.send(orders)
    stage.submit(DeleteFunction(worker))
    stage.calls.clear()

    stage.function("worker", SucceedAfter(10))
    stage.advance("5s")

    assert stage.at(orders).visible_count == 0
    assert stage.story()[-1] == "m1 deleted"


def test_a_function_changed_while_it_runs_ends_its_batch_as_it_was() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    worker = stage.function("worker")
    stage.mapping(orders, worker, BatchSize=1)
    stage.send(orders)

    stage.submit(PutFunction(FunctionSpec(worker, environments=3)))
    for _ in range(3):
        stage.send(orders)

    assert [call.environment for call in stage.calls] == [0, 1, 2]
    stage.settle()
    assert [call.environment for call in stage.calls] == [1, 2, 0]


def test_a_retargeted_mapping_sends_new_messages_to_the_other_function() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("old"))
    new = stage.function("new")
    stage.send(orders)

    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"FunctionName": new}))
    stage.send(orders)

    assert [call.function_name for call in stage.calls] == ["old", "new"]
    stage.settle()
    stage.settle()
    assert len(stage.at(orders)) == 0


def test_two_mappings_share_a_queue_and_no_message_goes_to_both() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for name in ("one", "two"):
        stage.mapping(orders, stage.function(name, environments=2), BatchSize=1)

    for _ in range(4):
        stage.send(orders)

    ids = [message_id for call in stage.calls for message_id in message_ids(call.payload)]
    assert len(ids) == len(set(ids)) == 4
    assert {call.function_name for call in stage.calls} == {"one", "two"}
