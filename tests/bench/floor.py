"""The floor of the wire: a bare ASGI app that reads the same SQS requests and answers the same bytes from a deque.

Nothing of a queue but its order: no checks, no timeouts, no counts, no journal. Run as
`python -m tests.bench.floor PORT`.
"""

import asyncio
import sys
from collections import deque
from hashlib import md5
from itertools import count
from typing import Any

import orjson
import uvicorn

_messages: dict[str, deque[dict[str, str]]] = {}
_in_flight: dict[str, dict[str, str]] = {}
_waiters: deque[asyncio.Future[None]] = deque()
_ids = count(1)


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            break
    target = dict(scope["headers"])[b"x-amz-target"]
    answer = orjson.dumps(await _answer(target.decode().removeprefix("AmazonSQS."), orjson.loads(body)))
    headers = [
        (b"x-amzn-requestid", b"00000000-0000-4000-8000-%012x" % next(_ids)),
        (b"content-type", b"application/x-amz-json-1.0"),
        (b"content-length", b"%d" % len(answer)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def _answer(operation: str, params: Any) -> Any:
    messages = _messages.setdefault(params["QueueUrl"], deque())
    match operation:
        case "SendMessage":
            return _send(messages, params["MessageBody"])
        case "SendMessageBatch":
            sent = [{"Id": entry["Id"]} | _send(messages, entry["MessageBody"]) for entry in params["Entries"]]
            return {"Successful": sent}
        case "ReceiveMessage":
            while not messages and params.get("WaitTimeSeconds"):
                _waiters.append(asyncio.get_running_loop().create_future())
                await _waiters[-1]
            received = [messages.popleft() for _ in range(min(params["MaxNumberOfMessages"], len(messages)))]
            _in_flight.update((message["ReceiptHandle"], message) for message in received)
            return {"Messages": received} if received else {}
        case "DeleteMessage":
            del _in_flight[params["ReceiptHandle"]]
            return {}
        case _:
            for entry in params["Entries"]:
                del _in_flight[entry["ReceiptHandle"]]
            return {"Successful": [{"Id": entry["Id"]} for entry in params["Entries"]]}


def _send(messages: deque[dict[str, str]], body: str) -> dict[str, str]:
    message_id = f"00000000-0000-4000-8000-{next(_ids):012x}"
    digest = md5(body.encode(), usedforsecurity=False).hexdigest()
    handle = f"AQEB{message_id}"
    messages.append({"MessageId": message_id, "ReceiptHandle": handle, "MD5OfBody": digest, "Body": body})
    if _waiters:
        _waiters.popleft().set_result(None)
    return {"MD5OfMessageBody": digest, "MessageId": message_id}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, proxy_headers=False, lifespan="off")
