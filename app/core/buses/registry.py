"""Which buses and rules there are, by name or ARN, in every account and region."""

from collections.abc import Callable
from dataclasses import dataclass, field

from app.core.buses.bus import DEFAULT, Bus
from app.core.buses.rule import Rule
from app.core.errors import ResourceNotFound
from app.core.names import Arn, Scope, parse_arn
from app.core.time import Instant


@dataclass(slots=True)
class Registry:
    """Buses by ARN. Each account and region has the default bus without making it: it begins with its first use."""

    buses: dict[Arn, Bus] = field(default_factory=dict)
    changed: list[Callable[[Rule, Instant], None]] = field(default_factory=list)
    """Who is told of a rule that was put, enabled, disabled or deleted: its schedule may have changed."""

    def bus(self, scope: Scope, name: str | None, now: Instant) -> Bus:
        """The bus of a name or ARN. Raises ResourceNotFound."""
        arn = bus_arn(scope, name)
        bus = self.find(arn, now)
        if bus is None:
            raise ResourceNotFound(f"Event bus {arn.partition('event-bus/')[2]} does not exist.")
        return bus

    def find(self, arn: Arn, now: Instant) -> Bus | None:
        bus = self.peek(arn, now)
        return self.keep(bus) if bus is not None else None

    def peek(self, arn: Arn, now: Instant) -> Bus | None:
        """The same, and a default bus that nobody has used yet stays unused."""
        bus = self.buses.get(arn)
        return Bus(arn, DEFAULT, now, now) if bus is None and arn.endswith(":event-bus/default") else bus

    def keep(self, bus: Bus) -> Bus:
        """Note a bus that was looked at, now that it is used."""
        return self.buses.setdefault(bus.arn, bus)

    def rule(self, scope: Scope, name: str, bus: str | None, now: Instant) -> Rule:
        """Raises ResourceNotFound: for the bus, or for the rule."""
        found = self.bus(scope, bus, now)
        rule = found.rules.get(name)
        if rule is None:
            raise ResourceNotFound(f"Rule {name} does not exist on EventBus {found.name}.")
        return rule

    def rule_of_arn(self, arn: Arn) -> Rule | None:
        bus_name, name = rule_names(arn)
        bus = self.buses.get(parse_arn(arn).scope.bus_arn(bus_name))
        return bus.rules.get(name) if bus is not None else None

    def all(self, scope: Scope | None = None) -> list[Bus]:
        """Those that are there, by name; the default bus of `scope` always is."""
        buses = sorted(self.buses.values(), key=lambda bus: bus.name)
        return [bus for bus in buses if scope is None or bus.scope == scope]

    def tell(self, rule: Rule, now: Instant) -> None:
        for told in self.changed:
            told(rule, now)


def bus_arn(scope: Scope, name: str | None) -> Arn:
    """The ARN of the bus that a request names: by name, by ARN, or not at all, which is the default one."""
    name = name or DEFAULT
    return name if name.startswith("arn:") else scope.bus_arn(name)


def rule_names(arn: Arn) -> tuple[str, str]:
    """The bus's name and the rule's own in the ARN of a rule; a bus of a partner has slashes in its name."""
    bus, _, name = arn.partition(":rule/")[2].rpartition("/")
    return bus or DEFAULT, name
