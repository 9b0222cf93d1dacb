"""The world as a whole: its laws on small scenes, and what holds across its parts."""

import pytest

from app.core.awslambda.function import FailAfter, SucceedAfter
from app.core.commands import DeleteMessage, ReceiveMessage, SendMessage
from app.core.errors import QueueDoesNotExist, RecursiveInvocation
from app.core.facts import LoopWarned
from app.core.limits import Limits
from app.core.world import World
from app.wire.events.shapes import Shapes
from tests.core.stage import NOON, SCOPE, Stage


def scene(seed: int = 1) -> Stage:
    """A queue that dies into another after three tries of a function that always fails."""
    stage = Stage(seed=seed)
    orders, _ = stage.queue_with_dlq("orders", after=3, VisibilityTimeout="7")
    stage.mapping(orders, stage.function("worker", FailAfter(2_000), environments=3), BatchSize=2)
    for body in "abcdefg":
        stage.send(orders, body)
    stage.invoke("worker", event=True)
    return stage


def test_many_small_jumps_equal_one_big_jump() -> None:
    small, big = scene(), scene()

    for _ in range(600):
        small.advance("500ms")
    big.advance("300s")

    assert small.facts == big.facts
    assert [repr(queue) for queue in small.world.queues.all()] == [repr(queue) for queue in big.world.queues.all()]


def test_one_wake_far_away_equals_waking_at_every_wakeup() -> None:
    steps, leap = scene(), scene()

    steps.advance("300s")
    effects = leap.world.wake(leap.now + 300_000)

    assert [fact for _, fact in steps.facts[len(leap.facts) :]] == effects


def test_looking_changes_nothing() -> None:
    looked_at, left_alone = scene(), scene()

    for stage in (looked_at, left_alone):
        for _ in range(100):
            stage.advance("500ms")
            if stage is looked_at:
                stage.world.next_wakeup()
                stage.world.queues.find_message("x")
                [list(queue.peek(limit=5)) for queue in stage.world.queues.all()]

    assert looked_at.facts == left_alone.facts


def test_equal_seeds_and_commands_make_equal_worlds_and_other_seeds_other_ids() -> None:
    one, same, other = scene(), scene(), scene(seed=2)

    for stage in (one, same, other):
        stage.advance("1h")

    assert one.facts == same.facts
    assert one.story() == same.story() == other.story()
    assert one.facts != other.facts


def test_a_world_that_is_behind_refuses_commands() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.send(orders, delay_s=1)

    with pytest.raises(AssertionError, match="the world is behind"):
        stage.world.handle(ReceiveMessage(orders), now=NOON + 1_000)


def test_a_refusal_changes_nothing() -> None:
    stage = Stage()
    stage.queue("orders")
    before = stage.world.next_wakeup()

    with pytest.raises(QueueDoesNotExist):
        stage.submit(DeleteMessage(SCOPE.queue_arn("nothing"), "x"))

    assert (stage.world.next_wakeup(), stage.story()) == (before, [])


def test_what_a_refusal_tells_is_there_for_the_asking() -> None:
    stage = Stage(limits=Limits(chain_invocations=0))
    stage.function("work")

    with pytest.raises(RecursiveInvocation):
        stage.invoke("work")

    assert [fact.kind for fact in stage.of(LoopWarned)] == ["stopped"]


def test_an_empty_world_has_nothing_to_do() -> None:
    world = World(shapes=Shapes())

    assert world.next_wakeup() is None
    assert world.wake(NOON) == []


def test_busy_days_leave_no_bookings_behind() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    for _ in range(2):
        stage.send(orders)
    for _ in range(500):
        stage.send(orders)
        (delivery,) = stage.receive(orders)
        stage.delete(orders, delivery)
        stage.advance("10ms")

    assert len(stage.world._timetable) < 100


def test_a_mapping_and_a_client_share_a_queue_and_nobody_gets_what_the_other_has() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", SucceedAfter(2_000)), BatchSize=1)
    stage.send(orders, "for the function")
    stage.send(orders, "for the client")

    (delivery,) = stage.receive(orders, 10)
    stage.delete(orders, delivery)
    stage.advance("1m")

    assert delivery.content.body == "for the client"
    assert len(stage.at(orders)) == 0


def test_a_message_wakes_one_of_a_mapping_and_a_long_poll() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"), BatchSize=1)
    stage.submit(ReceiveMessage(orders, wait_time_s=20))

    stage.submit(SendMessage(orders, "hello"))

    assert len(stage.answers) + len(stage.calls) == 1, "one of them has it, and only one"
