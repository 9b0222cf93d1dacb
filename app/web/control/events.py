"""Routes of event buses: their rules, and putting an event with an answer for each rule."""

import json
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.buses import Bus, Rule
from app.core.buses.registry import bus_arn
from app.core.buses.routing import verdicts
from app.core.commands import EventEntry, EventPut, PutEvents, TargetTold
from app.core.names import name_of
from app.engine.driver import Engine
from app.web.control.errors import BadRequest
from app.web.control.models import Entry, Taken
from app.web.control.parts import ControlParts

_REFUSED_RULES_SHOWN = 100


class TargetView(BaseModel):
    id: str
    arn: str
    name: str = Field(description="The target for people.")


class RuleView(BaseModel):
    name: str
    bus: str
    arn: str
    state: str
    pattern: str | None = Field(description="Its event pattern as JSON text, null for a rule with a schedule alone.")
    schedule: str | None
    targets: list[TargetView]


class BusView(BaseModel):
    name: str
    arn: str
    rules: int


class PutEvent(Taken):
    """An event, as PutEvents takes it; `detail` is an object or its JSON text."""

    source: str
    detail_type: str
    detail: dict[str, Any] | str = Field(default={})
    bus: str | None = Field(default=None, description="A name or an ARN; the default bus where it is not given.")
    resources: list[str] = Field(default=[])
    time: float | str | None = Field(default=None, description="Epoch seconds, or ISO 8601.")
    trace_header: str | None = Field(default=None, description="The X-Amzn-Trace-Id that the event brings.")

    def as_entry(self) -> EventEntry:
        detail = self.detail if isinstance(self.detail, str) else json.dumps(self.detail)
        return EventEntry(
            self.source, self.detail_type, detail, self.bus, tuple(self.resources), self.time, self.trace_header
        )


class TargetRouteView(TargetView):
    taken: bool
    reason: str | None = Field(description="Why the target did not take the event; it may yet, at another attempt.")


class RuleRouteView(BaseModel):
    rule: str
    arn: str
    taken: bool
    reason: str | None = Field(description="Why the rule does not take the event: the key that says no.")
    targets: list[TargetRouteView]


class PutEventView(BaseModel):
    event_id: str
    bus: str
    bus_exists: bool = Field(description="AWS takes events for a bus that is not there, and drops them.")
    chain: str
    rules: list[RuleRouteView] = Field(description="Those that take the event, then some of those that do not.")
    rules_that_refuse: int


def event_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(tags=["event buses"])
    bridge = engine.world.event_bridge

    @router.get("/buses", summary="Every event bus that was made or used")
    async def list_buses() -> list[BusView]:
        return [_bus_view(bus) for bus in bridge.registry.all()]

    @router.post("/buses", status_code=201, summary="Create an event bus; an entry as in the settings file")
    async def create_bus(entry: Entry) -> BusView:
        try:
            await parts.add_bus(entry.name, entry.settings())
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return _bus_view(bridge.registry.bus(parts.scope, entry.name, engine.clock.now()))

    @router.get("/rules", summary="Every rule of every event bus, and whom it tells")
    async def list_rules() -> list[RuleView]:
        return [_rule_view(rule) for bus in bridge.registry.all() for _, rule in sorted(bus.rules.items())]

    @router.post("/rules", status_code=201, summary="Put a rule with its targets; an entry as in the settings file")
    async def put_rule(entry: Entry) -> RuleView:
        try:
            settings = entry.settings()
            await parts.add_rule(entry.name, settings)
        except ValueError as error:
            raise BadRequest(str(error)) from error
        bus, _, name = entry.name.rpartition("/")
        return _rule_view(bridge.registry.rule(parts.scope, name, settings.get("bus") or bus, engine.clock.now()))

    @router.post("/put-event", tags=["events"], summary="Put an event on a bus, and see what each rule did with it")
    async def put_event(wanted: PutEvent) -> PutEventView:
        entry = wanted.as_entry()
        put: EventPut = engine.submit(PutEvents(parts.scope, (entry,)))[0]
        if put.event_id is None:
            raise BadRequest(f"{put.error_code}: {put.error_message}")
        arn = bus_arn(parts.scope, wanted.bus)
        seen = bridge.arrivals.preview(entry, parts.scope, engine.clock.now(), put.event_id)
        assert not isinstance(seen, EventPut), "what was taken is not refused when it is looked at again"
        _, bus, document = seen
        told = verdicts(bus, document) if bus is not None else []
        refusing = sum(each.reason is not None for each in told)
        shown = told[: len(told) - refusing + _REFUSED_RULES_SHOWN]
        return PutEventView(
            event_id=put.event_id,
            bus=arn.partition("event-bus/")[2],
            bus_exists=bus is not None,
            chain=put.chain_id,
            rules=[_route_view(each.rule, each.reason, put.told) for each in shown],
            rules_that_refuse=refusing,
        )

    return router


def _bus_view(bus: Bus) -> BusView:
    return BusView(name=bus.name, arn=bus.arn, rules=len(bus.rules))


def _rule_view(rule: Rule) -> RuleView:
    return RuleView(
        name=rule.name,
        bus=rule.bus_name,
        arn=rule.arn,
        state=rule.state,
        pattern=rule.pattern.text if rule.pattern is not None else None,
        schedule=rule.schedule,
        targets=[TargetView(id=each.id, arn=each.arn, name=name_of(each.arn)) for each in rule.targets.values()],
    )


def _route_view(rule: Rule, reason: str | None, told: tuple[TargetTold, ...]) -> RuleRouteView:
    return RuleRouteView(
        rule=rule.label,
        arn=rule.arn,
        taken=reason is None,
        reason=reason,
        targets=[
            TargetRouteView(
                id=each.target_id,
                arn=each.target,
                name=name_of(each.target),
                taken=each.refusal is None,
                reason=each.refusal,
            )
            for each in told
            if each.rule == rule.arn
        ],
    )
