"""An Application Load Balancer as a value: rules in their order, and target groups of one function each."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.gateway.paths import matches_glob
from app.core.gateway.request import GatewayRequest
from app.core.names import Arn, Scope

DEFAULT_INTERVAL_S = 35
"""Health checks of a Lambda target group where none is said (UNCONFIRMED: the guide names 35 s)."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Off unless it is asked for (ELB user guide, lambda-functions)."""

    path: str = "/"
    interval_s: int = DEFAULT_INTERVAL_S
    timeout_s: int = 30
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    statuses: tuple[tuple[int, int], ...] = ((200, 200),)


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A Lambda target group; without a function nothing is registered in it."""

    name: str
    arn: Arn
    function: Arn | None
    multi_value_headers: bool = False
    health_check: HealthCheck | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Takes a request that fits all of what it says; patterns have `*` and `?`. A rule leads to a target group, or
    answers by itself with `fixed` (status, content type, body)."""

    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    target: TargetGroup | None = None
    fixed: tuple[int, str, str] | None = None

    def takes(self, request: GatewayRequest) -> bool:
        return (
            (not self.paths or any(matches_glob(pattern, request.path) for pattern in self.paths))
            and (not self.hosts or any(matches_glob(pattern.lower(), request.host.lower()) for pattern in self.hosts))
            and (not self.methods or request.method in self.methods)
        )

    @property
    def text(self) -> str:
        said = [*self.methods, *(f"host {host}" for host in self.hosts), *(f"path {path}" for path in self.paths)]
        return " ".join(said) or "anything"


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    id: str
    name: str
    scope: Scope
    rules: tuple[Rule, ...] = ()
    port: int | None = None

    kind = "load balancer"

    def rule_for(self, request: GatewayRequest) -> Rule | None:
        """The first that takes the request."""
        return next((rule for rule in self.rules if rule.takes(request)), None)


def groups_of(rules: Sequence[Rule]) -> list[TargetGroup]:
    """Each target group once, in the order of the rules."""
    found = {rule.target.arn: rule.target for rule in rules if rule.target is not None}
    return list(found.values())
