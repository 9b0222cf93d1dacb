"""Cases as files: steps against a service, with what each must answer. See README.md here for their form."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KINDS = ("recorded", "documented", "unconfirmed")

_PLACEHOLDER = re.compile(r"<<([a-z][a-z0-9_]*)(?::([^>]*))?>>")


@dataclass(frozen=True, slots=True)
class Case:
    """One file. `protocols` are those in which it is run; `limits` changes members of the core's Limits; `enforced`:
    what somebody has no permission for is refused."""

    name: str
    source: str
    checked: str
    kind: str
    steps: tuple[Mapping[str, Any], ...]
    queues: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    protocols: tuple[str, ...] = ("json", "query")
    enforced: bool = False


def load(path: Path) -> Case:
    """The case in a file. Raises TypeError for a member that no case has, ValueError for a kind that none is of."""
    members = json.loads(path.read_text(encoding="utf-8"))
    case = Case(**{**members, "steps": tuple(members["steps"])})
    if case.kind not in KINDS:
        raise ValueError(f"{path.name}: {case.kind!r} is none of {', '.join(KINDS)}")
    return case


def read(path: Path) -> dict[str, Any]:
    """The members of a case that has a form of its own, but says as all do how it is known."""
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert case["kind"] in KINDS
    assert case["source"]
    assert case["checked"]
    return case


@dataclass(slots=True)
class Kept:
    """What placeholders stand for: the service's addresses, and the values kept from earlier answers."""

    base_url: str
    values: dict[str, Any] = field(default_factory=dict)

    def filled(self, given: Any) -> Any:
        """`given` with its placeholders filled in; a text that is nothing but one takes the value's own type."""
        if isinstance(given, Mapping):
            return {self.filled(name): self.filled(value) for name, value in given.items()}
        if isinstance(given, list):
            return [self.filled(value) for value in given]
        if not isinstance(given, str):
            return given
        whole = _PLACEHOLDER.fullmatch(given)
        if whole:
            return self._value(whole)
        return _PLACEHOLDER.sub(lambda found: str(self._value(found)), given)

    def check(self, expected: Any, answer: Any, *, where: str = "answer", is_exact: bool = True) -> None:
        """Raises AssertionError, saying where, unless `answer` is what was expected; keeps what is to be kept.

        Not exact, an object may have members that were not expected.
        """
        if isinstance(expected, Mapping):
            assert isinstance(answer, Mapping), f"{where} is {answer!r}"
            missing = set(expected) - set(answer)
            surplus = set(answer) - set(expected) if is_exact else set()
            assert not missing, f"{where} lacks {sorted(missing)}: {answer!r}"
            assert not surplus, f"{where} has also {sorted(surplus)}: {answer!r}"
            for name, value in expected.items():
                self.check(value, answer[name], where=f"{where}.{name}", is_exact=is_exact)
        elif isinstance(expected, list):
            assert isinstance(answer, list), f"{where} is {answer!r}"
            assert len(answer) == len(expected), f"{where} has {len(answer)} members: {answer!r}"
            for place, (value, got) in enumerate(zip(expected, answer, strict=True)):
                self.check(value, got, where=f"{where}[{place}]", is_exact=is_exact)
        elif isinstance(expected, str) and (found := _PLACEHOLDER.fullmatch(expected)) and found[1] == "some":
            assert answer not in (None, ""), f"{where} is empty"
            self.values[found[2] or ""] = answer
        else:
            wanted = self.filled(expected)
            assert answer == wanted, f"{where} is {answer!r}, not {wanted!r}"

    def _value(self, found: re.Match[str]) -> Any:
        kind, rest = found[1], found[2] or ""
        match kind:
            case "url":
                return f"{self.base_url}/000000000000/{rest}"
            case "base":
                return self.base_url
            case "arn":
                return f"arn:aws:sqs:us-east-1:000000000000:{rest}"
            case "topic":
                return f"arn:aws:sns:us-east-1:000000000000:{rest}"
            case "repeat":
                text, _, count = rest.rpartition(":")
                return text * int(count)
            case "bytes":
                return base64.b64decode(rest)
            case _:
                return self.values[kind]


def as_texts(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Queue attributes as AWS takes them: an object becomes its JSON."""
    return {
        name: json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else str(value)
        for name, value in attributes.items()
    }
