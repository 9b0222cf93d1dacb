"""Fronts past ASGI: what functions answer and nothing else has to be waited for, in the bytes of the usual way."""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from time import perf_counter
from typing import Any, TypeAlias

from app.core.commands import CloseRequest, Opened, OpenRequest, Origin
from app.core.gateway.function_url import FunctionUrl
from app.core.gateway.http_api import HttpApi
from app.core.gateway.load_balancer import LoadBalancer
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.core.gateway.rest.api import RestApi
from app.engine.driver import Engine
from app.engine.ports import OutsideWorld
from app.web.at_once import Head, Send
from app.web.gateway.address import Address, address_at, by_domain
from app.web.gateway.function_url import FunctionUrlFront
from app.web.gateway.http_api import HttpApiFront
from app.web.gateway.invoking import ByHand, run_by_hand
from app.web.gateway.load_balancer import LoadBalancerFront
from app.web.gateway.outcome import CLIENT_LEFT, Result
from app.web.gateway.reading import request_at
from app.web.gateway.rest_api import RestApiFront
from app.web.gateway.sending import with_length
from app.web.gateway.signing import Signatures
from app.web.gateway.words import words_of

Place: TypeAlias = tuple[Address, str]
"""Where a request leads, and its query."""

_BROKEN = GatewayAnswer(500, (("content-type", "text/plain; charset=utf-8"),), b"Internal Server Error")


class FrontsAtOnce:
    """`web.at_once.Fronts`. The fronts are those of `GatewayApp`, and wait without a task."""

    def __init__(
        self, engine: Engine, outside: OutsideWorld, ports: Mapping[int, str], url: str, signatures: Signatures
    ) -> None:
        by_hand = ByHand(engine)
        self._engine = engine
        self._ports = ports
        self._domains = engine.world.domains
        self._fronts: dict[type[Any], Any] = {
            HttpApi: HttpApiFront(by_hand, outside, signatures),
            RestApi: RestApiFront(by_hand, outside, url),
            FunctionUrl: FunctionUrlFront(by_hand, signatures),
            LoadBalancer: LoadBalancerFront(by_hand),
        }

    def address_at(self, target: bytes, host: bytes, port: int | None) -> Place | None:
        path, _, query = target.decode("latin-1").partition("?")
        address = address_at(path, host, port, self._ports)
        if address is None and self._domains:
            address = by_domain(self._domains, self._engine.world.gateways, host.decode("latin-1"), path)
        return (address, query) if address is not None else None

    def words_of(self, status: HTTPStatus, target: bytes, host: bytes, port: int | None) -> tuple[str, bytes] | None:
        place = self.address_at(target, host, port)
        front = self._engine.world.gateways.get(place[0].front) if place is not None else None
        return words_of(front, status) if front is not None else None

    def answer_later(self, place: Place, head: Head, body: bytes, send: Send) -> Callable[[], None] | None:
        address, query = place
        asked: Any = self._engine.world.gateways.get(address.front)
        front = self._fronts.get(type(asked))
        if front is None:
            return None
        request = request_at(head, address, query, body)
        if not front.waits_only_for_functions(asked, request, address):
            return None
        self._answer(front, asked, request, address, send)
        return _nothing

    def _answer(self, front: Any, asked: Any, request: GatewayRequest, address: Address, send: Send) -> None:
        started = perf_counter()
        opened: Opened = self._engine.submit(
            OpenRequest(asked.id, asked.name, request.method, request.path, Origin(request.header("x-amzn-trace-id")))
        )

        def finish(result: Result | Exception) -> None:
            if isinstance(result, Exception):
                result = Result(_BROKEN, problem=f"{type(result).__name__}: {result}")
            answer, problem = result.answer, result.problem
            assert isinstance(answer, GatewayAnswer), "what is answered at once is answered whole"
            if not send(answer.status, *with_length(answer)):
                problem = problem or CLIENT_LEFT
            close = CloseRequest(
                asked.id, asked.name, opened.request_id, opened.chain, request.method, request.path, answer.status,
                (perf_counter() - started) * 1_000, result.route, result.unrouted, problem,
            )  # fmt: skip
            # The end of the invocation is being recorded, and comes first.
            asyncio.get_running_loop().call_soon(self._engine.submit, close)

        limits = front.limits
        refused = limits.refusal(request, is_too_large=len(request.body) > limits.body_bytes)
        if refused is not None:
            finish(Result(refused))
        else:
            run_by_hand(self._engine, front.answer(asked, request, address, opened), finish)


def _nothing() -> None:
    """Whoever leaves changes nothing: the function runs on, as on AWS."""
