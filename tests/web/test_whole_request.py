"""Requests read in one go: what is read is what the parser would have read, and the unusual is left to it."""

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.whole_request import read_whole

BODY = b'{"QueueUrl": "q"}'


def request(*headers: bytes, line: bytes = b"POST / HTTP/1.1", length: int = len(BODY), body: bytes = BODY) -> bytes:
    return b"\r\n".join([line, b"Host: localhost", *headers, b"Content-Length: %d" % length, b"", body])


class Parsed:
    """What the parser reads of one request."""

    def __init__(self, data: bytes) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.is_whole = False
        self.url = b""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.is_whole = True


def test_a_request_as_sdks_write_it_is_read() -> None:
    read = read_whole(request(b"X-Amz-Target: AmazonSQS.SendMessage", b"Authorization: AWS4 Credential=a/b, c=d"))

    assert read == (
        b"/",
        {
            b"host": b"localhost",
            b"x-amz-target": b"AmazonSQS.SendMessage",
            b"authorization": b"AWS4 Credential=a/b, c=d",
            b"content-length": b"17",
        },
        BODY,
    )


def test_an_invoke_is_read_with_its_target() -> None:
    target = b"/2015-03-31/functions/work%3A7/invocations?Qualifier=7"

    read = read_whole(request(line=b"POST %s HTTP/1.1" % target))

    assert read is not None
    assert (read[0], read[2]) == (target, BODY)


UNUSUAL = {
    "another method": request(line=b"PUT / HTTP/1.1"),
    "another path": request(line=b"POST /q HTTP/1.1"),
    "an older protocol": request(line=b"POST / HTTP/1.0"),
    "an older Invoke": request(line=b"POST /2015-03-31/functions/a/invocations HTTP/1.0"),
    "an Invoke with two spaces": request(line=b"POST /2015-03-31/functions/a/invocations  HTTP/1.1"),
    "an Invoke with a space in its target": request(line=b"POST /2015-03-31/functions/a b/invocations HTTP/1.1"),
    "an Invoke with a fragment": request(line=b"POST /2015-03-31/functions/a/invocations#b HTTP/1.1"),
    "an Invoke by another method": request(line=b"PUT /2015-03-31/functions/a/invocations HTTP/1.1"),
    "a part of it": request()[:-1],
    "only its head": request(body=b""),
    "half its head": request()[:40],
    "two of them": request() + request(),
    "nothing": b"",
    "no length": b"POST / HTTP/1.1\r\nHost: a\r\n\r\n",
    "another length": request(length=16),
    "two lengths": request(b"content-length: 17"),
    "a header twice": request(b"X-A: 1", b"x-a: 2"),
    "chunks": request(b"Transfer-Encoding: chunked"),
    "an expectation": request(b"Expect: 100-continue"),
    "an upgrade": request(b"Connection: Upgrade", b"Upgrade: websocket"),
    "the last one": request(b"Connection: close"),
    "a folded header": request(b"X-A: 1\r\n  2"),
    "a line feed by itself": request(b"X-A: 1\nX-B: 2"),
    "a carriage return by itself": request(b"X-A: 1\rX-B: 2"),
    "a zero byte": request(b"X-A: \0"),
    "no ASCII": request("X-A: ü".encode()),
    "a tab": request(b"X-A:\t1"),
    "no space after the colon": request(b"X-A:1"),
    "two spaces after the colon": request(b"X-A:  1"),
    "a space after the value": request(b"X-A: 1 "),
    "a space before the colon": request(b"X-A : 1"),
    "no name": request(b": 1"),
    "no colon": request(b"X-A"),
    "a space in the name": request(b"X A: 1"),
}


@pytest.mark.parametrize("data", UNUSUAL.values(), ids=UNUSUAL)
def test_what_is_unusual_is_left_to_the_parser(data: bytes) -> None:
    assert read_whole(data) is None


_TEXT = st.text("aZ-1:;,= \t\r\n\0ü\x7f", max_size=6).map(lambda text: text.encode("latin-1"))
_NAMES = st.sampled_from([b"Host", b"x-amz-target", b"X-Amz-Date", b"Content-Length", b"Connection", b"TE"]) | _TEXT
_HEADERS = st.lists(
    st.builds(lambda name, colon, value: name + colon + value, _NAMES, st.sampled_from([b": ", b":", b" : "]), _TEXT)
)


_TARGETS = st.just(b"/") | st.builds(lambda text: b"/2015-03-31/functions/" + text, _TEXT)


@given(_HEADERS, st.integers(0, 20), _TARGETS)
def test_whatever_is_read_is_what_the_parser_reads(headers: list[bytes], length: int, target: bytes) -> None:
    data = request(*headers, line=b"POST %s HTTP/1.1" % target, length=length)
    read = read_whole(data)
    if read is None:
        return

    parsed = Parsed(data)

    assert (parsed.url, dict(parsed.headers), parsed.body, parsed.is_whole) == (*read, True)
    assert parsed.parser.should_keep_alive()
    assert len(parsed.headers) == len(read[1])
