"""What happened to the environments that functions run in."""

from typing import TypeAlias

from app.core.names import Arn, name_of
from app.core.value import value


@value(frozen=True, slots=True)
class EnvironmentStarted:
    """A cold start; `environment` is the log stream, `init_ms` real time."""

    function: Arn
    slot: int
    environment: str
    init_ms: float
    is_within_invocation: bool

    @property
    def text(self) -> str:
        again = " again, within an invocation," if self.is_within_invocation else ""
        return f"{name_of(self.function)} environment {self.slot} started{again} in {self.init_ms:.1f} ms"


@value(frozen=True, slots=True)
class EnvironmentEnded:
    """`reason` is a few words: idle, old, code changed, timed out, failed, exited, shutdown, …"""

    function: Arn
    slot: int
    environment: str
    reason: str

    @property
    def text(self) -> str:
        return f"{name_of(self.function)} environment {self.slot} ended: {self.reason}"


EnvironmentFact: TypeAlias = EnvironmentStarted | EnvironmentEnded
