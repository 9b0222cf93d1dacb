"""The parts of the world that an explanation reads."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.buckets import Buckets
from app.core.buses import EventBridge
from app.core.chain import Cause
from app.core.commands import Origin
from app.core.functions import Functions
from app.core.gateway.gateways import Gateways
from app.core.invocations import Invocations
from app.core.limits import Limits
from app.core.mappings import Mappings
from app.core.pipes.pipes import Pipes
from app.core.queues import Queues
from app.core.remote_queues import RemoteQueues
from app.core.schedule.scheduler import Scheduler
from app.core.shapes import EventShapes
from app.core.targets import Targets
from app.core.topics.topics import Topics


@dataclass(frozen=True, slots=True)
class Scene:
    """`known_cause` says which invocation of ours an origin names; None is the outside."""

    queues: Queues
    remote_queues: RemoteQueues
    functions: Functions
    invocations: Invocations
    mappings: Mappings
    buckets: Buckets
    topics: Topics
    event_bridge: EventBridge
    scheduler: Scheduler
    gateways: Gateways
    pipes: Pipes
    targets: Targets
    shapes: EventShapes
    limits: Limits
    known_cause: Callable[[Origin, str | None], Cause | None]

    def cause_of(self, origin: Origin, trace_header: str | None) -> Cause:
        """The cause of a request; one from outside has a chain without name, for none is begun."""
        return self.known_cause(origin, trace_header) or OUTSIDE_CAUSE


OUTSIDE_CAUSE = Cause("")
STAND_IN_ID = "00000000-0000-4000-8000-000000000000"
"""For ids that only a real send gives: as long as they are."""
