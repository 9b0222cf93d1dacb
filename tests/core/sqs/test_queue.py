"""What a standard queue does with its messages, told through the world."""

import pytest

from app.core.awslambda.function import FailAfter
from app.core.commands import (
    CancelWait,
    DeleteQueue,
    PurgeQueue,
    Received,
    ReceiveMessage,
    SetQueueAttributes,
    Waiting,
)
from app.core.errors import InvalidParameterValue, OverLimit, QueueDoesNotExist, ReceiptHandleIsInvalid
from app.core.facts import MessageExpired, MessageMoved, MessageReceived, MessageReturned
from app.core.limits import Limits
from app.core.sqs.lines import StandardLine
from app.core.sqs.message import MessageState
from app.core.time import DAY_MS
from tests.core.stage import NOON, Stage, clock_time

# Receiving and hiding


def test_a_received_message_is_hidden_until_its_visibility_timeout_ends() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)

    first = stage.receive(orders)
    nothing = stage.receive(orders)
    stage.advance("30s")
    again = stage.receive(orders)

    assert (len(first), len(nothing), len(again)) == (1, 0, 1)
    assert stage.timed_story() == [
        "12:00:00 orders got m1",
        "12:00:00 a client received m1 (1)",
        "12:00:30 m1 back",
        "12:00:30 a client received m1 (2)",
    ]


def test_messages_come_out_in_the_order_they_went_in() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for body in "abcdefghijkl":
        stage.send(orders, body)

    ten = stage.receive(orders, 10)
    rest = stage.receive(orders, 10)

    assert "".join(delivery.content.body for delivery in (*ten, *rest)) == "abcdefghijkl"
    assert len(ten) == 10


def test_a_returned_message_comes_before_those_sent_after_it() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders, "first")
    stage.send(orders, "second")
    stage.receive(orders, visibility_timeout_s=10)

    stage.advance("10s")
    both = stage.receive(orders, 2)

    assert [delivery.content.body for delivery in both] == ["first", "second"]


def test_a_message_at_the_back_comes_after_those_that_were_there() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders, "often")
    for _ in range(2):
        stage.receive(orders, visibility_timeout_s=1)
        stage.advance("1s")
    stage.receive(orders, visibility_timeout_s=1)
    stage.send(orders, "new")

    stage.advance("1s")
    both = stage.receive(orders, 2)

    assert [delivery.content.body for delivery in both] == ["new", "often"]


def test_a_visibility_timeout_of_zero_shows_the_message_at_once_and_counts() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)

    first = stage.receive(orders, 10, visibility_timeout_s=0)
    second = stage.receive(orders, 10, visibility_timeout_s=0)

    assert [len(first), len(second)] == [1, 1], "one receive never hands a message out twice"
    assert second[0].receive_count == 2
    assert repr(stage.at(orders)) == "<Queue orders: 1 visible, 0 in flight, 0 delayed>"


def test_the_queues_own_visibility_timeout_holds_where_a_receive_names_none() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="7")
    stage.send(orders)
    stage.receive(orders)

    stage.advance("6.999s")
    early = stage.at(orders).visible_count
    stage.advance("1ms")

    assert (early, stage.at(orders).visible_count) == (0, 1)


def test_a_receive_tells_count_and_first_time() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    stage.advance("2s")
    stage.receive(orders)
    stage.advance("30s")

    (delivery,) = stage.receive(orders)

    assert delivery.receive_count == 2
    assert delivery.first_received_at == NOON + 2_000
    assert delivery.content.sent_at == NOON
    assert delivery.source is None


def test_a_delivery_does_not_change_when_the_message_is_received_again() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (first,) = stage.receive(orders)
    stage.advance("30s")

    (second,) = stage.receive(orders)

    assert first.receive_count == 1
    assert first.receipt_handle != second.receipt_handle


def test_a_short_poll_is_refused_when_too_many_are_in_flight() -> None:
    stage = Stage(limits=Limits(in_flight_messages=2))
    orders = stage.queue("orders")
    for _ in range(4):
        stage.send(orders)
    stage.receive(orders, 2)

    with pytest.raises(OverLimit):
        stage.receive(orders)


def test_a_hundred_and_twenty_thousand_messages_may_be_in_flight() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for _ in range(120_001):
        stage.send(orders)

    received = sum(len(stage.receive(orders, 10)) for _ in range(12_000))

    assert received == 120_000
    with pytest.raises(OverLimit):
        stage.receive(orders)


