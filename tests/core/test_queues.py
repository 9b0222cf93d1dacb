"""The queues of the world and SQS's verbs on them."""

import json

import pytest

from app.core.checksums import md5_of_body
from app.core.commands import (
    BatchAnswer,
    ChangeMessageVisibilityBatch,
    CreateQueue,
    DeleteMessageBatch,
    DeleteQueue,
    PurgeQueue,
    RedriveMessages,
    SendMessage,
    SendMessageBatch,
    SetQueueAttributes,
    TagQueue,
    UntagQueue,
)
from app.core.errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    EmptyValue,
    InvalidBatchEntryId,
    InvalidMessageContents,
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
    ReceiptHandleIsInvalid,
    Refused,
    ResourceNotFound,
    TooManyEntriesInBatchRequest,
)
from app.core.facts import MessageMoved, MessageSent
from app.core.limits import Limits
from app.core.lines import StandardLine
from app.core.message import MessageAttribute
from app.core.names import Arn, Scope
from tests.core.stage import SCOPE, Stage


def refused(stage: Stage, kind: type[Refused], message: str, command: object) -> None:
    """The command is refused in these words and changes nothing."""
    before = [repr(queue) for queue in stage.world.queues.all()]

    with pytest.raises(kind) as refusal:
        stage.submit(command)  # type: ignore[arg-type]

    assert refusal.value.message == message
    assert [repr(queue) for queue in stage.world.queues.all()] == before


# Queues


def test_creating_a_queue_again_as_it_is_gives_the_same_one() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="40")

    again = [stage.queue("orders"), stage.queue("orders", VisibilityTimeout="40", DelaySeconds="0")]

    assert again == [orders, orders]


def test_creating_it_with_another_value_is_refused_by_the_first_that_differs() -> None:
    stage = Stage()
    stage.queue("orders", VisibilityTimeout="40")
    command = CreateQueue(SCOPE.queue_arn("orders"), {"VisibilityTimeout": "40", "DelaySeconds": "1"})

    refused(
        stage, QueueNameExists,
        "A queue already exists with the same name and a different value for attribute DelaySeconds", command,
    )  # fmt: skip


def test_sameness_is_judged_by_current_values() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="40")
    stage.submit(SetQueueAttributes(orders, {"VisibilityTimeout": "50"}))

    assert stage.queue("orders", VisibilityTimeout="50") == orders
    with pytest.raises(QueueNameExists):
        stage.queue("orders", VisibilityTimeout="40")


@pytest.mark.parametrize("name", ["", "a b", "a" * 81, "ümlaut", "a.b"])
def test_a_name_outside_the_rule_is_refused(name: str) -> None:
    stage = Stage()

    refused(
        stage, InvalidParameterValue,
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        CreateQueue(f"arn:aws:sqs:us-east-1:000000000000:{name}") if name else CreateQueue(SCOPE.queue_arn("?")),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["orders", "or ders.fifo", "a" * 76 + ".fifo", ".fifo"])
def test_a_fifo_queue_has_its_suffix_and_keeps_to_the_rule(name: str) -> None:
    stage = Stage()

    with pytest.raises(InvalidParameterValue):
        stage.queue(name, FifoQueue="true")


def test_a_deleted_queue_is_gone_with_its_messages() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders)

    stage.submit(DeleteQueue(orders))

    refused(stage, QueueDoesNotExist, "The specified queue does not exist.", DeleteQueue(orders))
    stage.queue("orders")
    assert len(stage.at(orders)) == 0


def test_where_the_minute_of_aws_is_wanted_a_name_is_free_after_it() -> None:
    stage = Stage(limits=Limits(recreate_interval_ms=60_000))
    orders = stage.queue("orders")
    stage.submit(DeleteQueue(orders))
    stage.advance("59s")

    with pytest.raises(QueueDeletedRecently):
        stage.queue("orders")
    stage.advance("1s")
    assert stage.queue("orders") == orders


