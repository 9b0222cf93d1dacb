"""What runtimes send is recognised whole, ours at once and any other's when it is seen again, and comes to the same as
by the parser, however it is cut."""

import asyncio
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.process.http_server import Connection
from app.adapters.process.runtime_api import Offer, RuntimeApi
from app.adapters.process.usual_requests import UsualRequests

_ADDRESS = "127.0.0.1:9001"
_HOST = b"HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n"
_POLL = b"GET /2018-06-01/runtime/invocation/next " + _HOST + b"\r\n"


class Transport:
    """Takes what is written."""

    def __init__(self) -> None:
        self.sent = b""
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.sent += data

    def set_write_buffer_limits(self, high: int) -> None:
        assert high == 0, "an answer is written as it is made"

    def close(self) -> None:
        self.is_closed = True

    abort = close


class Played:
    """A Runtime API and its one client. The next invocation is on offer as soon as one has been answered."""

    def __init__(self, *, is_own: bool = False, is_parsed: bool = False) -> None:
        self.story: list[str] = []
        self.sent_when_told: list[bytes] = []
        self.api = RuntimeApi(self)
        if is_own:
            self.api.expect_own_runtime(_ADDRESS)
        self.connection: Connection = self.api.connect()
        if is_parsed:
            self.connection._shortcut = None
        self.transport = Transport()
        self.connection.connection_made(cast("asyncio.Transport", cast("Any", self.transport)))
        self._number = 0
        self._offer()

    def _offer(self) -> None:
        self._number += 1
        name = f"r-{self._number}"
        self.api.offer(Offer(name, {"Lambda-Runtime-Aws-Request-Id": name}, b'{"n":%d}' % self._number))

    def polled(self) -> None:
        self.story.append("polled")

    def delivered(self) -> None:
        self.story.append("delivered")

    def responded(self, payload: bytes) -> None:
        self.story.append(f"responded {payload!r}")
        self.sent_when_told.append(self.transport.sent)
        self._offer()
        self.sent_when_told.append(self.transport.sent)

    def response_too_large(self) -> None:
        self.story.append("too large")
        self._offer()

    def erred(self, error_type: str, payload: bytes) -> None:
        self.story.append(f"erred {error_type} {payload!r}")
        self._offer()

    def truncated(self) -> None:
        self.story.append("truncated")

    def init_failed(self, error_type: str, payload: bytes) -> None:
        self.story.append(f"init failed {error_type}")


def response(number: int, body: bytes, *, header: bytes = b"") -> bytes:
    head = b"POST /2018-06-01/runtime/invocation/r-%d/response " % number + _HOST + header
    return head + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def error(number: int, body: bytes) -> bytes:
    header = b"Lambda-Runtime-Function-Error-Type: ValueError\r\n"
    return response(number, body, header=header).replace(b"/response ", b"/error ")


async def both(pieces: list[bytes], *, is_own: bool = True) -> tuple[Played, Played]:
    played = Played(is_own=is_own), Played(is_parsed=True)
    for one in played:
        for piece in pieces:
            if not one.transport.is_closed:
                one.connection.data_received(piece)
    return played


def is_alike(own: Played, parsed: Played) -> bool:
    # What is sent at last may still be held back for the answer to a poll that is open.
    return (
        own.story == parsed.story
        and own.transport.sent == parsed.transport.sent
        and own.api.state is parsed.api.state
        and own.transport.is_closed == parsed.transport.is_closed
    )


bodies = st.one_of(st.binary(max_size=40), st.sampled_from([b"null", _POLL, b"\r\n\r\n", b"0"]))
answers = st.tuples(st.sampled_from(["response", "error", "other"]), bodies)


