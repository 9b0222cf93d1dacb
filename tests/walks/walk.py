"""README's walks, read from it: the commands as they stand there, and what they must print."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_SECTION = re.compile(r"^(#{2,3}) (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export AWS_ENDPOINT_URL.*$", re.MULTILINE)
_ANYTHING = "…"


@dataclass(frozen=True, slots=True)
class Step:
    """A block of shell commands, and what the block after it says that they print (None: nothing is said)."""

    commands: str
    prints: str | None


@dataclass(frozen=True, slots=True)
class Walk:
    title: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return self.title


def walks_of(readme: str) -> list[Walk]:
    """The sections under "Three walks", each with its steps."""
    sections = list(_sections(readme))
    first = next(number for number, (_, title, _) in enumerate(sections) if title == "Three walks")
    walks = []
    for level, title, text in sections[first + 1 :]:
        if level == 2:
            break
        walks.append(Walk(title, tuple(steps_of(text))))
    return walks


def steps_of(text: str) -> Iterator[Step]:
    """The blocks of commands in a text, each with the block of text right after it."""
    blocks = [(match[1], match[2]) for match in _BLOCK.finditer(text)]
    for number, (language, content) in enumerate(blocks):
        if language == "sh":
            is_told = number + 1 < len(blocks) and blocks[number + 1][0] == "text"
            yield Step(content, blocks[number + 1][1] if is_told else None)


def preparation_of(readme: str) -> str:
    """The line that README has one type in the other terminal first."""
    (export,) = _EXPORT.findall(readme)
    return str(export)


def run(commands: str, *, folder: Path, environ: Mapping[str, str]) -> str:
    """What the commands print in bash, which stops at the first that fails; trailing blanks are taken off."""
    done = subprocess.run(
        ["/bin/bash", "-e", "-o", "pipefail", "-c", commands],
        cwd=folder, env=environ, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    printed = done.stdout.decode()
    assert done.returncode == 0, f"exit status {done.returncode}\n{printed}\n{done.stderr.decode()}"
    # The AWS CLI draws over its progress line; only the last drawing stays to be seen.
    lines = [line.rstrip().rpartition("\r")[2] for line in printed.split("\n")]
    return "\n".join(lines).rstrip("\n")


def differs(printed: str, told: str) -> str:
    """Empty when `printed` is what README tells; else where they part.

    `…` stands for anything within a line; a line of `…` alone for any number of lines.
    """
    pattern = ""
    for number, line in enumerate(told.rstrip("\n").split("\n")):
        if line == _ANYTHING:
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.split(_ANYTHING)) + r"\n"
        if re.match(pattern, printed + "\n") is None:
            return f"README's line {number + 1} is not there: {line!r}\n--- printed:\n{printed}"
    if re.fullmatch(pattern, printed + "\n") is None:
        return f"more is printed than README says:\n{printed}"
    return ""


def _sections(readme: str) -> Iterator[tuple[int, str, str]]:
    """Level, title and text of each section. Lines of code blocks that begin like a title are none."""
    headings = [match for match in _SECTION.finditer(readme) if readme.count("\n```", 0, match.start()) % 2 == 0]
    ends = [*(match.start() for match in headings[1:]), len(readme)]
    for match, end in zip(headings, ends, strict=True):
        yield len(match[1]), match[2], readme[match.end() : end]
