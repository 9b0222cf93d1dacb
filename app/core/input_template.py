"""Templates of JSON with placeholders, and the paths that lead into an event: of EventBridge's rules and of pipes."""

import re
from dataclasses import dataclass
from typing import Any

from app.core.json_text import dump

_STEP = re.compile(r"\.([A-Za-z0-9_@-][^.\[\]]*)|\[(\d+)\]|\['([^']*)'\]|\[(\*)\]")


class _Missing:
    """The value of a path that leads nowhere."""


MISSING = _Missing()


@dataclass(frozen=True, slots=True)
class Path:
    """A path of names and places, `$.detail.items[0].id`; the part of JSONPath that EventBridge takes."""

    text: str
    steps: tuple[str | int, ...]

    @classmethod
    def read(cls, text: str) -> "Path | None":
        """None for what is no such path."""
        if not text.startswith("$"):
            return None
        steps: list[str | int] = []
        at = 1
        while at < len(text):
            step = _STEP.match(text, at)
            if step is None or step[4] is not None:
                return None
            steps.append(int(step[2]) if step[2] is not None else step[1] if step[1] is not None else step[3])
            at = step.end()
        return cls(text, tuple(steps))

    def find(self, document: Any) -> Any:
        value = document
        for step in self.steps:
            if isinstance(step, int):
                if not isinstance(value, list) or step >= len(value):
                    return MISSING
                value = value[step]
            else:
                if not isinstance(value, dict) or step not in value:
                    return MISSING
                value = value[step]
        return value


def split(template: str, placeholder: re.Pattern[str]) -> tuple[list[str], list[tuple[str, bool]]]:
    """The literal texts, one more than there are placeholders, and the placeholders with whether each is quoted. What a
    placeholder is called is the first group of its pattern."""
    literals: list[str] = []
    placeholders: list[tuple[str, bool]] = []
    at, is_quoted = 0, False
    for found in placeholder.finditer(template):
        literal = template[at : found.start()]
        is_quoted = _quoted_after(literal, is_quoted=is_quoted)
        literals.append(literal)
        placeholders.append((found[1], is_quoted))
        at = found.end()
    literals.append(template[at:])
    return literals, placeholders


def _quoted_after(literal: str, *, is_quoted: bool) -> bool:
    """Whether one is inside a JSON string behind the text, which began inside one or not."""
    is_escaped = False
    for char in literal:
        if is_escaped:
            is_escaped = False
        elif char == "\\" and is_quoted:
            is_escaped = True
        elif char == '"':
            is_quoted = not is_quoted
    return is_quoted


def filled(value: Any, *, is_quoted: bool) -> str:
    """Inside a string, texts stand as they are and objects lose their quotes; outside, everything is JSON, and what
    is missing the empty string (recorded; AWS's page says that it is left out). Nothing is escaped."""
    if is_quoted:
        if value is MISSING:
            return ""
        return value if isinstance(value, str) else dump(value).replace('"', "")
    if value is MISSING:
        return '""'
    return f'"{value}"' if isinstance(value, str) else dump(value)
