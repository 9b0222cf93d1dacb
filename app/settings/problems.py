"""What is wrong with the settings, and where: all of it at once, each with its line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""The way to a value from the top: `("mappings", 0, "queue")`."""


def place_text(place: Place) -> str:
    """The place as people write it: `mappings[0].queue`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `source` is the file's name, or "" when `path` says it all (a variable, an API body)."""

    path: str
    text: str
    source: str = ""
    line: int | None = None

    def __str__(self) -> str:
        where = self.source if self.line is None else f"{self.source}:{self.line}"
        return ": ".join(part for part in (where, self.path, self.text) if part)


class SettingsError(Exception):
    """The settings cannot be used; `problems` has every reason, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
