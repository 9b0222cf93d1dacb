"""What happened to requests at HTTP fronts."""

from typing import TypeAlias

from app.core.names import Arn, name_of
from app.core.value import value


@value(frozen=True, slots=True)
class RequestReceived:
    """`front` is the API's id, `api` its name."""

    front: str
    api: str
    request: str
    chain: str
    method: str
    path: str

    @property
    def text(self) -> str:
        return f"{self.api} got {self.method} {self.path} [{self.request}]"


@value(frozen=True, slots=True)
class RequestUnrouted:
    """Nothing takes the request; `reason` says what there is and why none of it does."""

    front: str
    api: str
    request: str
    chain: str
    method: str
    path: str
    reason: str

    @property
    def text(self) -> str:
        return f"{self.api} has nothing for {self.method} {self.path}: {self.reason} [{self.request}]"


@value(frozen=True, slots=True)
class RequestAnswered:
    """`duration_ms` is real time. `problem` says why the front itself answered where a function should have."""

    front: str
    api: str
    request: str
    chain: str
    method: str
    path: str
    status: int
    duration_ms: float
    route: str | None = None
    problem: str | None = None

    @property
    def text(self) -> str:
        why = f": {self.problem}" if self.problem else ""
        return f"{self.api} answered {self.status} after {self.duration_ms:.1f} ms{why} [{self.request}]"


@value(frozen=True, slots=True)
class TargetHealthChanged:
    """A health check changed what a load balancer thinks of a target."""

    group: str
    function: Arn
    is_healthy: bool
    reason: str

    @property
    def text(self) -> str:
        health = "healthy" if self.is_healthy else "unhealthy"
        return f"{name_of(self.function)} is {health} in target group {self.group}: {self.reason}"


@value(frozen=True, slots=True)
class SocketOpened:
    front: str
    api: str
    stage: str
    connection: str

    @property
    def text(self) -> str:
        return f"{self.api} has the connection {self.connection}"


@value(frozen=True, slots=True)
class SocketClosed:
    front: str
    api: str
    stage: str
    connection: str
    code: int
    reason: str = ""

    @property
    def text(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{self.api} has the connection {self.connection} no more, closed with {self.code}{why}"


GatewayFact: TypeAlias = (
    RequestReceived | RequestUnrouted | RequestAnswered | TargetHealthChanged | SocketOpened | SocketClosed
)
