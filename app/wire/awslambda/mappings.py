"""Event source mappings: create, get, list, update, delete."""

from app.core.commands import CreateEventSourceMapping, DeleteEventSourceMapping, UpdateEventSourceMapping
from app.core.names import parse_arn
from app.wire.awslambda.names import function_arn, page_of
from app.wire.calls import Call, Caller, Params, Readable, Result


def create_event_source_mapping(params: Params, caller: Caller) -> Call:
    return Call(CreateEventSourceMapping(caller.scope, params), dict)


def get_event_source_mapping(params: Params, caller: Caller, engine: Readable) -> Result:
    return engine.world.mappings.get(caller.scope, params["UUID"]).view(caller.scope)


def update_event_source_mapping(params: Params, caller: Caller) -> Call:
    changes = {name: value for name, value in params.items() if name != "UUID"}
    return Call(UpdateEventSourceMapping(caller.scope, params["UUID"], changes), dict)


def delete_event_source_mapping(params: Params, caller: Caller) -> Call:
    return Call(DeleteEventSourceMapping(caller.scope, params["UUID"]), dict)


def list_event_source_mappings(params: Params, caller: Caller, engine: Readable) -> Result:
    source = params.get("EventSourceArn")
    function = params.get("FunctionName")
    wanted = function_arn(function, caller.scope) if function else None
    views = [_listed(mapping.view(caller.scope)) for mapping in engine.world.mappings.all(caller.scope)]
    chosen = [
        view
        for view in views
        if (source is None or view.get("EventSourceArn") == source)
        and (wanted is None or _is_of_function(view["FunctionArn"], wanted))
    ]
    page, marker = page_of(sorted(chosen, key=lambda view: str(view["UUID"])), "UUID", params)
    return ({"NextMarker": marker} if marker else {}) | {"EventSourceMappings": page}


def _listed(view: Result) -> Result:
    """A list shows no filters that are encrypted with a key of the customer's (API reference)."""
    return {name: value for name, value in view.items() if name != "FilterCriteria"} if "KMSKeyArn" in view else view


def _is_of_function(arn: str, wanted: str) -> bool:
    """Whether a mapping's function is the wanted one; a wanted qualifier has to be the mapping's own."""
    return arn == wanted or (":" not in _unqualified_rest(wanted) and arn.startswith(wanted + ":"))


def _unqualified_rest(arn: str) -> str:
    return parse_arn(arn).resource.removeprefix("function:")
