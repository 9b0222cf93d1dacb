"""The event stream of InvokeWithResponseStream, as botocore reads it."""

import json
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer

from app.core.awslambda.invocation import HandlerFailed, Ran, Succeeded, Throttled
from app.core.commands import Invoked
from app.core.errors import TooManyRequests
from app.wire.awslambda.streaming import chunk, complete


def read(stream: bytes) -> list[tuple[str, Any]]:
    buffer = EventStreamBuffer()
    buffer.add_data(stream)
    return [(event.headers[":event-type"], event.payload) for event in buffer]


def test_pieces_come_as_they_are() -> None:
    assert read(chunk(b"hel") + chunk(b"lo \xff")) == [("PayloadChunk", b"hel"), ("PayloadChunk", b"lo \xff")]


def test_what_was_not_streamed_comes_with_the_end() -> None:
    rest, last = complete(Invoked("r1", Succeeded(b'"all"', Ran(log_tail="END"))), with_log=True)

    assert read(rest + last) == [("PayloadChunk", b'"all"'), ("InvokeComplete", b'{"LogResult":"RU5E"}')]


def test_nothing_left_is_no_piece() -> None:
    rest, last = complete(Invoked("r1", Succeeded(b"")), with_log=False)

    assert read(rest + last) == [("InvokeComplete", b"{}")]


def test_a_handler_that_failed_is_told_at_the_end() -> None:
    payload = b'{"errorType":"E","errorMessage":"no"}'

    rest, last = complete(Invoked("r1", HandlerFailed("E", "no", payload)), with_log=False)

    assert rest == b""
    ((_, told),) = read(last)
    assert json.loads(told) == {"ErrorCode": "Unhandled", "ErrorDetails": payload.decode()}


def test_what_the_endpoint_refuses_is_raised() -> None:
    with pytest.raises(TooManyRequests):
        complete(Invoked("r1", Throttled("ConcurrentInvocationLimitExceeded")), with_log=False)
