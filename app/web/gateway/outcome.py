"""What a front made of a request: its answer, and what the journal is to know of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import Send

from app.core.gateway.request import GatewayAnswer, GatewayRequest

CLIENT_LEFT = "the client left before it had the answer"
"""The problem of a request whose answer nobody took."""


@dataclass(slots=True)
class Streamed:
    """An answer that is sent as it comes; `status` is known once it has begun."""

    send: Callable[[Send], Awaitable[None]]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Result:
    """`route` is what took the request, `unrouted` why nothing did, `problem` why not the function answered."""

    answer: GatewayAnswer | Streamed
    route: str | None = None
    unrouted: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """How large a request may be, and what is answered to a larger one."""

    body_bytes: int
    path_chars: int
    header_bytes: int
    body_too_large: GatewayAnswer
    path_too_long: GatewayAnswer
    headers_too_large: GatewayAnswer

    def refusal(self, request: GatewayRequest, *, is_too_large: bool) -> GatewayAnswer | None:
        """What to answer instead of looking any further."""
        if is_too_large:
            return self.body_too_large
        if len(request.path) + len(request.query) + 1 > self.path_chars:
            return self.path_too_long
        if sum(len(name) + len(value) for name, value in request.headers) > self.header_bytes:
            return self.headers_too_large
        return None
