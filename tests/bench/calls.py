"""How soon a handler is entered once a message was sent or an object put."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.client import Connection, http_request, sqs_request
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.servers import floor, service, wait_until_listening
from tests.bench.sizes import Sizes
from tests.bench.wire import queue_url, queues_named

_PATIENCE_S = 60.0
_P99_MS = 10.0


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


def port_of(reports: socket.socket) -> int:
    """To which handlers report."""
    port: int = reports.getsockname()[1]
    return port


def function_settings(reports: socket.socket, environments: int) -> str:
    """The part of the settings that makes the reporting function."""
    return (
        "functions:\n  reporting:\n    Handler: reporting.handler\n    Runtime: python3.11\n"
        f"    CodeUri: {Path(__file__).parent / 'handlers'}\n    environments: {environments}\n"
        f"    Environment: {{Variables: {{REPORT_PORT: '{port_of(reports)}'}}}}\n"
    )


_SEND = sqs_request("SendMessage", {"QueueUrl": queue_url("called"), "MessageBody": "go"})
_SEND_ELSEWHERE = sqs_request("SendMessage", {"QueueUrl": queue_url("other"), "MessageBody": "hello"})
_PUT = http_request("PUT", "/put/in/object", b"x" * 1_024)
_PUT_ELSEWHERE = http_request("PUT", "/put/out/object", b"x" * 1_024)
