"""Dead letters sent on: where they go, as what, and when none of them moves."""

import pytest

from app.core.commands import (
    RedriveMessages,
    SetQueueAttributes,
)
from app.core.errors import (
    InvalidMessageContents,
    InvalidParameterValue,
    ResourceNotFound,
)
from app.core.facts import MessageMoved, MessageSent
from app.core.names import Arn
from app.core.sqs.checksums import md5_of_body
from app.core.sqs.lines import StandardLine
from tests.core.sqs.test_queues import refused
from tests.core.stage import SCOPE, Stage


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
