"""The floor of a mapping: a bare Runtime API that hands out events made beforehand, and the runtimes that take them.

So it goes as fast as the function can. Run as `python -m tests.bench.runtime_floor PORT EVENTS RECORDS RUNTIMES
REPORT_PORT WORK_US`; the runtimes start when something is first POSTed to `/start`.
"""

import asyncio
import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import uvicorn

_PORT, _EVENTS, _RECORDS, _RUNTIMES, _REPORT_PORT, _WORK_US = (int(argument) for argument in sys.argv[1:7])
_HANDLERS = Path(__file__).parent / "handlers"
_BOOTSTRAP = Path(__file__).parents[2] / "app/adapters/process/bootstrap.py"
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
_EVENT = orjson.dumps({"Records": [_RECORD] * _RECORDS})
_numbers = count(1)
_runtimes: list["subprocess.Popen[bytes]"] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    await receive()
    if scope["path"] == "/start":
        _start()
    elif scope["path"].endswith("/next"):
        number = next(_numbers)
        if number > _EVENTS:
            await asyncio.Event().wait()
        await _answer(send, 200, _EVENT, [(b"lambda-runtime-aws-request-id", b"%d" % number)])
        return
    await _answer(send, 202, b"{}", [])


async def _answer(send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    headers = [(b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _start() -> None:
    variables = {
        **os.environ,
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{_PORT}",
        "LAMBDA_TASK_ROOT": str(_HANDLERS),
        "_HANDLER": "reporting.handler",
        "REPORT_PORT": str(_REPORT_PORT),
        "WORK_US": str(_WORK_US),
    }
    command = [sys.executable, "-P", str(_BOOTSTRAP)]
    _runtimes.extend(subprocess.Popen(command, env=variables) for _ in range(_RUNTIMES))


if __name__ == "__main__":
    uvicorn.run(app, port=_PORT, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    for runtime in _runtimes:
        runtime.kill()
        runtime.wait()
