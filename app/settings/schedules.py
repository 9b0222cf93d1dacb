"""Schedules of EventBridge Scheduler: AWS's settings of each, and what they lead to."""

import json
import re
from collections.abc import Mapping
from typing import Any

from app.core.names import Scope
from app.core.schedule.expression import NotAnExpression, parse_for_scheduler
from app.core.schedule.occurrences import zone_of
from app.core.time import MINUTE_MS
from app.settings.reading import Field, Table
from app.settings.values.names import function_arn_of, queue_arn_of, topic_arn_of
from app.settings.values.triggers import ScheduleSettings

SCHEDULE_KEYS = (
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "EndDate",
    "State",
    "Description",
    "GroupName",
    "ActionAfterCompletion",
    "FlexibleTimeWindow",
    "Input",
    "RetryPolicy",
    "EventBridgeParameters",
    "KinesisParameters",
    "SqsParameters",
    "RoleArn",
    "dead_letter_queue",
)
"""What CreateSchedule and its target take (Scheduler API reference), and by name what stands there by ARN."""

TARGETS = ("function", "queue", "topic", "target")
"""A schedule names one of these."""

_NAME = re.compile(r"[0-9a-zA-Z-_.]{1,64}")
_ARN_OF = {"function": function_arn_of, "queue": queue_arn_of, "topic": topic_arn_of}
_WINDOW_MINUTES = 1_440
_TEXTS = ("StartDate", "EndDate", "Description", "GroupName")
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "EventBridgeParameters": ("DetailType", "Source"),
    "KinesisParameters": ("PartitionKey",),
    "SqsParameters": ("MessageGroupId",),
}


def read_schedule(name: str, field: Field) -> ScheduleSettings | None:
    """One entry of `schedules`."""
    if not _NAME.fullmatch(name):
        field.wrong("a schedule's name has 1 to 64 letters, digits, hyphens, underscores and dots")
    table = field.table((*SCHEDULE_KEYS, *TARGETS))
    expression = table.must("ScheduleExpression")
    text = _read_expression(expression) if expression is not None else None
    named = [kind for kind in TARGETS if kind in table]
    if len(named) != 1:
        field.wrong("must lead to one of a function, a queue, a topic and a target, which is an ARN")
        return None
    target = table.read(named[0], Field.text)
    given: dict[str, Any] = {key: value for key in _TEXTS if (value := table.read(key, Field.text)) is not None}
    given |= {
        "State": table.word("State", "ENABLED", ("ENABLED", "DISABLED")),
        "ActionAfterCompletion": table.word("ActionAfterCompletion", "NONE", ("NONE", "DELETE")),
        "FlexibleTimeWindow": table.read("FlexibleTimeWindow", _read_window) or {"Mode": "OFF"},
    }
    if (zone := table.read("ScheduleExpressionTimezone", _read_zone)) is not None:
        given["ScheduleExpressionTimezone"] = zone
    of_target = _read_target(table)
    if text is None or target is None:
        return None
    dead_letter_queue = table.read("dead_letter_queue", Field.text)
    return ScheduleSettings(name, named[0], target, {"ScheduleExpression": text, **given}, of_target, dead_letter_queue)


def schedule_parameters(schedule: ScheduleSettings, scope: Scope) -> dict[str, Any]:
    """The schedule as CreateSchedule takes it."""
    arn_of = _ARN_OF.get(schedule.to)
    arn = arn_of(schedule.target, scope) if arn_of is not None else schedule.target
    target = {"Arn": arn, "RoleArn": f"arn:aws:iam::{scope.account}:role/scheduler", **schedule.of_target}
    if schedule.dead_letter_queue is not None:
        target["DeadLetterConfig"] = {"Arn": queue_arn_of(schedule.dead_letter_queue, scope)}
    return {"Name": schedule.name, **schedule.parameters, "Target": target}


def _read_expression(field: Field) -> str | None:
    text = field.text()
    if text is None:
        return None
    try:
        parse_for_scheduler(text)
    except NotAnExpression as error:
        field.wrong(f"{text!r} is no schedule expression: {error}")
        return None
    return text


def _read_zone(field: Field) -> str | None:
    text = field.text()
    if text is not None and zone_of(text) is None:
        field.wrong(f"{text!r} is no time zone; write it like Europe/Berlin")
        return None
    return text


def _read_window(field: Field) -> dict[str, Any] | None:
    """A duration in whole minutes, or AWS's structure."""
    if isinstance(field.value, Mapping):
        table = field.table(("Mode", "MaximumWindowInMinutes"))
        if table.word("Mode", "FLEXIBLE", ("OFF", "FLEXIBLE")) == "OFF":
            return {"Mode": "OFF"}
        minutes = table.integer("MaximumWindowInMinutes", 1, least=1, most=_WINDOW_MINUTES)
    else:
        minutes = (field.duration_ms() or 0) // MINUTE_MS
        if not 1 <= minutes <= _WINDOW_MINUTES:
            field.wrong("must be from 1m to 24h")
            return None
    return {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes}


def _read_target(table: Table) -> dict[str, Any]:
    """What of a target is not an ARN of something else. An input may be a mapping or a list, which is written as
    JSON."""
    read: dict[str, Any] = {}
    if (field := table.get("Input")) is not None:
        is_json = isinstance(field.value, Mapping | list)
        text = json.dumps(field.value, ensure_ascii=False) if is_json else field.text()
        if text is not None:
            read["Input"] = text
    if (field := table.get("RetryPolicy")) is not None:
        policy = field.table(("MaximumEventAgeInSeconds", "MaximumRetryAttempts"))
        read["RetryPolicy"] = {
            "MaximumEventAgeInSeconds": policy.integer("MaximumEventAgeInSeconds", 86_400, least=60, most=86_400),
            "MaximumRetryAttempts": policy.integer("MaximumRetryAttempts", 185, least=0, most=185),
        }
    for name, members in _PARAMETERS.items():
        if (field := table.get(name)) is not None:
            parts = field.table(members)
            read[name] = {member: parts.text(member, "") for member in members if member in parts}
    if (role := table.read("RoleArn", Field.text)) is not None:
        read["RoleArn"] = role
    return read