def test_no_receive_takes_more_than_may_be_in_flight() -> None:
    stage = Stage(limits=Limits(in_flight_messages=3))
    orders = stage.queue("orders")
    for _ in range(5):
        stage.send(orders)
    stage.receive(orders, 2)

    one_more = stage.receive(orders, 10)
    polled_long = stage.submit(ReceiveMessage(orders, 10, wait_time_s=5))

    assert len(one_more) == 1
    assert isinstance(polled_long, Waiting), "a long poll is no error beyond the limit; it gets nothing"
    assert stage.at(orders).in_flight_count == 3


@pytest.mark.parametrize("count", [0, 11, -1])
def test_one_to_ten_messages_may_be_asked_for(count: int) -> None:
    stage = Stage()
    orders = stage.queue("orders")

    with pytest.raises(InvalidParameterValue) as refusal:
        stage.receive(orders, count)

    assert refusal.value.message == (
        f"Value {count} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
    )


def test_a_long_poll_of_over_twenty_seconds_is_refused() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    with pytest.raises(InvalidParameterValue) as refusal:
        stage.receive(orders, wait_time_s=21)

    assert refusal.value.message == (
        "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."
    )


# Deleting


def test_a_handle_deletes_even_after_its_visibility_timeout_ended() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders)
    stage.advance("31s")

    stage.delete(orders, delivery)

    assert stage.receive(orders) == ()
    assert stage.story()[-1] == "m1 deleted"


def test_an_older_handle_deletes_after_somebody_else_received_the_message() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (old,) = stage.receive(orders)
    stage.advance("30s")
    stage.receive(orders)

    stage.delete(orders, old)

    assert len(stage.at(orders)) == 0


def test_deleting_twice_is_no_error_and_tells_nothing_new() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders)
    stage.delete(orders, delivery)
    stage.story()

    stage.delete(orders, delivery)

    assert stage.story() == []


@pytest.mark.parametrize("name", ["orders", "orders.fifo"])
def test_a_message_that_is_known_needs_no_handle_in_a_standard_queue_and_only_in_its_own(name: str) -> None:
    stage = Stage()
    kind = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    arn, other = stage.queue(name, **kind), stage.queue(f"other-{name}", **kind)
    ids = {"group_id": "g", "deduplication_id": "d"} if kind else {}
    for queue in (arn, other):
        stage.send(queue, **ids)
    (message,) = stage.world.queues[arn]
    stage.receive(arn)

    in_other = stage.world.queues[other].delete_known(message)
    was_deleted = stage.world.queues[arn].delete_known(message)
    again = stage.world.queues[arn].delete_known(message)

    assert (in_other, again) == (False, False)
    assert was_deleted is (name == "orders")
    assert len(stage.world.queues[other]) == 1
    assert len(stage.world.queues[arn]) == (0 if was_deleted else 1)


@pytest.mark.parametrize("handle", ["garbage", "AQEB", "ü", "AQEBAAAAAAAAAAEAAAABAAAAAAAAAAAAAAAA"])
def test_a_text_that_is_no_handle_is_refused_by_name(handle: str) -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders)

    with pytest.raises(ReceiptHandleIsInvalid) as refusal:
        stage.at(orders).delete(handle)

    assert refusal.value.message == f'The input receipt handle "{handle}" is not a valid receipt handle.'
    assert stage.at(orders).delete(delivery.receipt_handle) is not None


# Changing visibility


def test_a_changed_visibility_timeout_counts_from_the_change() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders)
    stage.advance("20s")

    stage.hide(orders, delivery, 60)
    stage.advance("60s")

    assert stage.timed_story(MessageReturned) == ["12:01:20 m1 back"]


def test_changing_it_to_zero_shows_the_message_at_once() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders)

    stage.hide(orders, delivery, 0)

    assert len(stage.receive(orders)) == 1


def test_it_may_be_changed_after_it_ended() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders)
    stage.advance("31s")

    stage.hide(orders, delivery, 10)
    hidden = stage.receive(orders)
    stage.advance("10s")

    assert hidden == ()
    assert len(stage.receive(orders)) == 1


def test_the_change_is_not_remembered_by_the_next_receive() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders)
    stage.hide(orders, delivery, 5)
    stage.advance("5s")
    stage.receive(orders)

    stage.advance("29s")

    assert stage.receive(orders) == ()


