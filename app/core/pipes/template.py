"""Input templates of pipes: `{"id": <$.messageId>, "pipe": "<aws.pipes.pipe-name>"}`.

A body that is JSON is looked into; one that is not is the text that it is. How a placeholder is filled in is as with
EventBridge's input transformer, of which alone it is recorded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from app.core.errors import ValidationFailed
from app.core.input_template import MISSING, Path, filled, split

_PLACEHOLDER = re.compile(r"<(\$[^<>]*|aws\.pipes\.[a-z.-]+)>")
_EVENT, _EVENT_JSON = "aws.pipes.event", "aws.pipes.event.json"
RESERVED = frozenset(
    {
        "aws.pipes.pipe-arn", "aws.pipes.pipe-name", "aws.pipes.source-arn", "aws.pipes.enrichment-arn",
        "aws.pipes.target-arn", "aws.pipes.event.ingestion-time", _EVENT, _EVENT_JSON,
    }
)  # fmt: skip
_DECODED = "body"


@dataclass(frozen=True, slots=True)
class InputTemplate:
    """Literal texts and placeholders by turns."""

    literals: tuple[str, ...]
    placeholders: tuple[tuple[str, bool], ...]
    paths: Mapping[str, Path]

    @classmethod
    def compile(cls, template: str) -> "InputTemplate":
        """Raises ValidationFailed for a placeholder that means nothing (its text is UNCONFIRMED)."""
        literals, placeholders = split(template, _PLACEHOLDER)
        paths: dict[str, Path] = {}
        for name, _ in placeholders:
            path = Path.read(name)
            if path is not None:
                paths[name] = path
            elif name not in RESERVED:
                raise ValidationFailed(f"InputTemplate contains invalid placeholder {name}.")
        return cls(tuple(literals), tuple(placeholders), paths)

    def render(self, event: Any, known: Mapping[str, str]) -> Any:
        """What the event becomes: JSON where the text is some, else the text. `known` has the reserved names."""
        seen = decoded(event)
        parts = [self.literals[0]]
        for (name, is_quoted), literal in zip(self.placeholders, self.literals[1:], strict=True):
            if name in self.paths:
                value = self.paths[name].find(seen)
            else:
                value = event if name in (_EVENT, _EVENT_JSON) else known.get(name, MISSING)
            parts += (filled(value, is_quoted=is_quoted), literal)
        text = "".join(parts)
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text


def decoded(event: Any) -> Any:
    """The event as paths see it: with its body as JSON, if that is some."""
    if not isinstance(event, dict) or not isinstance(event.get(_DECODED), str):
        return event
    try:
        return {**event, _DECODED: orjson.loads(event[_DECODED])}
    except orjson.JSONDecodeError:
        return event
