"""Which rules of a bus take an event, and why the others do not: for people, rule by rule, without an index."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.buses.bus import Bus
from app.core.buses.rule import Rule


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """`reason` is None for a rule that takes the event."""

    rule: Rule
    reason: str | None


def verdicts(bus: Bus, document: Mapping[str, Any]) -> list[RuleVerdict]:
    """Every rule of the bus, those that take the event first, each kind by name."""
    told = [RuleVerdict(rule, _why_not(rule, document)) for _, rule in sorted(bus.rules.items())]
    return sorted(told, key=lambda each: each.reason is not None)


def _why_not(rule: Rule, document: Mapping[str, Any]) -> str | None:
    if rule.pattern is None:
        return "it has a schedule and no pattern"
    mismatch = rule.pattern.explain(document)
    if mismatch is not None:
        return mismatch.text
    return None if rule.is_enabled else "it is disabled"
