"""Requests answered as soon as they are read, or an invocation ends: no task, no ASGI messages, the same bytes.

Half of what a small SQS request costs is what a server does around an ASGI app. `AtOnceProtocol` is uvicorn's own
protocol with one way past that: a request whose body has arrived is offered to `answer_at_once` first, and goes the
ASGI way as if nothing had been when it declines. An Invoke is offered to `answer_later` in the same way, and what is
asked of an HTTP front to `fronts`. What arrives whole, as most requests do, is not even shown to the parser
(whole_request.py).
"""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol, TypeAlias, cast

from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.core.value import value
from app.web.asgi import HEADER_NAMES, head_of, headers_of, lines_of
from app.web.connection import Connection
from app.web.head import is_host
from app.web.whole_request import INVOKE, WholeRequest, read_whole
from app.wire.http import HttpAnswer

Answered: TypeAlias = tuple[HttpAnswer, bytes]
"""An answer and its request id."""

AnswerAtOnce: TypeAlias = Callable[[Mapping[bytes, bytes], bytes], Answered | ASGIApp | None]
"""Answers a `POST /` with these headers (lower-case names) and body, or declines with None: nothing happened then.
An ASGI app instead of an answer gives it later: what was asked has been done, and is not to be done again."""

Reply: TypeAlias = Callable[[HttpAnswer, bytes], None]
"""Takes the answer and its request id, once."""

AnswerLater: TypeAlias = Callable[[bytes, Mapping[bytes, bytes], bytes, Reply], Callable[[], None] | None]
"""Takes a `POST` to this target with these headers and body, answers it at any time, and gives back what is to be
called when the client leaves before; or declines with None: nothing happened then."""

Headers: TypeAlias = list[tuple[bytes, bytes]]


@value(frozen=True, slots=True)
class Head:
    """Of a request: its target as it stands in its first line, `names` of its headers as they were written, and the
    headers themselves with lower-case names, all in order. `client` and `server` are addresses with their ports."""

    method: bytes
    target: bytes
    names: list[bytes]
    headers: Headers
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None
    scheme: str


Send: TypeAlias = Callable[[int, Headers, bytes], bool]
"""Takes status, headers with lower-case names, and body of an answer, once, and says whether somebody was there to take
it. All headers are there but the server's."""


class Fronts(Protocol):
    """Those who answer for functions, by host, by path, or at ports that are theirs."""

    def address_at(self, target: bytes, host: bytes, port: int | None) -> Any:
        """Where a request with this target and `Host` leads that came to this port of ours; None if to no front. It is
        the same for the same, until somebody makes a domain name of that `Host`."""
        ...

    def words_of(self, status: HTTPStatus, target: bytes, host: bytes, port: int | None) -> tuple[str, bytes] | None:
        """Content type and body of a refusal by the front that is asked, if one is. What is given may be any bytes."""
        ...

    def answer_later(self, address: Any, head: Head, body: bytes, send: Send) -> Callable[[], None] | None:
        """Take the request and answer it at any time; gives back what is to be called when the client leaves before. Or
        declines with None: nothing happened then."""
        ...


_MOST_BODY_BYTES = 2_000_000
"""Longer bodies are read under the ASGI app's own limits."""

_BODILESS = (204, 304)


