"""From process start to the first answer, and what stays in memory."""

import asyncio
import time
from pathlib import Path

from tests.bench.client import Connection, http_request, sqs_request
from tests.bench.figures import Figure, at_most, figure_of, ratio_at_most
from tests.bench.servers import Server, floor, service, wait_until_listening
from tests.bench.sizes import Sizes
from tests.bench.wire import queue_url, queues_named

_MEMORY_MB = 90.0


async def measure_start(sizes: Sizes, folder: Path) -> list[Figure]:
    """The first accepted SendMessage beside the first answer of a bare FastAPI app; resident memory."""
    send = sqs_request("SendMessage", {"QueueUrl": queue_url("first"), "MessageBody": "hello"})
    ours: list[float] = []
    bare: list[float] = []
    memory: list[float] = []
    bare_memory: list[float] = []
    for _ in range(sizes.starts):
        begin = time.perf_counter()
        with service(folder, queues_named(["first"])) as server:
            await _ask(server, send)
            ours.append(time.perf_counter() - begin)
            memory.append(server.resident_mb)
        begin = time.perf_counter()
        with floor("bare_fastapi") as server:
            await _ask(server, http_request("GET", "/"))
            bare.append(time.perf_counter() - begin)
            bare_memory.append(server.resident_mb)
    with service(folder, queues_named(["first"])) as server:
        await _ask(server, http_request("PUT", "/photos"))
        with_s3 = server.resident_mb
    milliseconds = [[seconds * 1_000 for seconds in found] for found in (ours, bare)]
    return [
        figure_of("process start to first SendMessage", "ms", milliseconds[0], milliseconds[1], ratio_at_most(2)),
        figure_of("resident memory before S3 is used", "MB", memory, bare_memory, at_most(_MEMORY_MB)),
        Figure("resident memory after S3 was used", "MB", with_s3),
    ]


async def _ask(server: Server, request: bytes) -> None:
    # Waiting blocks this loop, on which nothing else runs.
    wait_until_listening(server)
    connection = await Connection.open(server.port)
    await connection.ask(request)
    connection.close()
    await asyncio.sleep(0)
