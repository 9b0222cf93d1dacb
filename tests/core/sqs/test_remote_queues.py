"""Mappings of queues that another broker keeps, told through the world; the broker is played by hand."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.core.awslambda.function import RefuseAsThrottled
from app.core.awslambda.invocation import HandlerFailed, Succeeded
from app.core.commands import (
    CreateQueue,
    DeclareRemoteQueue,
    DeleteEventSourceMapping,
    DeleteFunction,
    DescribeRemoteQueue,
    RemoteAttributes,
    ReportBrokerFailure,
    SettleDeletes,
    SettleReceive,
    UpdateEventSourceMapping,
)
from app.core.errors import InvalidParameterValue, QueueNameExists, ResourceConflict
from app.core.facts import (
    BatchAbandoned,
    BatchFormed,
    BrokerBack,
    BrokerLost,
    DeleteAt,
    DeleteRefused,
    InvocationStarted,
    InvocationThrottled,
    LoopWarned,
    MappingBlocked,
    MessageDeleted,
    MessagesFiltered,
    MessagesLeft,
    ReceiveAt,
    StopReceiving,
    WatchQueue,
)
from app.core.names import Arn
from app.core.sqs.checksums import md5_of_body
from app.core.sqs.message import Content, Delivery, MessageAttribute
from tests.core.stage import NOON, SCOPE, Stage

FAR = SCOPE.queue_arn("far")
TOO_SHORT = "Queue visibility timeout: 5 seconds is less than Function timeout: 10 seconds"


def message(id: str, body: str = "hello", *, count: int = 1, **content: Any) -> Delivery:
    """A message as a broker hands it out; its receipt handle is `<id>#<count>`."""
    said = Content(id, body, md5_of_body(body), NOON - 1_000, "AIDA", **content)
    return Delivery(said, f"{id}#{count}", count, NOON)


@dataclass
class Far:
    """A stage with a queue at a broker elsewhere, and its broker."""

    stage: Stage = field(default_factory=Stage)

    def declare(self, visibility_timeout_s: int | None = 30) -> Arn:
        self.stage.submit(DeclareRemoteQueue(FAR, "http://broker:9324"))
        if visibility_timeout_s is not None:
            self.describe(visibility_timeout_s)
        return FAR

    def describe(self, visibility_timeout_s: int = 30) -> None:
        self.stage.submit(DescribeRemoteQueue(FAR, RemoteAttributes(visibility_timeout_s)))

    def map(self, *, environments: int = 100, timeout_s: int = 10, **parameters: Any) -> str:
        """A mapping to a function that the test settles by hand, checked by its broker."""
        work = self.stage.function("work", environments=environments, timeout_s=timeout_s)
        uuid = self.stage.mapping(FAR, work, **parameters)
        self.describe()
        return uuid

    def wishes(self, kind: type[Any]) -> list[Any]:
        """What was wished of the broker since this was last asked, of one kind."""
        chosen = [wish for wish in self.stage.wishes if isinstance(wish, kind)]
        self.stage.wishes = [wish for wish in self.stage.wishes if not isinstance(wish, kind)]
        return chosen

    def receives(self) -> list[ReceiveAt]:
        return self.wishes(ReceiveAt)

    def answer(self, receive: ReceiveAt, *messages: Delivery) -> None:
        self.stage.submit(SettleReceive(FAR, receive.poll, messages))

    def fail(self, error: str, receive: ReceiveAt | None = None) -> None:
        self.stage.submit(ReportBrokerFailure(FAR, error, receive.poll if receive else None))

    def deleted(self) -> list[str]:
        """The receipt handles whose deletion was wished since this was last asked; the broker takes all of them."""
        wishes = self.wishes(DeleteAt)
        for wish in wishes:
            self.stage.submit(SettleDeletes(FAR, wish.receipt_handles))
        return [handle for wish in wishes for handle in wish.receipt_handles]


@pytest.fixture
def far() -> Far:
    return Far()


# Before it polls


def test_a_queue_elsewhere_is_polled_once_its_broker_has_told_its_visibility_timeout(far: Far) -> None:
    far.declare(visibility_timeout_s=None)
    far.stage.mapping(FAR, far.stage.function("work", timeout_s=10))
    polled_before = far.receives()

    far.describe(visibility_timeout_s=30)

    assert polled_before == []
    assert far.receives() == [ReceiveAt(FAR, 1, 10, None)]


def test_a_visibility_timeout_below_the_functions_timeout_refuses_the_mapping(far: Far) -> None:
    far.declare(visibility_timeout_s=5)

    with pytest.raises(InvalidParameterValue, match=TOO_SHORT):
        far.stage.mapping(FAR, far.stage.function("work", timeout_s=10))


def test_a_visibility_timeout_that_proves_too_short_keeps_the_mapping_from_polling_until_it_is_not(far: Far) -> None:
    far.declare(visibility_timeout_s=None)
    uuid = far.stage.mapping(FAR, far.stage.function("work", timeout_s=10))

    far.describe(visibility_timeout_s=5)
    far.describe(visibility_timeout_s=5)
    shown = far.stage.the_mapping(uuid).view(SCOPE)
    polled = far.receives()
    far.describe(visibility_timeout_s=10)

    assert far.stage.of(MappingBlocked) == [MappingBlocked(FAR, SCOPE.function_arn("work"), uuid, TOO_SHORT)]
    assert shown["LastProcessingResult"] == f"PROBLEM: {TOO_SHORT}"
    assert polled == []
    assert len(far.receives()) == 1
    assert "LastProcessingResult" not in far.stage.the_mapping(uuid).view(SCOPE)


def test_a_new_mapping_has_the_broker_asked_anew(far: Far) -> None:
    far.declare()
    far.wishes(WatchQueue)

    far.stage.mapping(FAR, far.stage.function("work"))

    assert far.wishes(WatchQueue) == [WatchQueue(FAR)]


def test_a_name_is_of_one_queue_only(far: Far) -> None:
    far.declare()
    near = far.stage.queue("near")

    with pytest.raises(ResourceConflict, match="there is a queue named far already"):
        far.stage.submit(DeclareRemoteQueue(FAR, "http://other:9324"))
    with pytest.raises(ResourceConflict, match="there is a queue named near already"):
        far.stage.submit(DeclareRemoteQueue(near, "http://other:9324"))
    with pytest.raises(QueueNameExists):
        far.stage.submit(CreateQueue(FAR))


def test_a_queue_elsewhere_may_be_in_another_region(far: Far) -> None:
    elsewhere = "arn:aws:sqs:eu-west-1:123456789012:orders"
    far.stage.submit(DeclareRemoteQueue(elsewhere, "Amazon SQS eu-west-1"))

    uuid = far.stage.mapping(elsewhere, far.stage.function("work"))

    assert far.stage.the_mapping(uuid).queue == elsewhere


# Polling


def test_one_receive_waits_while_nothing_comes_and_all_free_pollers_while_something_does(far: Far) -> None:
    far.declare()
    far.map()
    (first,) = far.receives()

    far.answer(first, message("a"))
    with_one_busy = far.receives()
    far.stage.settle()
    with_none_busy = far.receives()
    far.answer(with_one_busy[0])
    far.answer(with_one_busy[1])

    assert (len(with_one_busy), len(with_none_busy)) == (4, 1)
    assert far.receives() == []


def test_an_empty_receive_is_followed_by_the_next(far: Far) -> None:
    far.declare()
    far.map()
    (first,) = far.receives()

    far.answer(first)

    assert [receive.poll for receive in far.receives()] == [first.poll + 1]


def test_no_more_is_received_than_environments_can_take(far: Far) -> None:
    far.declare()
    far.map(environments=2)
    (first,) = far.receives()

    far.answer(first, message("a"))
    with_one_free = far.receives()
    far.answer(with_one_free[0], message("b"))
    with_none_free = far.receives()
    far.stage.settle()

    assert (len(with_one_free), len(with_none_free), len(far.receives())) == (1, 0, 1)


def test_maximum_concurrency_bounds_the_receives(far: Far) -> None:
    far.declare()
    far.map(ScalingConfig={"MaximumConcurrency": 2})
    (first,) = far.receives()

    far.answer(first, message("a"))
    (second,) = far.receives()
    far.answer(second, message("b"))

    assert far.receives() == []
    assert len(far.stage.calls) == 2


def test_a_disabled_mapping_stops_and_what_a_receive_still_brings_is_handled(far: Far) -> None:
    far.declare()
    uuid = far.map()
    (receive,) = far.receives()

    far.stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"Enabled": False}))
    far.answer(receive, message("a"))

    assert StopReceiving(FAR, receive.poll) in far.wishes(StopReceiving)
    assert far.receives() == []
    assert len(far.stage.calls) == 1


def test_what_a_deleted_mappings_receive_brings_is_left_to_the_broker(far: Far) -> None:
    far.declare()
    uuid = far.map()
    (receive,) = far.receives()

    far.stage.submit(DeleteEventSourceMapping(SCOPE, uuid))
    far.stage.advance("1s")
    far.answer(receive, message("a"))

    assert far.stage.of(MessagesLeft) == [MessagesLeft(FAR, ("a",), "the mapping or its function is gone")]
    assert far.stage.calls == []


def test_what_comes_for_a_deleted_function_is_left_to_the_broker(far: Far) -> None:
    far.declare()
    far.map()
    (receive,) = far.receives()

    far.stage.submit(DeleteFunction(SCOPE.function_arn("work")))
    far.answer(receive, message("a"))

    assert [fact.messages for fact in far.stage.of(MessagesLeft)] == [("a",)]


# Batches


def test_a_batch_is_the_event_that_lambda_makes_and_is_deleted_when_it_succeeded(far: Far) -> None:
    far.declare()
    far.map()
    (receive,) = far.receives()
    attributes = {"kind": MessageAttribute("String", "v")}

    far.answer(receive, message("a", "one", attributes=attributes), message("b", "two", count=3))
    (call,) = far.stage.calls
    records = json.loads(call.payload)["Records"]
    far.stage.settle()

    assert [record["body"] for record in records] == ["one", "two"]
    assert records[0]["eventSourceARN"] == FAR
    assert records[0]["messageAttributes"]["kind"]["stringValue"] == "v"
    assert records[1]["receiptHandle"] == "b#3"
    assert records[1]["attributes"] == {
        "ApproximateReceiveCount": "3",
        "SentTimestamp": str(NOON - 1_000),
        "SenderId": "AIDA",
        "ApproximateFirstReceiveTimestamp": str(NOON),
    }
    assert far.deleted() == ["a#1", "b#3"]
    assert [fact.message for fact in far.stage.of(MessageDeleted)] == ["a", "b"]


def test_a_batch_that_failed_is_left_hidden(far: Far) -> None:
    far.declare()
    far.map()
    far.answer(far.receives()[0], message("a"))

    far.stage.settle(HandlerFailed("ValueError", "no", b"{}"))

    assert far.deleted() == []


def test_only_what_is_not_reported_as_failed_is_deleted(far: Far) -> None:
    far.declare()
    far.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    far.answer(far.receives()[0], message("a"), message("b"), message("c"))

    far.stage.settle(Succeeded(b'{"batchItemFailures": [{"itemIdentifier": "b"}]}'))

    assert far.deleted() == ["a#1", "c#1"]


def test_a_delete_that_the_broker_refuses_is_told(far: Far) -> None:
    far.declare()
    uuid = far.map()
    far.answer(far.receives()[0], message("a"), message("b"))
    far.stage.settle()

    far.stage.submit(SettleDeletes(FAR, ("a#1",), (("b#1", "ReceiptHandleIsInvalid"),)))

    assert [fact.message for fact in far.stage.of(MessageDeleted)] == ["a"]
    assert [(fact.message, fact.reason) for fact in far.stage.of(DeleteRefused)] == [("b", "ReceiptHandleIsInvalid")]
    assert far.stage.the_mapping(uuid).count.deleted == 1


def test_a_window_gathers_several_receives_and_asks_for_no_more_than_the_batch_takes(far: Far) -> None:
    far.declare()
    far.map(BatchSize=25, MaximumBatchingWindowInSeconds=5)
    (first,) = far.receives()

    far.answer(first, *(message(f"a{n}") for n in range(10)))
    then = far.receives()
    far.answer(then[0], *(message(f"b{n}") for n in range(10)))
    far.answer(then[1], *(message(f"c{n}") for n in range(5)))

    assert [receive.max_messages for receive in then] == [10, 5]
    assert [(len(fact.messages), fact.reason) for fact in far.stage.of(BatchFormed)] == [(25, "batch size")]


def test_a_window_closes_by_the_clock_and_hides_longer_where_the_queue_would_show_too_soon(far: Far) -> None:
    far.declare()
    far.map(BatchSize=25, MaximumBatchingWindowInSeconds=25)
    (receive,) = far.receives()

    far.answer(receive, message("a"))
    far.stage.advance("25s")

    # Window, function timeout and 30 s more (limits.window_visibility_extra_s).
    assert receive.visibility_timeout_s == 25 + 10 + 30
    assert [fact.reason for fact in far.stage.of(BatchFormed)] == ["batching window"]


def test_a_batch_stays_below_six_megabytes(far: Far) -> None:
    far.declare()
    far.map()
    large = "x" * 1_000_000

    far.answer(far.receives()[0], *(message(f"a{n}", large) for n in range(8)))

    assert [len(fact.messages) for fact in far.stage.of(BatchFormed)] == [6, 2]


def test_what_the_filters_refuse_is_deleted(far: Far) -> None:
    far.declare()
    far.map(FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["wanted"]}}'}]})

    far.answer(far.receives()[0], message("a", '{"kind": "wanted"}'), message("b", '{"kind": "other"}'))

    assert [fact.messages for fact in far.stage.of(MessagesFiltered)] == [("b",)]
    assert far.deleted() == ["b#1"]
    assert len(json.loads(far.stage.calls[0].payload)["Records"]) == 1


def test_a_throttled_batch_is_kept_until_the_broker_shows_its_messages_again(far: Far) -> None:
    far.declare()
    far.stage.mapping(FAR, far.stage.function("busy", RefuseAsThrottled(), timeout_s=10))
    far.describe(visibility_timeout_s=30)
    far.answer(far.receives()[0], message("a"))

    far.stage.advance("29s")
    kept = far.stage.of(BatchAbandoned)
    far.stage.advance("1s")

    assert kept == []
    assert [fact.messages for fact in far.stage.of(BatchAbandoned)] == [("a",)]
    assert len(far.stage.of(InvocationThrottled)) > 3
    assert far.deleted() == []


# Chains


def test_a_message_that_our_own_function_sent_through_the_broker_continues_its_chain(far: Far) -> None:
    far.declare()
    far.map()
    far.answer(far.receives()[0], message("a"))
    (call,) = far.stage.calls
    far.stage.settle()

    far.answer(far.receives()[0], message("b", trace_header=call.trace_header))

    first, second = far.stage.of(InvocationStarted)
    assert second.chain == first.chain
    assert [fact.kind for fact in far.stage.of(LoopWarned)] == ["early"]


def test_a_loop_through_the_broker_is_stopped_at_the_seventeenth_invocation(far: Far) -> None:
    far.declare()
    far.map()
    trace_header = None

    for n in range(17):
        far.answer(far.receives()[0], message(f"a{n}", trace_header=trace_header))
        if far.stage.calls:
            trace_header = far.stage.calls[0].trace_header
            far.stage.settle()

    assert len(far.stage.of(InvocationStarted)) == 16
    assert far.stage.of(LoopWarned)[-1].kind == "stopped"
    assert "a16#1" not in far.deleted()


# A broker that goes away


def test_a_lost_broker_is_told_once_shown_and_asked_on(far: Far) -> None:
    far.declare()
    uuid = far.map()
    (first,) = far.receives()

    far.fail("connection refused", first)
    (second,) = far.receives()
    far.fail("connection refused", second)
    shown = far.stage.the_mapping(uuid).view(SCOPE)["LastProcessingResult"]
    far.stage.advance("90s")
    far.answer(far.receives()[0])

    assert far.stage.of(BrokerLost) == [BrokerLost(FAR, "http://broker:9324", "connection refused")]
    assert shown == "PROBLEM: http://broker:9324 does not answer: connection refused"
    assert far.stage.of(BrokerBack) == [BrokerBack(FAR, "http://broker:9324", 90_000)]
    assert "LastProcessingResult" not in far.stage.the_mapping(uuid).view(SCOPE)


def test_a_disabled_mapping_does_not_ask_a_lost_broker_on(far: Far) -> None:
    far.declare()
    uuid = far.map()
    (receive,) = far.receives()

    far.stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"Enabled": False}))
    far.fail("connection refused", receive)

    assert far.receives() == []


def test_what_is_known_of_a_queue_elsewhere_is_told_in_a_word(far: Far) -> None:
    far.declare(visibility_timeout_s=None)
    (queue,) = far.stage.world.remote_queues.all()

    states = [queue.state]
    far.fail("connection refused")
    states.append(queue.state)
    far.describe()
    states.append(queue.state)

    assert states == ["unknown", "lost", "connected"]
    assert repr(queue) == "<RemoteQueue far at http://broker:9324: connected, 0 polls>"