class AtOnceProtocol(Connection):
    """One connection. To be made with `functools.partial(AtOnceProtocol, answer_at_once, answer_later, fronts)`."""

    def __init__(
        self, answer_at_once: AnswerAtOnce, answer_later: AnswerLater, fronts: Fronts | None = None, **given: Any
    ) -> None:
        super().__init__(**given)
        self._fronts = fronts
        self._address: Any = None
        """The front that is asked, if it is one."""
        self._answer_at_once = answer_at_once
        self._answer_later = answer_later
        self._held: list[bytes] | None = None
        self._held_bytes = 0
        self._is_between = True
        """Whether the parser stands before a request."""
        self._is_asked = False
        """Whether it was asked already what the request that is shown to the parser comes to; then to `_asked`."""
        self._asked: ASGIApp | None = None
        self._own_host: bytes | None = None
        """The last `Host` that is of no front."""
        self._answered_at_s = 0.0
        self._defaults: Headers = []
        self._default_head = b""

    def data_received(self, data: bytes) -> None:
        whole = read_whole(data) if self._is_idle() else None
        if whole is None or not self._is_ours(whole):
            super().data_received(data)
            return
        self._has_asked = True
        target, headers, body = whole
        if target != b"/":
            if not self._is_invoked(target, headers, body):
                super().data_received(data)
            return
        answered = self._answer_at_once(headers, body)
        if isinstance(answered, tuple):
            self._write_at_once(*answered)
            return
        self._is_asked, self._asked = True, answered
        super().data_received(data)
        self._is_asked, self._asked = False, None

    def timeout_keep_alive_handler(self) -> None:
        # The timer is not moved with every answer: that would take longer than to read the request.
        rest_s = self._answered_at_s + self.timeout_keep_alive - self.loop.time()
        if not self._is_answered:
            rest_s = self.timeout_keep_alive
        if rest_s > 0:
            self.timeout_keep_alive_task = self.loop.call_later(rest_s, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def words_of(self, status: HTTPStatus) -> tuple[str, bytes]:
        told = self._fronts.words_of(status, self.url, self._host, self._port) if self._fronts is not None else None
        return told or super().words_of(status)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_between = False
        # What uvicorn makes ready for the ASGI app waits until it is needed.
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._names = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_head_over:
            return  # a trailer: who decided by the headers must not find others there later
        # Blanks around a value are not its own (RFC 9112, 5.1); the parser leaves those behind it.
        value = value.strip(b" \t")
        # REST APIs hand header names on as they were written; uvicorn keeps them in lower case only.
        self._names.append(name)
        self.note_header(name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        if self._is_refused or not self.is_head_good(version) or self.is_offer():
            return
        if self._may_be_at_once(version):
            self._held, self._held_bytes = [], 0
        else:
            self._begin()

    def on_body(self, body: bytes) -> None:
        if self._is_refused:
            return
        self.count_body(len(body))
        if self._held is None:
            super().on_body(body)
            return
        self._held.append(body)
        self._held_bytes += len(body)
        if self._held_bytes > _MOST_BODY_BYTES:
            self._let_go(self._held)

    def on_message_complete(self) -> None:
        if self._is_offer:
            return
        self._is_between = True
        self._is_reading = False
        if self._is_refused:
            return
        held = self._held
        if held is None:
            super().on_message_complete()
            return
        body = held[0] if len(held) == 1 else b"".join(held)
        if self._address is not None or self.url != b"/":
            if self._is_taken(body):
                self._held = None
            else:
                self._let_go(held)
                super().on_message_complete()
            return
        answered = self._asked if self._is_asked else self._answer_at_once(dict(self.headers), body)
        if isinstance(answered, tuple):
            self._held = None
            self._write(*answered, self.parser.should_keep_alive())
            return
        self._let_go(held, answered)
        super().on_message_complete()

    def end_waiting(self) -> bool:
        awaited: Any = self.cycle
        return isinstance(awaited, _Awaited) and awaited.be_left()

    # Inside ---------------------------------------------------------------------------------------------

    def _is_idle(self) -> bool:
        """Whether nothing is being read or answered, so that what arrives now is a request by itself."""
        return (
            self._is_between
            and not self._is_refused
            and self._is_answered
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    @property
    def _is_answered(self) -> bool:
        """Whether no request waits for its answer."""
        cycle: Any = self.cycle  # None before the first request, whatever uvicorn declares
        return cycle is None or bool(cycle.response_complete)

    def _is_ours(self, whole: WholeRequest) -> bool:
        """Whether the request is for no front, and says for whom it is."""
        host = whole[1].get(b"host", b"")
        if host == self._own_host:
            return True
        if not is_host(host):
            return False
        if self._fronts is not None and self._fronts.address_at(b"/", host, self._port) is not None:
            return False
        self._own_host = host
        return True

    @property
    def _port(self) -> int | None:
        return self.server[1] if self.server is not None else None

    def _may_be_at_once(self, version: str) -> bool:
        """Whether the request is one of a kind that is answered at once, on a connection where nothing else goes on."""
        self._address = None
        if self.expect_100_continue or b"#" in self.url or not self.url.isascii():
            return False
        if self._fronts is not None:
            self._address = self._fronts.address_at(self.url, self._host, self._port)
        if self._address is None and (
            (self.url != b"/" and not self.url.startswith(INVOKE)) or self.parser.get_method() != b"POST"
        ):
            return False
        if self.flow.write_paused or self.parser.should_upgrade() or version != "1.1":
            return False
        return self._is_answered

    def _is_invoked(self, target: bytes, headers: Mapping[bytes, bytes], body: bytes) -> bool:
        """`_is_taken` for an Invoke that the parser has not seen, on a connection that stays open."""
        awaited = _Awaited(keep_alive=True, goes_on=False)
        before: Any = self.cycle
        self.cycle = cast("Any", awaited)
        left = self._answer_later(target, headers, body, partial(self._reply_at_once, awaited))
        if left is None:
            self.cycle = before
            return False
        awaited.left = left
        return True

    def _reply_at_once(self, awaited: "_Awaited", answer: HttpAnswer, request_id: bytes) -> None:
        if awaited.response_complete or self.transport.is_closing():
            return
        awaited.response_complete = True
        if self.pipeline or self.flow.read_paused or not awaited.keep_alive:
            # There is a request behind this one, or the service is about to end.
            self._write(answer, request_id, awaited.keep_alive)
        else:
            self._write_at_once(answer, request_id)

    def _is_taken(self, body: bytes) -> bool:
        """Whether the request will be answered later, past ASGI. What the client sends meanwhile waits for that."""
        awaited = _Awaited(self.parser.should_keep_alive(), goes_on=self._address is not None)
        before: Any = self.cycle
        self.cycle = cast("Any", awaited)
        if self._fronts is not None and self._address is not None:
            method: bytes = self.parser.get_method()
            scheme = self.scheme or "http"
            head = Head(method, self.url, self._names, self.headers, self.client, self.server, scheme)
            left = self._fronts.answer_later(
                self._address, head, body, partial(self._reply, awaited, is_head=method == b"HEAD")
            )
        else:

            def reply(answer: HttpAnswer, request_id: bytes) -> None:
                self._reply(awaited, answer.status, headers_of(answer, request_id), answer.body)

            left = self._answer_later(self.url, dict(self.headers), body, reply)
        if left is None:
            self.cycle = before
            return False
        awaited.left = left
        return True

    def _reply(self, awaited: "_Awaited", status: int, headers: Headers, body: bytes, *, is_head: bool = False) -> bool:
        if awaited.response_complete or self.transport.is_closing():
            return False
        awaited.response_complete = True
        self._send(status, headers, body, keeps_alive=awaited.keep_alive, is_head=is_head)
        return True

    def _let_go(self, held: list[bytes], instead: ASGIApp | None = None) -> None:
        """Give the request to the ASGI app after all, or to one `instead`, with the part of its body that was read."""
        self._held = None
        usual = self.app
        if instead is not None:
            self.app = cast("Any", instead)  # its types are uvicorn's own
        self._begin()
        self.app = usual
        for part in held:
            super().on_body(part)

    def _begin(self) -> None:
        self.begin_asgi({HEADER_NAMES: self._names})

    def _write(self, answer: HttpAnswer, request_id: bytes, keeps_alive: bool) -> None:
        self._send(answer.status, headers_of(answer, request_id), answer.body, keeps_alive=keeps_alive)

    def _write_at_once(self, answer: HttpAnswer, request_id: bytes) -> None:
        """`_write` for a request that the parser has not seen, on a connection that stays open."""
        status = answer.status
        body = b"" if status in _BODILESS else answer.body
        self.transport.write(b"%s%s\r\n%s" % (self._first_lines(status), head_of(answer, request_id), body))
        self.server_state.total_requests += 1
        self._answered_at_s = self.loop.time()
        self._has_asked = True
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _send(self, status: int, headers: Headers, body: bytes, *, keeps_alive: bool, is_head: bool = False) -> None:
        end = b"\r\n" if keeps_alive else b"connection: close\r\n\r\n"
        content = [self._first_lines(status), lines_of(headers), end]
        if status not in _BODILESS and not is_head:
            content.append(body)
        self.transport.write(b"".join(content))
        if not keeps_alive:
            self.transport.close()
        self.on_response_complete()

    def _first_lines(self, status: int) -> bytes:
        """What an answer begins with, the server's own headers included."""
        defaults = self.server_state.default_headers
        if defaults is not self._defaults:
            # The server makes a new list every second, for the date in it.
            self._defaults, self._default_head = defaults, lines_of(defaults)
        return STATUS_LINE[status] + self._default_head


class _Awaited:
    """Stands where uvicorn keeps the request in progress, with what uvicorn asks and tells of one."""

    __slots__ = (
        "body",
        "disconnected",
        "goes_on",
        "keep_alive",
        "left",
        "message_event",
        "more_body",
        "response_complete",
    )

    def __init__(self, keep_alive: bool, *, goes_on: bool) -> None:
        self.keep_alive = keep_alive
        self.goes_on = goes_on
        self.response_complete = False
        self.disconnected = False
        self.more_body = False
        self.body = b""
        self.message_event = self
        self.left: Callable[[], None] | None = None

    def set(self) -> None:
        """Something happened to the connection: the only thing that can is that it was lost."""
        if self.disconnected:
            self.be_left()

    def be_left(self) -> bool:
        """Nobody may be there any more. Gives back whether whoever answers goes on all the same."""
        if self.response_complete or self.left is None:
            return False
        if self.goes_on and not self.disconnected:
            return True
        self.response_complete = True
        self.left()
        return False
