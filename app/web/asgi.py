"""ASGI in two verbs: read a whole body, send a whole answer."""

from collections.abc import Iterable

from starlette.types import Message, Receive, Send

from app.wire.http import HttpAnswer
from app.wire.refusals import BodyTooLarge

HEADER_NAMES = "triggerfish.header_names"
"""In an ASGI scope: the names of the headers as the client wrote them, in their order."""

CLIENT_LEFT = "triggerfish.client_left"
"""In an ASGI scope: a function without arguments that says whether the client is known to be gone."""

_BODILESS = (204, 304)


class ClientGone(Exception):
    """The client closed the connection; nobody is there to answer."""


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """The whole body. Raises BodyTooLarge, having let the rest pass by so that the client hears of it; ClientGone."""
    message = await receive()
    if not message.get("more_body"):
        if message["type"] == "http.disconnect":
            raise ClientGone
        whole: bytes = message.get("body", b"")
        if len(whole) > max_bytes:
            raise BodyTooLarge(_too_large(max_bytes))
        return whole
    chunks: list[bytes] = []
    size = 0
    while True:
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= max_bytes:
            chunks.append(chunk)
        else:
            chunks.clear()
        if not message.get("more_body"):
            break
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
    if size > max_bytes:
        raise BodyTooLarge(_too_large(max_bytes))
    return b"".join(chunks)


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body already read, and then what the client still has to say."""
    is_read = False

    async def receive_again() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


async def send_answer(send: Send, answer: HttpAnswer, request_id: bytes) -> None:
    """Send the answer whole, with its request id and length."""
    await send({"type": "http.response.start", "status": answer.status, "headers": headers_of(answer, request_id)})
    await send({"type": "http.response.body", "body": answer.body})


def headers_of(answer: HttpAnswer, request_id: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of the answer, its request id and length among them."""
    headers = [(b"x-amzn-requestid", request_id)]
    if answer.content_type:
        headers.append((b"content-type", answer.content_type.encode()))
    if answer.status not in _BODILESS:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    for name, value in answer.headers:
        headers.append((name.encode(), value.encode()))
    return headers


def head_of(answer: HttpAnswer, request_id: bytes) -> bytes:
    """`headers_of` as lines of HTTP/1.1."""
    if answer.content_type and not answer.headers and answer.status not in _BODILESS:
        content_type = answer.content_type.encode()
        return b"x-amzn-requestid: %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n" % (
            request_id, content_type, len(answer.body),
        )  # fmt: skip
    return lines_of(headers_of(answer, request_id))


def lines_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as lines of HTTP/1.1."""
    return b"".join([b"%s: %s\r\n" % header for header in headers])


def _too_large(max_bytes: int) -> str:
    return f"The request is larger than the {max_bytes} bytes that are read of one."
