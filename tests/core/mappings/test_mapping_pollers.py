"""How many pollers a mapping has over time, as the journal tells and as its messages see."""

from app.core.awslambda.function import SucceedAfter
from app.core.commands import SendMessage, SendMessageBatch, UpdateEventSourceMapping
from app.core.explain import OfSend, explain
from app.core.facts import PollersScaled
from app.core.limits import Limits
from app.core.names import Arn
from tests.core.stage import NOON, SCOPE, Stage


def send(stage: Stage, queue: Arn, count: int, body: str = "x") -> None:
    for first in range(0, count, 10):
        entries = [(str(number), SendMessage(queue, body)) for number in range(first, min(first + 10, count))]
        stage.submit(SendMessageBatch(queue, tuple(entries)))


def busy_mapping(stage: Stage) -> tuple[Arn, str]:
    """Messages of half an hour each, and as many environments as anybody could want."""
    orders = stage.queue("orders", VisibilityTimeout="7200")
    worker = stage.function("worker", SucceedAfter(1_800_000), timeout_s=7_200, environments=2_000)
    return orders, stage.mapping(orders, worker, BatchSize=1)


def test_more_come_each_minute_while_messages_are_left_and_then_no_more() -> None:
    stage = Stage(limits=Limits(account_concurrency=2_000))
    orders, uuid = busy_mapping(stage)
    send(stage, orders, 400)

    stage.advance("10m")

    assert stage.timed_story(PollersScaled) == [
        "12:01:00 orders → worker: 305 pollers, 5 before (messages are left after a minute)",
        "12:02:00 orders → worker: 605 pollers, 305 before (messages are left after a minute)",
    ]
    assert len(stage.the_mapping(uuid).running) == 400


def test_one_that_was_idle_for_five_minutes_begins_with_two_and_is_soon_back() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("worker", SucceedAfter(1_000), environments=9), BatchSize=1)
    stage.advance("6m")

    send(stage, orders, 30)
    at_first = len(stage.the_mapping(uuid).running)
    stage.advance("3s")

    assert (at_first, len(stage.the_mapping(uuid).running)) == (2, 5)
    assert stage.timed_story(PollersScaled) == [
        "12:05:00 orders → worker: 2 pollers, 5 before (there was nothing to do for a while)",
        "12:06:02 orders → worker: 5 pollers, 2 before (invocations succeed)",
    ]


def test_pollers_that_go_are_nothing_to_go_to() -> None:
    stage = Stage()
    stage.mapping(stage.queue("orders"), stage.function("worker"))

    assert stage.world.next_wakeup() == NOON + 300_000
    assert stage.world.next_event() is None


def test_pollers_that_come_are_something_to_go_to_where_messages_wait_for_them() -> None:
    stage = Stage(limits=Limits(account_concurrency=2_000))
    orders, _ = busy_mapping(stage)

    send(stage, orders, 6)

    assert stage.world.next_event() == NOON + 60_000


def test_a_disabled_mapping_has_none_and_an_enabled_one_begins_anew() -> None:
    stage = Stage()
    uuid = stage.mapping(stage.queue("orders"), stage.function("worker"))
    stage.advance("10m")
    idle = stage.the_mapping(uuid).pollers

    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"Enabled": False}))
    disabled = stage.the_mapping(uuid).pollers
    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"Enabled": True}))

    assert (idle, disabled, stage.the_mapping(uuid).pollers) == (2, 0, 5)


def test_provisioned_pollers_take_a_megabyte_a_second_each() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="900")
    worker = stage.function("worker", environments=100)
    uuid = stage.mapping(
        orders, worker, BatchSize=1, ProvisionedPollerConfig={"MinimumPollers": 2, "MaximumPollers": 2}
    )

    send_large(stage, orders, 9)
    begun = [len(stage.the_mapping(uuid).running)]
    for _ in range(8):
        stage.advance("500ms")
        begun.append(len(stage.the_mapping(uuid).running))

    assert begun == [3, 4, 5, 6, 7, 8, 9, 9, 9]


def test_provisioned_pollers_poll_ten_times_a_second_each() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="900")
    worker = stage.function("worker", SucceedAfter(0), environments=100)
    given = {"MinimumPollers": 2, "MaximumPollers": 2}
    stage.mapping(orders, worker, BatchSize=1, ProvisionedPollerConfig=given)

    send(stage, orders, 100)
    left = [len(stage.at(orders))]
    for _ in range(5):
        stage.advance("1s")
        left.append(len(stage.at(orders)))

    assert left == [100, 60, 40, 20, 0, 0]


def test_why_a_message_waits_for_provisioned_pollers_is_explained() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="900")
    worker = stage.function("worker", environments=100)
    given = {"MinimumPollers": 2, "MaximumPollers": 2}
    stage.mapping(orders, worker, BatchSize=1, ProvisionedPollerConfig=given)
    send_large(stage, orders, 4)

    told = explain(stage.world, OfSend(SendMessage(orders, "x")), now=stage.now)

    assert told.conclusion.text == (
        "waits until 2026-11-21T12:00:00.350Z: the 2 provisioned pollers of orders → worker have received all that "
        "they can in a second"
    )


def test_why_a_message_waits_for_more_pollers_is_explained() -> None:
    stage = Stage(limits=Limits(account_concurrency=2_000))
    orders, _ = busy_mapping(stage)
    send(stage, orders, 6)

    told = explain(stage.world, OfSend(SendMessage(orders, "x")), now=stage.now)

    assert told.conclusion.text == (
        "waits: mapping orders → worker has 5 of 5 batches in flight (as its pollers allow, of which there are more at "
        "12:01:00)"
    )


def send_large(stage: Stage, queue: Arn, count: int) -> None:
    """Messages whose records are 0.9 MiB each: what two pollers take in a second is a little over two of them."""
    for _ in range(count):
        stage.send(queue, "x" * 943_000)
