"""How long a connection is kept once nothing comes any more, told on a loop whose time is moved by hand."""

from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from app.web.at_once import AnswerLater, AtOnceProtocol, Reply
from app.wire.http import HttpAnswer

REQUEST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
INVOKE = b"POST /2015-03-31/functions/work/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
KEPT_S = 5


class Loop:
    """The part of an event loop that a protocol asks for the time and for timers."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now_s

    def call_later(self, delay_s: float, then: Callable[[], None]) -> "Loop":
        self.timers.append((self.now_s + delay_s, then))
        return self

    def cancel(self) -> None:
        self.timers.clear()

    def go_to(self, now_s: float) -> None:
        while self.timers and (due := min(self.timers, key=lambda timer: timer[0]))[0] <= now_s:
            self.timers.remove(due)
            self.now_s, then = due
            then()
        self.now_s = now_s


class Transport:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, _name: str) -> None:
        return None


def connection(
    loop: Any, transport: Any, answer_later: AnswerLater = lambda _target, _headers, _body, _reply: None
) -> AtOnceProtocol:
    def answer(_headers: object, _body: object) -> tuple[HttpAnswer, bytes]:
        return HttpAnswer(200, b"{}", "application/json"), b"id"

    config = uvicorn.Config(lambda: None, lifespan="off", timeout_keep_alive=KEPT_S, log_config=None)
    made = AtOnceProtocol(answer, answer_later, config=config, server_state=ServerState(), app_state={}, _loop=loop)
    made.connection_made(transport)
    return made


def test_a_connection_is_closed_when_nothing_came_for_so_long() -> None:
    loop, transport = Loop(), Transport()
    connection(loop, transport).data_received(REQUEST)

    loop.go_to(100 + KEPT_S - 0.1)
    assert not transport.is_closed
    loop.go_to(100 + KEPT_S)
    assert transport.is_closed


def test_each_answer_keeps_the_connection_as_long_again_with_one_timer() -> None:
    loop, transport = Loop(), Transport()
    kept = connection(loop, transport)
    for number in range(8):
        loop.go_to(100 + number)
        kept.data_received(REQUEST)

    assert len(loop.timers) == 2, "the other one looks after clients that never ask"
    loop.go_to(107 + KEPT_S - 0.1)
    assert not transport.is_closed
    assert len(transport.written) == 8
    loop.go_to(107 + KEPT_S)
    assert transport.is_closed


def test_a_connection_whose_invocation_takes_longer_is_kept_until_as_long_after_its_answer() -> None:
    loop, transport = Loop(), Transport()
    replies: list[Reply] = []

    def answer_later(_target: bytes, _headers: object, _body: bytes, reply: Reply) -> Callable[[], None]:
        replies.append(reply)
        return loop.cancel

    kept = connection(loop, transport, answer_later)
    kept.data_received(REQUEST)
    kept.data_received(INVOKE)

    loop.go_to(160)
    assert not transport.is_closed
    replies[0](HttpAnswer(200, b"1"), b"id")
    loop.go_to(160 + KEPT_S - 0.1)
    assert not transport.is_closed
    assert transport.written[1].endswith(b"\r\n\r\n1")
    loop.go_to(160 + 2 * KEPT_S)
    assert transport.is_closed


def test_who_asked_once_is_not_taken_for_one_that_never_does() -> None:
    loop, transport = Loop(), Transport()
    kept = connection(loop, transport)
    for second in range(0, 60, 4):
        loop.go_to(100 + second)
        kept.data_received(REQUEST)

    assert not transport.is_closed
