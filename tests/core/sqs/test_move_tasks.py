"""Message move tasks over virtual time."""

import pytest

from app.core.commands import CancelMessageMoveTask, DeleteQueue, StartMessageMoveTask
from app.core.errors import InvalidParameterValue, ResourceNotFound
from app.core.facts import MessageMoved
from app.core.limits import Limits
from app.core.names import Arn
from tests.core.stage import SCOPE, Stage


def dead(stage: Stage, count: int) -> tuple[Arn, Arn]:
    """A queue and its dead-letter queue with so many messages that came from it."""
    orders, dlq = stage.queue_with_dlq("orders", after=1, VisibilityTimeout="5")
    for _ in range(count):
        stage.send(orders)
    stage.receive(orders, 10)
    stage.advance("5s")
    stage.receive(orders, 10)
    stage.story()
    return orders, dlq


def start(stage: Stage, dlq: Arn, **more: int | Arn) -> str:
    handle: str = stage.submit(StartMessageMoveTask(dlq, **more))  # type: ignore[arg-type]
    return handle


def test_dead_letters_go_back_to_where_they_came_from() -> None:
    stage = Stage()
    orders, dlq = dead(stage, 3)

    start(stage, dlq)
    before = len(stage.at(dlq))
    stage.advance("1s")

    assert (before, len(stage.at(dlq)), stage.at(orders).visible_count) == (3, 0, 3)


def test_a_rate_spreads_them_over_the_seconds() -> None:
    stage = Stage()
    orders, dlq = dead(stage, 4)

    start(stage, dlq, rate_per_s=2)
    stage.advance("10s")

    assert stage.timed_story(MessageMoved) == [
        "12:00:05.500 m1 moved to orders",
        "12:00:06 m2 moved to orders",
        "12:00:06.500 m3 moved to orders",
        "12:00:07 m4 moved to orders",
    ]
    assert stage.at(orders).visible_count == 4


def test_a_cancelled_task_leaves_what_it_moved_where_it_is() -> None:
    stage = Stage()
    orders, dlq = dead(stage, 4)
    handle = start(stage, dlq, rate_per_s=1)
    stage.advance("2s")

    moved = stage.submit(CancelMessageMoveTask(handle))
    stage.advance("1m")

    assert (moved, len(stage.at(orders)), len(stage.at(dlq))) == (2, 2, 2)
    with pytest.raises(InvalidParameterValue):
        stage.submit(CancelMessageMoveTask(handle))


def test_a_cancelled_task_leaves_nothing_to_wake_for() -> None:
    stage = Stage()
    _, dlq = dead(stage, 3)
    handle = start(stage, dlq, rate_per_s=1)
    before = stage.world.next_wakeup()

    stage.submit(CancelMessageMoveTask(handle))

    assert before == stage.now + 1_000
    assert stage.world.next_wakeup() != before


def test_a_source_has_one_task_at_a_time() -> None:
    stage = Stage()
    _, dlq = dead(stage, 2)
    start(stage, dlq, rate_per_s=1)

    with pytest.raises(InvalidParameterValue, match="There is already a task running"):
        start(stage, dlq)


def test_a_destination_deleted_on_the_way_ends_the_task_and_the_rest_stays() -> None:
    stage = Stage()
    _, dlq = dead(stage, 3)
    other = stage.queue("other")
    start(stage, dlq, destination=other, rate_per_s=1)
    stage.advance("1s")

    stage.submit(DeleteQueue(other))
    stage.advance("1m")

    assert len(stage.at(dlq)) == 2
    assert stage.at(dlq).visible_count == 2
    assert len(stage.receive(dlq, 10)) == 2


def test_what_cannot_be_a_task_is_refused() -> None:
    stage = Stage()
    orders, dlq = dead(stage, 1)

    with pytest.raises(InvalidParameterValue, match="Source queue must be configured as a Dead Letter Queue"):
        start(stage, orders)
    with pytest.raises(ResourceNotFound, match="SourceArn"):
        start(stage, SCOPE.queue_arn("nothing"))
    with pytest.raises(ResourceNotFound, match="DestinationArn"):
        start(stage, dlq, destination=SCOPE.queue_arn("nothing"))
    for rate in (0, 501):
        with pytest.raises(InvalidParameterValue, match="MaxNumberOfMessagesPerSecond"):
            start(stage, dlq, rate_per_s=rate)
    for handle in ("garbage", "e30=", ""):
        with pytest.raises(InvalidParameterValue, match=r"Value for parameter TaskHandle is invalid\."):
            stage.submit(CancelMessageMoveTask(handle))


def test_a_task_that_takes_more_than_36_hours_fails() -> None:
    stage = Stage(limits=Limits(move_task_ms=3_000))
    _, dlq = dead(stage, 5)

    start(stage, dlq, rate_per_s=1)
    stage.advance("1m")

    (task,) = stage.world.move_tasks.of(dlq, 1)
    assert (task.status, task.moved, task.failure_reason) == ("FAILED", 2, "TaskTimedOut")
    assert len(stage.at(dlq)) == 3


def test_so_many_tasks_may_run_in_an_account() -> None:
    stage = Stage(limits=Limits(move_tasks_running=1))
    _, dlq = dead(stage, 3)
    _, other = stage.queue_with_dlq("other", after=1)
    first = start(stage, dlq, rate_per_s=1)

    with pytest.raises(InvalidParameterValue, match="already 1 active"):
        start(stage, other)
    stage.submit(CancelMessageMoveTask(first))

    assert start(stage, other)


def test_a_rate_that_does_not_divide_a_second_is_kept_to_over_the_seconds() -> None:
    stage = Stage()
    _, dlq = dead(stage, 7)

    start(stage, dlq, rate_per_s=3)
    stage.advance("10s")

    assert stage.timed_story(MessageMoved) == [
        "12:00:05.333 m1 moved to orders",
        "12:00:05.666 m2 moved to orders",
        "12:00:06 m3 moved to orders",
        "12:00:06.333 m4 moved to orders",
        "12:00:06.666 m5 moved to orders",
        "12:00:07 m6 moved to orders",
        "12:00:07.333 m7 moved to orders",
    ]


def test_the_last_ten_tasks_of_a_queue_are_kept() -> None:
    stage = Stage()
    _, dlq = dead(stage, 0)
    handles = []
    for _ in range(11):
        handles.append(start(stage, dlq))
        stage.advance("1s")

    with pytest.raises(ResourceNotFound):
        stage.submit(CancelMessageMoveTask(handles[0]))
    with pytest.raises(InvalidParameterValue, match=r"^Only active tasks can be cancelled\.$"):
        stage.submit(CancelMessageMoveTask(handles[1]))
