"""A front's request out of ASGI, and out of a connection."""

from collections.abc import Sequence

from starlette.types import Scope

from app.core.gateway.request import GatewayRequest
from app.web.asgi import HEADER_NAMES
from app.web.at_once import Head
from app.web.gateway.address import Address


def request_of(scope: Scope, address: Address, body: bytes) -> GatewayRequest:
    """The request as the front is to see it."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    names: list[bytes] | None = scope.get(HEADER_NAMES)
    server = scope.get("server")
    client = scope.get("client")
    return GatewayRequest(
        scope["method"],
        address.path,
        scope["query_string"].decode("latin-1"),
        _pairs(headers, names),
        body,
        client[0] if client else _NOWHERE,
        f"HTTP/{scope.get('http_version', '1.1')}",
        address.domain or _host_in(headers),
        scope.get("scheme", "http"),
        server[1] if server else 80,
        _asked(scope.get("raw_path") or b"", address),
    )


def request_at(head: Head, address: Address, query: str, body: bytes) -> GatewayRequest:
    """The same of a request in HTTP/1.1 whose head is there as it was read."""
    client, server = head.client, head.server
    return GatewayRequest(
        head.method.decode("ascii"),
        address.path,
        query,
        _pairs(head.headers, head.names),
        body,
        client[0] if client else _NOWHERE,
        "HTTP/1.1",
        address.domain or _host_in(head.headers),
        head.scheme,
        (server[1] if server else None) or 80,
        _asked(head.target.partition(b"?")[0], address),
    )


_NOWHERE = "127.0.0.1"


def _asked(raw_path: bytes, address: Address) -> str | None:
    """The path as it was asked for, where that is another than the front is to see."""
    return None if not raw_path or len(raw_path) == len(address.path) else raw_path.decode("latin-1")


def _pairs(headers: Sequence[tuple[bytes, bytes]], names: Sequence[bytes] | None) -> tuple[tuple[str, str], ...]:
    if names is not None and len(names) == len(headers):
        return tuple(
            [(name.decode("latin-1"), value.decode("latin-1")) for name, (_, value) in zip(names, headers, strict=True)]
        )
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])


def _host_in(headers: Sequence[tuple[bytes, bytes]]) -> str:
    host = next((value for name, value in headers if name == b"host"), b"")
    return host.decode("latin-1").rsplit(":", 1)[0]
