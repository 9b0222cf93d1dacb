"""WebSocket APIs over ASGI: handshakes, messages to functions, answers and pushes back, and `@connections`."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from app.core.commands import CloseRequest, Opened, OpenRequest, Origin
from app.core.commands.gateway import CloseSocket, OpenSocket, TouchSocket
from app.core.gateway.authorizers import BadAuthorizerAnswer, identity_values, policy_verdict
from app.core.gateway.paths import decoded
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.core.gateway.websocket.api import CONNECT, DISCONNECT, SocketRoute, SocketStage, WebSocketApi, route_of
from app.core.gateway.websocket.connections import SocketEnded
from app.core.time import format_instant
from app.engine.driver import Engine
from app.web.gateway.address import Address
from app.web.gateway.invoking import Failed, Rejected, Returned, invoke
from app.web.gateway.outcome import RequestLimits, Result
from app.web.gateway.reading import request_of
from app.web.gateway.sending import encoded_headers
from app.wire.credentials import credential_in
from app.wire.gateway.websocket import (
    SocketOccasion,
    authorizer_event,
    connect_event,
    disconnect_event,
    failure_frame,
    message_event,
)

MOST_MESSAGE_BYTES = 131_072
"""A message has 128 KB at most (apigateway-limits). That frames have 32 KB cannot be seen here: messages come whole."""

_TOO_BIG, _UNSUPPORTED, _NORMAL, _ABNORMAL = 1009, 1003, 1000, 1005
_FORBIDDEN, _INTERNAL = "Forbidden", "Internal server error"


@dataclass(slots=True)
class _Socket:
    """A connection with a client: what is to go out, and the messages that functions are at work on."""

    id: str
    api: WebSocketApi
    stage: SocketStage
    occasion: SocketOccasion
    origin: Origin
    outgoing: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    working: set["asyncio.Task[None]"] = field(default_factory=set)

    def push(self, text: str) -> None:
        self.outgoing.put_nowait({"type": "websocket.send", "text": text})

    def close(self, code: int, reason: str = "") -> None:
        self.outgoing.put_nowait({"type": "websocket.close", "code": code, "reason": reason})


class WebSocketFront:
    """Answers handshakes and messages, and requests about connections."""

    limits = RequestLimits(
        10_485_760, 10_240, 10_240,
        *(GatewayAnswer(status, (), orjson.dumps({"message": words})) for status, words in
          ((413, "Request Too Long"), (414, "Request URI too long"), (431, "Request headers too large"))),
    )  # fmt: skip

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sockets: dict[str, _Socket] = {}

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
        status, problem, headers = await self._greet(socket, request)
        self._told(api, request, opened, status, CONNECT, problem=problem)
        if status >= 300:
            await _refuse(send, scope, status, _words_of(status))
            return
        chosen = next((value for name, value in headers.items() if name.lower() == "sec-websocket-protocol"), None)
        await send({"type": "websocket.accept", "subprotocol": chosen})
        await self._serve(socket, receive, send)

    def _socket(
        self, api: WebSocketApi, stage: SocketStage, request: GatewayRequest, address: Address, opened: Opened
    ) -> _Socket:
        now = self._engine.clock.now()
        trace_header = opened.origin.trace_header
        assert trace_header is not None, "an opened request has one"
        occasion = SocketOccasion(
            api.id, stage.name, address.domain or f"{api.id}.execute-api.{api.scope.region}.amazonaws.com",
            f"{opened.extended_id[:-1]}=", now, request.source_ip, request.header("user-agent"), CONNECT, "CONNECT",
            opened.extended_id, now, trace_header,
        )  # fmt: skip
        return _Socket(occasion.connection_id, api, stage, occasion, opened.origin)

    async def _greet(self, socket: _Socket, request: GatewayRequest) -> tuple[int, str | None, Mapping[str, str]]:
        """The status of the handshake, what went wrong, and the headers that `$connect` answered."""
        route = socket.stage.routes.get(CONNECT)
        if route is None:
            return 200, None, {}
        if route.authorization != "NONE":
            status, problem = await self._authorize(socket, route, request)
            if status != 200:
                return status, problem, {}
        if route.function is None:
            return 200, None, {}
        event = orjson.dumps(connect_event(request, socket.occasion))
        ending = await self._invoke(socket, route, event)
        if not isinstance(ending, Returned):
            return 502, ending.text, {}
        answer = _object_in(ending.payload)
        answered = _status_in(answer)
        if answered is None:
            return 500, "the function's statusCode is no status", {}
        headers = answer.get("headers")
        named = {str(k): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
        return (200 if 200 <= answered < 300 else answered), None, named

    async def _authorize(self, socket: _Socket, route: SocketRoute, request: GatewayRequest) -> tuple[int, str | None]:
        if route.authorization == "AWS_IAM":
            signed = credential_in(request.header("authorization") or "", request.query).access_key_id
            return (200, None) if signed is not None else (403, "the handshake is not signed")
        authorizer = route.authorizer
        if authorizer is None or authorizer.function is None:
            return 500, "the route's authorizer is not there"
        context = {"connectionId": socket.id, "stage": socket.stage.name, "apiId": socket.api.id}
        found = identity_values(
            authorizer.identity_source, request, context=context, stage_variables=socket.stage.variables
        )
        if found is None:
            return 401, "an identity source is missing; the authorizer is not asked"
        arn = socket.api.route_arn(socket.stage.name, CONNECT)
        asking = replace(route, function=authorizer.function)
        ending = await self._invoke(socket, asking, authorizer_event(request, socket.occasion, arn))
        if isinstance(ending, Failed) and getattr(ending.outcome, "message", None) == "Unauthorized":
            return 401, "the authorizer said Unauthorized"
        if not isinstance(ending, Returned):
            return 500, f"authorizer {authorizer.name}: {ending.text}"
        try:
            verdict = policy_verdict(orjson.loads(ending.payload))
        except (orjson.JSONDecodeError, BadAuthorizerAnswer) as bad:
            return 500, f"authorizer {authorizer.name}: {bad}"
        if not verdict.allows(arn):
            return 403, f"authorizer {authorizer.name} does not allow {arn}"
        told = {"principalId": verdict.principal, **verdict.context, "integrationLatency": 0}
        socket.occasion = replace(socket.occasion, authorizer=told)
        return 200, None

    # A connection that is open --------------------------------------------------------------------------

    async def _serve(self, socket: _Socket, receive: Receive, send: Send) -> None:
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

    async def _read_all(self, socket: _Socket, receive: Receive) -> tuple[int, str]:
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

    async def _answer_message(self, socket: _Socket, text: str) -> None:
        api, stage = socket.api, socket.stage
        route = route_of(stage, api.expression, text)
        key = route.key if route is not None else None
        opened: Opened = self._engine.submit(
            OpenRequest(api.id, api.name, "MESSAGE", f"/{stage.name}/{socket.id}", Origin(None))
        )
        request_id, status, problem = opened.extended_id, 200, None
        if route is None or not route.has_integration:
            status, problem = 403, "no route takes the message" if route is None else "the route has no integration"
            socket.push(failure_frame(_FORBIDDEN, socket.id, request_id))
        elif route.function is not None:
            trace_header = opened.origin.trace_header or socket.occasion.trace_header
            occasion = replace(
                socket.occasion, route_key=route.key, event_type="MESSAGE", request_id=request_id,
                now=self._engine.clock.now(), message_id=request_id, trace_header=trace_header,
            )  # fmt: skip
            ending = await self._invoke(socket, route, message_event(text, occasion), opened.origin)
            if isinstance(ending, Returned):
                self._reply(socket, route, ending.payload)
            else:
                status, problem = 500, ending.text
                socket.push(failure_frame(_INTERNAL, socket.id, request_id))
        self._engine.submit(
            CloseRequest(
                api.id, api.name, opened.request_id, opened.chain, "MESSAGE", f"/{stage.name}/{socket.id}", status, 0.0,
                key, problem if key is None else None, problem if key is not None else None,
            )
        )  # fmt: skip

    def _reply(self, socket: _Socket, route: SocketRoute, payload: bytes) -> None:
        """What a function returns goes back only where the route has a response; of a proxy answer its body does."""
        if not route.has_response:
            return
        answer = _object_in(payload)
        body = answer.get("body") if "body" in answer else payload.decode(errors="replace")
        if body not in (None, ""):
            socket.push(body if isinstance(body, str) else orjson.dumps(body).decode())
            self._engine.submit(TouchSocket(socket.id))

    async def _say_goodbye(self, socket: _Socket, code: int, reason: str) -> None:
        route = socket.stage.routes.get(DISCONNECT)
        if route is None or route.function is None:
            return
        opened: Opened = self._engine.submit(
            OpenRequest(socket.api.id, socket.api.name, "DISCONNECT", f"/{socket.stage.name}/{socket.id}", Origin(None))
        )
        occasion = replace(
            socket.occasion, route_key=DISCONNECT, event_type="DISCONNECT", request_id=opened.extended_id,
            now=self._engine.clock.now(), more={"disconnectStatusCode": code, "disconnectReason": reason},
            trace_header=opened.origin.trace_header or socket.occasion.trace_header,
        )  # fmt: skip
        ending = await self._invoke(socket, route, disconnect_event(occasion), opened.origin)
        problem = None if isinstance(ending, Returned) else ending.text
        self._engine.submit(
            CloseRequest(
                socket.api.id, socket.api.name, opened.request_id, opened.chain, "DISCONNECT",
                f"/{socket.stage.name}/{socket.id}", 200 if problem is None else 500, 0.0, DISCONNECT, None, problem,
            )
        )  # fmt: skip

    async def _invoke(
        self, socket: _Socket, route: SocketRoute, event: bytes, origin: Origin | None = None
    ) -> "Returned | Failed | Rejected | Any":
        assert route.function is not None, "asked only for a route that leads to a function"
        station = f"{route.key} of {socket.api.name}"
        return await invoke(
            self._engine, route.function, event, socket.api.scope, origin or socket.origin, station, route.timeout_ms
        )

    # @connections ---------------------------------------------------------------------------------------

    async def answer(self, api: WebSocketApi, request: GatewayRequest, address: Address, opened: Opened) -> Result:
        """A request about a connection: send to it, ask about it, end it."""
        connection_id = _connection_in(request.path)
        if connection_id is None:
            return Result(_said(403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
                          unrouted="a WebSocket API is asked by a WebSocket, or under @connections")  # fmt: skip
        route = "@connections"
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


async def _send_all(socket: _Socket, send: Send) -> tuple[int, str]:
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


def _status_in(answer: Mapping[str, Any]) -> int | None:
    """The `statusCode`, a number or one in text; 200 where there is none."""
    status = answer.get("statusCode", 200)
    if isinstance(status, str) and status.isdecimal():
        return int(status)
    return status if isinstance(status, int) else None


def _object_in(payload: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _said(status: int, message: str | None, error_type: str) -> GatewayAnswer:
    body = orjson.dumps({"message": message}) if message is not None else b"{}"
    return GatewayAnswer(status, (("content-type", "application/json"), ("x-amzn-ErrorType", error_type)), body)


def _words_of(status: int) -> str:
    return {401: "Unauthorized", 403: _FORBIDDEN, 500: _INTERNAL, 502: _INTERNAL}.get(status, "Bad Request")