def test_queues_are_listed_by_name_and_by_scope() -> None:
    stage = Stage()
    elsewhere = Scope("123456789012", "eu-west-1")
    for name in ("b", "a"):
        stage.queue(name)
    stage.submit(CreateQueue(elsewhere.queue_arn("c")))

    assert [queue.name for queue in stage.world.queues.all()] == ["a", "b", "c"]
    assert [queue.name for queue in stage.world.queues.all(SCOPE)] == ["a", "b"]
    assert [queue.name for queue in stage.world.queues.all(elsewhere)] == ["c"]


def test_tags_are_set_and_taken_away_unknown_keys_too() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    stage.submit(TagQueue(orders, {"a": "1", "b": "2"}))
    stage.submit(UntagQueue(orders, ("a", "nothing")))

    assert stage.at(orders).tags == {"b": "2"}


def test_a_second_purge_within_a_minute_is_refused() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.submit(PurgeQueue(orders))
    stage.advance("59s")

    refused(
        stage, PurgeQueueInProgress, "Only one PurgeQueue operation on orders is allowed every 60 seconds.",
        PurgeQueue(orders),
    )  # fmt: skip
    stage.advance("1s")
    stage.submit(PurgeQueue(orders))


def test_a_dead_letter_queue_knows_whose_it_is() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=3)
    policy = json.dumps({"deadLetterTargetArn": dlq, "maxReceiveCount": "5"})
    bills = stage.queue("bills", RedrivePolicy=policy)
    sources = [queue.name for queue in stage.world.queues.dead_letter_sources(dlq)]

    stage.submit(SetQueueAttributes(orders, {"RedrivePolicy": ""}))
    stage.submit(DeleteQueue(bills))

    assert sources == ["bills", "orders"]
    assert stage.world.queues.dead_letter_sources(dlq) == []


# Sending


def test_a_send_answers_the_digests() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    sent = stage.submit(
        SendMessage(orders, "hello", attributes={"Foo": MessageAttribute("String", "Bar")}, trace_header="Root=1-a")
    )

    assert sent.md5_of_body == "5d41402abc4b2a76b9719d911017c592"
    assert sent.md5_of_attributes == "ae7155c6026991b6d54b11589678bf9c"
    assert sent.md5_of_system_attributes is not None
    assert stage.submit(SendMessage(orders, "hello")).md5_of_system_attributes is None


def test_a_message_over_the_queues_size_is_refused_with_the_number() -> None:
    stage = Stage()
    orders = stage.queue("orders", MaximumMessageSize="1024")
    stage.send(orders, "ü" * 512)

    refused(
        stage, InvalidParameterValue,
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
        SendMessage(orders, "ü" * 512 + "x"),
    )  # fmt: skip


def test_attributes_count_towards_the_size_and_the_trace_header_does_not() -> None:
    stage = Stage()
    orders = stage.queue("orders", MaximumMessageSize="1024")
    attributes = {"n": MessageAttribute("Binary", b"123456789")}

    stage.send(orders, "x" * 1_008, attributes=attributes, trace_header="Root=1-" + "a" * 2_000)

    with pytest.raises(InvalidParameterValue):
        stage.send(orders, "x" * 1_009, attributes=attributes)


@pytest.mark.parametrize("delay_s", [-1, 901])
def test_a_delay_outside_fifteen_minutes_is_refused(delay_s: int) -> None:
    stage = Stage()
    orders = stage.queue("orders")

    with pytest.raises(InvalidParameterValue, match=f"Value {delay_s} for parameter DelaySeconds is invalid"):
        stage.send(orders, delay_s=delay_s)


def test_a_send_to_no_queue_is_refused() -> None:
    stage = Stage()

    refused(
        stage, QueueDoesNotExist, "The specified queue does not exist.",
        SendMessage(SCOPE.queue_arn("nothing"), "hello"),
    )  # fmt: skip


def batch(queue: Arn, *entries: tuple[str, str]) -> SendMessageBatch:
    return SendMessageBatch(queue, tuple((entry_id, SendMessage(queue, body)) for entry_id, body in entries))