def test_twelve_hours_count_from_the_receive() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders)
    stage.advance("1s")

    with pytest.raises(InvalidParameterValue) as refusal:
        stage.hide(orders, delivery, 43_200)

    assert refusal.value.message == (
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is "
        "beyond the limit [43200 seconds]."
    )
    stage.hide(orders, delivery, 43_199)


def test_the_visibility_of_a_deleted_message_cannot_be_changed() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders)
    stage.delete(orders, delivery)

    with pytest.raises(InvalidParameterValue) as refusal:
        stage.hide(orders, delivery, 5)

    assert refusal.value.message.endswith(
        "Reason: Message does not exist or is not available for visibility timeout change."
    )


def test_a_visible_message_hidden_and_back_is_handed_out_once() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders, visibility_timeout_s=1)
    stage.advance("1s")
    stage.hide(orders, delivery, 1)
    stage.advance("1s")

    deliveries = stage.receive(orders, 10)

    assert len(deliveries) == 1


def test_a_message_shown_hidden_and_shown_is_handed_out_once_by_a_receive_that_hides_nothing() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    (delivery,) = stage.receive(orders)
    for timeout_s in (0, 1, 0):
        stage.hide(orders, delivery, timeout_s)

    deliveries = stage.receive(orders, 10, visibility_timeout_s=0)

    assert [again.receive_count for again in deliveries] == [2]


# Delays


def test_a_message_is_delayed_for_the_queues_delay_or_its_own() -> None:
    stage = Stage()
    orders = stage.queue("orders", DelaySeconds="10")
    stage.send(orders, "with the queue")
    stage.send(orders, "at once", delay_s=0)
    stage.send(orders, "later", delay_s=20)

    seen = [[delivery.content.body for delivery in stage.receive(orders, 10)]]
    for _ in range(2):
        stage.advance("10s")
        seen.append([delivery.content.body for delivery in stage.receive(orders, 10)])

    assert seen == [["at once"], ["with the queue"], ["later"]]


def test_a_change_of_the_queues_delay_touches_only_new_messages() -> None:
    stage = Stage()
    orders = stage.queue("orders", DelaySeconds="10")
    stage.send(orders, "old")

    stage.submit(SetQueueAttributes(orders, {"DelaySeconds": "0"}))
    stage.send(orders, "new")

    assert [delivery.content.body for delivery in stage.receive(orders, 10)] == ["new"]
    assert stage.at(orders).delayed_count == 1


# Long polls


def test_a_long_poll_is_answered_by_the_message_that_arrives() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    waiting = stage.submit(ReceiveMessage(orders, wait_time_s=20))
    stage.advance("7s")

    stage.send(orders, "hello")

    assert waiting == Waiting(1, 20_000)
    assert [delivery.content.body for delivery in stage.answers[1].deliveries] == ["hello"]
    assert stage.timed_story() == ["12:00:07 orders got m1", "12:00:07 a client received m1 (1)"]


def test_a_long_poll_is_answered_by_a_message_whose_delay_ends() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders, delay_s=3)
    stage.submit(ReceiveMessage(orders, wait_time_s=20))

    stage.advance("3s")

    assert len(stage.answers[1].deliveries) == 1


def test_a_long_poll_ends_with_nothing_at_its_deadline() -> None:
    stage = Stage()
    orders = stage.queue("orders", ReceiveMessageWaitTimeSeconds="4")
    stage.submit(ReceiveMessage(orders))
    stage.advance("3.999s")
    early = dict(stage.answers)

    stage.advance("1ms")

    assert early == {}
    assert stage.answers == {1: Received()}


def test_a_wait_of_zero_overrides_the_queues_own() -> None:
    stage = Stage()
    orders = stage.queue("orders", ReceiveMessageWaitTimeSeconds="4")

    assert stage.submit(ReceiveMessage(orders, wait_time_s=0)) == Received()


def test_who_waits_first_is_served_first_with_its_own_timeout() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.submit(ReceiveMessage(orders, wait_time_s=20, visibility_timeout_s=1))
    stage.submit(ReceiveMessage(orders, wait_time_s=20, visibility_timeout_s=5))
    stage.send(orders, "one")
    stage.send(orders, "two")

    stage.advance("5s")

    assert stage.answers[1].deliveries[0].content.body == "one"
    assert stage.answers[2].deliveries[0].content.body == "two"
    assert stage.timed_story(MessageReturned) == ["12:00:01 m1 back", "12:00:05 m2 back"]


