"""What plays do to schedules: of every kind, some to targets that are not there, with few retries and dead letters."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.core.commands import (
    Command,
    CreateSchedule,
    CreateScheduleGroup,
    DeleteSchedule,
    DeleteScheduleGroup,
    FireSchedule,
    PutRule,
    TagScheduleGroup,
    UntagScheduleGroup,
    UpdateSchedule,
)
from app.core.names import Arn
from tests.core.stage import SCOPE

if TYPE_CHECKING:
    from tests.properties.plays import Play

_NAMES = ("nightly", "often", "once")
_GROUPS = (None, "reports", "nowhere")
_EXPRESSIONS = (
    "rate(1 minute)", "rate(2 minutes)", "cron(0/2 * * * ? *)", "at(2026-11-21T12:01:30)", "cron(0 0 31 2 ? *)",
    "rate(1 second)",
)  # fmt: skip
_ROLE = "arn:aws:iam::000000000000:role/scheduler"


def _target(play: "Play", a: int, b: int) -> dict[str, Any]:
    arns: tuple[Arn, ...] = (
        play.arn(a), SCOPE.function_arn("quick"), SCOPE.function_arn("nobody"), SCOPE.topic_arn("news"),
        SCOPE.bus_arn("default"), "arn:aws:kinesis:us-east-1:000000000000:stream/clicks",
        "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "nonsense",
    )  # fmt: skip
    target: dict[str, Any] = {"Arn": arns[b % 8], "RoleArn": _ROLE, "RetryPolicy": {"MaximumRetryAttempts": a % 3}}
    if b % 3:
        target["Input"] = '{"n": "<aws.scheduler.attempt-number>"}'
    if target["Arn"].endswith(".fifo"):
        target["SqsParameters"] = {"MessageGroupId": "g"}
    if b % 8 == 4:
        target["EventBridgeParameters"] = {"DetailType": "made", "Source": "app"}
    if b % 8 == 5:
        target["KinesisParameters"] = {"PartitionKey": "k"}
    if a % 2:
        target["DeadLetterConfig"] = {"Arn": SCOPE.queue_arn("orders-dlq")}
    return target


def _given(play: "Play", a: int, b: int) -> dict[str, Any]:
    given: dict[str, Any] = {
        "Name": _NAMES[a % 3],
        "ScheduleExpression": _EXPRESSIONS[b % 6],
        "Target": _target(play, a, b),
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1} if b % 5 == 0 else {"Mode": "OFF"},
        "State": ("ENABLED", "DISABLED")[b % 7 == 0],
        "ActionAfterCompletion": ("NONE", "DELETE")[a % 2],
    }
    if _GROUPS[a % 3] is not None:
        given["GroupName"] = _GROUPS[a % 3]
    if b % 4 == 0:
        given["ClientToken"] = f"t{b % 3}"
    return given


def _fire(play: "Play", a: int, b: int) -> Command:
    arns = [schedule.arn for schedule in play.world.scheduler.schedules.all()]
    return FireSchedule(arns[a % len(arns)] if arns and b % 3 else SCOPE.rule_arn("default", "timed"))


def _rule(play: "Play", a: int, b: int) -> Command:
    return PutRule(SCOPE, {"Name": ("timed", "one")[a % 2], "ScheduleExpression": _EXPRESSIONS[b % 6],
                           "State": ("ENABLED", "DISABLED")[b % 7 == 0]})  # fmt: skip


# ruff: noqa: ARG005 -- every verb takes the same three arguments
VERBS: dict[str, Callable[["Play", int, int], Command | None]] = {
    "create schedule": lambda play, a, b: CreateSchedule(SCOPE, _given(play, a, b), play.origin(a)),
    "update schedule": lambda play, a, b: UpdateSchedule(SCOPE, _given(play, a, b)),
    "delete schedule": lambda play, a, b: (
        DeleteSchedule(SCOPE, _NAMES[a % 3], _GROUPS[b % 3], "t1" if b % 2 else None) if b % 3 == 0 else None
    ),
    "create schedule group": lambda play, a, b: CreateScheduleGroup(SCOPE, ("reports", "default")[a % 5 == 0], {}),
    "delete schedule group": lambda play, a, b: DeleteScheduleGroup(SCOPE, "reports") if b % 5 == 0 else None,
    "tag schedule group": lambda play, a, b: TagScheduleGroup(SCOPE.schedule_group_arn("reports"), {str(b % 3): "x"}),
    "untag schedule group": lambda play, a, b: UntagScheduleGroup(SCOPE.schedule_group_arn("reports"), (str(b % 3),)),
    "fire schedule": _fire,
    "put timed rule": _rule,
}

OFTEN = ["create schedule", "update schedule"]
