"""A client that costs little: requests made beforehand, kept connections, answers read only as far as needed."""

import asyncio
import time
from collections.abc import Generator, Iterable, Mapping
from typing import Any, TypeAlias, cast
from urllib.parse import urlencode

import orjson

Script: TypeAlias = Generator[bytes, bytes, None]
"""What one connection does: it yields whole requests and is sent the body of each answer."""

# What boto3 1.40 sends with every call, so that the server reads as many headers as in real life.
_HEADERS = (
    "Accept-Encoding: identity\r\n"
    "Content-Type: application/x-amz-json-1.0\r\n"
    "User-Agent: Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.2 "
    "md/pyimpl#CPython m/b,Z cfg/retry-mode#legacy Botocore/1.40.0\r\n"
    "x-amzn-query-mode: true\r\n"
    "X-Amz-Date: 20261121T120000Z\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/sqs/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target;x-amzn-query-mode, "
    "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7\r\n"
    "amz-sdk-invocation-id: 2b9b1c4e-0d4e-4c57-9a3a-5a0f6f0f7f11\r\n"
    "amz-sdk-request: attempt=1\r\n"
)


class UnexpectedAnswer(Exception):
    """The server did not answer 2xx, or hung up."""


def sqs_request(operation: str, params: Mapping[str, Any]) -> bytes:
    """A whole request in SQS's JSON protocol, as boto3 writes it."""
    body = orjson.dumps(params)
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AmazonSQS.{operation}\r\n{_HEADERS}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def query_request(params: Mapping[str, str], path: str) -> bytes:
    """A whole request in SQS's query protocol, with as many headers as the other."""
    body = urlencode(params).encode()
    headers = _HEADERS.replace("application/x-amz-json-1.0", "application/x-www-form-urlencoded")
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def http_request(method: str, path: str, body: bytes = b"", *, service: str = "s3") -> bytes:
    """A whole request to a REST API of AWS, signed for `service` though with nothing that would prove it."""
    authorization = f"AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/{service}/aws4_request, Signature=0"
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One kept connection with at most one request on its way. Needs a `content-length` in every answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._script: Script | None = None
        self._ended: asyncio.Future[None] | None = None
        self._buffer = b""

    @classmethod
    async def open(cls, port: int) -> "Connection":
        connection = cls(port)
        await connection.be_open()
        return connection

    async def be_open(self) -> None:
        """Connect again if the server hung up, as it does after some idle seconds."""
        if self._transport is None or self._transport.is_closing():
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)

    async def play(self, script: Script) -> None:
        """Run the script to its end. Raises UnexpectedAnswer."""
        await self.be_open()
        assert self._transport is not None, "the connection is open"
        self._ended = asyncio.get_running_loop().create_future()
        self._script = script
        self._transport.write(next(script))
        await self._ended

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer to one request."""
        bodies: list[bytes] = []

        def script() -> Script:
            bodies.append((yield request))

        await self.play(script())
        return bodies[0]

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # What asyncio calls --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._ended is not None and not self._ended.done():
            self._ended.set_exception(UnexpectedAnswer(f"the server hung up: {error}"))

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        head_end = data.find(b"\r\n\r\n")
        if head_end < 0:
            self._buffer = data
            return
        head = data[:head_end].lower()
        start = head.find(b"content-length:") + 15
        line_end = head.find(b"\r\n", start)
        length = int(head[start:] if line_end < 0 else head[start:line_end]) if start > 14 else 0
        if len(data) < head_end + 4 + length:
            self._buffer = data
            return
        self._answered(head, data[head_end + 4 :])

    def _answered(self, head: bytes, body: bytes) -> None:
        script, ended = self._script, self._ended
        assert script is not None and ended is not None and self._transport is not None, "an answer has its request"
        if head[9:10] != b"2":
            ended.set_exception(UnexpectedAnswer(f"{head[:60]!r} {body[:300]!r}"))
            return
        try:
            self._transport.write(script.send(body))
        except StopIteration:
            ended.set_result(None)


async def open_connections(port: int, count: int) -> list[Connection]:
    return [await Connection.open(port) for _ in range(count)]


async def seconds_for(connections: Iterable[Connection], scripts: Iterable[Script]) -> float:
    """How long the connections take to run their scripts, all at once."""
    connections = list(connections)
    for connection in connections:
        await connection.be_open()
    begin = time.perf_counter()
    await asyncio.gather(*(connection.play(script) for connection, script in zip(connections, scripts, strict=True)))
    return time.perf_counter() - begin
