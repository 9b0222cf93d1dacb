"""InvokeWithResponseStream: the request, and its answer as an event stream (`application/vnd.amazon.eventstream`).

A message is its whole length and that of its headers, a checksum of both, the headers, the payload, and a checksum of
all that; numbers are big-endian and checksums CRC-32 (AWS SDKs' event stream encoding).
"""

import re
from base64 import b64encode
from struct import pack
from zlib import crc32

import orjson

from app.core.commands import Invoke, Invoked
from app.wire.awslambda.invoke import LOG_TAIL_BYTES, answer_of, parse_invoke_at
from app.wire.calls import Caller
from app.wire.http import HttpRequest

STREAM_TYPE = "application/vnd.amazon.eventstream"

_PATH = re.compile(r"/2021-11-15/functions/([^/]+)/response-streaming-invocations/?")
_STRING = 7
"""The type of a header whose value is text."""


def parse_streaming_invoke(request: HttpRequest, caller: Caller) -> Invoke | None:
    """The invocation asked for; None when the request is another. Raises as `parse_invoke` does."""
    return parse_invoke_at(_PATH, request, caller)


def chunk(payload: bytes) -> bytes:
    """A piece of the response as the stream has it."""
    return _message("PayloadChunk", "application/octet-stream", payload)


def complete(invoked: Invoked, *, with_log: bool) -> tuple[bytes, bytes]:
    """What is left of the response when the function has ended, as one message or none, and the stream's last one.

    Raises what the endpoint refused.
    """
    assert invoked.outcome is not None, "only a response can be streamed"
    payload, ran, is_error = answer_of(invoked.outcome, invoked.request_id)
    told: dict[str, str] = {}
    if is_error:
        told |= {"ErrorCode": "Unhandled", "ErrorDetails": payload.decode("utf-8", "replace")}
    if with_log:
        told["LogResult"] = b64encode(ran.log_tail.encode()[-LOG_TAIL_BYTES:]).decode()
    rest = chunk(payload) if payload and not is_error else b""
    return rest, _message("InvokeComplete", "application/json", orjson.dumps(told))


def _message(event_type: str, content_type: str, payload: bytes) -> bytes:
    named = {":event-type": event_type, ":content-type": content_type, ":message-type": "event"}
    headers = b"".join(_header(name, value) for name, value in named.items())
    # Twelve bytes before the headers, four after the payload.
    prelude = pack(">II", 12 + len(headers) + len(payload) + 4, len(headers))
    message = prelude + pack(">I", crc32(prelude)) + headers + payload
    return message + pack(">I", crc32(message))


def _header(name: str, value: str) -> bytes:
    encoded = value.encode()
    return pack(">B", len(name)) + name.encode() + pack(">BH", _STRING, len(encoded)) + encoded
