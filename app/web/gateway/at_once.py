"""Fronts past ASGI: what one function answers and nothing else has to be waited for, in the bytes of the usual way."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from time import perf_counter
from typing import TypeAlias

from app.core.commands import CloseRequest, Opened, OpenRequest, Origin
from app.core.gateway.http_api import HttpApi, Selected
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.engine.driver import Engine
from app.web.at_once import Head, Send
from app.web.gateway.address import Address, address_at
from app.web.gateway.http_api import HttpApiFront
from app.web.gateway.invoking import Ending, invoke_then
from app.web.gateway.outcome import CLIENT_LEFT, Result
from app.web.gateway.reading import request_at
from app.web.gateway.sending import with_length
from app.web.gateway.words import words_of

log = logging.getLogger(__name__)

Place: TypeAlias = tuple[Address, str]
"""Where a request leads, and its query."""

_BROKEN = GatewayAnswer(500, (("content-type", "text/plain; charset=utf-8"),), b"Internal Server Error")


class FrontsAtOnce:
    """`web.at_once.Fronts`, for the routes of HTTP APIs that lead to a function and ask nobody first."""

    def __init__(self, engine: Engine, http_apis: HttpApiFront, ports: Mapping[int, str]) -> None:
        self._engine = engine
        self._http_apis = http_apis
        self._ports = ports

    def address_at(self, target: bytes, host: bytes, port: int | None) -> Place | None:
        path, _, query = target.decode("latin-1").partition("?")
        address = address_at(path, host, port, self._ports)
        return (address, query) if address is not None else None

    def words_of(self, status: HTTPStatus, target: bytes, host: bytes, port: int | None) -> tuple[str, bytes] | None:
        place = self.address_at(target, host, port)
        front = self._engine.world.gateways.get(place[0].front) if place is not None else None
        return words_of(front, status) if front is not None else None

    def answer_later(self, place: Place, head: Head, body: bytes, send: Send) -> Callable[[], None] | None:
        address, query = place
        api = self._engine.world.gateways.get(address.front)
        if not isinstance(api, HttpApi):
            return None
        request = request_at(head, address, query, body)
        selected = self._http_apis.plainly(api, request, address)
        if selected is None or HttpApiFront.limits.refusal(request, is_too_large=False) is not None:
            return None
        self._answer(api, request, selected, address, send)
        return _nothing

    def _answer(self, api: HttpApi, request: GatewayRequest, selected: Selected, address: Address, send: Send) -> None:
        started = perf_counter()
        opened: Opened = self._engine.submit(
            OpenRequest(api.id, api.name, request.method, request.path, Origin(request.header("x-amzn-trace-id")))
        )

        def finish(result: Result) -> None:
            answer = result.answer
            assert isinstance(answer, GatewayAnswer), "what is answered at once is answered whole"
            problem = result.problem
            if not send(answer.status, *with_length(answer)):
                problem = problem or CLIENT_LEFT
            close = CloseRequest(
                api.id, api.name, opened.request_id, opened.chain, request.method, request.path, answer.status,
                (perf_counter() - started) * 1_000, result.route, result.unrouted, problem,
            )  # fmt: skip
            # The end of the invocation is being recorded, and comes first.
            asyncio.get_running_loop().call_soon(self._engine.submit, close)

        begun = self._http_apis.begin(api, request, selected, address, opened)
        if isinstance(begun, Result):
            finish(begun)
            return

        def ended(ending: Ending) -> None:
            try:
                result = begun.result_of(ending)
            except Exception as error:
                # The engine calls this, and has others to tell: nobody is to wait because of one answer.
                log.exception("no answer could be made of what %s returned", begun.command.function)
                result = Result(_BROKEN, problem=f"{type(error).__name__}: {error}")
            finish(result)

        invoke_then(self._engine, begun.command, begun.timeout_ms, ended)


def _nothing() -> None:
    """Whoever leaves changes nothing: the function runs on, as on AWS."""