def test_the_good_entries_of_a_batch_are_sent_and_the_bad_ones_told() -> None:
    stage = Stage()
    orders = stage.queue("orders", MaximumMessageSize="1024")

    answer = stage.submit(batch(orders, ("a", "fine"), ("b", ""), ("c", "\x00"), ("d", "x" * 1_025)))

    assert [entry_id for entry_id, _ in answer.successful] == ["a"]
    assert [(entry_id, type(refusal)) for entry_id, refusal in answer.failed] == [
        ("b", EmptyValue),
        ("c", InvalidMessageContents),
        ("d", InvalidParameterValue),
    ]
    assert answer.failed[2][1].message == (
        "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes."
    )
    assert stage.bodies(orders) == ["fine"]


@pytest.mark.parametrize(
    ("entries", "kind", "message"),
    [
        ((), EmptyBatchRequest, "There should be at least one SendMessageBatchRequestEntry in the request."),
        (
            tuple((str(n), "x") for n in range(11)),
            TooManyEntriesInBatchRequest,
            "Maximum number of entries per request are 10. You have sent 11.",
        ),
        ((("a", "x"), ("a", "y")), BatchEntryIdsNotDistinct, "Id a repeated."),
        ((("a b", "x"),), InvalidBatchEntryId, InvalidBatchEntryId.message),
        ((("", "x"),), InvalidBatchEntryId, InvalidBatchEntryId.message),
        ((("a" * 81, "x"),), InvalidBatchEntryId, InvalidBatchEntryId.message),
        (
            (("a", "x" * 1_048_576), ("b", "y")),
            BatchRequestTooLong,
            "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
        ),
    ],
    ids=["empty", "eleven", "twice", "space", "no id", "long id", "too long"],
)
def test_a_batch_that_breaks_a_rule_of_the_whole_is_refused_as_a_whole(
    entries: tuple[tuple[str, str], ...], kind: type[Refused], message: str
) -> None:
    stage = Stage()
    orders = stage.queue("orders")

    refused(stage, kind, message, batch(orders, *entries))


def test_batches_of_deletes_and_changes_tell_each_entry() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for body in "abc":
        stage.send(orders, body)
    one, two, three = stage.receive(orders, 3)

    deleted = stage.submit(DeleteMessageBatch(orders, (("1", one.receipt_handle), ("2", "garbage"))))
    changed = stage.submit(
        ChangeMessageVisibilityBatch(
            orders, (("1", two.receipt_handle, 0), ("2", three.receipt_handle, 43_201), ("3", one.receipt_handle, 5))
        )
    )

    assert deleted.successful == (("1", None),)
    assert [(entry_id, type(refusal)) for entry_id, refusal in deleted.failed] == [("2", ReceiptHandleIsInvalid)]
    assert changed.successful == (("1", None),)
    assert [entry_id for entry_id, _ in changed.failed] == ["2", "3"]
    assert repr(stage.at(orders)) == "<Queue orders: 1 visible, 1 in flight, 0 delayed>"


def test_an_empty_batch_names_its_own_entry_type() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    refused(
        stage, EmptyBatchRequest, "There should be at least one DeleteMessageBatchRequestEntry in the request.",
        DeleteMessageBatch(orders, ()),
    )  # fmt: skip
    refused(
        stage, EmptyBatchRequest,
        "There should be at least one ChangeMessageVisibilityBatch in the request.",
        ChangeMessageVisibilityBatch(orders, ()),
    )  # fmt: skip


def test_a_batch_answers_as_a_value() -> None:
    assert BatchAnswer() == BatchAnswer((), ())


# Redriving


def dead(stage: Stage, *bodies: str) -> tuple[Arn, Arn, list[str]]:
    """A queue, its dead-letter queue with these bodies in it, and their message ids."""
    orders, dlq = stage.queue_with_dlq("orders", after=1, VisibilityTimeout="5")
    for body in bodies:
        stage.send(orders, body)
    stage.receive(orders, 10)
    stage.advance("5s")
    stage.receive(orders, 10)
    assert stage.bodies(dlq) == list(bodies)
    stage.story()
    return orders, dlq, [message.content.message_id for message in stage.at(dlq)]


