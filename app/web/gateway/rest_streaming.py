"""A REST API's answers that are sent as a function makes them: metadata first, then eight NULs, then the body (API
Gateway guide, response-transfer-mode-lambda)."""

import asyncio

from starlette.types import Send

from app.core.gateway.request import GatewayAnswer, GatewayRequest, Headers
from app.core.gateway.rest.gateway_responses import GatewayError
from app.web.gateway.invoking import Ending, Failed, Rejected, Returned, TookTooLong
from app.web.gateway.outcome import Streamed
from app.web.gateway.sending import encoded_headers, send_answer
from app.wire.gateway.rest_api import head_of_metadata
from app.wire.gateway.results import BadResult

_END = b"\x00" * 8
_MOST_METADATA_BYTES = 16_384
"""Within which the eight NULs have to come (API Gateway guide; what is said of a stream without them is
UNCONFIRMED)."""


class RestStream:
    """Takes what a handler streams, and gives it on as the client takes it. `engine.ports.ResponseSink`.

    `idle_ms` is for how long nothing may come, in real time as every limit of an HTTP front.
    """

    def __init__(self, request: GatewayRequest, ours: Headers, *, idle_ms: int) -> None:
        self._request, self._ours = request, ours
        self._idle_ms = idle_ms
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()

    def begin(self, content_type: str) -> None:
        """What the metadata says counts, whatever a runtime calls its stream."""

    def write(self, chunk: bytes) -> None:
        self._chunks.put_nowait(chunk)

    async def answer(self, running: "asyncio.Task[Ending]") -> Streamed:
        """The answer once its head is known. Raises GatewayError for a stream that has none, or comes too late."""
        running.add_done_callback(lambda _: self._chunks.put_nowait(None))
        received = b""
        while True:
            chunk = await self._next()
            if chunk is None:
                received += self._rest_of(await running)
            else:
                received += chunk
            metadata, end, first = received.partition(_END)
            if end:
                break
            if chunk is None or len(received) > _MOST_METADATA_BYTES:
                raise GatewayError("MALFORMED_RESPONSE", "the stream has no metadata: eight NULs do not come")
        try:
            head = head_of_metadata(metadata)
        except BadResult as bad:
            raise GatewayError("MALFORMED_RESPONSE", str(bad)) from None
        head = GatewayAnswer(head.status, (*head.headers, *self._ours))
        is_over = chunk is None
        return Streamed(lambda send: self._send(send, head, first, running, is_over=is_over), head.status)

    def _rest_of(self, ending: Ending) -> bytes:
        """What came with the end; a handler that only returns has returned all of its stream. Raises GatewayError."""
        match ending:
            case Returned(payload=payload):
                return payload
            case Failed():
                raise GatewayError("MALFORMED_RESPONSE", ending.text)
            case Rejected(refusal=refusal):
                raise GatewayError("INTEGRATION_FAILURE", refusal.message)
            case TookTooLong():
                raise GatewayError("INTEGRATION_TIMEOUT", ending.text)

    async def _next(self) -> bytes | None:
        """The next piece, None at the end. Raises GatewayError after too long a silence."""
        try:
            async with asyncio.timeout(self._idle_ms / 1_000):
                return await self._chunks.get()
        except TimeoutError:
            raise GatewayError("INTEGRATION_TIMEOUT", f"nothing came for {self._idle_ms / 1_000:g} s") from None

    async def _send(
        self, send: Send, head: GatewayAnswer, first: bytes, running: "asyncio.Task[Ending]", *, is_over: bool
    ) -> None:
        """Everything that comes, as it comes. A stream that fails in the middle, falls silent or lasts too long is cut
        off: the client sees that it has not all of it."""
        if self._request.method == "HEAD":
            await send_answer(send, head, "HEAD")
            return
        await send({"type": "http.response.start", "status": head.status, "headers": encoded_headers(head.headers)})
        if first:
            await send({"type": "http.response.body", "body": first, "more_body": True})
        try:
            while not is_over and (chunk := await self._next()) is not None:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            rest = b"" if is_over else self._rest_of(await running)
        except GatewayError:
            return
        await send({"type": "http.response.body", "body": b"" if rest == b"null" else rest})
