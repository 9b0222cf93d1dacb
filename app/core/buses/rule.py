"""A rule of a bus: which events it takes, when it fires by itself, and who gets what it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.buses.target import RuleTarget
from app.core.names import Arn
from app.core.pattern import Pattern

ENABLED = "ENABLED"
DISABLED = "DISABLED"


@dataclass(slots=True, eq=False)
class Rule:
    """`state` is AWS's word; a rule has a pattern, a schedule or both. `managed_by` names the service that made it."""

    arn: Arn
    name: str
    bus: Arn
    bus_name: str
    created_by: str
    pattern: Pattern | None = None
    schedule: str | None = None
    state: str = ENABLED
    description: str | None = None
    role: Arn | None = None
    managed_by: str | None = None
    targets: dict[str, RuleTarget] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def is_enabled(self) -> bool:
        return self.state != DISABLED

    @property
    def label(self) -> str:
        """The rule for people: `default/nightly`."""
        return f"{self.bus_name}/{self.name}"

    @property
    def station(self) -> str:
        """The place on a loop's path."""
        return f"bus {self.bus_name}/rule {self.name}"

    def summary(self) -> dict[str, Any]:
        """The rule as ListRules has it."""
        return _present(
            {
                "Name": self.name,
                "Arn": self.arn,
                "EventPattern": self.pattern.text if self.pattern is not None else None,
                "State": self.state,
                "Description": self.description,
                "ScheduleExpression": self.schedule,
                "RoleArn": self.role,
                "ManagedBy": self.managed_by,
                "EventBusName": self.bus_name,
            }
        )

    def view(self) -> dict[str, Any]:
        """The rule as DescribeRule has it."""
        return {**self.summary(), "CreatedBy": self.created_by}

    def __repr__(self) -> str:
        return f"<Rule {self.label}: {self.state}, {len(self.targets)} targets>"


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
