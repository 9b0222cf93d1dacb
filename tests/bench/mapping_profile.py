"""Where the time of a mapping goes: the service's, its functions', and that of waiting between the two.

Read from the system's books about each process (`/proc/PID/task/*/schedstat`), so that nothing which is measured is
changed by it: the time on a processor, and the time for which it was ready but another had the processor. What is left
of the clock it waited for somebody: a function, for its next batch.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import orjson

from tests.bench.client import Connection, http_request, sqs_request
from tests.bench.runtimes import Runtime
from tests.bench.servers import Server, floor, service, wait_until_listening
from tests.bench.wire import batch_request, queue_url, queues_named, repeat

BATCH_SIZE = 10
_LOOKS = 1_000
"""So many messages are to come to a function between two looks at it, in milliseconds."""
_PATIENCE_S = 60.0
_WARM_UP, _LAST = 0.15, 0.05
"""Of all messages: those before the first look, and those after the last."""


@dataclass(frozen=True, slots=True)
class Case:
    """Which runtime runs which handler of `handlers/steady.py`, in so many environments at once."""

    runtime: Runtime
    handler: str
    environments: int

    @property
    def function(self) -> str:
        return f"{self.runtime.name}-{self.handler}-{self.environments}".replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Share:
    """How a process spent a while, in percent of it: at work, and ready for it but without a processor."""

    works: float
    ready: float

    @property
    def waits(self) -> float:
        return max(0.0, 100 - self.works - self.ready)


@dataclass(frozen=True, slots=True)
class Row:
    """One case, once it was warm. `functions` is the mean of its environments'; `bare` is the same beside a bare
    Runtime API."""

    case: Case
    batches_per_s: float
    service: Share
    functions: Share
    bare: "Row | None" = None

    @property
    def messages_per_s(self) -> float:
        return self.batches_per_s * BATCH_SIZE

    @property
    def service_us(self) -> float:
        """Of a processor, the service takes so much for one batch."""
        return self.service.works / 100 / self.batches_per_s * 1e6

    @property
    def function_us(self) -> float:
        """The same of a function's process."""
        return self._a_batch_us(self.functions.works)

    @property
    def gap_us(self) -> float:
        """How long a function's process waits, in all, from one batch to the next."""
        return self._a_batch_us(self.functions.waits)

    @property
    def busy(self) -> float:
        """For how much of its time a function has something to do, in percent."""
        return 100 - self.functions.waits

    def _a_batch_us(self, percent: float) -> float:
        return percent / 100 * self.case.environments / self.batches_per_s * 1e6


async def profile_mapping(
    folder: Path, cases: Sequence[Case], messages: int, *, has_floor: bool = True, statistics: Path | None = None
) -> list[Row]:
    """Each case from a queue with so many messages. With `statistics`, the service runs under cProfile, and writes
    there as it ends."""
    rows: list[Row] = []
    settings = queues_named([case.function for case in cases]) + "functions:\n"
    settings += "".join(
        case.runtime.settings(case.function, f"steady.{case.handler}", case.environments) for case in cases
    )
    with service(folder, settings, statistics=statistics) as ours:
        wait_until_listening(ours)
        # The control API is imported when it is first asked, which would be part of what is measured.
        await (await Connection.open(ours.port)).ask(http_request("GET", "/_triggerfish/api/functions"))
        for case in cases:
            row = await _ours(ours, case, messages)
            rows.append(replace(row, bare=await _bare(case, messages)) if has_floor else row)
    return rows


