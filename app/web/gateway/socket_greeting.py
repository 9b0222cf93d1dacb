"""The handshake of a WebSocket: who is let in, and what `$connect` says to it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from app.core.commands import Asker, Origin
from app.core.gateway.authorizers import BadAuthorizerAnswer, identity_values, policy_verdict
from app.core.gateway.request import GatewayRequest
from app.core.gateway.rest.gateway_responses import GatewayError
from app.core.gateway.websocket.api import CONNECT, SocketIntegration, SocketRoute, SocketStage, WebSocketApi
from app.engine.driver import Engine
from app.web.gateway.invoking import Ending, Failed, Rejected, Returned, invoke
from app.web.gateway.rest_authorizing import PRINCIPAL
from app.web.gateway.socket_integrations import Sent, SocketIntegrations
from app.wire.credentials import credential_in
from app.wire.gateway.websocket import SocketOccasion, authorizer_event, connect_event

_AUTHORIZER_MS = 29_000
_MOST_VERDICT_BYTES = 8_192
"""API Gateway quotas (WebSocket API, Lambda authorizer result size)."""


@dataclass(slots=True)
class Socket:
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

    def asker(self, route: SocketRoute) -> Asker | None:
        """In whose name a function is invoked for a route; None where a role does it."""
        return None if route.has_role else Asker(PRINCIPAL, self.api.route_arn(self.stage.name, route.key))

    def sent(self, route: SocketRoute, text: str, context: Mapping[str, Any], origin: Origin, trace: str) -> Sent:
        """A message as an integration is to have it."""
        station = f"{route.key} of {self.api.name}"
        return Sent(
            text, context, self.stage.variables, self.api.scope, origin, station, trace, self.asker(route)
        )  # fmt: skip


class Greeting:
    """Asks whoever has a say at a handshake."""

    def __init__(self, engine: Engine, integrations: SocketIntegrations) -> None:
        self._engine = engine
        self._integrations = integrations

    async def greet(self, socket: Socket, request: GatewayRequest) -> tuple[int, str | None, Mapping[str, str]]:
        """The status of the handshake, what went wrong, and the headers that `$connect` answered."""
        route = socket.stage.routes.get(CONNECT)
        if route is None:
            return 200, None, {}
        if route.authorization != "NONE":
            status, problem = await self._authorize(socket, route, request)
            if status != 200:
                return status, problem, {}
        event = connect_event(request, socket.occasion)
        if route.integration is not None:
            return await self._integrate(socket, route, route.integration, event["requestContext"])
        if route.function is None:
            return 200, None, {}
        ending = await self._invoke(socket, route, orjson.dumps(event), socket.asker(route))
        if isinstance(ending, Rejected):
            return 500, ending.text, {}
        if not isinstance(ending, Returned):
            return 502, ending.text, {}
        answer = object_in(ending.payload)
        answered = _status_in(answer)
        if answered is None:
            return 500, "the function's statusCode is no status", {}
        headers = answer.get("headers")
        named = {str(k): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
        return (200 if 200 <= answered < 300 else answered), None, named

    async def _authorize(self, socket: Socket, route: SocketRoute, request: GatewayRequest) -> tuple[int, str | None]:
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
        asking = replace(route, function=authorizer.function, timeout_ms=_AUTHORIZER_MS)
        event = authorizer_event(request, socket.occasion, arn, socket.stage.variables)
        asker = None if authorizer.has_role else Asker(PRINCIPAL, socket.api.authorizer_arn(authorizer))
        ending = await self._invoke(socket, asking, event, asker)
        if isinstance(ending, Failed) and getattr(ending.outcome, "message", None) == "Unauthorized":
            return 401, "the authorizer said Unauthorized"
        if not isinstance(ending, Returned):
            return 500, f"authorizer {authorizer.name}: {ending.text}"
        if len(ending.payload) > _MOST_VERDICT_BYTES:
            return 500, f"authorizer {authorizer.name} says more than {_MOST_VERDICT_BYTES} bytes"
        try:
            verdict = policy_verdict(orjson.loads(ending.payload))
        except (orjson.JSONDecodeError, BadAuthorizerAnswer) as bad:
            return 500, f"authorizer {authorizer.name}: {bad}"
        if not verdict.allows(arn):
            return 403, f"authorizer {authorizer.name} does not allow {arn}"
        told = {"principalId": verdict.principal, **verdict.context, "integrationLatency": 0}
        socket.occasion = replace(socket.occasion, authorizer=told)
        return 200, None

    async def _integrate(
        self, socket: Socket, route: SocketRoute, integration: SocketIntegration, context: Mapping[str, Any]
    ) -> tuple[int, str | None, Mapping[str, str]]:
        """Of an integration that is no proxy its status is what counts."""
        sent = socket.sent(route, "", context, socket.origin, socket.occasion.trace_header)
        try:
            _, status = await self._integrations.answer(route, integration, sent)
        except GatewayError as error:
            return 500, error.problem, {}
        answered = int(status) if status is not None and status.isdecimal() else 200
        return (200 if 200 <= answered < 300 else answered), None, {}

    async def _invoke(self, socket: Socket, route: SocketRoute, event: bytes, asker: Asker | None) -> Ending:
        assert route.function is not None, "asked only for a route that leads to a function"
        station = f"{route.key} of {socket.api.name}"
        return await invoke(
            self._engine, route.function, event, socket.api.scope, socket.origin, station, route.timeout_ms,
            asker=asker,
        )  # fmt: skip


def _status_in(answer: Mapping[str, Any]) -> int | None:
    """The `statusCode`, a number or one in text; 200 where there is none."""
    status = answer.get("statusCode", 200)
    if isinstance(status, str) and status.isdecimal():
        return int(status)
    return status if isinstance(status, int) else None


def object_in(payload: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}
