"""Schedules for a stage: short ways to make them and to look at them."""

import json
from typing import Any

from app.core.commands import CreateSchedule, PutRule, PutTargets, UpdateSchedule
from app.core.facts import (
    ScheduleCompleted,
    ScheduleDeadLettered,
    ScheduleDelivered,
    ScheduleDropped,
    ScheduleFired,
    ScheduleRetried,
)
from app.core.names import Arn
from app.core.schedule.schedule import Schedule
from tests.core.stage import SCOPE, Stage

ROLE = "arn:aws:iam::000000000000:role/scheduler"
KINDS = (
    ScheduleFired, ScheduleDelivered, ScheduleRetried, ScheduleDropped, ScheduleDeadLettered, ScheduleCompleted,
)  # fmt: skip


def given(name: str, expression: str, target: Arn, **more: Any) -> dict[str, Any]:
    """What CreateSchedule takes; members of the target's are told as `Input`, `RetryPolicy`, `…Parameters`, …"""
    of_target = {key: more.pop(key) for key in list(more) if key in _OF_TARGET}
    window = more.pop("FlexibleTimeWindow", {"Mode": "OFF"})
    return {
        "Name": name,
        "ScheduleExpression": expression,
        "FlexibleTimeWindow": window,
        "Target": {"Arn": target, "RoleArn": ROLE, **of_target},
        **more,
    }


def create(stage: Stage, name: str, expression: str, target: Arn, **more: Any) -> Arn:
    arn: Arn = stage.submit(CreateSchedule(SCOPE, given(name, expression, target, **more)))
    return arn


def update(stage: Stage, name: str, expression: str, target: Arn, **more: Any) -> Arn:
    arn: Arn = stage.submit(UpdateSchedule(SCOPE, given(name, expression, target, **more)))
    return arn


def rule(stage: Stage, name: str, expression: str, target: Arn, **more: Any) -> Arn:
    """A rule with a schedule and one target."""
    arn: Arn = stage.submit(PutRule(SCOPE, {"Name": name, "ScheduleExpression": expression, **more}))
    stage.submit(PutTargets(SCOPE, name, ({"Id": "1", "Arn": target},), None))
    return arn


def the(stage: Stage, name: str, group: str | None = None) -> Schedule:
    return stage.world.scheduler.schedules.get(SCOPE, name, group)


def story(stage: Stage) -> list[str]:
    return [line.removeprefix("2026-11-21T") for line in stage.timed_story(*KINDS)]


def body(stage: Stage, queue: Arn, place: int = -1) -> Any:
    """The JSON of a message in the queue, the newest by default."""
    return json.loads(stage.bodies(queue)[place])


_OF_TARGET = ("Input", "RetryPolicy", "DeadLetterConfig", "SqsParameters", "EventBridgeParameters",
              "KinesisParameters", "EcsParameters")  # fmt: skip
