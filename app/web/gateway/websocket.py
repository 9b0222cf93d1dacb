"""WebSocket APIs over ASGI: handshakes, messages to functions, answers and pushes back, and `@connections`."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from app.core.commands import CloseRequest, Opened, OpenRequest, Origin
from app.core.commands.gateway import CloseSocket, OpenSocket, TouchSocket
from app.core.gateway.paths import decoded
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.core.gateway.rest.gateway_responses import GatewayError
from app.core.gateway.websocket.api import (
    CONNECT,
    DISCONNECT,
    SocketRoute,
    SocketStage,
    WebSocketApi,
    route_of,
    why_unrouted,
)
from app.core.gateway.websocket.connections import SocketEnded
from app.core.time import format_instant
from app.engine.driver import Engine
from app.engine.ports import OutsideWorld
from app.web.gateway.address import Address
from app.web.gateway.invoking import Failed, Rejected, Returned, invoke
from app.web.gateway.outcome import RequestLimits, Result
from app.web.gateway.reading import request_of
from app.web.gateway.sending import encoded_headers
from app.web.gateway.socket_greeting import Greeting, Socket, object_in
from app.web.gateway.socket_integrations import SocketIntegrations
from app.wire.credentials import credential_in
from app.wire.gateway.websocket import (
    SocketOccasion,
    context_of,
    disconnect_event,
    failure_frame,
    message_event,
)

MOST_MESSAGE_BYTES = 131_072
"""A message has 128 KB at most (apigateway-limits); each of its frames is looked at in `app/web/sockets.py`."""

_TOO_BIG, _UNSUPPORTED, _NORMAL, _ABNORMAL = 1009, 1003, 1000, 1005
_FORBIDDEN, _INTERNAL = "Forbidden", "Internal server error"


class WebSocketFront:
    """Answers handshakes and messages, and requests about connections."""

    limits = RequestLimits(
        10_485_760, 10_240, 10_240,
        *(GatewayAnswer(status, (), orjson.dumps({"message": words})) for status, words in
          ((413, "Request Too Long"), (414, "Request URI too long"), (431, "Request headers too large"))),
    )  # fmt: skip

    def __init__(self, engine: Engine, outside: OutsideWorld, url: str) -> None:
        """`url` is the service's own, where integrations ask AWS services."""
        self._engine = engine
        self._integrations = SocketIntegrations(engine, outside, url)
        self._greeting = Greeting(engine, self._integrations)
        self._sockets: dict[str, Socket] = {}

    # Connections ----------------------------------------------------------------------------------------

    async def connect(
        self, api: WebSocketApi, address: Address, scope: AsgiScope, receive: Receive, send: Send
    ) -> None:
        """A connection from its handshake to its end."""
        await receive()
        request = request_of({**scope, "method": "GET"}, address, b"")
        opened: Opened = self._engine.submit(
            OpenRequest(api.id, api.name, "GET", request.path, Origin(request.header("x-amzn-trace-id")))
        )
        stage = _stage_of(api, request.path, address)
        if stage is None:
            self._told(api, request, opened, 403, unrouted=f"there is no stage of {api.name} at {request.path}")
            await _refuse(send, scope, 403, _FORBIDDEN)
            return
        socket = self._socket(api, stage, request, address, opened)
        status, problem, headers = await self._greeting.greet(socket, request)
        self._told(api, request, opened, status, CONNECT, problem=problem)
        if status >= 300:
            await _refuse(send, scope, status, _words_of(status))
            return
        chosen = next((value for name, value in headers.items() if name.lower() == "sec-websocket-protocol"), None)
        await send({"type": "websocket.accept", "subprotocol": chosen})
        await self._serve(socket, receive, send)

    def _socket(
        self, api: WebSocketApi, stage: SocketStage, request: GatewayRequest, address: Address, opened: Opened
    ) -> Socket:
        now = self._engine.clock.now()
        trace_header = opened.origin.trace_header
        assert trace_header is not None, "an opened request has one"
        occasion = SocketOccasion(
            api.id, stage.name, address.domain or f"{api.id}.execute-api.{api.scope.region}.amazonaws.com",
            f"{opened.extended_id[:-1]}=", now, request.source_ip, request.header("user-agent"), CONNECT, "CONNECT",
            opened.extended_id, now, trace_header,
        )  # fmt: skip
        return Socket(occasion.connection_id, api, stage, occasion, opened.origin)

    # A connection that is open --------------------------------------------------------------------------

    async def _serve(self, socket: Socket, receive: Receive, send: Send) -> None:
        occasion = socket.occasion
        waiting = self._engine.submit(
            OpenSocket(
                socket.id, socket.api.id, socket.api.name, socket.stage.name, occasion.source_ip, occasion.user_agent
            )
        )
        self._sockets[socket.id] = socket
        ended = asyncio.ensure_future(self._engine.later(waiting))
        sending = asyncio.ensure_future(_send_all(socket, send))
        reading = asyncio.ensure_future(self._read_all(socket, receive))
        code, reason = _ABNORMAL, ""
        try:
            await asyncio.wait((ended, sending, reading), return_when=asyncio.FIRST_COMPLETED)
            if ended.done() and not ended.cancelled() and ended.exception() is None:
                end: SocketEnded = ended.result()
                code, reason = end.code, end.reason
                with contextlib.suppress(RuntimeError):
                    await send({"type": "websocket.close", "code": code, "reason": reason})
            elif reading.done():
                code, reason = reading.result()
                await asyncio.wait((sending,), timeout=0)
            else:
                code, reason = sending.result()
        finally:
            del self._sockets[socket.id]
            for task in (ended, sending, reading, *socket.working):
                task.cancel()
            await asyncio.gather(ended, sending, reading, *socket.working, return_exceptions=True)
            self._engine.submit(CloseSocket(socket.id, code, reason))
        await self._say_goodbye(socket, code, reason)

    async def _read_all(self, socket: Socket, receive: Receive) -> tuple[int, str]:
        """Hand on every message until the connection ends; gives the close code and its reason."""
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return message.get("code") or _ABNORMAL, message.get("reason") or ""
            self._engine.submit(TouchSocket(socket.id))
            text = message.get("text")
            if text is None:
                socket.close(_UNSUPPORTED, "binary messages are not supported")
                continue
            if len(text.encode()) > MOST_MESSAGE_BYTES:
                socket.close(_TOO_BIG, "the message is too big")
                continue
            task = asyncio.get_running_loop().create_task(self._answer_message(socket, text))
            socket.working.add(task)
            task.add_done_callback(socket.working.discard)

    async def _answer_message(self, socket: Socket, text: str) -> None:
        self._refresh(socket)
        api, stage = socket.api, socket.stage
        route = route_of(stage, api.expression, text)
        key = route.key if route is not None else None
        opened: Opened = self._engine.submit(
            OpenRequest(api.id, api.name, "MESSAGE", f"/{stage.name}/{socket.id}", Origin(None))
        )
        request_id, status, problem = opened.extended_id, 200, None
        if route is None or not route.has_integration:
            status, problem = 403, why_unrouted(api, stage, text) if route is None else "the route has no integration"
            socket.push(failure_frame(_FORBIDDEN, socket.id, request_id))
        else:
            trace_header = opened.origin.trace_header or socket.occasion.trace_header
            occasion = replace(
                socket.occasion, route_key=route.key, event_type="MESSAGE", request_id=request_id,
                now=self._engine.clock.now(), message_id=request_id, trace_header=trace_header,
            )  # fmt: skip
            problem = await self._carry(socket, route, text, occasion, opened)
            if problem is not None:
                status = 500
                socket.push(failure_frame(_INTERNAL, socket.id, request_id))
        self._engine.submit(
            CloseRequest(
                api.id, api.name, opened.request_id, opened.chain, "MESSAGE", f"/{stage.name}/{socket.id}", status, 0.0,
                key, problem if key is None else None, problem if key is not None else None,
            )
        )  # fmt: skip

    async def _carry(
        self, socket: Socket, route: SocketRoute, text: str, occasion: SocketOccasion, opened: Opened
    ) -> str | None:
        """Through the route's integration, and back where there is a way back; what went wrong, if anything."""
        if route.integration is not None:
            sent = socket.sent(route, text, context_of(occasion), opened.origin, occasion.trace_header)
            try:
                answer, _ = await self._integrations.answer(route, route.integration, sent)
            except GatewayError as error:
                return error.problem
            if route.has_response and answer:
                self._push(socket, answer)
            return None
        if route.function is None:
            return None
        ending = await self._invoke(socket, route, message_event(text, occasion), opened.origin)
        if not isinstance(ending, Returned):
            return str(ending.text)
        self._reply(socket, route, ending.payload)
        return None

    def _refresh(self, socket: Socket) -> None:
        """Messages go by the routes that are deployed now, also on a connection that is older."""
        api = self._engine.world.gateways.get(socket.api.id)
        if isinstance(api, WebSocketApi) and socket.stage.name in api.stages:
            socket.api, socket.stage = api, api.stages[socket.stage.name]

    def _push(self, socket: Socket, text: str) -> None:
        socket.push(text)
        self._engine.submit(TouchSocket(socket.id))

    def _reply(self, socket: Socket, route: SocketRoute, payload: bytes) -> None:
        """What a function returns goes back only where the route has a response; of a proxy answer its body does."""
        if not route.has_response:
            return
        answer = object_in(payload)
        body = answer.get("body") if "body" in answer else payload.decode(errors="replace")
        if body not in (None, ""):
            self._push(socket, body if isinstance(body, str) else orjson.dumps(body).decode())

    async def _say_goodbye(self, socket: Socket, code: int, reason: str) -> None:
        self._refresh(socket)
        route = socket.stage.routes.get(DISCONNECT)
        if route is None or (route.function is None and route.integration is None):
            return
        opened: Opened = self._engine.submit(
            OpenRequest(socket.api.id, socket.api.name, "DISCONNECT", f"/{socket.stage.name}/{socket.id}", Origin(None))
        )
        occasion = replace(
            socket.occasion, route_key=DISCONNECT, event_type="DISCONNECT", request_id=opened.extended_id,
            now=self._engine.clock.now(), more={"disconnectStatusCode": code, "disconnectReason": reason},
            trace_header=opened.origin.trace_header or socket.occasion.trace_header,
        )  # fmt: skip
        if route.integration is not None:
            problem = await self._carry(socket, replace(route, has_response=False), "", occasion, opened)
        else:
            ending = await self._invoke(socket, route, disconnect_event(occasion), opened.origin)
            problem = None if isinstance(ending, Returned) else ending.text
        self._engine.submit(
            CloseRequest(
                socket.api.id, socket.api.name, opened.request_id, opened.chain, "DISCONNECT",
                f"/{socket.stage.name}/{socket.id}", 200 if problem is None else 500, 0.0, DISCONNECT, None, problem,
            )
        )  # fmt: skip

    async def _invoke(
        self, socket: Socket, route: SocketRoute, event: bytes, origin: Origin | None = None
    ) -> "Returned | Failed | Rejected | Any":
        assert route.function is not None, "asked only for a route that leads to a function"
        station = f"{route.key} of {socket.api.name}"
        return await invoke(
            self._engine, route.function, event, socket.api.scope, origin or socket.origin, station, route.timeout_ms,
            asker=socket.asker(route),
        )  # fmt: skip

    # @connections ---------------------------------------------------------------------------------------

    async def answer(self, api: WebSocketApi, request: GatewayRequest, address: Address, opened: Opened) -> Result:
        """A request about a connection: send to it, ask about it, end it."""
        connection_id = _connection_in(request.path)
        if connection_id is None:
            return Result(_said(403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
                          unrouted="a WebSocket API is asked by a WebSocket, or under @connections")  # fmt: skip
        route = "@connections"
        if credential_in(request.header("authorization") or "", request.query).access_key_id is None:
            return Result(_said(403, "Missing Authentication Token", "MissingAuthenticationTokenException"), route,
                          problem="requests about connections are signed")  # fmt: skip
        socket = self._sockets.get(connection_id)
        connection = self._engine.world.sockets.get(connection_id)
        if socket is None or connection is None or socket.api.id != api.id:
            return Result(_said(410, None, "GoneException"), route, problem="there is no such connection")
        match request.method:
            case "POST":
                if len(request.body) > MOST_MESSAGE_BYTES:
                    return Result(_said(413, None, "PayloadTooLargeException"), route, problem="the message is too big")
                socket.push(request.body.decode(errors="replace"))
                self._engine.submit(TouchSocket(connection_id))
                return Result(GatewayAnswer(200), route)
            case "GET":
                shown = {
                    "connectedAt": format_instant(connection.connected_at),
                    "lastActiveAt": format_instant(connection.last_active_at),
                    "identity": {"sourceIp": connection.source_ip, "userAgent": connection.user_agent or ""},
                }
                return Result(GatewayAnswer(200, (("content-type", "application/json"),), orjson.dumps(shown)), route)
            case "DELETE":
                socket.close(_NORMAL, "Connection Closed Normally")
                return Result(GatewayAnswer(204), route)
            case _:
                return Result(_said(403, "Missing Authentication Token", "MissingAuthenticationTokenException"), route)

    def _told(
        self, api: WebSocketApi, request: GatewayRequest, opened: Opened, status: int, route: str | None = None, *,
        unrouted: str | None = None, problem: str | None = None,
    ) -> None:  # fmt: skip
        self._engine.submit(
            CloseRequest(
                api.id, api.name, opened.request_id, opened.chain, "GET", request.path, status, 0.0, route, unrouted,
                problem,
            )
        )  # fmt: skip


async def _send_all(socket: Socket, send: Send) -> tuple[int, str]:
    """Send what is to go out, until a close is; gives its code and reason."""
    while True:
        message = await socket.outgoing.get()
        await send(message)
        if message["type"] == "websocket.close":
            return message["code"], message["reason"]


async def _refuse(send: Send, scope: AsgiScope, status: int, words: str) -> None:
    """Answer the handshake with a status of ours, where the server can; else it says 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    body = orjson.dumps({"message": words})
    headers = encoded_headers((("content-type", "application/json"), ("content-length", str(len(body)))))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def _stage_of(api: WebSocketApi, path: str, address: Address) -> SocketStage | None:
    first = decoded(path[1:].partition("/")[0])
    found = api.stages.get(first)
    if found is None and address.by_port and len(api.stages) == 1:
        return next(iter(api.stages.values()))
    return found


def _connection_in(path: str) -> str | None:
    _, found, connection_id = path.partition("/@connections/")
    if not found:
        _, found, connection_id = path.partition("/%40connections/")
    return unquote(connection_id) if found and connection_id else None


def _said(status: int, message: str | None, error_type: str) -> GatewayAnswer:
    body = orjson.dumps({"message": message}) if message is not None else b"{}"
    return GatewayAnswer(status, (("content-type", "application/json"), ("x-amzn-ErrorType", error_type)), body)


def _words_of(status: int) -> str:
    return {401: "Unauthorized", 403: _FORBIDDEN, 500: _INTERNAL, 502: _INTERNAL}.get(status, "Bad Request")
