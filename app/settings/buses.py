"""Event buses and their rules: AWS's settings of each, and whom a rule's targets are."""

import re
from typing import Any

from app.core.buses.registry import bus_arn
from app.core.limits import DEFAULT_LIMITS
from app.core.names import Arn, Scope
from app.settings.reading import Field, Table
from app.settings.values.names import function_arn_of, queue_arn_of, topic_arn_of
from app.settings.values.triggers import BusSettings, RuleSettings, TargetSettings

BUS_KEYS = ("Description", "Policy", "archives")
ARCHIVE_KEYS = ("Description", "EventPattern", "RetentionDays")
RULE_KEYS = ("bus", "EventPattern", "ScheduleExpression", "State", "Description", "targets")
TARGET_KEYS = (
    "Id", "Input", "InputPath", "InputTransformer", "MessageGroupId", "RetryPolicy", "RoleArn", "HttpParameters",
    "PartitionKeyPath", "dead_letter_queue",
)  # fmt: skip
TARGETS = ("function", "queue", "topic", "bus", "arn")
"""A target names one of these."""

_NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}")  # EventBridge API reference: PutRule, Name
_ROLE = "arn:aws:iam::{account}:role/triggerfish-events"
"""The role of a target that must have one and is given none: here nobody looks at what a role may do."""


def read_bus(name: str, field: Field) -> BusSettings:
    """One entry of `buses`; that of `default` is about the bus that there is anyway."""
    table = field.table(BUS_KEYS)
    archives = table.get("archives")
    read = {each: _read_archive(entry) for each, entry in archives.entries()} if archives is not None else {}
    return BusSettings(name, table.read("Description", Field.any_text), table.read("Policy", Field.json_text), read)


def read_rule(name: str, field: Field) -> RuleSettings | None:
    """One entry of `rules`: its name, with the bus's and a slash before it where two buses have rules of one name."""
    table = field.table(RULE_KEYS)
    bus, _, own = name.rpartition("/")
    if not _NAME.fullmatch(own):
        field.wrong("a rule's name has 1 to 64 letters, digits, dots, hyphens and underscores")
    if bus and "bus" in table:
        field.wrong("must name its bus once: before its name, or as bus")
    given = {
        "EventPattern": table.read("EventPattern", Field.json_text),
        "ScheduleExpression": table.read("ScheduleExpression", Field.text),
        "State": table.read("State", lambda state: state.word(("ENABLED", "DISABLED"))),
        "Description": table.read("Description", Field.any_text),
    }
    listed = table.get("targets")
    targets = [_read_target(place, each) for place, each in enumerate(listed.items(), 1)] if listed is not None else []
    return RuleSettings(
        own, table.read("bus", Field.text) or bus or "default", {key: text for key, text in given.items() if text},
        tuple(target for target in targets if target is not None),
    )  # fmt: skip


def rule_parameters(rule: RuleSettings) -> dict[str, Any]:
    """The rule as PutRule takes it."""
    return {"Name": rule.name, "EventBusName": rule.bus, **rule.given}


def target_parameters(target: TargetSettings, scope: Scope) -> dict[str, Any]:
    """The target as PutTargets takes it."""
    given: dict[str, Any] = {"Id": target.id, "Arn": _arn(target, scope), **target.given}
    given.setdefault("RoleArn", _ROLE.format(account=scope.account))
    if target.dead_letter_queue is not None:
        given["DeadLetterConfig"] = {"Arn": queue_arn_of(target.dead_letter_queue, scope)}
    return given


def _arn(target: TargetSettings, scope: Scope) -> Arn:
    match target.to:
        case "function":
            return function_arn_of(target.target, scope)
        case "queue":
            return queue_arn_of(target.target, scope)
        case "topic":
            return topic_arn_of(target.target, scope)
        case "bus":
            return bus_arn(scope, target.target)
        case _:
            return target.target


def _read_archive(field: Field) -> dict[str, Any]:
    table = field.table(ARCHIVE_KEYS)
    given = {
        "Description": table.read("Description", Field.any_text),
        "EventPattern": table.read("EventPattern", Field.json_text),
        "RetentionDays": table.read("RetentionDays", lambda days: days.integer(0)),
    }
    return {key: value for key, value in given.items() if value is not None}


def _read_target(place: int, field: Field) -> TargetSettings | None:
    table = field.table((*TARGETS, *TARGET_KEYS))
    named = [kind for kind in TARGETS if kind in table]
    if len(named) != 1:
        field.wrong(f"must name one of {', '.join(TARGETS)}")
        return None
    target = table.read(named[0], Field.text)
    if target is None:
        return None
    given = {
        "Input": table.read("Input", Field.json_text),
        "InputPath": table.read("InputPath", Field.text),
        "InputTransformer": table.read("InputTransformer", _transformer),
        "RetryPolicy": table.read("RetryPolicy", _retry_policy),
        "RoleArn": table.read("RoleArn", Field.text),
        "SqsParameters": _wrapped("MessageGroupId", table),
        "KinesisParameters": _wrapped("PartitionKeyPath", table),
        "HttpParameters": table.read("HttpParameters", _http_parameters),
    }
    return TargetSettings(
        table.text("Id", str(place)), named[0], target,
        {key: value for key, value in given.items() if value is not None},
        table.read("dead_letter_queue", Field.text),
    )  # fmt: skip


def _wrapped(key: str, table: Table) -> dict[str, str] | None:
    text = table.read(key, Field.text)
    return None if text is None else {key: text}


def _transformer(field: Field) -> dict[str, Any]:
    table = field.table(("InputPathsMap", "InputTemplate"))
    template = table.must("InputTemplate")
    # A template may be written as the mapping that it looks like.
    text = template.json_text() if template is not None else None
    return {"InputPathsMap": table.text_entries("InputPathsMap"), "InputTemplate": text or ""}


def _retry_policy(field: Field) -> dict[str, int]:
    table = field.table(("MaximumRetryAttempts", "MaximumEventAgeInSeconds"))
    most, age_s = DEFAULT_LIMITS.event_retries, DEFAULT_LIMITS.event_age_s
    return {
        "MaximumRetryAttempts": table.integer("MaximumRetryAttempts", most, least=0, most=most),
        "MaximumEventAgeInSeconds": table.integer("MaximumEventAgeInSeconds", age_s, least=60, most=age_s),
    }


def _http_parameters(field: Field) -> dict[str, Any]:
    table = field.table(("PathParameterValues", "HeaderParameters", "QueryStringParameters"))
    return {
        "PathParameterValues": list(table.texts("PathParameterValues")),
        "HeaderParameters": table.text_entries("HeaderParameters"),
        "QueryStringParameters": table.text_entries("QueryStringParameters"),
    }
