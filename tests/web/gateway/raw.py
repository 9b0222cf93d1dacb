"""Requests byte by byte over the loopback, and what comes back."""

import contextlib
import re
import select
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer: `status` as in its first line, header names in lower case, and all bytes of it."""

    status: str
    headers: dict[str, str]
    body: bytes
    all: bytes


class RawClient:
    """One connection to a port of this machine."""

    def __init__(self, port: int, *, receives_bytes: int | None = None) -> None:
        """`receives_bytes` makes the room small for what was not read yet."""
        self.socket = socket.socket()
        if receives_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives_bytes)
        self.socket.settimeout(_PATIENCE_S)
        self.socket.connect(("127.0.0.1", port))
        self._read = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send it; a service that has heard enough may hang up meanwhile."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def end(self) -> None:
        """Close our side; a service that has hung up has closed it before."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def ask(self, data: bytes) -> Raw:
        self.send(data)
        return self.answer(is_head=data.startswith(b"HEAD "))

    def answer(self, *, is_head: bool = False) -> Raw:
        """The next answer, with a length or in chunks."""
        head = self._until(b"\r\n\r\n")
        lines = head[:-4].decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            body = self._until(b"0\r\n\r\n")
        elif not is_head and "content-length" in headers:
            body = self._bytes(int(headers["content-length"]))
        return Raw(lines[0].removeprefix("HTTP/1.1 "), headers, body, head + body)

    def is_over(self) -> bool:
        """Whether the service hangs up, and says nothing more before."""
        try:
            return not self._read and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def says_nothing_within(self, duration_s: float) -> bool:
        return not self._read and not select.select([self.socket], [], [], duration_s)[0]

    def is_cut_within(self, duration_s: float) -> bool:
        """Whether the connection is broken off, seen without reading."""
        looking = select.poll()
        looking.register(self.socket, 0)  # errors and hang-ups are always told
        return bool(looking.poll(duration_s * 1_000))

    def _until(self, end: bytes) -> bytes:
        while end not in self._read:
            self._more()
        return self._bytes(self._read.index(end) + len(end))

    def _bytes(self, count: int) -> bytes:
        while len(self._read) < count:
            self._more()
        taken, self._read = self._read[:count], self._read[count:]
        return taken

    def _more(self) -> None:
        part = self.socket.recv(1_000_000)
        assert part, f"the connection ended in the middle of an answer: {self._read[:300]!r}"
        self._read += part


def once(port: int, data: bytes) -> Raw:
    """The answer to one request on a connection of its own."""
    with RawClient(port) as client:
        return client.ask(data)


def filled(text: str, host: str) -> bytes:
    """The bytes of a request as a case writes it: Latin-1, with `<<host>>` and `<<x*1000>>` filled in."""
    text = text.replace("<<host>>", host)
    return re.sub(r"<<(.+?)\*(\d+)>>", lambda found: found[1] * int(found[2]), text, flags=re.DOTALL).encode("latin-1")
