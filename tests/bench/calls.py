"""How soon a handler is entered once a message was sent, and how many messages a second a mapping brings to it."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from tests.bench.client import Connection, http_request, sqs_request
from tests.bench.figures import Figure, at_least, at_most, figure_of, percentile
from tests.bench.servers import floor, service, wait_until_listening
from tests.bench.sizes import Sizes
from tests.bench.wire import batch_request, queue_url, queues_named, repeat

_ROUNDS = 3
_ENVIRONMENTS = 2
_BATCH_SIZE = 10
_PATIENCE_S = 60.0
_P99_MS = 10.0
_MINISTACK_PER_S = 2_200.0


async def measure_calls(sizes: Sizes, folder: Path) -> list[Figure]:
    """From a SendMessage written to the handler entered, in a warm process, beside the round trip of an HTTP echo."""
    mapping = "mappings:\n  - {queue: called, function: reporting, BatchSize: 1}\n"
    with reports_of_handlers() as reports:
        settings = queues_named(["called", "other"]) + function_settings(reports, 1) + mapping
        with service(folder, settings) as ours, floor("echo") as bare:
            wait_until_listening(ours)
            wait_until_listening(bare)
            sender, echoing = await Connection.open(ours.port), await Connection.open(bare.port)
            await sender.ask(_SEND)
            await next_report(reports)
            called: list[float] = []
            echoed: list[float] = []
            for _ in range(sizes.calls):
                # Between two calls so much else happens that the function has answered the first.
                await sender.ask(_SEND_ELSEWHERE)
                begin = time.monotonic_ns()
                await echoing.ask(_SEND)
                echoed.append((time.monotonic_ns() - begin) / 1_000_000)
                begin = time.monotonic_ns()
                sending = asyncio.ensure_future(sender.ask(_SEND))
                entered, _ = await next_report(reports)
                called.append((entered - begin) / 1_000_000)
                await sending
    return _entered("SendMessage", called, echoed)


async def measure_puts(sizes: Sizes, folder: Path) -> list[Figure]:
    """From a PutObject of 1 KB written to the handler entered, in a warm process, beside the round trip of an echo."""
    bucket = 'buckets:\n  put: {notifications: [{Events: ["s3:ObjectCreated:*"], prefix: in/, function: reporting}]}\n'
    with (
        reports_of_handlers() as reports,
        service(folder, function_settings(reports, 1) + bucket) as ours,
        floor("echo") as bare,
    ):
        wait_until_listening(ours)
        wait_until_listening(bare)
        putting, echoing = await Connection.open(ours.port), await Connection.open(bare.port)
        await putting.ask(_PUT)
        await next_report(reports)
        entered_ms: list[float] = []
        echoed_ms: list[float] = []
        for _ in range(sizes.calls):
            await putting.ask(_PUT_ELSEWHERE)
            begin = time.monotonic_ns()
            await echoing.ask(_PUT)
            echoed_ms.append((time.monotonic_ns() - begin) / 1_000_000)
            begin = time.monotonic_ns()
            answering = asyncio.ensure_future(putting.ask(_PUT))
            entered, _ = await next_report(reports)
            entered_ms.append((entered - begin) / 1_000_000)
            await answering
    return _entered("PutObject", entered_ms, echoed_ms)


def _entered(what: str, ours: list[float], bare: list[float]) -> list[Figure]:
    return [
        Figure(
            f"{what} written to handler entered, p{percent}",
            "ms",
            ours_ms,
            bare_ms,
            ours_ms / bare_ms,
            at_most(_P99_MS) if percent == 99 else None,
        )
        for percent in (50, 99)
        for ours_ms, bare_ms in [(percentile(ours, percent), percentile(bare, percent))]
    ]


async def measure_mapping(sizes: Sizes, folder: Path) -> list[Figure]:
    """Messages a second from a full queue through a mapping, beside runtimes that are handed events made beforehand."""
    queues = [f"mapped-{number}" for number in range(_ROUNDS)]
    batches = sizes.mapped // _BATCH_SIZE
    rates: tuple[list[float], list[float]] = ([], [])
    with (
        reports_of_handlers() as reports,
        service(folder, queues_named(queues) + function_settings(reports, _ENVIRONMENTS)) as ours,
    ):
        wait_until_listening(ours)
        for queue in queues:
            # The server hung up on the one of the round before while the floor was measured.
            connection = await Connection.open(ours.port)
            await connection.play(repeat(batch_request(queue), batches))
            await connection.ask(_mapping_request(queue))
            rates[0].append(await _rate(reports, sizes.mapped))
            with floor("runtime_floor", batches, _BATCH_SIZE, _ENVIRONMENTS, _port(reports)) as bare:
                wait_until_listening(bare)
                await (await Connection.open(bare.port)).ask(http_request("POST", "/start"))
                rates[1].append(await _rate(reports, sizes.mapped))
    name = f"mapping, batches of {_BATCH_SIZE} into {_ENVIRONMENTS} warm processes"
    return [figure_of(name, "messages/s", rates[0], rates[1], at_least(_MINISTACK_PER_S))]


async def _rate(reports: socket.socket, messages: int) -> float:
    """Messages a second that were handed to the function, once its processes are warm."""
    entries: list[tuple[int, int]] = []
    while messages > 0:
        entries.append(await next_report(reports))
        messages -= entries[-1][1]
    entries.sort()
    # The processes start with the first invocations; after a tenth of them both are there.
    warm = entries[len(entries) // 10 :]
    return sum(records for _, records in warm[1:]) / (warm[-1][0] - warm[0][0]) * 1e9


@contextmanager
def reports_of_handlers() -> Iterator[socket.socket]:
    """Where handlers tell that they were entered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reports:
        reports.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        reports.bind(("127.0.0.1", 0))
        reports.setblocking(False)
        yield reports


async def next_report(reports: socket.socket) -> tuple[int, int]:
    """When a handler was entered, on the monotonic clock in nanoseconds, and with how many records."""
    report = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(reports, 100), _PATIENCE_S)
    entered, records = report.split()
    return int(entered), int(records)


def _port(reports: socket.socket) -> int:
    port: int = reports.getsockname()[1]
    return port


def function_settings(reports: socket.socket, environments: int) -> str:
    """The part of the settings that makes the reporting function."""
    return (
        "functions:\n  reporting:\n    Handler: reporting.handler\n    Runtime: python3.11\n"
        f"    CodeUri: {Path(__file__).parent / 'handlers'}\n    environments: {environments}\n"
        f"    Environment: {{Variables: {{REPORT_PORT: '{_port(reports)}'}}}}\n"
    )


def _mapping_request(queue: str) -> bytes:
    parameters = {
        "EventSourceArn": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
        "FunctionName": "reporting",
        "BatchSize": _BATCH_SIZE,
    }
    return http_request("POST", "/2015-03-31/event-source-mappings", orjson.dumps(parameters), service="lambda")


_SEND = sqs_request("SendMessage", {"QueueUrl": queue_url("called"), "MessageBody": "go"})
_SEND_ELSEWHERE = sqs_request("SendMessage", {"QueueUrl": queue_url("other"), "MessageBody": "hello"})
_PUT = http_request("PUT", "/put/in/object", b"x" * 1_024)
_PUT_ELSEWHERE = http_request("PUT", "/put/out/object", b"x" * 1_024)
