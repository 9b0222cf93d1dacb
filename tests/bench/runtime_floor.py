"""The floor of a mapping: a bare Runtime API that hands out events made beforehand, and the runtimes that take them.

So it goes as fast as the function can. Run as `python -m tests.bench.runtime_floor PORT EVENTS RECORDS COUNT RUNTIME
HANDLER`; so many runtimes start when something is first POSTed to `/start`, which answers with their process ids.
`/left` tells how many events are left.
"""

import asyncio
import subprocess
import sys
from typing import Any

import orjson
import uvicorn

from tests.bench.runtimes import HANDLERS, runtime_named, variables_for

_PORT, _EVENTS, _RECORDS, _COUNT = (int(argument) for argument in sys.argv[1:5])
_RUNTIME, _HANDLER = sys.argv[5:7]
_RECORD = {
    "messageId": "19dd0b57-b21e-4ac1-bd88-01bbb068cb78",
    "receiptHandle": "AQEBAAAAAAAAAAABAAAAAQ2oyB8T6qHzMtT6",
    "body": '{"order": 7, "lines": [{"item": "lamp", "count": 2}, {"item": "table", "count": 1}], "customer": 1042}',
    "attributes": {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1795262400000",
        "SenderId": "AIDAQTRIGGERFISHLOCAL",
        "ApproximateFirstReceiveTimestamp": "1795262400001",
    },
    "messageAttributes": {},
    "md5OfBody": "6a1b7d3f4c5e6f708192a3b4c5d6e7f8",
    "eventSource": "aws:sqs",
    "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:mapped",
    "awsRegion": "us-east-1",
}
_HEADERS = [
    (b"lambda-runtime-deadline-ms", b"4102444800000"),
    (b"lambda-runtime-invoked-function-arn", b"arn:aws:lambda:us-east-1:000000000000:function:mapped"),
    (b"content-type", b"application/json"),
]
_EVENT = orjson.dumps({"Records": [_RECORD] * _RECORDS})
_given = 0
_runtimes: list["subprocess.Popen[bytes]"] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    global _given
    if scope["type"] != "http":
        return
    await receive()
    path = scope["path"]
    if path == "/start":
        await _answer(send, 200, orjson.dumps(_start()), [])
    elif path == "/left":
        await _answer(send, 200, b"%d" % (_EVENTS - _given), [])
    elif path.endswith("/next"):
        if _given == _EVENTS:
            await asyncio.Event().wait()
        _given += 1
        await _answer(send, 200, _EVENT, [(b"lambda-runtime-aws-request-id", b"%d" % _given), *_HEADERS])
    else:
        await _answer(send, 202, b"{}", [])


async def _answer(send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    headers = [(b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _start() -> list[int]:
    command = runtime_named(_RUNTIME).command(_HANDLER)
    variables = variables_for(_HANDLER, f"127.0.0.1:{_PORT}")
    _runtimes.extend(
        subprocess.Popen(command, cwd=HANDLERS, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(_COUNT)
    )
    return [runtime.pid for runtime in _runtimes]


if __name__ == "__main__":
    uvicorn.run(app, port=_PORT, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    for runtime in _runtimes:
        runtime.kill()
        runtime.wait()
