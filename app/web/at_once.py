"""Requests answered as soon as they are read, or an invocation ends: no task, no ASGI messages, the same bytes.

Half of what a small SQS request costs is what a server does around an ASGI app. `AtOnceProtocol` is uvicorn's own
protocol with one way past that: a request whose body has arrived is offered to `answer_at_once` first, and goes the
ASGI way as if nothing had been when it declines. An Invoke is offered to `answer_later` in the same way.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias, cast

from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.web.asgi import HEADER_NAMES, headers_of
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

_INVOKE = b"/2015-03-31/functions/"
_MOST_BODY_BYTES = 2_000_000
"""Longer bodies are read under the ASGI app's own limits."""

_BODILESS = (204, 304)


class AtOnceProtocol(HttpToolsProtocol):
    """One connection. To be made with `functools.partial(AtOnceProtocol, answer_at_once, answer_later)`."""

    def __init__(
        self, answer_at_once: AnswerAtOnce, answer_later: AnswerLater, *, not_at: Collection[int] = (), **given: Any
    ) -> None:
        """`not_at` are ports that are somebody else's: there is nothing of AWS's there."""
        super().__init__(**given)
        self._not_at = not_at
        self._answer_at_once = answer_at_once
        self._answer_later = answer_later
        self._held: list[bytes] | None = None
        self._held_bytes = 0
        self._names: list[bytes] = []
        self._is_head_over = False

    def on_message_begin(self) -> None:
        # What uvicorn makes ready for the ASGI app waits until it is needed.
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._names = []
        self._is_head_over = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_head_over:
            return  # a trailer: who decided by the headers must not find others there later
        # REST APIs hand header names on as they were written; uvicorn keeps them in lower case only.
        self._names.append(name)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_head_over = True
        if self._may_be_at_once():
            self._held, self._held_bytes = [], 0
        else:
            self._begin()

    def on_body(self, body: bytes) -> None:
        if self._held is None:
            super().on_body(body)
            return
        self._held.append(body)
        self._held_bytes += len(body)
        if self._held_bytes > _MOST_BODY_BYTES:
            self._let_go(self._held)

    def on_message_complete(self) -> None:
        held = self._held
        if held is None:
            super().on_message_complete()
            return
        body = held[0] if len(held) == 1 else b"".join(held)
        if self.url != b"/":
            if self._is_taken(body):
                self._held = None
            else:
                self._let_go(held)
                super().on_message_complete()
            return
        answered = self._answer_at_once(dict(self.headers), body)
        if isinstance(answered, tuple):
            self._held = None
            self._write(*answered, keeps_alive=self.parser.should_keep_alive())
            return
        self._let_go(held, answered)
        super().on_message_complete()

    # Inside ---------------------------------------------------------------------------------------------

    def _may_be_at_once(self) -> bool:
        """Whether the request is one of a kind that is answered at once, on a connection where nothing else goes on."""
        if (
            (self.url != b"/" and not self.url.startswith(_INVOKE))
            or self.expect_100_continue
            or self.parser.get_method() != b"POST"
        ):
            return False
        if self._not_at and self.server is not None and self.server[1] in self._not_at:
            return False
        if self.flow.write_paused or self.parser.should_upgrade() or self.parser.get_http_version() != "1.1":
            return False
        cycle: Any = self.cycle  # None before the first request, whatever uvicorn declares
        return cycle is None or bool(cycle.response_complete)

    def _is_taken(self, body: bytes) -> bool:
        """Whether the request will be answered later, past ASGI. What the client sends meanwhile waits for that."""
        awaited = _Awaited(self.parser.should_keep_alive())
        before: Any = self.cycle
        self.cycle = cast("Any", awaited)

        def reply(answer: HttpAnswer, request_id: bytes) -> None:
            if awaited.response_complete or self.transport.is_closing():
                return
            awaited.response_complete = True
            self._write(answer, request_id, keeps_alive=awaited.keep_alive)

        left = self._answer_later(self.url, dict(self.headers), body, reply)
        if left is None:
            self.cycle = before
            return False
        awaited.left = left
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
        url, headers, expect_100_continue = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expect_100_continue
        self.headers.extend(headers)
        super().on_headers_complete()
        self.scope[HEADER_NAMES] = self._names  # type: ignore[literal-required] # what is ours begins with our name

    def _write(self, answer: HttpAnswer, request_id: bytes, *, keeps_alive: bool) -> None:
        content = [STATUS_LINE[answer.status]]
        for name, value in [*self.server_state.default_headers, *headers_of(answer, request_id)]:
            content += (name, b": ", value, b"\r\n")
        content.append(b"\r\n" if keeps_alive else b"connection: close\r\n\r\n")
        if answer.status not in _BODILESS:
            content.append(answer.body)
        self.transport.write(b"".join(content))
        if not keeps_alive:
            self.transport.close()
        self.on_response_complete()


class _Awaited:
    """Stands where uvicorn keeps the request in progress, with what uvicorn asks and tells of one."""

    __slots__ = ("body", "disconnected", "keep_alive", "left", "message_event", "more_body", "response_complete")

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = False
        self.disconnected = False
        self.more_body = False
        self.body = b""
        self.message_event = self
        self.left: Callable[[], None] | None = None

    def set(self) -> None:
        """Something happened to the connection: the only thing that can is that it was lost."""
        if self.disconnected and not self.response_complete and self.left is not None:
            self.response_complete = True
            self.left()
