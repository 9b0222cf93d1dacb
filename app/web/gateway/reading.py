"""A front's request out of ASGI."""

from starlette.types import Scope

from app.core.gateway.request import GatewayRequest
from app.web.asgi import HEADER_NAMES
from app.web.gateway.address import Address


def request_of(scope: Scope, address: Address, body: bytes) -> GatewayRequest:
    """The request as the front is to see it."""
    names: list[bytes] | None = scope.get(HEADER_NAMES)
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if names is not None and len(names) == len(headers):
        pairs = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, (_, value) in zip(names, headers, strict=True)
        )
    else:
        pairs = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    host = next((value for name, value in headers if name == b"host"), b"").decode("latin-1")
    server = scope.get("server")
    client = scope.get("client")
    return GatewayRequest(
        scope["method"],
        address.path,
        scope["query_string"].decode("latin-1"),
        pairs,
        body,
        client[0] if client else "127.0.0.1",
        f"HTTP/{scope.get('http_version', '1.1')}",
        address.domain or host.rsplit(":", 1)[0],
        scope.get("scheme", "http"),
        server[1] if server else 80,
    )
