"""The ASGI app of all fronts: it finds the one that is asked, reads the request, and sends what that answers."""

from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any, TypeAlias

from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from app.core.commands import CloseRequest, Opened, OpenRequest, Origin
from app.core.gateway.distribution import Distribution
from app.core.gateway.function_url import FunctionUrl
from app.core.gateway.http_api import HttpApi
from app.core.gateway.load_balancer import LoadBalancer
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.core.gateway.rest.api import RestApi
from app.core.gateway.websocket.api import WebSocketApi
from app.engine.driver import Engine
from app.engine.ports import OutsideWorld
from app.web.asgi import CLIENT_LEFT, ClientGone, read_body
from app.web.gateway.address import Address, address_of, by_domain
from app.web.gateway.at_once import FrontsAtOnce
from app.web.gateway.distribution import DistributionFront
from app.web.gateway.function_url import FunctionUrlFront
from app.web.gateway.http_api import HttpApiFront
from app.web.gateway.load_balancer import LoadBalancerFront
from app.web.gateway.outcome import CLIENT_LEFT as LEFT
from app.web.gateway.outcome import RequestLimits, Result, Streamed
from app.web.gateway.reading import request_of
from app.web.gateway.rest_api import RestApiFront
from app.web.gateway.sending import send_answer, send_refusal
from app.web.gateway.signing import Signatures
from app.web.gateway.websocket import WebSocketFront
from app.wire.gateway import http_api as http_api_answers
from app.wire.gateway.load_balancer import error_page
from app.wire.refusals import BodyTooLarge

Answering: TypeAlias = Callable[[Any, GatewayRequest, Address, Opened], Awaitable[Result]]


class GatewayApp:
    """Answers what is asked of a front. `ports` are those that fronts have to themselves, by number;
    `url` is the service's own, where integrations ask AWS services; `signatures` are of who has to sign."""

    def __init__(
        self, engine: Engine, outside: OutsideWorld, ports: Mapping[int, str], url: str, signatures: Signatures
    ) -> None:
        self._engine = engine
        self._ports = ports
        self._http_apis = HttpApiFront(engine, outside, signatures)
        self._urls = FunctionUrlFront(engine, signatures)
        self._sockets = WebSocketFront(engine, outside, url)
        self._rest_apis = RestApiFront(engine, outside, url)
        self._balancers = LoadBalancerFront(engine)
        self._distributions = DistributionFront(engine, outside, url)
        self.at_once = FrontsAtOnce(engine, outside, ports, url, signatures)

    def address_of(self, scope: AsgiScope) -> Address | None:
        """The front that a request is for, if it is for one."""
        found = address_of(scope, self._ports)
        if found is None and self._engine.world.domains:
            host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
            raw: bytes = scope.get("raw_path") or scope["path"].encode()
            return by_domain(self._engine.world.domains, self._engine.world.gateways, host, raw.decode("latin-1"))
        return found

    async def answer(self, address: Address, scope: AsgiScope, receive: Receive, send: Send) -> None:
        front = self._engine.world.gateways.get(address.front)
        match front:
            case HttpApi():
                await self._serve(front, self._http_apis.answer, HttpApiFront.limits, address, scope, receive, send)
            case FunctionUrl():
                await self._serve(front, self._urls.answer, FunctionUrlFront.limits, address, scope, receive, send)
            case WebSocketApi():
                await self._serve(front, self._sockets.answer, WebSocketFront.limits, address, scope, receive, send)
            case RestApi():
                await self._serve(front, self._rest_apis.answer, RestApiFront.limits, address, scope, receive, send)
            case LoadBalancer():
                await self._serve(
                    front, self._balancers.answer, LoadBalancerFront.limits, address, scope, receive, send
                )
            case Distribution():
                limits = DistributionFront.limits
                await self._serve(front, self._distributions.answer, limits, address, scope, receive, send)
            case _:
                await send_answer(send, _nobody(address), scope["method"])

    async def connect(self, address: Address, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """A WebSocket from its handshake to its end; at nobody's address it is closed, which the client sees as 403."""
        front = self._engine.world.gateways.get(address.front)
        if isinstance(front, WebSocketApi):
            await self._sockets.connect(front, address, scope, receive, send)
        elif isinstance(front, LoadBalancer) and "websocket.http.response" in scope.get("extensions", {}):
            # Functions take no WebSockets (ELB user guide, lambda-functions).
            await send_refusal(send, error_page(400))
        else:
            await send({"type": "websocket.close"})

    async def _serve(
        self, front: Any, answering: Answering, limits: RequestLimits, address: Address, scope: AsgiScope,
        receive: Receive, send: Send,
    ) -> None:  # fmt: skip
        started = perf_counter()
        try:
            body: bytes | None = await read_body(receive, limits.body_bytes)
        except BodyTooLarge:
            body = None
        except ClientGone:
            return
        request = request_of(scope, address, body or b"")
        opened: Opened = self._engine.submit(
            OpenRequest(front.id, front.name, request.method, request.path, _origin_of(request))
        )
        refused = limits.refusal(request, is_too_large=body is None)
        result = Result(refused) if refused is not None else await answering(front, request, address, opened)
        try:
            if isinstance(result.answer, Streamed):
                await result.answer.send(send)
            else:
                await send_answer(send, result.answer, request.method)
        finally:
            problem = result.problem
            if scope.get(CLIENT_LEFT, _is_there)():
                problem = problem or LEFT
            self._engine.submit(
                CloseRequest(
                    front.id, front.name, opened.request_id, opened.chain, request.method, request.path,
                    result.answer.status, (perf_counter() - started) * 1_000, result.route, result.unrouted,
                    problem,
                )
            )  # fmt: skip


def _is_there() -> bool:
    return False


def _origin_of(request: GatewayRequest) -> Origin:
    # Whoever signs a request to a front signs it for the front; a key of one of our environments still tells whose.
    return Origin(request.header("x-amzn-trace-id"))


def _nobody(address: Address) -> GatewayAnswer:
    """What AWS answers under a name of its own where there is nothing behind it."""
    if address.domain is not None and ".lambda-url." in address.domain:
        # Recorded in November 2025.
        headers = (("content-type", "application/json"), ("x-amzn-ErrorType", "AccessDeniedException"))
        return GatewayAnswer(403, headers, b'{"Message":null}')
    if address.base_path is not None:
        # Of a custom domain name that leads nowhere with this path; UNCONFIRMED.
        headers = (("content-type", "application/json"), ("x-amzn-ErrorType", "ForbiddenException"))
        return GatewayAnswer(403, headers, b'{"message":"Forbidden"}')
    return http_api_answers.NOT_FOUND