def test_a_cancelled_long_poll_gets_nothing() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.submit(ReceiveMessage(orders, wait_time_s=20))

    stage.submit(CancelWait(1))
    stage.send(orders)
    stage.advance("20s")

    assert stage.answers == {}
    assert stage.at(orders).visible_count == 1


def test_a_long_poll_on_a_deleted_queue_ends_with_the_refusal() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.submit(ReceiveMessage(orders, wait_time_s=20))

    stage.submit(DeleteQueue(orders))

    assert isinstance(stage.answers[1], QueueDoesNotExist)


# Dead letters


def test_the_receive_after_the_limit_moves_the_message_instead_of_returning_it() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=2, VisibilityTimeout="5")
    message_id = stage.send(orders, "poison")
    for _ in range(2):
        stage.receive(orders)
        stage.advance("5s")
    waiting = len(stage.at(orders))

    nothing = stage.receive(orders)
    (dead,) = stage.receive(dlq)

    assert waiting == 1, "no timer moves it"
    assert nothing == ()
    assert stage.story()[-2:] == ["m1 moved to orders-dlq", "a client received m1 (3)"]
    assert dead.receive_count == 3, "the count goes on in the dead-letter queue"
    assert (dead.content.message_id, dead.content.body, dead.content.sent_at) == (message_id, "poison", NOON)
    assert dead.source == orders
    assert dead.first_received_at == NOON


def test_the_history_of_a_message_goes_with_it() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=1, VisibilityTimeout="5")
    stage.send(orders)
    stage.receive(orders)
    stage.advance("5s")
    stage.receive(orders)

    (message,) = stage.at(dlq)

    assert [(attempt.number, clock_time(attempt.at), attempt.by) for attempt in message.attempts] == [
        (1, "12:00:00", "ReceiveMessage")
    ]
    (move,) = message.moves
    assert (move.source, move.destination, clock_time(move.at)) == (orders, dlq, "12:00:05")
    assert move.reason == "received 1 times, maxReceiveCount is 1, last at 2026-11-21T12:00:00.000Z"


def test_a_receive_that_moves_one_message_hands_out_those_behind_it() -> None:
    stage = Stage()
    orders, _ = stage.queue_with_dlq("orders", after=1, VisibilityTimeout="5")
    stage.send(orders, "poison")
    stage.receive(orders)
    stage.advance("5s")
    stage.send(orders, "fine")

    deliveries = stage.receive(orders, 1)

    assert [delivery.content.body for delivery in deliveries] == ["fine"]


def test_a_long_poll_on_the_dead_letter_queue_is_answered_by_the_move() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=1, VisibilityTimeout="5")
    stage.send(orders)
    stage.receive(orders)
    stage.advance("5s")
    stage.submit(ReceiveMessage(dlq, wait_time_s=20))

    stage.receive(orders)

    assert len(stage.answers[1].deliveries) == 1


def test_without_its_dead_letter_queue_a_message_stays_and_is_handed_out() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=1, VisibilityTimeout="5")
    stage.send(orders)
    stage.receive(orders)
    stage.submit(DeleteQueue(dlq))
    stage.advance("5s")

    (delivery,) = stage.receive(orders)

    assert delivery.receive_count == 2


def test_two_queues_that_are_each_others_dead_letter_queue_come_to_rest() -> None:
    stage = Stage()
    one, two = stage.queue_with_dlq("one", after=1, VisibilityTimeout="5")
    stage.submit(SetQueueAttributes(two, {"RedrivePolicy": f'{{"deadLetterTargetArn":"{one}","maxReceiveCount":1}}'}))
    stage.send(one)
    stage.receive(one)
    stage.submit(ReceiveMessage(two, wait_time_s=20))
    stage.submit(ReceiveMessage(one, wait_time_s=20))

    stage.advance("5s")

    assert len(stage.at(one)) + len(stage.at(two)) == 1
    assert len(stage.of(MessageMoved)) <= 2, "a message moves at most once through each queue in one instant"


# Retention


def test_a_message_is_dropped_when_its_retention_period_ends() -> None:
    stage = Stage()
    orders = stage.queue("orders", MessageRetentionPeriod="60")
    stage.send(orders)
    stage.receive(orders, visibility_timeout_s=600)

    stage.advance("61s")

    assert stage.timed_story(MessageExpired) == ["12:01:00 m1 expired"]
    assert repr(stage.at(orders)) == "<Queue orders: 0 visible, 0 in flight, 0 delayed>"