def test_a_redrive_sends_all_dead_letters_back_as_new_messages() -> None:
    stage = Stage()
    orders, dlq, ids = dead(stage, "a", "b")

    moved = stage.submit(RedriveMessages(dlq))
    deliveries = stage.receive(orders, 10)

    assert list(moved) == ids
    assert len(stage.at(dlq)) == 0
    assert [(d.content.body, d.receive_count, d.source) for d in deliveries] == [("a", 1, None), ("b", 1, None)]
    assert {d.content.message_id for d in deliveries}.isdisjoint(ids)
    assert {d.content.sent_at for d in deliveries} == {stage.now}
    assert stage.story(MessageMoved, MessageSent) == [
        "m1 moved to orders",
        "orders got m3",
        "m2 moved to orders",
        "orders got m4",
    ]


def test_a_redriven_message_keeps_its_chain_and_is_told_apart_in_the_journal() -> None:
    stage = Stage()
    _, dlq, _ = dead(stage, "a")

    stage.submit(RedriveMessages(dlq))

    moved, sent = stage.of(MessageMoved)[-1], stage.of(MessageSent)[-1]
    assert moved.chain == sent.chain
    assert moved.reason == f"redriven, as {sent.message}"


def test_some_are_redriven_and_some_are_edited_on_the_way() -> None:
    stage = Stage()
    orders, dlq, ids = dead(stage, "a", "b", "c")

    stage.submit(RedriveMessages(dlq, message_ids=(ids[2], ids[0], ids[2]), bodies={ids[2]: "mended"}))

    assert stage.bodies(dlq) == ["b"]
    assert stage.bodies(orders) == ["mended", "a"]
    (delivery,) = stage.receive(orders)
    assert delivery.content.md5_of_body == md5_of_body("mended")


def test_they_may_go_elsewhere() -> None:
    stage = Stage()
    _, dlq, _ = dead(stage, "a")
    other = stage.queue("other")

    stage.submit(RedriveMessages(dlq, destination=other))

    assert stage.bodies(other) == ["a"]


@pytest.mark.parametrize("bad", ["unknown id", "bad body", "too long", "no destination"])
def test_when_one_cannot_be_redriven_nothing_moves(bad: str) -> None:
    stage = Stage()
    orders, dlq, ids = dead(stage, "a", "b")
    stage.submit(SetQueueAttributes(orders, {"MaximumMessageSize": "1024"}))
    command = {
        "unknown id": RedriveMessages(dlq, message_ids=(ids[0], "nothing")),
        "bad body": RedriveMessages(dlq, bodies={ids[1]: "\x00"}),
        "too long": RedriveMessages(dlq, bodies={ids[1]: "x" * 1_025}),
        "no destination": RedriveMessages(dlq, destination=SCOPE.queue_arn("nothing")),
    }[bad]

    with pytest.raises((ResourceNotFound, InvalidMessageContents, InvalidParameterValue)):
        stage.submit(command)

    assert (stage.bodies(orders), stage.bodies(dlq)) == ([], ["a", "b"])


def test_only_dead_letter_queues_are_redriven_without_a_destination() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    refused(
        stage, InvalidParameterValue, "Source queue must be configured as a Dead Letter Queue.",
        RedriveMessages(orders),
    )  # fmt: skip


def test_a_dead_letter_sent_by_hand_goes_to_the_queue_that_names_this_one() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=1)
    stage.send(dlq, "by hand")

    stage.submit(RedriveMessages(dlq))

    assert stage.bodies(orders) == ["by hand"]


def test_a_redriven_message_in_flight_is_taken_from_its_receiver() -> None:
    stage = Stage()
    orders, dlq, _ = dead(stage, "a")
    (delivery,) = stage.receive(dlq)

    stage.submit(RedriveMessages(dlq))
    stage.delete(dlq, delivery)

    assert (stage.bodies(orders), len(stage.at(dlq))) == (["a"], 0)


def test_redriving_often_leaves_nothing_behind() -> None:
    stage = Stage()
    one, two = stage.queue("one"), stage.queue("two")
    stage.send(one)

    for _ in range(100):
        stage.submit(RedriveMessages(one, destination=two))
        stage.submit(RedriveMessages(two, destination=one))

    places = [queue._line for queue in (stage.at(one), stage.at(two))]
    assert [len(line) for line in places if isinstance(line, StandardLine)] == [1, 0]
