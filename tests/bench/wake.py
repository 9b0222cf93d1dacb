"""How soon a waiting ReceiveMessage is answered once a message comes."""

import asyncio
import time
from pathlib import Path

from tests.bench.client import Connection, sqs_request
from tests.bench.figures import Figure, figure_of, percentile, ratio_at_most
from tests.bench.sizes import Sizes
from tests.bench.wire import both, queue_url, queues_named

_ROUNDS = 5


async def measure_wakes(sizes: Sizes, folder: Path) -> list[Figure]:
    """From a SendMessage written to the waiting ReceiveMessage answered, median and 99th percentile."""
    with both(folder, queues_named(["polled", "other"])) as servers:
        clients = [(await Connection.open(server.port), await Connection.open(server.port)) for server in servers]
        rounds: tuple[list[list[float]], list[list[float]]] = ([], [])
        for _ in range(_ROUNDS):
            for (poller, sender), found in zip(clients, rounds, strict=True):
                found.append([await _wake_ms(poller, sender) for _ in range(max(2, sizes.wakes // _ROUNDS))])
        figures = []
        for percent in (50, 99):
            ours, bare = [[percentile(times, percent) for times in found] for found in rounds]
            name = f"SendMessage written to long poll answered, p{percent}"
            figures.append(figure_of(name, "ms", ours, bare, ratio_at_most(2)))
        return figures


async def _wake_ms(poller: Connection, sender: Connection) -> float:
    polling = asyncio.ensure_future(poller.ask(_POLL))
    await asyncio.sleep(0)
    # Requests are read in the order of their coming: when this one is answered, the poll waits.
    await sender.ask(_SEND_ELSEWHERE)
    begin = time.perf_counter()
    sending = asyncio.ensure_future(sender.ask(_SEND))
    await polling
    woken = time.perf_counter()
    await sending
    return (woken - begin) * 1_000


_POLL = sqs_request(
    "ReceiveMessage", {"QueueUrl": queue_url("polled"), "MaxNumberOfMessages": 1, "WaitTimeSeconds": 20}
)
_SEND = sqs_request("SendMessage", {"QueueUrl": queue_url("polled"), "MessageBody": "wake up"})
_SEND_ELSEWHERE = sqs_request("SendMessage", {"QueueUrl": queue_url("other"), "MessageBody": "hello"})
