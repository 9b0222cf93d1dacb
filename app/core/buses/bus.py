"""An event bus: its rules, and which of them take an event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.buses.rule import Rule
from app.core.names import Arn, Scope, parse_arn
from app.core.pattern import PatternIndex
from app.core.time import SECOND_MS, Instant

DEFAULT = "default"


@dataclass(slots=True, eq=False)
class Bus:
    """`given` has what CreateEventBus and UpdateEventBus said, under AWS's names; `policy` is JSON text."""

    arn: Arn
    name: str
    created_at: Instant
    modified_at: Instant
    given: Mapping[str, Any] = field(default_factory=dict)
    policy: str | None = None
    rules: dict[str, Rule] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    _index: PatternIndex[str] = field(default_factory=PatternIndex)

    @property
    def scope(self) -> Scope:
        return parse_arn(self.arn).scope

    def keep(self, rule: Rule) -> None:
        """The rule as it is now: what it takes, and whether it takes anything, may have changed."""
        self.rules[rule.name] = rule
        if rule.pattern is not None and rule.is_enabled:
            self._index.add(rule.name, rule.pattern)
        else:
            self._index.remove(rule.name)

    def forget(self, rule: Rule) -> None:
        del self.rules[rule.name]
        self._index.remove(rule.name)

    def matching(self, document: Mapping[str, Any]) -> list[Rule]:
        """The rules that take the event."""
        return [self.rules[name] for name in self._index.matching(document)]

    def summary(self) -> dict[str, Any]:
        """The bus as ListEventBuses has it; times are epoch seconds."""
        told = {
            "Name": self.name,
            "Arn": self.arn,
            "Description": self.given.get("Description"),
            "Policy": self.policy,
            "CreationTime": self.created_at / SECOND_MS,
            "LastModifiedTime": self.modified_at / SECOND_MS,
        }
        return {name: value for name, value in told.items() if value is not None}

    def view(self) -> dict[str, Any]:
        """The bus as DescribeEventBus has it."""
        more = ("KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
        return {**self.summary(), **{name: self.given[name] for name in more if name in self.given}}

    def __repr__(self) -> str:
        return f"<Bus {self.name}: {len(self.rules)} rules>"
