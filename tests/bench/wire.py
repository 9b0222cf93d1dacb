"""Messages a second over the wire: sends, batches, and receive with delete at several depths."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.bench.client import Connection, Script, open_connections, seconds_for, sqs_request
from tests.bench.figures import Cost, Figure, figure_of, rate_of, ratio_at_least, ratio_at_most
from tests.bench.servers import Server, floor, service, wait_until_listening
from tests.bench.sizes import Sizes

BODY = '{"order": 7, "lines": [{"item": "lamp", "count": 2}, {"item": "table", "count": 1}], "customer": "c-1042"}'
_HALF = ratio_at_least(0.5)
_DEPTH_DOES_NOT_SHOW = ratio_at_most(1.3)
_MANY = 8


async def measure_sends(sizes: Sizes, folder: Path) -> list[Figure]:
    """SendMessage over one and eight connections, and batches of ten."""
    with both(folder, queues_named(["sends", "batches"])) as servers:
        ours, bare = [await open_connections(server.port, _MANY) for server in servers]
        one = sqs_request("SendMessage", {"QueueUrl": queue_url("sends"), "MessageBody": BODY})
        ten = batch_request("batches")
        plans = [
            ("SendMessage, 1 connection", 1, one, sizes.sends, 1),
            ("SendMessage, 8 connections", _MANY, one, sizes.sends, 1),
            ("SendMessageBatch of 10, 1 connection", 1, ten, sizes.sends // 8, 10),
            ("SendMessageBatch of 10, 8 connections", _MANY, ten, sizes.sends // 8, 10),
        ]
        figures = []
        for name, count, request, times, messages in plans:
            costs: tuple[list[Cost], list[Cost]] = ([], [])
            with placed(servers, connections=count):
                for _ in sizes.each_round():
                    for server, connections, found in zip(servers, (ours, bare), costs, strict=True):
                        scripts = [repeat(request, times // count) for _ in range(count)]
                        found.append(await _cost_of(server, connections[:count], scripts))
            figures.append(rate_of(name, times // count * count * messages, costs[0], costs[1], _HALF))
        return figures


@dataclass(frozen=True, slots=True)
class Work:
    """What is done at every depth, on so many messages of a queue, and what makes the queue as deep as before."""

    name: str
    messages: int
    do: Callable[[str, int], Script]
    undo: Callable[[str, int], Script]
    connections: int = 1


async def measure_depths(sizes: Sizes, folder: Path) -> list[Figure]:
    """Receive and delete, in tens and singly, and send, at each depth; then what the deepest costs beside the least."""
    works = [
        Work("receive 10 + delete batch", sizes.drained, drain, fill),
        Work("receive 10 + delete batch, 8 connections", sizes.drained_by_many, drain, fill, _MANY),
        Work("receive + delete singly", sizes.drained_singly, _drain_singly, fill),
        Work("SendMessage", sizes.drained_singly, _send_singly, drain),
    ]
    queues = {depth: f"depth-{depth}" for depth in sizes.depths}
    with both(folder, queues_named(list(queues.values()))) as servers:
        return await measure_at_depths(works, queues, servers, sizes, fill)


async def measure_at_depths(
    works: Sequence[Work],
    queues: Mapping[int, str],
    servers: tuple[Server, Server],
    sizes: Sizes,
    fill_queue: Callable[[str, int], Script],
) -> list[Figure]:
    """Each work in the queue of each depth, which `fill_queue` fills first, by turns on both servers."""
    figures = []
    clients = [await open_connections(server.port, _MANY) for server in servers]
    for connections in clients:
        for depth, queue in queues.items():
            await connections[0].play(fill_queue(queue, depth))
    for work in works:
        costs: dict[int, tuple[list[Cost], list[Cost]]] = {depth: ([], []) for depth in queues}
        each = work.messages // work.connections
        with placed(servers, connections=work.connections):
            for _ in sizes.each_round():
                for depth, queue in queues.items():
                    for server, connections, found in zip(servers, clients, costs[depth], strict=True):
                        scripts = [work.do(queue, each) for _ in range(work.connections)]
                        found.append(await _cost_of(server, connections[: work.connections], scripts))
                        await connections[0].play(work.undo(queue, work.messages))
        figures += _figures_of(work, costs)
    return figures


@contextmanager
def placed(servers: Sequence[Server], *, connections: int) -> Iterator[None]:
    """Both servers have the same processor while they are measured: the client's, where only one connection asks and
    they take turns, else another one.

    Otherwise the system chooses for each of them, for whole runs at a time, and the same server took 160 µs for a batch
    instead of 90, or the floor 120 instead of 63, as it fell asleep between two requests (2 processors, 2026-11-27).
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = {process: os.sched_getaffinity(process) for process in (0, *(server.process.pid for server in servers))}
    of_client = min(before[0])
    of_servers = of_client if connections == 1 else max(before[0])
    for process in before:
        os.sched_setaffinity(process, {of_servers if process else of_client})
    try:
        yield
    finally:
        for process, processors in before.items():
            os.sched_setaffinity(process, processors)


