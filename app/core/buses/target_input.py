"""What of an event a target gets: all of it, a constant, a part, or a template filled in.

Compiled once, refused in AWS's words; rendering cannot fail.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from app.core.buses.event import BusEvent, ingestion_time
from app.core.errors import ValidationFailed
from app.core.input_template import MISSING, Path, filled, split
from app.core.json_text import dump

_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
_PATHS_MOST = 100
_RULE_ARN, _RULE_NAME = "aws.events.rule-arn", "aws.events.rule-name"
_INGESTION_TIME = "aws.events.event.ingestion-time"
_EVENT, _EVENT_JSON = "aws.events.event", "aws.events.event.json"
_RESERVED = frozenset({_RULE_ARN, _RULE_NAME, _INGESTION_TIME, _EVENT, _EVENT_JSON})


class Input(Protocol):
    """`rule_arn` and `rule_name` are of the rule on whose behalf the target gets the event."""

    def render(self, event: BusEvent, rule_arn: str, rule_name: str) -> str: ...


@dataclass(frozen=True, slots=True)
class WholeEvent:
    def render(self, event: BusEvent, rule_arn: str, rule_name: str) -> str:
        return event.text


@dataclass(frozen=True, slots=True)
class Constant:
    text: str

    def render(self, event: BusEvent, rule_arn: str, rule_name: str) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Part:
    """What a path leads to, as JSON: a string keeps its quotes (recorded). Where it leads nowhere, `{}`: nothing of
    that is recorded (UNCONFIRMED)."""

    path: Path

    def render(self, event: BusEvent, rule_arn: str, rule_name: str) -> str:
        found = self.path.find(event.document)
        return "{}" if found is MISSING else dump(found)


@dataclass(frozen=True, slots=True)
class Template:
    """Literal text and placeholders by turns; each placeholder says whether it stands inside a JSON string."""

    literals: tuple[str, ...]
    placeholders: tuple[tuple[str, bool], ...]
    paths: Mapping[str, Path]

    def render(self, event: BusEvent, rule_arn: str, rule_name: str) -> str:
        parts = [self.literals[0]]
        for (name, is_quoted), literal in zip(self.placeholders, self.literals[1:], strict=True):
            parts.append(filled(self._value(name, event, rule_arn, rule_name), is_quoted=is_quoted))
            parts.append(literal)
        return "".join(parts)

    def _value(self, name: str, event: BusEvent, rule_arn: str, rule_name: str) -> Any:
        match name:
            case _ if name in self.paths:
                return self.paths[name].find(event.document)
            case "aws.events.rule-arn":
                return rule_arn
            case "aws.events.rule-name":
                return rule_name
            case "aws.events.event.ingestion-time":
                return ingestion_time(event)
            case "aws.events.event":
                return _without_detail(event)
            case _:
                return event.document


def compile_input(
    target_id: str, constant: str | None, path: str | None, transformer: Mapping[str, Any] | None
) -> Input:
    """The input of a target. Raises ValidationFailed in AWS's words."""
    if sum(given is not None for given in (constant, path, transformer)) > 1:
        raise ValidationFailed(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target_id}."
        )
    if constant is not None:
        if not is_json(constant):
            # As CloudFormation passes it on (awsdocs/aws-cloudformation-user-guide#1010).
            raise ValidationFailed(f"Input for target {target_id} is not a valid JSON text.")
        return Constant(constant)
    if path is not None:
        read = Path.read(path)
        if read is None:
            raise ValidationFailed(f"InputPath for target {target_id} is invalid.")
        return WholeEvent() if not read.steps else Part(read)
    if transformer is not None:
        return _compile_template(target_id, transformer)
    return WholeEvent()


def is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _compile_template(target_id: str, transformer: Mapping[str, Any]) -> Template:
    paths: dict[str, Path] = {}
    given = transformer.get("InputPathsMap") or {}
    if len(given) > _PATHS_MOST:
        raise ValidationFailed(
            f"1 validation error detected: Value at 'inputPathsMap' for target {target_id} failed to satisfy "
            f"constraint: Member must have length less than or equal to {_PATHS_MOST}"
        )
    for name, text in given.items():
        if name.lower().startswith("aws"):
            raise ValidationFailed(
                f"InputPathsMap for target {target_id} contains invalid key {name}: keys must not start with AWS."
            )
        path = Path.read(text)
        if path is None:
            raise ValidationFailed(f"InputPathsMap for target {target_id} contains invalid path {text}.")
        paths[name] = path
    template = str(transformer.get("InputTemplate") or "")
    literals, placeholders = split(template, _PLACEHOLDER)
    for name, _ in placeholders:
        if name not in paths and name not in _RESERVED:
            raise ValidationFailed(f"InputTemplate for target {target_id} contains invalid placeholder {name}.")
    return Template(tuple(literals), tuple(placeholders), paths)


def _without_detail(event: BusEvent) -> dict[str, Any]:
    """The event as `<aws.events.event>` has it (recorded): without detail, `detailType` in one word, and its time in
    the form of the ingestion time."""
    document = event.document
    return {
        "id": document["id"],
        "account": document["account"],
        "detailType": document["detail-type"],
        "time": f"{str(document['time']).removesuffix('Z')}.000Z",
        "source": document["source"],
        "region": document["region"],
        "resources": document["resources"],
        "version": document["version"],
    }
