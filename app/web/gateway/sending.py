"""An answer into ASGI."""

from starlette.types import Send

from app.core.gateway.request import GatewayAnswer, Headers

_BODILESS = (204, 304)


async def send_answer(send: Send, answer: GatewayAnswer, method: str) -> None:
    """The answer whole, with its length; of a HEAD the body is only counted."""
    headers = encoded_headers(answer.headers)
    body = b"" if answer.status in _BODILESS else answer.body
    if answer.status not in _BODILESS:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


def encoded_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), _encoded(value)) for name, value in headers]


def _encoded(value: str) -> bytes:
    """Latin-1 as HTTP has it; what goes beyond that goes as UTF-8."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode(errors="replace")
