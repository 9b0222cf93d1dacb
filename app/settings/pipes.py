"""Pipes: from a queue, through a filter and an enrichment, to one target; AWS's settings of each stage."""

from typing import Any

from app.core.buses.registry import bus_arn
from app.core.names import Scope
from app.settings.reading import Field
from app.settings.values.names import function_arn_of, queue_arn_of, topic_arn_of
from app.settings.values.triggers import PipeSettings

PIPE_KEYS = (
    "source", "enrichment", "SourceParameters", "EnrichmentParameters", "TargetParameters", "DesiredState",
    "Description", "RoleArn",
)  # fmt: skip
"""What CreatePipe takes (API reference of EventBridge Pipes), and by name what stands there by ARN."""

TARGETS = ("function", "queue", "topic", "bus", "target")
"""A pipe leads to one of these; `target` is an ARN."""

STAGE_KEYS = (
    "InputTemplate", "HttpParameters", "LambdaFunctionParameters", "StepFunctionStateMachineParameters",
    "KinesisStreamParameters", "SqsQueueParameters", "EventBridgeEventBusParameters", "CloudWatchLogsParameters",
)  # fmt: skip
"""What an enrichment and a target may be told besides."""

_ROLE = "arn:aws:iam::{account}:role/triggerfish-pipes"


def read_pipe(name: str, field: Field) -> PipeSettings | None:
    """One entry of `pipes`."""
    table = field.table((*PIPE_KEYS, *TARGETS))
    source_field = table.must("source")
    source = source_field.text() if source_field is not None else None
    named = [kind for kind in TARGETS if kind in table]
    if len(named) != 1:
        field.wrong("must lead to one of a function, a queue, a topic, a bus and a target, which is an ARN")
        return None
    target = table.read(named[0], Field.text)
    given = {
        "SourceParameters": table.read("SourceParameters", _source_parameters),
        "EnrichmentParameters": table.read("EnrichmentParameters", _stage_parameters),
        "TargetParameters": table.read("TargetParameters", _stage_parameters),
        "DesiredState": table.read("DesiredState", lambda state: state.word(("RUNNING", "STOPPED"))),
        "Description": table.read("Description", Field.any_text),
        "RoleArn": table.read("RoleArn", Field.text),
    }
    enrichment = table.read("enrichment", Field.text)
    if source is None or target is None:
        return None
    told = {key: value for key, value in given.items() if value is not None}
    return PipeSettings(name, source, named[0], target, enrichment, told)


def pipe_parameters(pipe: PipeSettings, scope: Scope) -> dict[str, Any]:
    """The pipe as CreatePipe takes it, but its name."""
    arn_of = {"function": function_arn_of, "queue": queue_arn_of, "topic": topic_arn_of}.get(pipe.to)
    if pipe.to == "bus":
        target = bus_arn(scope, pipe.target)
    else:
        target = arn_of(pipe.target, scope) if arn_of is not None else pipe.target
    enrichment = {"Enrichment": function_arn_of(pipe.enrichment, scope)} if pipe.enrichment else {}
    ends = {"Source": queue_arn_of(pipe.source, scope), "Target": target, **enrichment}
    return {"RoleArn": _ROLE.format(account=scope.account), **pipe.parameters, **ends}


def _source_parameters(field: Field) -> dict[str, Any]:
    """AWS's, where a filter's pattern may be the mapping that it says."""
    table = field.table(("SqsQueueParameters", "FilterCriteria"))
    read: dict[str, Any] = {}
    if (queue := table.get("SqsQueueParameters")) is not None:
        own = queue.table(("BatchSize", "MaximumBatchingWindowInSeconds"))
        read["SqsQueueParameters"] = {key: own.entries[key].value for key in own.entries}
    if (criteria := table.get("FilterCriteria")) is not None:
        listed = criteria.table(("Filters",)).get("Filters")
        entries = listed.items() if listed is not None else []
        patterns = [each.table(("Pattern",)).read("Pattern", Field.json_text) for each in entries]
        read["FilterCriteria"] = {"Filters": [{"Pattern": pattern or "{}"} for pattern in patterns]}
    return read


def _stage_parameters(field: Field) -> dict[str, Any]:
    """AWS's, where a template may be the mapping that it looks like."""
    table = field.table(STAGE_KEYS)
    given = {key: entry.value for key, entry in table.entries.items()}
    if "InputTemplate" in table:
        given["InputTemplate"] = table.read("InputTemplate", Field.json_text) or ""
    return given
