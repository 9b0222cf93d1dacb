"""EventBridge: event buses, their rules, and what becomes of an event at each rule's targets.

`EventBridge` is what the world holds; the rest says one thing each: an event, a rule, a target, its delivery.
"""

from app.core.buses.bus import Bus
from app.core.buses.event import BusEvent
from app.core.buses.event_bridge import EventBridge
from app.core.buses.rule import Rule
from app.core.buses.target import RuleTarget

__all__ = ["Bus", "BusEvent", "EventBridge", "Rule", "RuleTarget"]