def test_retention_in_a_dead_letter_queue_counts_from_the_first_send() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=1, VisibilityTimeout="5")
    stage.submit(SetQueueAttributes(dlq, {"MessageRetentionPeriod": "60"}))
    stage.send(orders)
    stage.receive(orders)
    stage.advance("40s")
    stage.receive(orders)

    stage.advance("20s")

    assert stage.timed_story(MessageExpired) == ["12:01:00 m1 expired"]


def test_a_shortened_retention_drops_what_is_too_old_now_and_not_in_the_past() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)
    stage.advance("10m")

    stage.submit(SetQueueAttributes(orders, {"MessageRetentionPeriod": "60"}))

    assert stage.timed_story(MessageExpired) == ["12:10:00 m1 expired"]


def test_a_message_too_old_for_its_dead_letter_queue_is_dropped_on_arrival() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=1, VisibilityTimeout="5")
    stage.submit(SetQueueAttributes(dlq, {"MessageRetentionPeriod": "60"}))
    stage.send(orders)
    stage.receive(orders)
    stage.advance("10m")

    stage.receive(orders)

    assert stage.timed_story(MessageMoved, MessageExpired) == [
        "12:10:00 m1 moved to orders-dlq",
        "12:10:00 m1 expired",
    ]


def test_the_age_of_a_dead_letter_counts_from_its_first_queue() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=1)
    stage.send(orders)
    stage.receive(orders)
    stage.advance("30s")
    stage.receive(orders)
    (letter,) = stage.at(dlq)

    assert letter.enqueued_at == NOON + 30_000
    assert stage.at(dlq).expires_at(letter) == NOON + 4 * DAY_MS


def test_expired_messages_leave_nothing_behind() -> None:
    stage = Stage()
    orders = stage.queue("orders", MessageRetentionPeriod="60")
    for _ in range(500):
        stage.send(orders)
        stage.advance("1s")

    stage.advance("60s")

    queue = stage.at(orders)
    assert len(queue) == 0
    assert isinstance(queue._line, StandardLine)
    assert len(queue._line) == 0


# Purging, looking


def test_a_purge_drops_visible_hidden_and_delayed_messages() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for delay_s in (0, 0, 10):
        stage.send(orders, delay_s=delay_s)
    (delivery,) = stage.receive(orders)

    stage.submit(PurgeQueue(orders))
    stage.delete(orders, delivery)
    stage.advance("1m")

    assert stage.story()[-1] == "orders purged of 3"
    assert stage.receive(orders, 10) == ()
    assert delivery.content.body == "hello"


def test_peeking_counts_nothing_up_and_hides_nothing() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for body in "abc":
        stage.send(orders, body)
    stage.receive(orders)

    first = stage.at(orders).peek(limit=2)
    rest = stage.at(orders).peek(limit=2, after=first[-1].order)

    assert [message.content.body for message in (*first, *rest)] == ["a", "b", "c"]
    assert [message.receive_count for message in first] == [1, 0]
    assert [message.state for message in first] == [MessageState.IN_FLIGHT, MessageState.VISIBLE]
    assert len(stage.of(MessageReceived)) == 1


def test_a_message_is_found_by_its_id() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    message_id = stage.send(orders, "a")

    found = stage.world.queues.find_message(message_id)

    assert found is not None
    assert (found[0].name, found[1].content.body) == ("orders", "a")
    assert stage.world.queues.find_message("nothing of the kind") is None


def test_attributes_show_what_aws_shows_for_a_fresh_standard_queue() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    shown = stage.at(orders).attributes(stage.now)

    assert shown == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "CreatedTimestamp": str(NOON // 1_000),
        "DelaySeconds": "0",
        "LastModifiedTimestamp": str(NOON // 1_000),
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "QueueArn": orders,
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }


def test_a_message_a_mapping_received_is_back_in_time_whatever_else_is_due_later() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="5")
    worker = stage.function("worker", FailAfter(1_000))
    stage.function("other", FailAfter())
    stage.mapping(orders, worker)
    stage.invoke("other", event=True)

    stage.send(orders)
    stage.advance("7s")

    assert stage.timed_story(MessageReturned) == ["12:00:05 m1 back"]
