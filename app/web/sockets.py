"""WebSockets as API Gateway takes them: no frame of more than 32 KiB, whatever message it is of, and no compression."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

MOST_FRAME_BYTES = 32_768
"""API Gateway quotas (WebSocket frame size): who has more to say sends several frames, and a larger one ends the
connection with code 1009."""

TOO_BIG = 1009


class FramedWebSockets(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which looks at every frame before the app sees the message. Give it to `uvicorn.Config`."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.conn.available_extensions = []

    def handle_text(self, event: Frame) -> None:
        if self._is_allowed(event):
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        if self._is_allowed(event):
            super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        if self._is_allowed(event):
            super().handle_cont(event)

    def _is_allowed(self, event: Frame) -> bool:
        if self.close_sent or len(event.data) <= MOST_FRAME_BYTES:
            return not self.close_sent
        self.conn.fail(TOO_BIG, "the frame is too big")
        self.handle_parser_exception()
        return False
