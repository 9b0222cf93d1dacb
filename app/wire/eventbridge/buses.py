"""Operations on event buses, their policies and tags."""

from typing import Any

from app.core.buses import Bus
from app.core.commands import (
    CreateEventBus,
    DeleteEventBus,
    PutBusPermission,
    RemoveBusPermission,
    TagEvents,
    UntagEvents,
    UpdateEventBus,
)
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.eventbridge.paging import page

_SETTINGS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


def nothing(_: Any) -> Result:
    return {}


def create_event_bus(params: Params, caller: Caller) -> Call:
    return Call(CreateEventBus(caller.scope, params), lambda bus: {"EventBusArn": bus.arn, **_settings(bus)})


def update_event_bus(params: Params, caller: Caller) -> Call:
    return Call(UpdateEventBus(caller.scope, params), lambda bus: {"Arn": bus.arn, "Name": bus.name, **_settings(bus)})


def delete_event_bus(params: Params, caller: Caller) -> Call:
    return Call(DeleteEventBus(caller.scope, params["Name"]), nothing)


def describe_event_bus(params: Params, caller: Caller, engine: Readable) -> Result:
    return engine.world.event_bridge.registry.bus(caller.scope, params.get("Name"), engine.clock.now()).view()


def list_event_buses(params: Params, caller: Caller, engine: Readable) -> Result:
    registry = engine.world.event_bridge.registry
    registry.bus(caller.scope, None, engine.clock.now())
    prefix = params.get("NamePrefix") or ""
    buses = [bus for bus in registry.all(caller.scope) if bus.name.startswith(prefix)]
    return page(params, buses, lambda bus: bus.name, "EventBuses", Bus.summary)


def put_permission(params: Params, caller: Caller) -> Call:
    return Call(PutBusPermission(caller.scope, params), nothing)


def remove_permission(params: Params, caller: Caller) -> Call:
    return Call(RemoveBusPermission(caller.scope, params), nothing)


def tag_resource(params: Params, _caller: Caller) -> Call:
    tags = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
    return Call(TagEvents(params["ResourceARN"], tags), nothing)


def untag_resource(params: Params, _caller: Caller) -> Call:
    return Call(UntagEvents(params["ResourceARN"], tuple(params["TagKeys"])), nothing)


def list_tags(params: Params, _caller: Caller, engine: Readable) -> Result:
    tags = engine.world.event_bridge.buses.tags_of(params["ResourceARN"], engine.clock.now())
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _settings(bus: Bus) -> Result:
    return {name: bus.given[name] for name in _SETTINGS if name in bus.given}
