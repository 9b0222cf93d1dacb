"""A connection to a client that may be slow, half-closed, gone, or out for mischief: what uvicorn does not see to.

* Who takes longer than the patience for the head of a request, or says nothing for as long within its body, gets 408;
  who says nothing at all is hung up on, and who takes nothing of an answer for as long is cut off.
* Who closes their side after the request still gets the answer; who waits for long is told that they left.
* A head that could be read in two ways is refused, and everything that comes after it is let pass by.
* Who offers another protocol than WebSockets (Java's own client does, HTTP/2, with every first request) is answered as
  if they had not, body and all.
* What is not yet a request takes up little: heads, trailers and the frames of chunks are counted.
"""

import asyncio
import socket
import struct
from http import HTTPStatus
from typing import Any, cast

import httptools
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.web.asgi import CLIENT_LEFT
from app.web.head import fault_of, without_authority

_MOST_OVERHEAD_BYTES = 2_097_152
"""Of a request beside its body. Fronts refuse less in words of their own; this is what is read at all."""
_OVERHEAD_PER_BODY_BYTE = 8
"""A chunk of a single byte is six bytes long."""
_AT_ONCE = struct.pack("ii", 1, 0)
_LINGER_S = 1.0
"""How long a client may go on sending what nobody reads, so that it hears why."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection, which defends itself. `patience_s` is how long a client may keep it waiting."""

    def __init__(self, *, patience_s: float = 30.0, **given: Any) -> None:
        super().__init__(**given)
        self.url = b""
        self._patience_s = patience_s
        self._has_asked = False
        self._host = b""
        self._hosts = 0
        self._codings: list[bytes] = []
        self._names: list[bytes] = []
        """Of the headers, as they were written."""
        self._is_offer = False
        """The request offers another protocol and has a body, which the parser will not read: see `_feed`."""
        self._is_reading = False
        """A request has begun and is not whole yet."""
        self._is_head_over = False
        self._has_begun = False
        """The request being read is an ASGI app's already."""
        self._is_refused = False
        self._overhead_bytes = 0
        self._read_until: float | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._unwritten_bytes = 0
        self._half: _HalfClosing | None = None

    # What is answered to who is refused -----------------------------------------------------------------

    def words_of(self, status: HTTPStatus) -> tuple[str, bytes]:
        """Content type and body of a refusal."""
        return "text/plain; charset=utf-8", status.phrase.encode()

    def refuse(self, status: HTTPStatus) -> None:
        """Answer what is being read with this status and hang up. What was asked before is answered first, and then
        nothing is said: an answer to somebody else's request is worse than none."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        self._is_reading = False
        cycle: Any = self.cycle
        is_busy = cycle is not None and not cycle.response_complete
        if is_busy and not self._has_begun:
            cycle.keep_alive = False
            return
        if is_busy:
            has_started = cycle.response_started or self.pipeline
            cycle.disconnected = True
            cycle.message_event.set()
            if has_started:
                self.transport.close()
                return
        kind, body = self.words_of(status)
        content = [STATUS_LINE[status]]
        for name, text in self.server_state.default_headers:
            content += (name, b": ", text, b"\r\n")
        content += (
            b"content-type: ", kind.encode(), b"\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body), body,
        )  # fmt: skip
        self.transport.write(b"".join(content))
        if self.transport.can_write_eof():
            # To close now, with something unread, would take the answer back from a client that is still sending.
            self.transport.write_eof()
            self.loop.call_later(_LINGER_S, self.transport.close)
        else:
            self.transport.close()

    # Reading --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._reading = self.loop.call_later(self._patience_s, self._look_at_reading)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._reading, self._writing):
            if timer is not None:
                timer.cancel()
        self._reading = self._writing = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        rest = data
        while rest and not self._is_refused:
            rest = self._feed(rest)
        if self._is_reading:
            self._go_on_reading(len(data))

    def _feed(self, data: bytes) -> bytes:
        """Have it parsed; gives back what was not, behind a request that offers to change the protocol."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.refuse(HTTPStatus.BAD_REQUEST)
        except httptools.HttpParserUpgrade as upgrade:
            if self._is_refused:
                return b""
            if not self._should_upgrade():
                # An offer need not be taken (RFC 9110, 7.8): what follows is HTTP/1.1 as before.
                if self._is_offer:
                    self._read_again()
                return data[upgrade.args[0] :]
            cycle: Any = self.cycle
            if cycle is None or cycle.response_complete:
                self.handle_websocket_upgrade()
            else:
                # Two answers would share the connection.
                self.refuse(HTTPStatus.BAD_REQUEST)
        return b""

    def _should_upgrade(self) -> bool:
        return bool(self.parser.get_method() == b"GET" and super()._should_upgrade())

    def is_offer(self) -> bool:
        """Whether the request, whose head is over, is to be read once more, for the sake of its body."""
        self._is_offer = (
            self.parser.should_upgrade()
            and not self._should_upgrade()
            and any(
                name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
                for name, value in self.headers
            )
        )
        return self._is_offer

    def _read_again(self) -> None:
        """Show the head to a parser of its own, without the offer: a parser that has seen one reads no body."""
        first, version = self.parser.get_method() + b" " + self.url, self.parser.get_http_version().encode()
        lines = [first + b" HTTP/" + version]
        for name, (lower, value) in zip(self._names, self.headers, strict=True):
            if lower not in (b"connection", b"upgrade"):
                lines.append(name + b": " + value)
            elif lower == b"connection" and b"close" in value.lower():
                lines.append(b"connection: close")
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        self.parser.feed_data(b"\r\n".join([*lines, b"", b""]))

    def handle_websocket_upgrade(self) -> None:
        """From here on it is another's connection."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        self._host = b""
        self._hosts = 0
        self._codings = []
        self._is_reading = self._has_asked = True
        self._is_head_over = False
        self._has_begun = False
        self._half = None
        self._overhead_bytes = 0
        self._read_until = None

    def note_header(self, name: bytes, value: bytes) -> None:
        """Keep what decides how the request is read."""
        size = len(name)
        if size == 4 and name.lower() == b"host":
            self._host = value
            self._hosts += 1
        elif size == 17 and name.lower() == b"transfer-encoding":
            self._codings.append(value)

    def is_head_good(self, version: str) -> bool:
        """Whether the head can be read in one way only; otherwise it has been refused. Afterwards the target is a path
        and the host the one that is asked."""
        self._is_head_over = True
        if not self.url.startswith(b"/"):
            target, host = without_authority(self.url, self._host)
            if host != self._host:
                self._be_asked(host)
            self.url = target
        fault = fault_of(version, self.url, self._host, self._hosts, self._codings)
        if fault is None:
            return True
        self.refuse(fault)
        return False

    def _be_asked(self, host: bytes) -> None:
        """Have the host that an absolute target names in the header as well."""
        self._host = host
        for place, (name, _) in enumerate(self.headers):
            if name == b"host":
                self.headers[place] = (name, host)

    def _go_on_reading(self, size: int) -> None:
        self._overhead_bytes += size
        if self._overhead_bytes > _MOST_OVERHEAD_BYTES:
            is_head = not self._is_head_over
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if is_head else HTTPStatus.BAD_REQUEST)
            return
        # A head has to be whole in time; of a body something has to come.
        if self._read_until is None or self._is_head_over:
            self._read_until = self.loop.time() + self._patience_s
        if self._reading is None:
            self._reading = self.loop.call_later(self._patience_s, self._look_at_reading)

    def count_body(self, size: int) -> None:
        """So much of what came was body."""
        self._overhead_bytes = max(0, self._overhead_bytes - size * _OVERHEAD_PER_BODY_BYTE)

    def _look_at_reading(self) -> None:
        """Not set anew with every request: most are whole as they come, and one that is early finds nothing to do."""
        self._reading = None
        if self.transport.is_closing():
            return
        if not self._is_reading:
            # uvicorn hangs up on who is idle after an answer, but not on who never asked.
            if not self._has_asked:
                self.transport.close()
            return
        now = self.loop.time()
        if self._read_until is None or self.flow.read_paused:
            self._read_until = now + self._patience_s
        left_s = self._read_until - now
        if left_s <= 0:
            self.refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._reading = self.loop.call_later(left_s, self._look_at_reading)

    # A client that closes its side ----------------------------------------------------------------------

    def eof_received(self) -> bool:  # type: ignore[override] # uvicorn never keeps it open
        """The client says no more. Whether it still listens is not to be known before something is sent."""
        cycle: Any = self.cycle
        if self._is_refused or self._is_reading or cycle is None or cycle.response_complete:
            return False
        cycle.keep_alive = False
        if self._half is None:
            return self.end_waiting()
        self._half.end()
        return True

    def end_waiting(self) -> bool:
        """The client of a request past ASGI closed its side. Gives back whether it is to be answered still."""
        return False

    def begin_asgi(self, more: dict[str, Any]) -> None:
        """Give what was read of the head to the ASGI app, with a `receive` that knows of a client that closed its side.
        `more` is put into its scope, and whether the client has left."""
        url, headers, expect_100_continue = self.url, self.headers, self.expect_100_continue
        HttpToolsProtocol.on_message_begin(self)  # what uvicorn makes ready for an app
        self.url, self.expect_100_continue = url, expect_100_continue
        self.headers.extend(headers)
        usual = self.app
        half = self._half = _HalfClosing(usual)
        self._has_begun = True
        self.app = cast("Any", half)  # its types are uvicorn's own
        super().on_headers_complete()
        self.app = usual
        half.cycle = self.cycle
        self.scope.update({**more, CLIENT_LEFT: half.has_left})  # type: ignore[typeddict-item] # ours begin with our name

    # Writing --------------------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        super().pause_writing()
        self._go_on_writing()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self._go_on_writing()

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            self._go_on_writing()
        super().timeout_keep_alive_handler()

    def _go_on_writing(self) -> None:
        self._unwritten_bytes = self.transport.get_write_buffer_size()
        if self._writing is None:
            self._writing = self.loop.call_later(self._patience_s, self._look_at_writing)

    def _look_at_writing(self) -> None:
        self._writing = None
        unwritten = self.transport.get_write_buffer_size()
        if not unwritten:
            return
        if unwritten >= self._unwritten_bytes:
            # With a reset: what the system has of the answer is not to be kept for them either.
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self.transport.abort()
        else:
            self._go_on_writing()


class _HalfClosing:
    """An app that hears of a client that closed its side as of one that left, though it can still be answered.

    Only who has to wait for long asks (a long poll, an invocation in line): they give up, as nobody may be there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._has_ended = False
        self._is_read = False
        self.cycle: Any = None

    def has_left(self) -> bool:
        """Whether the connection is known to be gone."""
        return bool(self.cycle.disconnected)

    def end(self) -> None:
        self._has_ended = True
        self.cycle.message_event.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def receiving() -> Message:
            if self._is_read and self._has_ended:
                return {"type": "http.disconnect"}
            message = await receive()
            if self._is_read and self._has_ended:
                return {"type": "http.disconnect"}
            self._is_read = not message.get("more_body", False)
            return message

        await self._app(scope, receiving, send)
        if self._has_ended and not self.cycle.response_started:
            # It gave up, and says nothing: neither is there an error to tell.
            self.cycle.disconnected = True
            cast("asyncio.Transport", self.cycle.transport).close()
