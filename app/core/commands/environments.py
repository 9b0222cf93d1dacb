"""What endpoints tell of the environments that functions run in."""

from typing import TypeAlias

from app.core.names import Arn
from app.core.value import value


@value(frozen=True, slots=True)
class ReportEnvironmentStarted:
    """An environment is ready; from its endpoint, never from outside. `environment` is its log stream, which no other
    has. `init_ms` is real time; `is_within_invocation` says that the init was part of one, after a fault."""

    function: Arn
    slot: int
    environment: str
    init_ms: float
    is_within_invocation: bool = False


@value(frozen=True, slots=True)
class ReportEnvironmentEnded:
    """An environment is gone, or its runtime is and will start anew. `reason` is a few words."""

    function: Arn
    slot: int
    environment: str
    reason: str


EnvironmentCommand: TypeAlias = ReportEnvironmentStarted | ReportEnvironmentEnded
