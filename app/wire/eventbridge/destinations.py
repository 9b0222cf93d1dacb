"""Operations on connections and API destinations."""

from app.core.buses.api_destination import ApiDestination
from app.core.buses.connection import Connection
from app.core.commands import (
    CreateApiDestination,
    CreateConnection,
    DeauthorizeConnection,
    DeleteApiDestination,
    DeleteConnection,
    UpdateApiDestination,
    UpdateConnection,
)
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.eventbridge.buses import nothing
from app.wire.eventbridge.paging import page

_OF_CONNECTION = ("ConnectionArn", "ConnectionState", "CreationTime", "LastModifiedTime", "LastAuthorizedTime")
_OF_DESTINATION = ("ApiDestinationArn", "ApiDestinationState", "CreationTime", "LastModifiedTime")


def create_connection(params: Params, caller: Caller) -> Call:
    return Call(CreateConnection(caller.scope, params), _connection)


def update_connection(params: Params, caller: Caller) -> Call:
    return Call(UpdateConnection(caller.scope, params), _connection)


def deauthorize_connection(params: Params, caller: Caller) -> Call:
    return Call(DeauthorizeConnection(caller.scope, params["Name"]), _connection)


def delete_connection(params: Params, caller: Caller) -> Call:
    return Call(DeleteConnection(caller.scope, params["Name"]), _connection)


def describe_connection(params: Params, caller: Caller, engine: Readable) -> Result:
    return engine.world.event_bridge.connections.get(caller.scope, params["Name"]).view()


def list_connections(params: Params, caller: Caller, engine: Readable) -> Result:
    connections = [
        connection
        for connection in engine.world.event_bridge.connections.all(caller.scope)
        if connection.name.startswith(params.get("NamePrefix") or "")
        and params.get("ConnectionState") in (None, connection.state)
    ]
    return page(params, connections, lambda connection: connection.name, "Connections", Connection.summary)


def create_api_destination(params: Params, caller: Caller) -> Call:
    return Call(CreateApiDestination(caller.scope, params), _destination)


def update_api_destination(params: Params, caller: Caller) -> Call:
    return Call(UpdateApiDestination(caller.scope, params), _destination)


def delete_api_destination(params: Params, caller: Caller) -> Call:
    return Call(DeleteApiDestination(caller.scope, params["Name"]), nothing)


def describe_api_destination(params: Params, caller: Caller, engine: Readable) -> Result:
    destinations = engine.world.event_bridge.destinations
    found = destinations.get(caller.scope, params["Name"])
    return found.view(is_active=destinations.is_active(found))


def list_api_destinations(params: Params, caller: Caller, engine: Readable) -> Result:
    destinations = engine.world.event_bridge.destinations
    found = [
        each
        for each in destinations.all(caller.scope)
        if each.name.startswith(params.get("NamePrefix") or "")
        and params.get("ConnectionArn") in (None, each.connection)
    ]

    def view(each: ApiDestination) -> Result:
        return each.summary(is_active=destinations.is_active(each))

    return page(params, found, lambda each: each.name, "ApiDestinations", view)


def _connection(connection: Connection) -> Result:
    told = connection.summary()
    return {name: told[name] for name in _OF_CONNECTION if name in told}


def _destination(summary: Result) -> Result:
    return {name: summary[name] for name in _OF_DESTINATION}
