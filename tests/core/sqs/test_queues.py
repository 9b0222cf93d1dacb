"""The queues of the world and SQS's verbs on them."""

import json

import pytest

from app.core.commands import (
    CreateQueue,
    DeleteQueue,
    PurgeQueue,
    SetQueueAttributes,
    TagQueue,
    UntagQueue,
)
from app.core.errors import (
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
    Refused,
)
from app.core.limits import Limits
from app.core.names import Scope
from tests.core.stage import SCOPE, Stage


def refused(stage: Stage, kind: type[Refused], message: str, command: object) -> None:
    """The command is refused in these words and changes nothing."""
    before = [repr(queue) for queue in stage.world.queues.all()]

    with pytest.raises(kind) as refusal:
        stage.submit(command)  # type: ignore[arg-type]

    assert refusal.value.message == message
    assert [repr(queue) for queue in stage.world.queues.all()] == before


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
