"""What stands for that which only a real event would have: a chain that was begun, an id that was given out."""

from app.core.chain import Cause
from app.core.commands import Origin
from app.core.world import World

OUTSIDE_CAUSE = Cause("")
STAND_IN_ID = "00000000-0000-4000-8000-000000000000"
"""For ids that only a real send gives: as long as they are."""


def cause_of(world: World, origin: Origin, trace_header: str | None) -> Cause:
    """The cause of a request; one from outside has a chain without name, for none is begun."""
    return world.causes.known(origin, trace_header) or OUTSIDE_CAUSE
