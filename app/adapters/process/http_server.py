"""The little HTTP server under the Runtime API: httptools' parser, one callback a request, answers in order.

Not a general server: an answer is written in one piece, and a request may stay unanswered for as long as the
long poll of `/next` needs. The body of a request may be taken while it comes.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias, cast

import httptools

_LONGEST_HELD_S = 0.1
"""How long an answer waits for the next one. Who asked for that already does nothing else meanwhile."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, whole. Header names are lower case, trailers among them.

    `body` is cut at the server's limit, and `is_too_large` then says so. `was_streamed` means that the body has been
    taken piece by piece, and is empty here. `head` is as it was written, where it came in one piece; else empty.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    is_too_large: bool = False
    was_streamed: bool = False
    head: bytes = b""


class Connection(asyncio.Protocol):
    """One client. `serve` is called with each request and answers it, now or later, through `reply`.

    `stream` is asked with the head of each request that comes when nothing else is waiting to be served: what it
    gives back is called with each piece of the body, and with None if the client leaves in the middle.

    `shortcut` is shown what comes between two requests, before the parser is, and says whether it has served it.
    `asks_ahead` says that the client sends the next request behind each, without waiting for an answer.
    """

    def __init__(
        self, serve: "Serve", leave: "Leave", *, max_body_bytes: int, stream: "Stream | None" = None,
        shortcut: "Shortcut | None" = None, asks_ahead: bool = False,
    ) -> None:  # fmt: skip
        self._serve = serve
        self._leave = leave
        self._stream = stream
        self._shortcut = shortcut
        self._asks_ahead = asks_ahead
        self._is_between = True
        self._head = b""
        self._kept = b""
        """The beginning of a request that the shortcut is to be shown whole."""
        self._take: Take | None = None
        self._max_body_bytes = max_body_bytes
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._is_busy = False
        self._keeps_alive = True
        self._unsent = b""
        """An answer that is held back for the one to the next request."""
        self._is_reading = False
        self._is_timed = False
        self._begin()

    def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Answer the request that was served last; nothing happens when the client has gone."""
        transport = self._transport
        if transport is None:
            return
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        end = "" if self._keeps_alive else "Connection: close\r\n"
        head = f"{_STATUS_LINES[status]}{lines}Content-Length: {len(body)}\r\n{end}\r\n"
        answer = b"%s%s%s" % (self._unsent, head.encode(), body)
        self._unsent = b""
        if not self._keeps_alive:
            transport.write(answer)
            transport.close()
            return
        self._is_busy = False
        if self._asks_ahead and (self._is_reading or self._waiting):
            # There may be a request behind this one, whose sender does not wait for this answer: both go out with one
            # write, if that is soon. Anybody else waits for it, and has it before anything more is done here.
            self._unsent = answer
        else:
            transport.write(answer)
        self._serve_next()

    def begin_to_serve(self) -> None:
        """The shortcut has read a request, which is to be answered by `reply`."""
        self._is_busy = self._keeps_alive = True

    def reply_at_once(self, answer: bytes) -> None:
        """Answer a request that the shortcut has read and served, with these bytes."""
        if self._transport is not None:
            self._transport.write(self._unsent + answer)
            self._unsent = b""

    def reply_and_serve_again(self, answer: bytes) -> None:
        """The same, and the shortcut has read another request behind it: the first answer may wait for the second."""
        self._unsent += answer
        self.begin_to_serve()

    def keep(self, data: bytes) -> None:
        """Show this to the shortcut again, with what comes behind it."""
        self._kept = data

    def _send_held(self) -> None:
        """Write what is held back, unless the answer to the next request is about to be written with it."""
        if not self._unsent or self._transport is None:
            return
        if self._is_busy and not self._is_timed:
            self._is_timed = True
            asyncio.get_running_loop().call_later(_LONGEST_HELD_S, self._send_held_now)
        elif not self._is_busy:
            self._transport.write(self._unsent)
            self._unsent = b""

    def _send_held_now(self) -> None:
        self._is_timed = False
        if self._unsent and self._transport is not None:
            self._transport.write(self._unsent)
            self._unsent = b""

    def close(self) -> None:
        """Hang up, without waiting for what was not sent yet."""
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # An answer is written as it is made: uvloop keeps what is below this limit until everything else that is due
        # has been done, and whoever waits could have begun meanwhile.
        self._transport.set_write_buffer_limits(0)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self._take is not None:
            self._take(None)
            self._take = None
        self._leave(self)

    def data_received(self, data: bytes) -> None:
        if self._kept:
            data, self._kept = self._kept + data, b""
        if self._is_between and not self._is_busy:
            if self._shortcut is not None and self._shortcut(data, self):
                if self._unsent:
                    self._send_held()
                return
            self._head = data[: data.find(b"\r\n\r\n") + 4]
        self._is_reading = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # Java's client offers h2c with its first request; staying with HTTP/1.1 is the right answer.
            rest = data[upgrade.args[0] :]
            if rest:
                self.data_received(rest)
        except httptools.HttpParserError:
            self._keeps_alive = False
            self.reply(400, {"Content-Type": "text/plain"}, b"not an HTTP request\n")
        finally:
            self._is_reading = False
        if self._unsent:
            self._send_held()

    # What the parser calls -----------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._is_between = False

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        # Clients that use curl ask before they send more than a megabyte.
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._stream is not None and not self._is_busy and not self._waiting:
            self._take = self._stream(Request(self._method(), self._path(), self._headers))

    def on_body(self, body: bytes) -> None:
        if self._take is not None:
            self._take(body)
        else:
            self._body += body[: self._max_body_bytes + 1 - len(self._body)]

    def on_message_complete(self) -> None:
        request = Request(
            method=self._method(),
            path=self._path(),
            headers=self._headers,
            body=bytes(self._body),
            is_too_large=len(self._body) > self._max_body_bytes,
            was_streamed=self._take is not None,
            # Of nothing that has no end in the piece, three bytes are left.
            head=self._head if self._head.endswith(b"\r\n\r\n") else b"",
        )
        self._head = b""
        self._take = None
        self._is_between = True
        self._waiting.append((request, self._parser.should_keep_alive()))
        self._begin()
        self._serve_next()

    def _begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    def _method(self) -> str:
        method: bytes = self._parser.get_method()
        return method.decode("ascii")

    def _path(self) -> str:
        return self._url.decode("latin-1").partition("?")[0]

    def _serve_next(self) -> None:
        if self._is_busy or not self._waiting:
            return
        self._is_busy = True
        request, self._keeps_alive = self._waiting.popleft()
        self._serve(request, self)


_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}

Serve: TypeAlias = Callable[[Request, Connection], None]
Leave: TypeAlias = Callable[[Connection], None]
Take: TypeAlias = Callable[[bytes | None], None]
Stream: TypeAlias = Callable[[Request], Take | None]
Shortcut: TypeAlias = Callable[[bytes, Connection], bool]