@given(st.lists(answers, max_size=5), st.lists(st.integers(1, 400), max_size=12))
async def test_however_it_is_cut_it_comes_to_the_same(told: list[tuple[str, bytes]], cuts: list[int]) -> None:
    data = _POLL
    for number, (kind, body) in enumerate(told, 1):
        whole = {"response": response, "error": error, "other": _other}[kind](number, body)
        data += whole + _POLL
    pieces = []
    for cut in cuts:
        pieces.append(data[:cut])
        data = data[cut:]
    own, parsed = await both([*pieces, data])

    assert is_alike(own, parsed)
    assert len([word for word in own.story if word != "delivered"]) == len(told)


async def test_a_runtime_of_ours_has_its_next_invocation_before_whoever_offers_it_goes_on() -> None:
    own, _ = await both([_POLL, response(1, b"null") + _POLL])

    first, second = own.sent_when_told
    assert first.count(b"HTTP/1.1 ") == 1
    assert second.removeprefix(first).count(b"HTTP/1.1 202 ") == 1
    assert second.endswith(b'{"n":2}')


async def test_any_other_runtime_is_answered_before_its_response_is_told() -> None:
    played = await both([_POLL, response(1, b"null"), _POLL, response(2, b"null")], is_own=False)

    for one in played:
        for before, after in zip(one.sent_when_told[::2], one.sent_when_told[1::2], strict=True):
            assert before.endswith(b'{"status":"OK"}\n')
            assert after == before


# Runtimes that are not ours


def curled(request: bytes) -> bytes:
    """The same as a client would write it that is made with libcurl."""
    head, _, body = request.partition(b"\r\n\r\n")
    names = (b"content-type", b"content-length", b"transfer-encoding", b"connection")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(names)]
    framing = [line.lower() for line in head.split(b"\r\n") if line.lower().startswith(names)]
    return b"\r\n".join([*lines, b"Accept: */*", *framing, b"User-Agent: AWS_Lambda_Cpp/0.2.8"]) + b"\r\n\r\n" + body


@given(st.lists(answers, max_size=5), st.lists(st.integers(1, 300), max_size=12), st.sets(st.integers(0, 10)))
async def test_what_a_client_sends_again_is_known_and_comes_to_the_same(
    told: list[tuple[str, bytes]], cuts: list[int], others: set[int]
) -> None:
    requests = [_POLL]
    for number, (kind, body) in enumerate(told, 1):
        requests += [{"response": response, "error": error, "other": _other}[kind](number, body), _POLL]
    # Some are written by another client, between which nothing is alike but what is asked.
    requests = [request if place in others else curled(request) for place, request in enumerate(requests)]
    pieces = []
    for request in requests:
        for cut in cuts:
            pieces.append(request[:cut])
            request = request[cut:]
        pieces.append(request)
    learnt, parsed = await both([piece for piece in pieces if piece], is_own=False)

    assert is_alike(learnt, parsed)


@pytest.mark.parametrize("in_pieces", [False, True])
async def test_what_came_before_is_not_shown_to_the_parser(in_pieces: bool) -> None:
    played = Played()
    for piece in (curled(_POLL), curled(response(1, b"null"))):
        played.connection.data_received(piece)
    played.connection._parser = cast("Any", None)
    for number in range(2, 5):
        played.connection.data_received(curled(_POLL))
        head, end, body = curled(response(number, b"x" * number)).partition(b"\r\n\r\n")
        for piece in (head + end, body) if in_pieces else (head + end + body,):
            played.connection.data_received(piece)

    assert [word for word in played.story if word.startswith("responded")] == [
        "responded b'null'", "responded b'xx'", "responded b'xxx'", "responded b'xxxx'",
    ]  # fmt: skip
    assert played.transport.sent.count(b"HTTP/1.1 202 ") == 4


@pytest.mark.parametrize(
    "header",
    [
        b"Connection: close\r\n",
        b"connection:close\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"Upgrade: h2c\r\n",
        b"Lambda-Runtime-Function-Error-Type: ValueError\r\n",
        b"Lambda-Runtime-Function-Response-Mode: streaming\r\n",
        b"X-Amzn-Request: r-1\r\n",
        b"Content-Length: 4\r\n",
    ],
)
def test_a_head_that_may_mean_something_else_is_not_learnt(header: bytes) -> None:
    usual = UsualRequests()
    usual.expect("r-1")
    whole = response(1, b"null", header=header)

    usual.learn_response(whole[:-4])

    assert usual.response_in(whole) is None