async def _ours(server: Server, case: Case, messages: int) -> Row:
    _place_anywhere(server.process.pid)
    # A connection a case: the server hangs up on one that idles.
    connection = await Connection.open(server.port)
    await connection.play(repeat(batch_request(case.function), messages // BATCH_SIZE))
    mapping = {
        "EventSourceArn": f"arn:aws:sqs:us-east-1:000000000000:{case.function}",
        "FunctionName": case.function,
        "BatchSize": BATCH_SIZE,
    }
    path = "/2015-03-31/event-source-mappings"
    await connection.ask(http_request("POST", path, orjson.dumps(mapping), service="lambda"))
    asked = {"QueueUrl": queue_url(case.function), "AttributeNames": ["ApproximateNumberOfMessages"]}
    ask_left = sqs_request("GetQueueAttributes", asked)
    ask_pids = http_request("GET", f"/_triggerfish/api/functions/{case.function}/environments")

    async def left() -> int:
        return int(orjson.loads(await connection.ask(ask_left))["Attributes"]["ApproximateNumberOfMessages"])

    async def pids() -> list[int]:
        return [environment["pid"] for environment in orjson.loads(await connection.ask(ask_pids))["environments"]]

    return await _watch(server, case, messages, left, pids)


async def _bare(case: Case, messages: int) -> Row:
    batches, name = messages // BATCH_SIZE, case.runtime.name
    with floor("runtime_floor", batches, BATCH_SIZE, case.environments, name, f"steady.{case.handler}") as server:
        wait_until_listening(server)
        connection = await Connection.open(server.port)
        started: list[int] = orjson.loads(await connection.ask(http_request("POST", "/start")))

        async def left() -> int:
            return int(await connection.ask(http_request("GET", "/left"))) * BATCH_SIZE

        async def pids() -> list[int]:
            return started

        return await _watch(server, case, messages, left, pids)


async def _watch(
    server: Server,
    case: Case,
    messages: int,
    left: Callable[[], Awaitable[int]],
    pids: Callable[[], Awaitable[list[int]]],
) -> Row:
    """From when the processes are warm until nearly all messages have come to them."""
    begin = end = None
    processes: list[int] = []
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        remaining = await left()
        if begin is None and remaining < messages * (1 - _WARM_UP):
            processes = await pids()
            _place_apart(server.process.pid, processes)
            begin = _Look.at(server, processes, await left())
        elif begin is not None:
            if end is not None and remaining < messages * _LAST:
                break
            end = _Look.at(server, processes, remaining)
        await asyncio.sleep(messages / _LOOKS / 1_000)
    assert begin is not None, f"{case.function} was given nothing"
    assert end is not None, f"{case.function} was done before it was looked at"
    return begin.until(end, case)


def _place_apart(service: int, processes: Sequence[int]) -> None:
    """One function and the service have a processor each, so that what the one waits for is told from what the other
    takes; more functions than that are placed by the system."""
    processors = _processors()
    if len(processes) == 1 and len(processors) > 1:
        _place(service, {min(processors)})
        _place(processes[0], processors - {min(processors)})


def _place_anywhere(service: int) -> None:
    """Undo that. What the service starts from now on has the same choice."""
    _place(service, _processors())


def _processors() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _place(pid: int, processors: set[int]) -> None:
    if processors:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), processors)


@dataclass(frozen=True, slots=True)
class _Books:
    """On a processor, by all threads of a process, and ready for one, by the first; in nanoseconds."""

    works: int
    ready: int

    @classmethod
    def of(cls, pid: int) -> "_Books":
        works = 0
        for task in Path(f"/proc/{pid}/task").iterdir():
            works += int((task / "schedstat").read_text().split()[0])
        return cls(works, int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]))

    def until(self, end: "_Books", took_s: float) -> Share:
        return Share((end.works - self.works) / took_s / 1e7, (end.ready - self.ready) / took_s / 1e7)


@dataclass(frozen=True, slots=True)
class _Look:
    """What the books say at one moment."""

    at_s: float
    left: int
    service: _Books
    functions: list[_Books]

    @classmethod
    def at(cls, server: Server, processes: Sequence[int], left: int) -> "_Look":
        return cls(time.monotonic(), left, _Books.of(server.process.pid), [_Books.of(pid) for pid in processes])

    def until(self, end: "_Look", case: Case) -> Row:
        took_s = end.at_s - self.at_s
        shares = [before.until(after, took_s) for before, after in zip(self.functions, end.functions, strict=True)]
        functions = Share(fmean(share.works for share in shares), fmean(share.ready for share in shares))
        return Row(
            case, (self.left - end.left) / BATCH_SIZE / took_s, self.service.until(end.service, took_s), functions
        )


# Showing ------------------------------------------------------------------------------------------------


def table_of(rows: Sequence[Row]) -> str:
    """One line a case, and behind `floor` the same of the bare Runtime API."""
    lines = [_HEAD, *(_line(row) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEAD))]
    return "\n".join("  ".join(_aligned(line, widths)).rstrip() for line in lines) + _LEGEND


_HEAD = (
    "runtime", "handler", "environments", "messages/s", "of the floor", "service", "", "function", "", "ready", "waits",
    "gap", "floor:", "function", "waits", "gap",
)  # fmt: skip
_LEGEND = """
    service, function: of a processor, for one batch and in all (function: each environment's)
    ready: of its time, a function could work but has no processor; waits: it waits for its next batch; gap: for so long
"""
_TEXTS = 2


def _line(row: Row) -> tuple[str, ...]:
    bare = row.bare
    return (
        row.case.runtime.name,
        row.case.handler,
        str(row.case.environments),
        f"{row.messages_per_s:,.0f}",
        f"{row.batches_per_s / bare.batches_per_s:.2f}" if bare else "",
        f"{row.service_us:.0f} µs",
        f"{row.service.works:.0f} %",
        f"{row.function_us:.0f} µs",
        f"{row.functions.works:.0f} %",
        f"{row.functions.ready:.0f} %",
        f"{row.functions.waits:.0f} %",
        f"{row.gap_us:.0f} µs",
        "",
        f"{bare.functions.works:.0f} %" if bare else "",
        f"{bare.functions.waits:.0f} %" if bare else "",
        f"{bare.gap_us:.0f} µs" if bare else "",
    )


def _aligned(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.ljust(width) if place < _TEXTS else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