def _figures_of(work: Work, costs: dict[int, tuple[list[Cost], list[Cost]]]) -> list[Figure]:
    figures = [
        rate_of(f"{work.name} at depth {depth:,}", work.messages, ours, bare, _HALF)
        for depth, (ours, bare) in costs.items()
    ]
    least, deepest = min(costs), max(costs)
    per_message = [[cost.cpu_s / work.messages * 1_000_000 for cost in costs[depth][0]] for depth in (deepest, least)]
    name = f"{work.name}: CPU at depth {deepest:,} beside {least:,}"
    return [*figures, figure_of(name, "µs/message", per_message[0], per_message[1], _DEPTH_DOES_NOT_SHOW)]


async def _cost_of(server: Server, connections: Sequence[Connection], scripts: Sequence[Script]) -> Cost:
    before_s = server.cpu_s
    wall_s = await seconds_for(connections, scripts)
    return Cost(wall_s, server.cpu_s - before_s)


@contextmanager
def both(folder: Path, settings: str) -> Iterator[tuple[Server, Server]]:
    """Triggerfish with these settings, and the floor."""
    with service(folder, settings) as ours, floor("floor") as bare:
        wait_until_listening(ours)
        wait_until_listening(bare)
        yield ours, bare


def queues_named(names: Sequence[str]) -> str:
    """The part of the settings that makes these queues."""
    return "queues:\n" + "".join(f"  {name}: {{}}\n" for name in names)


def queue_url(queue: str) -> str:
    return f"http://127.0.0.1/000000000000/{queue}"


def batch_request(queue: str) -> bytes:
    entries = [{"Id": str(number), "MessageBody": BODY} for number in range(10)]
    return sqs_request("SendMessageBatch", {"QueueUrl": queue_url(queue), "Entries": entries})


def repeat(request: bytes, times: int) -> Script:
    for _ in range(times):
        yield request


def fill(queue: str, messages: int) -> Script:
    """Puts so many messages in."""
    return repeat(batch_request(queue), messages // 10)


def _send_singly(queue: str, messages: int) -> Script:
    return repeat(sqs_request("SendMessage", {"QueueUrl": queue_url(queue), "MessageBody": BODY}), messages)


def drain(queue: str, messages: int) -> Script:
    """Receives so many messages by tens, and deletes them."""
    receive = sqs_request("ReceiveMessage", {"QueueUrl": queue_url(queue), "MaxNumberOfMessages": 10})
    for _ in range(messages // 10):
        received = orjson.loads((yield receive))["Messages"]
        entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(received)]
        yield sqs_request("DeleteMessageBatch", {"QueueUrl": queue_url(queue), "Entries": entries})


def _drain_singly(queue: str, messages: int) -> Script:
    receive = sqs_request("ReceiveMessage", {"QueueUrl": queue_url(queue), "MaxNumberOfMessages": 1})
    for _ in range(messages):
        received = orjson.loads((yield receive))["Messages"][0]
        yield sqs_request("DeleteMessage", {"QueueUrl": queue_url(queue), "ReceiptHandle": received["ReceiptHandle"]})