def test_of_another_version_of_http_nothing_is_learnt() -> None:
    usual = UsualRequests()
    usual.expect("r-1")
    whole = response(1, b"null").replace(b"HTTP/1.1", b"HTTP/1.0")

    usual.learn_response(whole[:-4])
    usual.learn_poll(_POLL.replace(b"HTTP/1.1", b"HTTP/1.0"))

    assert usual.response_in(whole) is None
    assert usual.poll != _POLL.replace(b"HTTP/1.1", b"HTTP/1.0")


def test_a_client_that_writes_otherwise_every_time_is_not_learnt_for_ever() -> None:
    usual = UsualRequests()
    heads = [_POLL.replace(b"\r\n\r\n", b"\r\nDate: %d\r\n\r\n" % number) for number in range(20)]

    for head in heads:
        usual.learn_poll(head)

    assert usual.poll == heads[7]


@given(st.integers(0, 10**9), st.binary(max_size=8))
def test_where_a_body_begins_and_ends_is_told_before_it_is_there(length: int, come: bytes) -> None:
    usual = UsualRequests()
    usual.expect("r-1")
    usual.learn_response(curled(response(1, b"null"))[:-4])
    usual.expect("r-2")
    head = curled(response(2, b"")).replace(b"content-length: 0", b"content-length: %d" % length)

    assert usual.response_in(head + come) == (len(head), len(head) + length)
    assert usual.response_in(head.replace(b"/r-2/", b"/r-1/") + come) is None
    assert usual.response_in(head[:-3]) is None


@given(st.lists(bodies, min_size=1, max_size=5))
async def test_a_piece_an_invocation_is_never_shown_to_the_parser(told: list[bytes]) -> None:
    own, parsed = Played(is_own=True), Played(is_parsed=True)
    for one in (own, parsed):
        one.connection.data_received(_POLL)
    own.connection._parser = cast("Any", None)
    for number, body in enumerate(told, 1):
        for one in (own, parsed):
            one.connection.data_received(response(number, body) + _POLL)

    assert is_alike(own, parsed)


@pytest.mark.parametrize(
    "piece",
    [
        response(2, b"null") + _POLL,
        response(1, b"null"),
        response(1, b"null") + _POLL + _POLL,
        response(1, b"null") + _POLL[:-1],
        response(1, b"null").replace(b"Length: 4", b"Length: 5") + _POLL,
        response(1, b"null").replace(b"Length: 4", b"Length: -4") + _POLL,
        response(1, b"null").replace(b"Length: 4", b"Length: ") + _POLL,
        response(1, b"null", header=b"Connection: close\r\n") + _POLL,
        response(1, b"null", header=b"Lambda-Runtime-Function-Response-Mode: streaming\r\n") + _POLL,
        response(1, b"null").replace(b"/r-1/response", b"/r-1/other") + _POLL,
        b"nonsense\r\n\r\n",
    ],
    ids=[
        "another invocation", "no poll", "two polls", "half a poll", "a length that is too long", "a negative length",
        "no length", "a last request", "a streamed response", "another path", "no request",
    ],
)  # fmt: skip
async def test_what_is_not_exactly_that_is_left_to_the_parser(piece: bytes) -> None:
    own, parsed = await both([_POLL, piece])

    assert is_alike(own, parsed)


async def test_before_it_was_told_an_invocation_it_can_answer_none() -> None:
    own, parsed = await both([response(1, b"null") + _POLL])

    assert is_alike(own, parsed)
    assert own.story == ["delivered"]


def _other(number: int, body: bytes) -> bytes:
    """As another client writes it."""
    head = b"POST /2018-06-01/runtime/invocation/r-%d/response HTTP/1.1\r\ncontent-length: %d\r\n" % (number, len(body))
    return head + b"host: x\r\n\r\n" + body
