"""WebSocket APIs: routes to functions, an authorizer, and a port of their own, in a few lines."""

from app.core.gateway.websocket.api import (
    CONNECT,
    DEFAULT_EXPRESSION,
    DEFAULT_TIMEOUT_MS,
    SocketAuthorizer,
    SocketRoute,
    SocketStage,
    WebSocketApi,
)
from app.settings.apis import Reading, front_id, read_port
from app.settings.reading import Field

_KEYS = ("routes", "selection", "authorizer", "stage", "variables", "port")
_ROUTE_KEYS = ("function", "answers", "timeout")
_AUTHORIZER_KEYS = ("function", "IdentitySource")
_DEFAULT_STAGE = "dev"


def read_websocket_api(name: str, entry: Field, reading: Reading) -> WebSocketApi:
    """One entry of `websocket_apis`. An authorizer is asked at `$connect`, which needs no route of its own for it."""
    table = entry.table(_KEYS)
    routes_field = table.must("routes")
    routes: dict[str, SocketRoute] = {}
    for key, route_entry in routes_field.entries() if routes_field is not None else ():
        if (route := _read_route(key, route_entry, reading)) is not None:
            routes[key] = route
    authorizer = table.read("authorizer", lambda given: _read_authorizer(given, reading))
    if authorizer is not None:
        before = routes.get(CONNECT, SocketRoute(CONNECT))
        routes[CONNECT] = SocketRoute(
            CONNECT, before.function, True, before.has_response, before.timeout_ms, "CUSTOM", authorizer
        )
    stage = SocketStage(table.text("stage", _DEFAULT_STAGE), routes, table.text_entries("variables"))
    return WebSocketApi(
        front_id(name), name, reading.scope, {stage.name: stage}, table.text("selection", DEFAULT_EXPRESSION),
        table.read("port", read_port),
    )  # fmt: skip


def _read_route(key: str, entry: Field, reading: Reading) -> SocketRoute | None:
    """A function's name, which answers the client; or a table."""
    if isinstance(entry.value, str):
        function = reading.function(entry)
        return SocketRoute(key, function, has_response=True) if function else None
    table = entry.table(_ROUTE_KEYS)
    must = table.must("function")
    function = reading.function(must) if must is not None else None
    timeout_ms = table.duration_ms("timeout", DEFAULT_TIMEOUT_MS)
    if not 50 <= timeout_ms <= DEFAULT_TIMEOUT_MS:
        table.entries["timeout"].wrong("must be from 50ms to 29s")
    return SocketRoute(key, function, True, table.flag("answers", True), timeout_ms) if function else None


def _read_authorizer(entry: Field, reading: Reading) -> SocketAuthorizer | None:
    table = entry.table(_AUTHORIZER_KEYS)
    must = table.must("function")
    function = reading.function(must) if must is not None else None
    sources = tuple(source.removeprefix("route.") for source in table.texts("IdentitySource"))
    return SocketAuthorizer("authorizer", "authorizer", function, sources) if function else None
