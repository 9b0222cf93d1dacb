"""An answer into ASGI."""

from starlette.types import Send

from app.core.gateway.request import GatewayAnswer, Headers

_BODILESS = (204, 304)


async def send_answer(send: Send, answer: GatewayAnswer, method: str) -> None:
    """The answer whole, with its length; of a HEAD the body is only counted."""
    headers, body = with_length(answer)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


def with_length(answer: GatewayAnswer) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers, the length among them, and body."""
    headers = encoded_headers(answer.headers)
    if answer.status in _BODILESS:
        return headers, b""
    headers.append((b"content-length", b"%d" % len(answer.body)))
    return headers, answer.body


async def send_refusal(send: Send, answer: GatewayAnswer) -> None:
    """The answer to a WebSocket's handshake that is not taken, where the server can give one."""
    headers = [*encoded_headers(answer.headers), (b"content-length", b"%d" % len(answer.body))]
    await send({"type": "websocket.http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": answer.body})


def encoded_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Names are written in lower case: the server would do it itself, but for what goes past ASGI."""
    return [(name.lower().encode("latin-1"), _encoded(value)) for name, value in headers]


def _encoded(value: str) -> bytes:
    """Latin-1 as HTTP has it; what goes beyond that goes as UTF-8."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode(errors="replace")
